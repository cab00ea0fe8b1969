/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/spec/json.c: the description of a vault as JSON, without any secret, and back: a row a
 * member. The schema only grows: a row that comes later says so, and what it is where an older
 * vault wrote.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/field.h"
#include "vault/spec/reach.h"
#include "vault/spec/spec.h"

const char *const spec_role_names[SPEC_ROLES] = {
	[SPEC_MEMBER] = "member", [SPEC_GATEWAY] = "gateway", [SPEC_VIA] = "via"
};

const char *const spec_hook_clauses[SPEC_HOOKS] = {
	[SPEC_POST_UP] = "post-up", [SPEC_PRE_DOWN] = "pre-down", [SPEC_POST_DOWN] = "post-down"
};

static const char *const backends[] = {
	[SPEC_BACKEND_AUTO] = NULL, /* there is no tunnel */
	[SPEC_BACKEND_KERNEL] = "kernel",
	[SPEC_BACKEND_USERSPACE] = "userspace",
};

static void *append_allowed(void *peer)
{
	static const struct prefix none;
	struct wg_peer *p = peer;

	return wg_peer_add_allowed(p, &none) ? NULL : &p->allowed_ips[p->n_allowed_ips - 1];
}

static const struct field peer_fields[] = {
	{ "public_key", "public key", FIELD_KEY, FIELD_AT(struct wg_peer, public_key) },
	{ "has_preshared_key", "preshared key", FIELD_BIT, FIELD_AT(struct wg_peer, flags),
	  .max = WG_PEER_HAS_PRESHARED_KEY },
	{ "endpoint_host", NULL, FIELD_STRING, FIELD_AT(struct wg_peer, endpoint.host) },
	{ "endpoint_address", "endpoint", FIELD_ADDR, FIELD_AT(struct wg_peer, endpoint.addr) },
	{ "endpoint_scope", NULL, FIELD_NUMBER, FIELD_AT(struct wg_peer, endpoint.scope),
	  .max = INT32_MAX },
	{ "endpoint_port", "endpoint port", FIELD_NUMBER, FIELD_AT(struct wg_peer, endpoint.port),
	  .max = UINT16_MAX },
	{ "persistent_keepalive", "keepalive", FIELD_NUMBER, FIELD_AT(struct wg_peer, keepalive),
	  .max = UINT16_MAX },
	{ "allowed_ips", "allowed IPs", FIELD_LIST,
	  FIELD_ARRAY(struct wg_peer, allowed_ips, n_allowed_ips), .element = FIELD_PREFIX,
	  .append = append_allowed },
};
static const struct fields peers = { peer_fields, ARRAY_SIZE(peer_fields) };

static bool has_tunnel(const void *spec)
{
	return ((const struct spec *)spec)->has_tunnel;
}

static void *append_peer(void *spec)
{
	return wg_device_add_peer(&((struct spec *)spec)->wg);
}

static const struct field tunnel_fields[] = {
	{ "interface", NULL, FIELD_NAME, FIELD_AT(struct spec, tunnel_if) },
	{ "index", NULL, FIELD_NUMBER, FIELD_AT(struct spec, tunnel_index), .max = INT32_MAX },
	{ "public_key", "public key", FIELD_KEY, FIELD_AT(struct spec, wg.public_key) },
	{ "mtu", "mtu", FIELD_NUMBER, FIELD_AT(struct spec, mtu), .max = UINT16_MAX },
	{ "listen_port", "listen port", FIELD_NUMBER, FIELD_AT(struct spec, wg.listen_port),
	  .max = UINT16_MAX },
	{ "fwmark", NULL, FIELD_NUMBER, FIELD_AT(struct spec, wg.fwmark), .max = UINT32_MAX },
	{ "addresses", "address", FIELD_LIST, FIELD_ARRAY(struct spec, addresses, n_addresses),
	  .element = FIELD_PREFIX },
	{ "peers", "peer", FIELD_LIST, FIELD_ARRAY(struct spec, wg.peers, wg.n_peers),
	  .element = FIELD_STRUCT, .fields = &peers, .append = append_peer },
};
static const struct fields tunnel = { tunnel_fields, ARRAY_SIZE(tunnel_fields) };

static bool has_link(const void *spec)
{
	return ((const struct spec *)spec)->has_link;
}

