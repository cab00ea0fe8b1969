/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/wgfield.c: the keys of wg(8), of [Interface] and of [Peer]. */
#include <net/if.h>
#include <string.h>

#include "vault/read/wgvalue.h"

static uint32_t peer_index(const struct wgvalue *v)
{
	return (uint32_t)v->conf->device.n_peers - 1;
}

static struct wg_peer *peer_of(const struct wgvalue *v)
{
	return &v->conf->device.peers[peer_index(v)];
}

static void parse_public_key(const struct wgvalue *v)
{
	wgcheck_set_key_line(v->check, peer_index(v), v->line);
	if (!wgvalue_key(v, false, &peer_of(v)->public_key))
		key_wipe(&peer_of(v)->public_key); /* a peer that has none is dropped at its end */
}

static void parse_private_key(const struct wgvalue *v)
{
	struct wg_device *device = &v->conf->device;

	if (!wgvalue_key(v, false, &device->private_key))
		return;
	key_clamp(&device->private_key);
	key_public(&device->private_key, &device->public_key);
	device->flags |= v->field->flag;
}

static void parse_preshared_key(const struct wgvalue *v)
{
	struct wg_peer *peer = peer_of(v);

	if (wgvalue_key(v, true, &peer->preshared_key) && !key_is_zero(&peer->preshared_key))
		peer->flags |= v->field->flag; /* all zeros mean none: so does the kernel */
}

static void add_allowed(const struct wgvalue *v, struct prefix *p)
{
	struct wg_peer *peer = peer_of(v);
	struct wgcheck_prefix ref = { peer_index(v), (uint32_t)peer->n_allowed_ips, v->line };
	const struct prefix given = *p;
	char before[PREFIX_STRLEN], after[PREFIX_STRLEN];

	if (prefix_mask(p))
		problem_warn(v->problems, v->line, "%s: %s has bits past its length: taken as %s",
			     v->key, prefix_format(&given, before), prefix_format(p, after));
	if (wg_peer_add_allowed(peer, p) || wgcheck_add_prefix(v->check, &ref))
		wgvalue_no_memory(v);
}

static void parse_allowed_ips(const struct wgvalue *v)
{
	struct slice rest = v->text, element;
	struct prefix p;

	while (slice_next_element(&rest, &element)) {
		if (!element.len)
			wgvalue_refuse(v, element,
				       "an empty element between commas: take the comma away");
		else if (element.s[0] == '+' || element.s[0] == '-')
			wgvalue_refuse(v, element,
				       "starts with %c, which changes a running tunnel: "
				       "a file has the prefix alone",
				       element.s[0]);
		else if (wgvalue_prefix(v, element, &p))
			add_allowed(v, &p);
	}
}

/* What may stand after the % of a scope: the number or the name of an interface. */
static bool is_scope(struct slice scope)
{
	if (!scope.len || scope.len >= IF_NAMESIZE)
		return false;
	for (size_t i = 0; i < scope.len; i++)
		if (scope.s[i] <= ' ' || scope.s[i] > '~' || strchr("\"%,/:;[\\]", scope.s[i]))
			return false;
	return true;
}

static bool keep_name(const struct wgvalue *v, struct slice name, struct wg_endpoint *out)
{
	out->host = strndup(name.s, name.len);
	if (!out->host)
		wgvalue_no_memory(v);
	return out->host;
}

/* HOST is an IPv6 address, a link-local one maybe with a scope. */
static bool host_in_brackets(const struct wgvalue *v, struct slice host, struct wg_endpoint *out)
{
	const char *percent = memchr(host.s, '%', host.len);
	struct slice address = { host.s, percent ? (size_t)(percent - host.s) : host.len };
	char text[ADDR_STRLEN];
	struct slice scope;
	struct addr a;
	uint64_t n;

	if (!slice_copy(address, text, sizeof(text)) || addr_parse(text, &a) ||
	    a.family != AF_INET6) {
		wgvalue_refuse(v, v->text, "has something else than an IPv6 address in brackets");
		return false;
	}
	out->addr = a;
	if (!percent)
		return true;
	scope = (struct slice){ percent + 1, host.len - address.len - 1 };
	if (!addr_is_linklocal(&a) || !is_scope(scope)) {
		wgvalue_refuse(v, v->text,
			       "has a scope that is no interface's, or whose address needs none");
		return false;
	}
	if (!uint_parse(scope.s, scope.len, 1, UINT32_MAX, &n)) {
		out->scope = (uint32_t)n;
		return true;
	}
	out->addr.family = AF_UNSPEC; /* whose index the name has is found when it is resolved: no
					 system calls here */
	return keep_name(v, host, out);
}

