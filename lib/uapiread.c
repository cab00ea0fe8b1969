/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/uapiread.c: replies of the userspace protocol: lines key=value, an empty one at the end. */
#include "lib/uapiread.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

#include "lib/wgfield.h"

enum {
	ERRNO_MAX = 4095,
	VALUE_MAX = 128, /* the longest value but a key's is an endpoint's */
};

/* A reply being read: the device so far and what errno= said. */
struct reading {
	struct wg_device *dev; /* NULL: none is expected */
	struct wg_peer *peer; /* the current one */
	bool has_errno;
	int told; /* 0 or -errno */
};

struct value {
	const char *s;
	size_t len;
};

/* The value of a hexadecimal digit, or 256 of what is none; without branches or look-ups, which
 * would tell. */
static unsigned int hex_digit(unsigned char c)
{
	unsigned int digit = c - '0', letter = (c | 32U) - 'a';
	unsigned int is_digit = (digit - 10U) >> 31, is_letter = (letter - 6U) >> 31;

	/* The top bit of the differences above is also set where C is so small that the first one
	 * wrapped. */
	is_digit &= ~digit >> 31;
	is_letter &= ~letter >> 31;
	return is_digit * digit + is_letter * (letter + 10) + (1 - (is_digit | is_letter)) * 256;
}

static int take_key(struct value v, struct key *out)
{
	unsigned int bad = 0;

	if (v.len != 2 * (size_t)KEY_LEN)
		return -EPROTO;
	for (size_t i = 0; i < KEY_LEN; i++) {
		unsigned int byte = hex_digit((unsigned char)v.s[2 * i]) << 4 |
				    hex_digit((unsigned char)v.s[2 * i + 1]);

		bad |= byte >> 8;
		out->bytes[i] = (uint8_t)byte;
	}
	return bad ? -EPROTO : 0;
}

static int take_number(struct value v, uint64_t max, uint64_t *out)
{
	return uint_parse(v.s, v.len, 0, max, out) ? -EPROTO : 0;
}

/* Copies a value that is text without a NUL in it. */
static int copy_value(struct value v, char out[static VALUE_MAX])
{
	if (v.len >= VALUE_MAX || memchr(v.s, '\0', v.len))
		return -EPROTO;
	memcpy(out, v.s, v.len);
	out[v.len] = '\0';
	return 0;
}

/* ADDRESS or ADDRESS%SCOPE, a number or, of wireguard-go, the name of a link of its namespace (the
 * caller's too). */
static int parse_host(char *host, struct wg_endpoint *e)
{
	char *percent = strchr(host, '%');
	uint64_t scope = 0;

	if (percent) {
		*percent++ = '\0';
		if (uint_parse(percent, strlen(percent), 1, UINT32_MAX, &scope))
			scope = if_nametoindex(percent);
		if (scope == 0)
			return -EPROTO;
	}
	if (addr_parse(host, &e->addr) || (percent && e->addr.family != AF_INET6))
		return -EPROTO;
	e->scope = (uint32_t)scope;
	return 0;
}

static int take_endpoint(struct value v, struct wg_endpoint *e)
{
	char text[VALUE_MAX], *host = text, *port;
	uint64_t n;

	if (copy_value(v, text))
		return -EPROTO;
	port = strrchr(text, ':');
	if (!port || port == text)
		return -EPROTO;
	if (text[0] == '[') {
		if (port[-1] != ']')
			return -EPROTO;
		port[-1] = '\0';
		host++;
	}
	*port++ = '\0';
	if (uint_parse(port, strlen(port), 1, UINT16_MAX, &n) || parse_host(host, e))
		return -EPROTO;
	if ((e->addr.family == AF_INET6) != (text[0] == '['))
		return -EPROTO;
	e->port = (uint16_t)n;
	return 0;
}

static int take_allowed_ip(struct value v, struct wg_peer *peer)
{
	char text[VALUE_MAX];
	struct prefix p;

	if (copy_value(v, text) || !strchr(text, '/') || prefix_parse(text, &p))
		return -EPROTO;
	prefix_mask(&p);
	return wg_peer_add_allowed(peer, &p);
}

static int take_field(const struct wg_field *f, struct value v, void *noun)
{
	uint64_t n;

	switch (f->kind) {
	case WG_PUBLIC_KEY:
	case WG_PRIVATE_KEY:
	case WG_PRESHARED_KEY:
		return take_key(v, wg_member(f, noun));
	case WG_ENDPOINT:
		return take_endpoint(v, wg_member(f, noun));
	case WG_ALLOWED_IPS:
		return take_allowed_ip(v, noun);
	case WG_NUMBER:
		break;
	}
	if (take_number(v, f->max, &n))
		return -EPROTO;
	wg_set_number(f, noun, n);
	return 0;
}

/* The protocol has positive numbers; wireguard-go sends negative ones. */
static int take_errno(struct reading *r, struct value v)
{
	uint64_t n;

	if (v.len > 0 && v.s[0] == '-') {
		v.s++;
		v.len--;
	}
	if (take_number(v, ERRNO_MAX, &n))
		return -EPROTO;
	r->has_errno = true;
	r->told = -(int)n;
	return 0;
}

static bool is_name(const char *name, const char *s, size_t len)
{
	return strlen(name) == len && memcmp(name, s, len) == 0;
}

/* The field of FIELDS that the LEN bytes at S name, or NULL. */
static const struct wg_field *find_field(const struct wg_fields *fields, const char *s, size_t len)
{
	for (size_t i = 0; i < fields->n; i++)
		if (is_name(fields->list[i].uapi, s, len))
			return &fields->list[i];
	return NULL;
}

/* The field that the LEN bytes at S name, of the device or of the current peer. */
static int take_named(struct reading *r, const char *s, size_t len, struct value v)
{
	const struct wg_field *of_device = find_field(&wg_device_fields, s, len);
	const struct wg_field *of_peer = find_field(&wg_peer_fields, s, len);

	if (of_peer == wg_peer_fields.list) { /* the first of the next peer's */
		r->peer = wg_device_add_peer(r->dev);
		if (!r->peer)
			return -ENOMEM;
	}
	if (r->peer ? !!of_device : !!of_peer)
		return -EPROTO;
	if (of_device)
		return take_field(of_device, v, r->dev);
	/* Others are of a later version of the protocol, which may add what it wants told. */
	return of_peer ? take_field(of_peer, v, r->peer) : 0;
}

static int take_line(struct reading *r, const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);
	struct value v;
	size_t name_len;

	if (!equals || r->has_errno) /* errno= is the last line */
		return -EPROTO;
	name_len = (size_t)(equals - s);
	v = (struct value){ equals + 1, len - name_len - 1 };
	if (is_name("errno", s, name_len))
		return take_errno(r, v);
	if (!r->dev)
		return -EPROTO;
	return take_named(r, s, name_len, v);
}

/* Reads the lines of a complete reply, whose empty line must be the last thing in it. */
static int parse_reply(struct reading *r, const char *s, size_t len)
{
	const char *end = s + len, *newline;
	int err;

	while ((newline = memchr(s, '\n', (size_t)(end - s))) != NULL && newline != s) {
		err = take_line(r, s, (size_t)(newline - s));
		if (err)
			return err;
		s = newline + 1;
	}
	if (newline != s || newline + 1 != end || !r->has_errno)
		return -EPROTO;
	return r->told;
}

int uapi_parse_reply(const char *s, size_t len, struct wg_device *out)
{
	struct reading r = { .dev = out };
	int err;

	err = parse_reply(&r, s, len);
	if (err && out)
		wg_device_free(out);
	else if (out)
		wg_device_observed(out);
	return err;
}