static const struct field link_fields[] = {
	{ "host_interface", NULL, FIELD_NAME, FIELD_AT(struct spec, link_host_if) },
	{ "interface", NULL, FIELD_NAME, FIELD_AT(struct spec, link_if) },
	{ "host_index", NULL, FIELD_NUMBER, FIELD_AT(struct spec, link_host_index),
	  .max = INT32_MAX },
	{ "index", NULL, FIELD_NUMBER, FIELD_AT(struct spec, link_index), .max = INT32_MAX,
	  .fallback = 2 },
	{ "host_address", "host-address", FIELD_PREFIX, FIELD_AT(struct spec, link[ADDR_V4].host) },
	{ "vault_address", "vault-address", FIELD_PREFIX,
	  FIELD_AT(struct spec, link[ADDR_V4].vault) },
	{ "host_address6", "host-address", FIELD_PREFIX,
	  FIELD_AT(struct spec, link[ADDR_V6].host) },
	{ "vault_address6", "vault-address", FIELD_PREFIX,
	  FIELD_AT(struct spec, link[ADDR_V6].vault) },
	{ "link_name", "link-name", FIELD_NAME, FIELD_AT(struct spec, link_name), .sparse = true },
};
static const struct fields link_rows = { link_fields, ARRAY_SIZE(link_fields) };

static bool has_leg(const void *spec)
{
	return spec_has_leg(spec);
}

/* The names of its interfaces follow from its own and the vault's: they are for who reads the JSON.
 */
static const struct field segment_fields[] = {
	{ "name", "segment", FIELD_NAME, FIELD_AT(struct spec, leg.segment) },
	{ "bridge", NULL, FIELD_NAME, FIELD_AT(struct spec, bridge_name) },
	{ "host_interface", NULL, FIELD_NAME, FIELD_AT(struct spec, leg_host_if) },
	{ "interface", NULL, FIELD_NAME, FIELD_AT(struct spec, leg_if) },
	{ "host_index", NULL, FIELD_NUMBER, FIELD_AT(struct spec, leg_host_index),
	  .max = INT32_MAX },
	{ "index", NULL, FIELD_NUMBER, FIELD_AT(struct spec, leg_index), .max = INT32_MAX,
	  .fallback = 3 },
	{ "address", "segment address", FIELD_PREFIX, FIELD_AT(struct spec, leg.address) },
	{ "role", "segment role", FIELD_CHOICE, FIELD_AT(struct spec, leg.role),
	  .names = spec_role_names, .n_names = SPEC_ROLES },
	{ "via", "segment via", FIELD_ADDR, FIELD_AT(struct spec, leg.via) },
};
static const struct fields segment = { segment_fields, ARRAY_SIZE(segment_fields) };

static_assert(REACH_STRLEN <= FIELD_STRLEN, "an element of reach fits");

static const char *format_prefix(const void *element, char buf[static FIELD_STRLEN])
{
	return prefix_format(element, buf);
}

static const char *format_publish(const void *element, char buf[static FIELD_STRLEN])
{
	return reach_format_publish(element, buf);
}

static const char *tell_publish(const void *element, char buf[static FIELD_STRLEN])
{
	return reach_tell_publish(element, buf);
}

static const char *format_ports(const void *element, char buf[static FIELD_STRLEN])
{
	return reach_format_ports(element, buf);
}

static const char *format_hole(const void *element, char buf[static FIELD_STRLEN])
{
	return reach_format_hole(element, buf);
}

static const char *parse_from(const char *text, void *reach)
{
	return reach_add_from(text, reach);
}

static const char *parse_publish(const char *text, void *reach)
{
	return reach_add_publish(text, reach);
}

static const char *parse_open_port(const char *text, void *reach)
{
	return reach_add_open_port(text, reach);
}

static const char *parse_allow_host(const char *text, void *reach)
{
	return reach_add_allow_host(text, reach);
}

static const char *parse_allow_to(const char *text, void *reach)
{
	return reach_add_allow_to(text, reach);
}

/* The elements as their words take them: one grammar in the description and on the command line. */
static const struct field reach_fields[] = {
	{ "accessible_from", "accessible-from", FIELD_LINES,
	  FIELD_ARRAY(struct spec_reach, from, n_from), .format = format_prefix,
	  .parse = parse_from },
	{ "publish", "publish", FIELD_LINES, FIELD_ARRAY(struct spec_reach, publish, n_publish),
	  .format = format_publish, .tell = tell_publish, .parse = parse_publish },
	{ "open_port", "open-port", FIELD_LINES,
	  FIELD_ARRAY(struct spec_reach, open_ports, n_open_ports), .format = format_ports,
	  .parse = parse_open_port },
	{ "allow_host", "allow-host", FIELD_LINES,
	  FIELD_ARRAY(struct spec_reach, host_ports, n_host_ports), .format = format_ports,
	  .parse = parse_allow_host },
	{ "allow_to", "allow-to", FIELD_LINES, FIELD_ARRAY(struct spec_reach, holes, n_holes),
	  .format = format_hole, .parse = parse_allow_to },
};
static const struct fields reach = { reach_fields, ARRAY_SIZE(reach_fields) };