static bool host_without_brackets(const struct wgvalue *v, struct slice host,
				  struct wg_endpoint *out)
{
	char text[ADDR_STRLEN];

	if (slice_copy(host, text, sizeof(text)) && !addr_parse(text, &out->addr))
		return true;
	if (slice_is_domain(host))
		return keep_name(v, host, out);
	if (slice_ends_in_number(host))
		wgvalue_refuse(v, v->text,
			       "has an octal, hexadecimal or short IPv4 address: "
			       "write it as four decimal numbers");
	else
		wgvalue_refuse(v, v->text,
			       "has neither an IP address nor a valid name before its port");
	return false;
}

/* Splits HOST:PORT at the last colon, where wg(8) does. */
static void parse_endpoint(const struct wgvalue *v)
{
	const char *colon = memrchr(v->text.s, ':', v->text.len);
	size_t n = colon ? (size_t)(colon - v->text.s) : 0;
	struct slice host = { v->text.s, n }, port = { v->text.s + n + 1, v->text.len - n - 1 };
	bool brackets = n > 1 && host.s[0] == '[' && host.s[n - 1] == ']', valid;
	struct wg_endpoint endpoint = { 0 };
	uint64_t number;

	if (!n || (!brackets && memchr(host.s, ':', n))) {
		wgvalue_refuse(v, v->text,
			       "must be HOST:PORT, an IPv6 address in brackets: [ADDRESS]:PORT");
		return;
	}
	if (brackets)
		valid = host_in_brackets(v, (struct slice){ host.s + 1, n - 2 }, &endpoint);
	else
		valid = host_without_brackets(v, host, &endpoint);
	if (!wgvalue_number(v, port, 1, UINT16_MAX, &number) || !valid) {
		free(endpoint.host);
		return;
	}
	endpoint.port = (uint16_t)number;
	peer_of(v)->endpoint = endpoint;
}

/* The hexadecimal number TEXT; false when it is none, or has more than 32 bits. */
static bool hex_number(struct slice text, uint32_t *out)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char lower = is_digit(text.s[i]) ? text.s[i] : (char)(text.s[i] | 0x20);
		const char *digit = strchr(digits, lower);

		if (!digit || n > UINT32_MAX >> 4)
			return false;
		n = n << 4 | (uint64_t)(digit - digits);
	}
	*out = (uint32_t)n;
	return text.len > 0;
}

static bool number(const struct wgvalue *v, uint64_t *n)
{
	bool hex = v->field->spelling == WG_HEX_OR_OFF && v->text.len > 1 &&
		   !memcmp(v->text.s, "0x", 2);
	uint32_t mark = 0;

	if (v->field->spelling != WG_DECIMAL && slice_is(v->text, "off")) {
		*n = 0;
		return true;
	}
	if (!hex)
		return wgvalue_number(v, v->text, 0, v->field->max, n);
	if (!hex_number((struct slice){ v->text.s + 2, v->text.len - 2 }, &mark)) {
		wgvalue_refuse(v, v->text, "is not a hexadecimal number of 32 bits");
		return false;
	}
	*n = mark;
	return true;
}

static void parse_number(const struct wgvalue *v)
{
	const struct wg_fields *fields = v->in_peer ? &wg_peer_fields : &wg_device_fields;
	void *noun = v->in_peer ? (void *)peer_of(v) : &v->conf->device;
	uint64_t n;

	if (!number(v, &n))
		return;
	wg_set_number(v->field, noun, n);
	*wg_flags(fields, noun) |= v->field->flag;
}

void wgfield_parse(const struct wgvalue *v)
{
	switch (v->field->kind) {
	case WG_PUBLIC_KEY:
		parse_public_key(v);
		break;
	case WG_PRIVATE_KEY:
		parse_private_key(v);
		break;
	case WG_PRESHARED_KEY:
		parse_preshared_key(v);
		break;
	case WG_NUMBER:
		parse_number(v);
		break;
	case WG_ENDPOINT:
		parse_endpoint(v);
		break;
	case WG_ALLOWED_IPS:
		parse_allowed_ips(v);
		break;
	}
}
