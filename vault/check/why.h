/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/why.h: what becomes of a packet, and by which word. Reads only; nothing is sent. */
#ifndef VAULT_CHECK_WHY_H
#define VAULT_CHECK_WHY_H

#include <jansson.h>

#include "lib/addr.h"
#include "lib/str.h"
#include "vault/spec/spec.h"

struct why_question {
	struct addr from; /* AF_UNSPEC: from inside the vault */
	struct addr to;
	uint8_t protocol; /* IPPROTO_TCP, _UDP; _ICMP: an echo request, of either family */
	uint16_t port; /* 0 with IPPROTO_ICMP */
};

enum why_verdict { WHY_PASSES, WHY_DROPPED, WHY_UNKNOWN };

/* Reads ADDR[:PORT][/PROTOCOL], an IPv6 address with a port in brackets, into *Q. NULL, or what it
 * is not, static. */
const char *why_parse(const char *text, struct why_question *q);

/*
 * Follows the first packet of such a connection by the rules that SPEC's vault is described with,
 * and by the kernel's routes, as they are. Appends a line a step to TEXT, a verdict last, and the
 * same to JSON, an object. NS is the vault's namespace, taken over.
 */
enum why_verdict why_tell(const struct spec *spec, int ns, const struct why_question *q,
			  struct str *text, json_t *json);

#endif