static const struct field hook_fields[] = {
	{ "post_up", "post-up", FIELD_LIST,
	  FIELD_ARRAY(struct spec, hooks[SPEC_POST_UP].list, hooks[SPEC_POST_UP].n),
	  .element = FIELD_STRING },
	{ "pre_down", "pre-down", FIELD_LIST,
	  FIELD_ARRAY(struct spec, hooks[SPEC_PRE_DOWN].list, hooks[SPEC_PRE_DOWN].n),
	  .element = FIELD_STRING },
	{ "post_down", "post-down", FIELD_LIST,
	  FIELD_ARRAY(struct spec, hooks[SPEC_POST_DOWN].list, hooks[SPEC_POST_DOWN].n),
	  .element = FIELD_STRING },
};
static const struct fields hooks = { hook_fields, ARRAY_SIZE(hook_fields) };

static const struct field spec_rows[] = {
	{ "name", NULL, FIELD_NAME, FIELD_AT(struct spec, name) },
	{ "netns_inode", NULL, FIELD_NUMBER, FIELD_AT(struct spec, netns_inode), .max = INT64_MAX },
	{ "netns_cookie", NULL, FIELD_NUMBER, FIELD_AT(struct spec, netns_cookie),
	  .max = INT64_MAX },
	{ "seal_generation", NULL, FIELD_NUMBER, FIELD_AT(struct spec, seal_generation),
	  .max = UINT32_MAX },
	{ "conf", "conf", FIELD_STRING, FIELD_AT(struct spec, conf) },
	{ "backend", NULL, FIELD_CHOICE, FIELD_AT(struct spec, backend), .names = backends,
	  .n_names = ARRAY_SIZE(backends) },
	{ "program", "userspace", FIELD_STRING, FIELD_AT(struct spec, program) },
	{ "tunnel", "tunnel", FIELD_STRUCT, .fields = &tunnel, .is_present = has_tunnel,
	  .present_at = offsetof(struct spec, has_tunnel) },
	{ "dns", "dns", FIELD_LIST, FIELD_ARRAY(struct spec, dns, n_dns), .element = FIELD_ADDR },
	{ "dns_search", "search", FIELD_LIST, FIELD_ARRAY(struct spec, search, n_search),
	  .element = FIELD_STRING },
	{ "link", "link", FIELD_STRUCT, .fields = &link_rows, .is_present = has_link,
	  .present_at = offsetof(struct spec, has_link) },
	{ "reach", NULL, FIELD_STRUCT, FIELD_AT(struct spec, reach), .fields = &reach },
	{ "adopt", "adopt", FIELD_STRING, FIELD_AT(struct spec, adopt) },
	{ "segment", "segment", FIELD_STRUCT, .fields = &segment, .is_present = has_leg,
	  .present_at = SIZE_MAX },
	{ "host_netns_inode", NULL, FIELD_NUMBER, FIELD_AT(struct spec, host_inode),
	  .max = INT64_MAX },
	{ "without_tunnel", NULL, FIELD_BOOL, FIELD_AT(struct spec, without_tunnel) },
	{ "asked", NULL, FIELD_LIST, FIELD_ARRAY(struct spec, asked.list, asked.n),
	  .element = FIELD_STRING },
	{ "in_the_way", NULL, FIELD_LIST, FIELD_ARRAY(struct spec, in_the_way.list, in_the_way.n),
	  .element = FIELD_STRING },
	{ "hooks", NULL, FIELD_STRUCT, .fields = &hooks },
};
const struct fields spec_fields = { spec_rows, ARRAY_SIZE(spec_rows) };

json_t *spec_to_json(const struct spec *spec)
{
	json_t *json = json_pack("{s:i}", "schema", SPEC_SCHEMA);
	json_t *members = field_to_json(&spec_fields, spec);

	if (!json || !members || json_object_update(json, members)) {
		json_decref(json);
		json = NULL;
	}
	json_decref(members);
	return json;
}

/* The number of "schema" decides nothing: it only grows, so what another version wrote is read as
 * far as it goes. */
int spec_from_json(const json_t *json, struct spec *out)
{
	const char *name = json_string_value(json_object_get(json, "name"));
	int r;

	memset(out, 0, sizeof(*out));
	if (!name || strlen(name) >= sizeof(out->name) || !json_object_get(json, "netns_inode"))
		return -EINVAL; /* it is of no vault */
	memcpy(out->name, name, strlen(name) + 1);
	spec_name_interfaces(out); /* of those that it has not, too */
	r = field_from_json(&spec_fields, json, out);
	if (!r && spec_has_leg(out) &&
	    (!spec_name_is_valid(out->leg.segment) || !out->leg.address.addr.family))
		r = -EINVAL;
	return r;
}
