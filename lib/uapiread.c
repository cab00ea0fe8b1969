/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/uapiread.c: replies of the userspace protocol: lines key=value, an empty one at the end. */
#include "lib/uapiread.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

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

static int take_private_key(struct reading *r, struct value v)
{
	int err = take_key(v, &r->dev->private_key);

	if (err || key_is_zero(&r->dev->private_key))
		return err;
	key_public(&r->dev->private_key, &r->dev->public_key);
	return 0;
}

/* boringtun tells this one instead of the private key. */
static int take_own_public_key(struct reading *r, struct value v)
{
	return take_key(v, &r->dev->public_key);
}

static int take_listen_port(struct reading *r, struct value v)
{
	uint64_t n;
	int err = take_number(v, UINT16_MAX, &n);

	if (!err)
		r->dev->listen_port = (uint16_t)n;
	return err;
}

static int take_fwmark(struct reading *r, struct value v)
{
	uint64_t n;
	int err = take_number(v, UINT32_MAX, &n);

	if (!err)
		r->dev->fwmark = (uint32_t)n;
	return err;
}

static int take_public_key(struct reading *r, struct value v)
{
	r->peer = wg_device_add_peer(r->dev);
	return r->peer ? take_key(v, &r->peer->public_key) : -ENOMEM;
}

static int take_preshared_key(struct reading *r, struct value v)
{
	int err = take_key(v, &r->peer->preshared_key);

	if (!err && !key_is_zero(&r->peer->preshared_key))
		r->peer->flags |= WG_PEER_HAS_PRESHARED_KEY;
	return err;
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

static int take_endpoint(struct reading *r, struct value v)
{
	struct wg_endpoint *e = &r->peer->endpoint;
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

static int take_keepalive(struct reading *r, struct value v)
{
	uint64_t n;
	int err = take_number(v, UINT16_MAX, &n);

	if (!err)
		r->peer->keepalive = (uint16_t)n;
	return err;
}

static int take_allowed_ip(struct reading *r, struct value v)
{
	char text[VALUE_MAX];
	struct prefix p;

	if (copy_value(v, text) || !strchr(text, '/') || prefix_parse(text, &p))
		return -EPROTO;
	prefix_mask(&p);
	return wg_peer_add_allowed(r->peer, &p);
}

static int take_handshake(struct reading *r, struct value v)
{
	uint64_t n;
	int err = take_number(v, INT64_MAX, &n);

	if (!err)
		r->peer->last_handshake = (int64_t)n;
	return err;
}

static int take_handshake_nsec(struct reading *r, struct value v)
{
	uint64_t n;
	int err = take_number(v, 999999999, &n);

	if (!err)
		r->peer->last_handshake_nsec = (uint32_t)n;
	return err;
}

static int take_rx(struct reading *r, struct value v)
{
	return take_number(v, UINT64_MAX, &r->peer->rx_bytes);
}

static int take_tx(struct reading *r, struct value v)
{
	return take_number(v, UINT64_MAX, &r->peer->tx_bytes);
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

enum place {
	OF_DEVICE, /* before the first peer */
	OF_PEER,
	OF_BOTH,
};

static const struct line {
	const char *name;
	enum place place;
	int (*take)(struct reading *r, struct value v);
} lines[] = {
	{ "private_key", OF_DEVICE, take_private_key },
	{ "own_public_key", OF_DEVICE, take_own_public_key },
	{ "listen_port", OF_DEVICE, take_listen_port },
	{ "fwmark", OF_DEVICE, take_fwmark },
	{ "public_key", OF_BOTH, take_public_key },
	{ "preshared_key", OF_PEER, take_preshared_key },
	{ "endpoint", OF_PEER, take_endpoint },
	{ "persistent_keepalive_interval", OF_PEER, take_keepalive },
	{ "allowed_ip", OF_PEER, take_allowed_ip },
	{ "last_handshake_time_sec", OF_PEER, take_handshake },
	{ "last_handshake_time_nsec", OF_PEER, take_handshake_nsec },
	{ "rx_bytes", OF_PEER, take_rx },
	{ "tx_bytes", OF_PEER, take_tx },
};

static bool is_name(const char *name, const char *s, size_t len)
{
	return strlen(name) == len && memcmp(name, s, len) == 0;
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
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!is_name(lines[i].name, s, name_len))
			continue;
		if (lines[i].place != OF_BOTH && (lines[i].place == OF_PEER) != !!r->peer)
			return -EPROTO;
		return lines[i].take(r, v);
	}
	return 0; /* of a later version of the protocol, which may add what it wants told */
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
	return err;
}
