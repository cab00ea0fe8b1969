/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/lab/wirestun.c: what `wire echo` says to who asks by STUN, as browsers do: RFC 8489, a
 * Binding alone. */
#include "wire.h"

#include <netinet/in.h>
#include <string.h>

enum { HEADER = 20, BINDING = 0x0001, BOUND = 0x0101, XOR_MAPPED_ADDRESS = 0x0020 };

static const uint8_t cookie[] = { 0x21, 0x12, 0xa4, 0x42 };

/* Makes of the question P of N bytes the answer to PEER, in OUT. Its length, or 0: that is no
 * question. */
size_t stun_answer(const uint8_t *p, size_t n, const struct sockaddr_in6 *peer,
		   uint8_t out[static STUN_MAX])
{
	bool four = IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr);
	const uint8_t *address = peer->sin6_addr.s6_addr + (four ? 12 : 0);
	size_t size = four ? 4 : 16;

	if (n < HEADER || get16(p) != BINDING || memcmp(p + 4, cookie, sizeof(cookie)))
		return 0;
	put16(out, BOUND);
	put16(out + 2, 8 + size);
	memcpy(out + 4, p + 4, HEADER - 4); /* the cookie and the number of the question */
	put16(out + HEADER, XOR_MAPPED_ADDRESS);
	put16(out + HEADER + 2, 4 + size);
	put16(out + HEADER + 4, four ? 1 : 2);
	put16(out + HEADER + 6, ntohs(peer->sin6_port) ^ get16(cookie));
	for (size_t i = 0; i < size; i++)
		out[HEADER + 8 + i] = address[i] ^ p[4 + i];
	return HEADER + 8 + size;
}
