/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/specread.c: the description of a vault out of its JSON. Every reader takes a value as
 * spec_to_json writes it, and refuses anything else with -EINVAL.
 */
#include <errno.h>
#include <string.h>

#include "vault/reach.h"
#include "vault/spec.h"

static int read_string(const json_t *value, char *out, size_t size)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) >= size)
		return -EINVAL;
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

static int read_optional(const json_t *value, char **out)
{
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return -EINVAL;
	*out = strdup(json_string_value(value));
	return *out ? 0 : -ENOMEM;
}

static int read_number(const json_t *value, json_int_t max, json_int_t *out)
{
	*out = json_integer_value(value);
	return json_is_integer(value) && *out >= 0 && *out <= max ? 0 : -EINVAL;
}

/* An index, which is FALLBACK where the writer was an older vault, that did not say it. */
static int read_index(const json_t *value, uint32_t fallback, uint32_t *out)
{
	json_int_t number = fallback;
	int r = value ? read_number(value, INT32_MAX, &number) : 0;

	*out = (uint32_t)number;
	return r;
}

static int read_prefix(const json_t *value, struct prefix *out)
{
	if (json_is_null(value))
		return 0;
	return json_is_string(value) ? prefix_parse(json_string_value(value), out) : -EINVAL;
}

static int read_addr(const json_t *value, struct addr *out)
{
	if (json_is_null(value))
		return 0;
	return json_is_string(value) ? addr_parse(json_string_value(value), out) : -EINVAL;
}

/* An owned array of N elements of SIZE for the members of VALUE. */
static int read_array(const json_t *value, size_t size, void *list, size_t *n)
{
	if (!json_is_array(value))
		return -EINVAL;
	*n = json_array_size(value);
	*(void **)list = calloc(*n ? *n : 1, size);
	return *(void **)list ? 0 : -ENOMEM;
}

static int read_addresses(const json_t *value, struct spec *out)
{
	int r = read_array(value, sizeof(*out->addresses), &out->addresses, &out->n_addresses);

	for (size_t i = 0; !r && i < out->n_addresses; i++)
		r = read_prefix(json_array_get(value, i), &out->addresses[i]);
	return r;
}

static int read_dns(const json_t *value, struct spec *out)
{
	int r = read_array(value, sizeof(*out->dns), &out->dns, &out->n_dns);

	for (size_t i = 0; !r && i < out->n_dns; i++)
		r = read_addr(json_array_get(value, i), &out->dns[i]);
	return r;
}

static int read_strings(const json_t *value, char ***list, size_t *n)
{
	int r = read_array(value, sizeof(**list), list, n);

	for (size_t i = 0; !r && i < *n; i++) {
		r = read_optional(json_array_get(value, i), &(*list)[i]);
		if (!r && !(*list)[i])
			r = -EINVAL;
	}
	return r;
}

static int read_hooks(const json_t *value, struct spec *out)
{
	int r = 0;

	for (int h = 0; !r && h < SPEC_HOOKS; h++)
		r = read_strings(json_object_get(value, spec_hook_keys[h]), &out->hooks[h].list,
				 &out->hooks[h].n);
	return r;
}

static int read_allowed(const json_t *value, struct wg_peer *peer)
{
	struct prefix p;
	int r = json_is_array(value) ? 0 : -EINVAL;

	for (size_t i = 0; !r && i < json_array_size(value); i++) {
		p = (struct prefix){ 0 };
		r = read_prefix(json_array_get(value, i), &p);
		if (!r)
			r = wg_peer_add_allowed(peer, &p);
	}
	return r;
}

