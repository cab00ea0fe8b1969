/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echo/stun.c: a STUN Binding (RFC 8489): the request, and the address in its answer. */
#include <errno.h>
#include <string.h>

#include "vault/leak/echo/wire.h"

#define BINDING_REQUEST 0x0001
#define BINDING_SUCCESS 0x0101
#define BINDING_ERROR 0x0111
#define XOR_MAPPED_ADDRESS 0x0020
#define ATTRIBUTE_HEAD 4U

/* Section 5: in every message; with the id that follows it, what XOR-MAPPED-ADDRESS is mixed with. */
static const uint8_t cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };

void echo_stun_ask(const uint8_t id[static 12], uint8_t out[static ECHO_STUN_LEN])
{
	memset(out, 0, ECHO_STUN_LEN);
	out[1] = BINDING_REQUEST;
	memcpy(out + 4, cookie, sizeof(cookie));
	memcpy(out + 8, id, 12);
}

/* Section 14.2: a zero byte, the family (1, 2), the port, the address. MIX is the cookie and the
 * id. */
static int read_address(const uint8_t *value, size_t len, const uint8_t mix[static 16],
			struct addr *out)
{
	struct addr a = { .family = AF_UNSPEC };

	if (len >= 2 && value[1] == 1)
		a.family = AF_INET;
	else if (len >= 2 && value[1] == 2)
		a.family = AF_INET6;
	if (!a.family || len != 4 + addr_size(&a))
		return -EPROTO;
	for (size_t i = 0; i < addr_size(&a); i++)
		a.bytes[i] = value[4 + i] ^ mix[i];
	if (!echo_is_client(&a))
		return -EPROTO;
	*out = a;
	return 0;
}

/* Of several the first counts (section 14). MAPPED-ADDRESS is not looked at: routers rewrite it. */
static int read_attributes(const uint8_t *data, size_t len, const uint8_t mix[static 16],
			   struct addr *out)
{
	size_t at = 0;

	while (len - at >= ATTRIBUTE_HEAD) {
		unsigned int type = echo_get16(data + at), size = echo_get16(data + at + 2);
		size_t whole = ATTRIBUTE_HEAD + (((size_t)size + 3) & ~(size_t)3);

		if (whole > len - at)
			return -EPROTO;
		if (type == XOR_MAPPED_ADDRESS)
			return read_address(data + at + ATTRIBUTE_HEAD, size, mix, out);
		at += whole;
	}
	return at == len ? -ENODATA : -EPROTO;
}

int echo_stun_read(const uint8_t *data, size_t len, const uint8_t ask[static ECHO_STUN_LEN],
		   struct addr *out)
{
	unsigned int type;

	if (len < ECHO_STUN_LEN || memcmp(data + 4, ask + 4, 16) != 0)
		return -EAGAIN;
	type = echo_get16(data);
	if (type != BINDING_SUCCESS && type != BINDING_ERROR)
		return -EAGAIN;
	if (echo_get16(data + 2) != len - ECHO_STUN_LEN)
		return -EPROTO;
	if (type == BINDING_ERROR)
		return -ENODATA;
	return read_attributes(data + ECHO_STUN_LEN, len - ECHO_STUN_LEN, ask + 4, out);
}
