/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ruleeval.h: what becomes of a packet by the rules of a table, as data (ruleset.h), without a
 * kernel. Pure; see nft(8). */
#ifndef LIB_RULEEVAL_H
#define LIB_RULEEVAL_H

#include "lib/ruleset.h"

/* The first packet of a connection: nothing is known of it, and it answers nobody. */
struct eval_packet {
	const char *iif, *oif; /* names; "" where it has none, or none yet */
	struct addr saddr, daddr;
	uint8_t protocol; /* IPPROTO_* */
	uint16_t dport; /* of TCP and UDP */
	uint16_t icmp_type; /* of IPPROTO_ICMP and _ICMPV6 */
	uint32_t mark;
	/* What the routing table of those rules says (fib): */
	bool saddr_local, daddr_local;
	bool answers_leave_by_iif;
};

struct eval_result {
	enum verdict verdict; /* VERDICT_ACCEPT or VERDICT_DROP */
	const struct rule *rule; /* whose that is; NULL: the chain's policy */
	struct addr to; /* where a map leads the packet; AF_UNSPEC: it goes on to where it went */
	uint16_t port;
};

/* The chain of RS called NAME, or NULL. */
const struct chain *eval_chain(const struct ruleset *rs, const char *name);

/* Takes P through CHAIN of RS, into *OUT, which borrows of RS. What a rule counts, notes or clamps
 * does not show. */
void eval_run(const struct ruleset *rs, const struct chain *chain, const struct eval_packet *p,
	      struct eval_result *out);

#endif