static int read_peer(const json_t *value, struct wg_device *wg)
{
	struct wg_peer *peer = wg_device_add_peer(wg);
	const char *key = json_string_value(json_object_get(value, "public_key"));
	json_int_t scope, port, keepalive;
	int r;

	if (!peer)
		return -ENOMEM;
	r = key ? key_from_base64(key, strlen(key), &peer->public_key) : -EINVAL;
	if (json_is_true(json_object_get(value, "has_preshared_key")))
		peer->flags |= WG_PEER_HAS_PRESHARED_KEY;
	if (!r)
		r = read_optional(json_object_get(value, "endpoint_host"), &peer->endpoint.host);
	if (!r)
		r = read_addr(json_object_get(value, "endpoint_address"), &peer->endpoint.addr);
	if (!r)
		r = read_number(json_object_get(value, "endpoint_scope"), INT32_MAX, &scope);
	if (!r)
		r = read_number(json_object_get(value, "endpoint_port"), UINT16_MAX, &port);
	if (!r)
		r = read_number(json_object_get(value, "persistent_keepalive"), UINT16_MAX,
				&keepalive);
	if (r)
		return r;
	peer->endpoint.scope = (uint32_t)scope;
	peer->endpoint.port = (uint16_t)port;
	peer->keepalive = (uint16_t)keepalive;
	return read_allowed(json_object_get(value, "allowed_ips"), peer);
}

static int read_tunnel(const json_t *value, struct spec *out)
{
	const json_t *peers = json_object_get(value, "peers");
	const char *key = json_string_value(json_object_get(value, "public_key"));
	json_int_t mtu, port, mark;
	int r;

	if (json_is_null(value))
		return 0;
	out->has_tunnel = true;
	r = read_string(json_object_get(value, "interface"), out->tunnel_name,
			sizeof(out->tunnel_name));
	if (!r)
		r = read_index(json_object_get(value, "index"), 0, &out->tunnel_index);
	if (!r)
		r = key ? key_from_base64(key, strlen(key), &out->wg.public_key) : -EINVAL;
	if (!r)
		r = read_number(json_object_get(value, "mtu"), UINT16_MAX, &mtu);
	if (!r)
		r = read_number(json_object_get(value, "listen_port"), UINT16_MAX, &port);
	if (!r)
		r = read_number(json_object_get(value, "fwmark"), UINT32_MAX, &mark);
	if (!r)
		r = read_addresses(json_object_get(value, "addresses"), out);
	if (!r && !json_is_array(peers))
		r = -EINVAL;
	for (size_t i = 0; !r && i < json_array_size(peers); i++)
		r = read_peer(json_array_get(peers, i), &out->wg);
	if (r)
		return r;
	out->mtu = (uint16_t)mtu;
	out->wg.listen_port = (uint16_t)port;
	out->wg.fwmark = (uint32_t)mark;
	return 0;
}

static int read_role(const json_t *value, enum spec_role *out)
{
	const char *text = json_string_value(value);

	for (size_t i = 0; text && i < SPEC_ROLES; i++)
		if (!strcmp(text, spec_role_names[i])) {
			*out = (enum spec_role)i;
			return 0;
		}
	return -EINVAL;
}

/* The names of its interfaces follow from its own and the vault's. */
static int read_segment(const json_t *value, struct spec *out)
{
	char name[SPEC_NAME_MAX + 1];
	int r;

	if (json_is_null(value))
		return 0;
	r = read_string(json_object_get(value, "name"), name, sizeof(name));
	if (!r && !spec_name_is_valid(name))
		r = -EINVAL;
	if (!r)
		r = read_index(json_object_get(value, "host_index"), 0, &out->port_index);
	if (!r)
		r = read_index(json_object_get(value, "index"), 3, &out->leg_index);
	if (!r)
		r = read_prefix(json_object_get(value, "address"), &out->leg.address);
	if (!r && !out->leg.address.addr.family)
		r = -EINVAL;
	if (!r)
		r = read_role(json_object_get(value, "role"), &out->leg.role);
	if (!r)
		r = read_addr(json_object_get(value, "via"), &out->leg.via);
	if (r)
		return r;
	spec_set_segment(out, name);
	return 0;
}

