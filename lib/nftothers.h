/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftothers.h: what the rules of other programs come to, as far as a look at each can tell.
 * Reads only. */
#ifndef LIB_NFTOTHERS_H
#define LIB_NFTOTHERS_H

#include "lib/addr.h"
#include "lib/nl.h"

/* What a rule does in the end; what is not known counts as going on. */
enum nftother_act {
	NFTOTHER_GOES_ON,
	NFTOTHER_ACCEPTS,
	NFTOTHER_REFUSES, /* drop, reject */
	NFTOTHER_JUMPS, /* to another chain, and back */
	NFTOTHER_GOES, /* to another, and not back (goto) */
	NFTOTHER_RETURNS,
	NFTOTHER_UNTRACKS, /* takes the packet from connection tracking (notrack) */
	NFTOTHER_TRANSLATES, /* the packet's destination: dnat, redirect, tproxy */
};

struct nftother {
	uint8_t family; /* NFPROTO_INET, NFPROTO_IPV4, … */
	char *table, *chain; /* owned */
	bool always; /* it asks nothing of the packet */
	bool names_in,
		names_out; /* it asks for the INTERFACE, by name, that one comes or leaves by */
	bool reached, followed; /* nftothers_reach */
	size_t beyond; /* behind the last rule of its chain, all of which are in a row */
	enum nftother_act act;
	char *to; /* owned: the chain of NFTOTHER_JUMPS, _GOES; else NULL */
	/* What it asks of the packet's destination: */
	uint8_t protocol; /* IPPROTO_*; 0: nothing */
	uint16_t first, last; /* ports; 0: nothing */
	char *set; /* owned: of those, the ports that are in this set or map of the table; or NULL */
	struct prefix where, except; /* AF_UNSPEC: anywhere; nowhere */
	bool asks_more; /* of something else, that is not read here */
};

struct nftothers {
	struct nftother *list; /* owned: in the order of the rules of a chain */
	size_t n;
};

/*
 * Dumps the rules of NL's namespace into *OUT (nftothers_free, also on error), as they are of
 * nf_tables or of iptables by way of it (xtables-nft(8)); but for those of the table OURS (of the
 * family inet), and for those that tell nothing. INTERFACE is the name of one to look for in them.
 * 0 or -errno. See libnftnl's headers and linux/netfilter/nf_tables.h.
 */
int must_check nftothers_dump(struct nl *nl, const char *ours, const char *interface,
			      struct nftothers *out, struct nl_error *error);
void nftothers_free(struct nftothers *o);

/* 1 when PORT is in RULE's set, 0 when not, -errno. NL is the one that it was dumped with. */
int must_check nftothers_is_in_set(struct nl *nl, const struct nftother *rule, uint16_t port,
				   struct nl_error *error);

/* What becomes of a packet that no condition is about, by the rules of the chain and of those that
 * every packet is led to: NFTOTHER_ACCEPTS, _REFUSES, _UNTRACKS; or it _GOES_ON to the policy. */
enum nftother_act nftothers_end(const struct nftothers *o, uint8_t family, const char *table,
				const char *chain);

/* Marks the rules that a packet may come to, whatever they ask for, once it is in the chain: as
 * reached, besides those that are. nftothers_leave takes all marks away. */
void nftothers_reach(struct nftothers *o, uint8_t family, const char *table, const char *chain);
void nftothers_leave(struct nftothers *o);

#endif
