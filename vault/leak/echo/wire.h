/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/echo/wire.h: the questions that are asked for a client's address, and what answers
 * say: HTTP/1.0 (RFC 1945), STUN (RFC 8489), DNS (RFC 1035). No I/O.
 *
 * All parsers take bytes of strangers. They return 0 with *OUT filled; -EAGAIN for what is no
 * answer to the question (somebody else's, or one cut short by the network): wait on; -ENODATA: an
 * answer without an address; -EPROTO: an answer that is none. Addresses that no client can be seen
 * by (loopback, multicast, link-local, any) are none.
 */
#ifndef VAULT_LEAK_ECHO_WIRE_H
#define VAULT_LEAK_ECHO_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "vault/leak/echo/url.h"

#define ECHO_ANSWER_MAX 4096 /* no more is read of any answer */
#define ECHO_HTTP_MAX (2 * ECHO_URL_MAX + 160)
#define ECHO_DNS_MAX (12 + ECHO_NAME_MAX + 2 + 4)
#define ECHO_STUN_LEN 20

enum echo_dns_type { ECHO_DNS_A = 1, ECHO_DNS_TXT = 16, ECHO_DNS_AAAA = 28 };

static inline unsigned int echo_get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* True for an address that a client may be seen by. */
bool echo_is_client(const struct addr *a);

/* The request for TARGET's page; its length. */
size_t echo_http_ask(const struct echo_target *target, char out[static ECHO_HTTP_MAX]);
/*
 * The first address of FAMILY in the page of an answer of which LEN bytes have come, ENDED: all of
 * it. -EAGAIN: there may be more. *STATUS is the answer's, 0 when there is none yet.
 */
int must_check echo_http_read(const char *data, size_t len, bool ended, uint8_t family,
			      struct addr *out, unsigned int *status);

/* A Binding request; ID are its random 12 bytes. */
void echo_stun_ask(const uint8_t id[static 12], uint8_t out[static ECHO_STUN_LEN]);
int must_check echo_stun_read(const uint8_t *data, size_t len,
			      const uint8_t ask[static ECHO_STUN_LEN], struct addr *out);

/* The question for NAME, with ID; its length, or 0 when that is no name of DNS. */
size_t echo_dns_ask(uint16_t id, const char *name, enum echo_dns_type type,
		    uint8_t out[static ECHO_DNS_MAX]);
/* The first record of the type asked for by the ASK_LEN bytes of ASK, in an answer to it; of TXT
 * the first that is an address of FAMILY, and nothing else. */
int must_check echo_dns_read(const uint8_t *data, size_t len, const uint8_t *ask, size_t ask_len,
			     uint8_t family, struct addr *out);

#endif
