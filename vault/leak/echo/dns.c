/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echo/dns.c: one question of DNS (RFC 1035), and the address in its answer. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "vault/leak/echo/wire.h"

#define HEAD 12U
#define LABEL_MAX 63U
#define POINTER 0xc0U
#define RECORD_HEAD 10U /* type, class, time to live, length */
#define CLASS_IN 1
#define NXDOMAIN 3

/* The flags of a header, section 4.1.1, as one number. */
#define IS_ANSWER 0x8000U
#define OPCODE 0x7800U
#define RECURSION_DESIRED 0x0100U
#define RCODE 0x000fU

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* NAME as labels, with the root's at the end; how long that is, or 0. */
static size_t put_name(const char *name, uint8_t out[static ECHO_NAME_MAX + 2])
{
	size_t at = 0;

	if (!*name || strlen(name) > ECHO_NAME_MAX)
		return 0;
	while (*name) {
		size_t n = strcspn(name, ".");

		if (!n || n > LABEL_MAX)
			return 0;
		out[at++] = (uint8_t)n;
		memcpy(out + at, name, n);
		at += n;
		name += n + (name[n] == '.');
	}
	out[at++] = 0;
	return at;
}

size_t echo_dns_ask(uint16_t id, const char *name, enum echo_dns_type type,
		    uint8_t out[static ECHO_DNS_MAX])
{
	size_t n = put_name(name, out + HEAD);

	if (!n)
		return 0;
	memset(out, 0, HEAD);
	put16(out, id);
	put16(out + 2, RECURSION_DESIRED);
	put16(out + 4, 1);
	put16(out + HEAD + n, type);
	put16(out + HEAD + n + 2, CLASS_IN);
	return HEAD + n + 4;
}

/* True when the answer begins with the very question; names have no case, and no other byte of a
 * question is a letter's. */
static bool repeats_question(const uint8_t *data, size_t len, const uint8_t *ask, size_t ask_len)
{
	if (len < ask_len || echo_get16(data) != echo_get16(ask) || echo_get16(data + 4) != 1)
		return false;
	for (size_t i = HEAD; i < ask_len; i++)
		if (tolower(data[i]) != tolower(ask[i]))
			return false;
	return true;
}

/* Steps over the name at *AT. Where a pointer leads does not matter here. */
static bool skip_name(const uint8_t *data, size_t len, size_t *at)
{
	while (*at < len) {
		unsigned int n = data[*at];

		if ((n & POINTER) == POINTER) {
			*at += 2;
			return *at <= len;
		}
		if (n > LABEL_MAX)
			return false;
		*at += 1 + n;
		if (!n)
			return true;
	}
	return false;
}

/* Texts of a record, each with its length before it: one that is an address, and nothing but it. */
static bool find_text(const uint8_t *p, size_t len, uint8_t family, struct addr *out)
{
	char text[ADDR_STRLEN];

	for (size_t at = 0; at < len; at += 1U + p[at]) {
		size_t n = p[at];

		if (n > len - at - 1)
			return false;
		if (n >= sizeof(text))
			continue;
		memcpy(text, p + at + 1, n);
		text[n] = '\0';
		if (!addr_parse(text, out) && out->family == family)
			return true;
	}
	return false;
}

static bool find_address(const uint8_t *p, size_t len, unsigned int type, uint8_t family,
			 struct addr *out)
{
	memset(out, 0, sizeof(*out));
	if (type == ECHO_DNS_TXT)
		return find_text(p, len, family, out) && echo_is_client(out);
	out->family = type == ECHO_DNS_A ? AF_INET : AF_INET6;
	if (len != addr_size(out))
		return false;
	memcpy(out->bytes, p, len);
	return echo_is_client(out);
}

/* The N records that begin at AT. */
static int read_records(const uint8_t *data, size_t len, size_t at, unsigned int n,
			unsigned int wanted, uint8_t family, struct addr *out)
{
	struct addr found;

	for (; n; n--) {
		unsigned int type, class;
		size_t size;

		if (!skip_name(data, len, &at) || len - at < RECORD_HEAD)
			return -EPROTO;
		type = echo_get16(data + at);
		class = echo_get16(data + at + 2);
		size = echo_get16(data + at + 8);
		at += RECORD_HEAD;
		if (size > len - at)
			return -EPROTO;
		if (type == wanted && class == CLASS_IN &&
		    find_address(data + at, size, type, family, &found)) {
			*out = found;
			return 0;
		}
		at += size;
	}
	return -ENODATA;
}

int echo_dns_read(const uint8_t *data, size_t len, const uint8_t *ask, size_t ask_len,
		  uint8_t family, struct addr *out)
{
	unsigned int flags = len >= HEAD ? echo_get16(data + 2) : 0;

	if ((flags & (IS_ANSWER | OPCODE)) != IS_ANSWER ||
	    !repeats_question(data, len, ask, ask_len))
		return -EAGAIN;
	if ((flags & RCODE) == NXDOMAIN)
		return -ENODATA;
	if (flags & RCODE)
		return -EPROTO;
	return read_records(data, len, ask_len, echo_get16(data + 6), echo_get16(ask + ask_len - 4),
			    family, out);
}
