/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/specjson.c: the description of a vault as JSON, without any secret. */
#include <errno.h>
#include <string.h>

#include "vault/reach.h"
#include "vault/spec.h"

const char *const spec_role_names[SPEC_ROLES] = {
	[SPEC_MEMBER] = "member", [SPEC_GATEWAY] = "gateway", [SPEC_VIA] = "via"
};

const char *const spec_hook_keys[SPEC_HOOKS] = {
	[SPEC_POST_UP] = "post_up", [SPEC_PRE_DOWN] = "pre_down", [SPEC_POST_DOWN] = "post_down"
};

const char *const spec_hook_clauses[SPEC_HOOKS] = {
	[SPEC_POST_UP] = "post-up", [SPEC_PRE_DOWN] = "pre-down", [SPEC_POST_DOWN] = "post-down"
};

/* Adds VALUE (a new reference, or NULL: no memory) to ARRAY; false when that failed. */
static bool append(json_t *array, json_t *value)
{
	return json_array_append_new(array, value) == 0;
}

static json_t *addr_json(const struct addr *a)
{
	char text[ADDR_STRLEN];

	return a->family ? json_string(addr_format(a, text)) : json_null();
}

static json_t *prefix_json(const struct prefix *p)
{
	char text[PREFIX_STRLEN];

	return p->addr.family ? json_string(prefix_format(p, text)) : json_null();
}

static json_t *prefixes_json(const struct prefix *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++)
		if (!append(array, prefix_json(&list[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *addrs_json(const struct addr *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++)
		if (!append(array, addr_json(&list[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *strings_json(char *const *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++)
		if (!append(array, json_string(list[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *peer_json(const struct wg_peer *peer)
{
	char key[KEY_BASE64_LEN + 1];

	key_to_base64(&peer->public_key, key);
	return json_pack("{s:s, s:b, s:s?, s:o, s:i, s:i, s:i, s:o}", "public_key", key,
			 "has_preshared_key", !!(peer->flags & WG_PEER_HAS_PRESHARED_KEY),
			 "endpoint_host", peer->endpoint.host, "endpoint_address",
			 addr_json(&peer->endpoint.addr), "endpoint_scope",
			 (int)peer->endpoint.scope, "endpoint_port", (int)peer->endpoint.port,
			 "persistent_keepalive", (int)peer->keepalive, "allowed_ips",
			 prefixes_json(peer->allowed_ips, peer->n_allowed_ips));
}

static json_t *peers_json(const struct wg_device *wg)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < wg->n_peers; i++)
		if (!append(array, peer_json(&wg->peers[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* The elements of a list as their word takes them: one grammar in the state and in words. */
static json_t *publish_json(const struct spec_reach *reach)
{
	char text[REACH_STRLEN];
	json_t *array = json_array();

	for (size_t i = 0; array && i < reach->n_publish; i++)
		if (!append(array, json_string(reach_format_publish(&reach->publish[i], text)))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *ports_json(const struct spec_ports *list, size_t n)
{
	char text[REACH_STRLEN];
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++)
		if (!append(array, json_string(reach_format_ports(&list[i], text)))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *holes_json(const struct spec_reach *reach)
{
	char text[REACH_STRLEN];
	json_t *array = json_array();

	for (size_t i = 0; array && i < reach->n_holes; i++)
		if (!append(array, json_string(reach_format_hole(&reach->holes[i], text)))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *reach_json(const struct spec_reach *reach)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "accessible_from",
			 prefixes_json(reach->from, reach->n_from), "publish", publish_json(reach),
			 "open_port", ports_json(reach->open_ports, reach->n_open_ports),
			 "allow_host", ports_json(reach->host_ports, reach->n_host_ports),
			 "allow_to", holes_json(reach));
}

static json_t *link_json(const struct spec *spec)
{
	if (!spec->has_link)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "host_interface",
			 spec->host_name, "interface", spec->link_name, "host_index",
			 (json_int_t)spec->host_index, "index", (json_int_t)spec->link_index,
			 "host_address", prefix_json(&spec->link[SPEC_V4].host), "vault_address",
			 prefix_json(&spec->link[SPEC_V4].vault), "host_address6",
			 prefix_json(&spec->link[SPEC_V6].host), "vault_address6",
			 prefix_json(&spec->link[SPEC_V6].vault));
}

static json_t *segment_json(const struct spec *spec)
{
	const struct spec_leg *leg = &spec->leg;

	if (!spec_has_leg(spec))
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:s, s:o}", "name", leg->segment,
			 "bridge", spec->bridge_name, "host_interface", spec->port_name,
			 "interface", spec->leg_name, "host_index", (json_int_t)spec->port_index,
			 "index", (json_int_t)spec->leg_index, "address",
			 prefix_json(&leg->address), "role", spec_role_names[leg->role], "via",
			 addr_json(&leg->via));
}

/* Adds VALUE (a new reference, or NULL) to JSON (may be NULL) and returns that, or NULL without
 * memory. */
static json_t *with(json_t *json, const char *key, json_t *value)
{
	if (!json_object_set_new(json, key, value))
		return json;
	json_decref(json);
	return NULL;
}

static json_t *hooks_json(const struct spec *spec)
{
	json_t *json = json_object();

	for (int h = 0; h < SPEC_HOOKS; h++)
		json = with(json, spec_hook_keys[h],
			    strings_json(spec->hooks[h].list, spec->hooks[h].n));
	return json;
}

json_t *spec_to_json(const struct spec *spec)
{
	char key[KEY_BASE64_LEN + 1];
	json_t *json;

	key_to_base64(&spec->wg.public_key, key);
	json = json_pack(
		"{s:i, s:s, s:I, s:I, s:s?, s:s, s:s?, s:{s:s, s:I, s:s, s:i, s:i, s:I, s:o, s:o}, s:o, s:o, s:o, s:o, s:s?}",
		"schema", SPEC_SCHEMA, "name", spec->name, "netns_inode",
		(json_int_t)spec->netns_inode, "seal_generation", (json_int_t)spec->seal_generation,
		"conf", spec->conf, "backend",
		spec->backend == SPEC_BACKEND_USERSPACE ? "userspace" : "kernel", "program",
		spec->program, "tunnel", "interface", spec->tunnel_name, "index",
		(json_int_t)spec->tunnel_index, "public_key", key, "mtu", (int)spec->mtu,
		"listen_port", (int)spec->wg.listen_port, "fwmark", (json_int_t)spec->wg.fwmark,
		"addresses", prefixes_json(spec->addresses, spec->n_addresses), "peers",
		peers_json(&spec->wg), "dns", addrs_json(spec->dns, spec->n_dns), "dns_search",
		strings_json(spec->search, spec->n_search), "link", link_json(spec), "reach",
		reach_json(&spec->reach), "adopt", spec->adopt);

	if (!spec->has_tunnel) {
		json = with(json, "tunnel", json_null());
		json = with(json, "backend", json_null());
	}
	json = with(json, "segment", segment_json(spec));
	if (spec->host_inode)
		json = with(json, "host_netns_inode", json_integer((json_int_t)spec->host_inode));
	json = with(json, "without_tunnel", json_boolean(spec->without_tunnel));
	json = with(json, "asked", strings_json(spec->asked.list, spec->asked.n));
	return with(json, "hooks", hooks_json(spec));
}