static int read_link(const json_t *value, struct spec *out)
{
	static const struct {
		const char *key;
		enum spec_family family;
		bool host;
	} ends[] = { { "host_address", SPEC_V4, true },
		     { "vault_address", SPEC_V4, false },
		     { "host_address6", SPEC_V6, true },
		     { "vault_address6", SPEC_V6, false } };
	int r;

	if (json_is_null(value))
		return 0;
	out->has_link = true;
	r = read_string(json_object_get(value, "host_interface"), out->host_name,
			sizeof(out->host_name));
	if (!r)
		r = read_string(json_object_get(value, "interface"), out->link_name,
				sizeof(out->link_name));
	if (!r)
		r = read_index(json_object_get(value, "host_index"), 0, &out->host_index);
	if (!r)
		r = read_index(json_object_get(value, "index"), 2, &out->link_index);
	for (size_t i = 0; !r && i < ARRAY_SIZE(ends); i++) {
		struct spec_link_ends *e = &out->link[ends[i].family];

		r = read_prefix(json_object_get(value, ends[i].key),
				ends[i].host ? &e->host : &e->vault);
	}
	return r;
}

static int read_reach_list(const json_t *value, struct spec_reach *reach,
			   const char *(*add)(const char *, struct spec_reach *))
{
	if (!json_is_array(value))
		return -EINVAL;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *text = json_string_value(json_array_get(value, i));

		if (!text || add(text, reach))
			return -EINVAL;
	}
	return 0;
}

static int read_reach(const json_t *value, struct spec_reach *reach)
{
	static const struct {
		const char *key;
		const char *(*add)(const char *, struct spec_reach *);
	} lists[] = { { "accessible_from", reach_add_from },
		      { "publish", reach_add_publish },
		      { "open_port", reach_add_open_port },
		      { "allow_host", reach_add_allow_host },
		      { "allow_to", reach_add_allow_to } };
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(lists); i++)
		r = read_reach_list(json_object_get(value, lists[i].key), reach, lists[i].add);
	return r;
}

static int read_backend(const json_t *value, struct spec *out)
{
	const char *text = json_string_value(value);

	if (json_is_null(value))
		return 0; /* no tunnel */
	if (text && !strcmp(text, "kernel"))
		out->backend = SPEC_BACKEND_KERNEL;
	else if (text && !strcmp(text, "userspace"))
		out->backend = SPEC_BACKEND_USERSPACE;
	else
		return -EINVAL;
	return 0;
}

int spec_from_json(const json_t *json, struct spec *out)
{
	const json_t *host = json_object_get(json, "host_netns_inode");
	const json_t *asked = json_object_get(json, "asked"); /* an older vault's has none */
	json_int_t schema, inode, generation, host_inode = 0;
	int r;

	memset(out, 0, sizeof(*out));
	r = read_number(json_object_get(json, "schema"), INT32_MAX, &schema);
	if (r)
		return r;
	if (schema != SPEC_SCHEMA)
		return -EPROTONOSUPPORT;
	r = read_string(json_object_get(json, "name"), out->name, sizeof(out->name));
	if (!r)
		spec_name_interfaces(out);
	if (!r)
		r = read_number(json_object_get(json, "netns_inode"), INT64_MAX, &inode);
	if (!r)
		r = read_number(json_object_get(json, "seal_generation"), UINT32_MAX, &generation);
	if (!r && host)
		r = read_number(host, INT64_MAX, &host_inode);
	if (r)
		return r;
	out->without_tunnel = json_is_true(json_object_get(json, "without_tunnel"));
	out->seal_generation = (uint32_t)generation;
	out->netns_inode = (uint64_t)inode;
	out->host_inode = (uint64_t)host_inode;
	r = read_optional(json_object_get(json, "conf"), &out->conf);
	if (!r)
		r = read_optional(json_object_get(json, "adopt"), &out->adopt);
	if (!r)
		r = read_backend(json_object_get(json, "backend"), out);
	if (!r)
		r = read_optional(json_object_get(json, "program"), &out->program);
	if (!r)
		r = read_tunnel(json_object_get(json, "tunnel"), out);
	if (!r)
		r = read_dns(json_object_get(json, "dns"), out);
	if (!r)
		r = read_strings(json_object_get(json, "dns_search"), &out->search, &out->n_search);
	if (!r)
		r = read_hooks(json_object_get(json, "hooks"), out);
	if (!r && asked)
		r = read_strings(asked, &out->asked.list, &out->asked.n);
	if (!r)
		r = read_link(json_object_get(json, "link"), out);
	if (!r)
		r = read_segment(json_object_get(json, "segment"), out);
	return r ? r : read_reach(json_object_get(json, "reach"), &out->reach);
}
