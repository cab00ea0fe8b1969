/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/seal/seal.h: the kill switch of a vault (seal.c), and the guard on the host (guard.c), as
 * rulesets. Pure: spec in, rules out. */
#ifndef VAULT_SEAL_SEAL_H
#define VAULT_SEAL_SEAL_H

#include "lib/ruleset.h"
#include "vault/spec/spec.h"

#define SEAL_TABLE "vault" /* inside a vault; and these, of what leaves by one interface each */
#define SEAL_LINK_TABLE "vault-link"
#define SEAL_TUNNEL_TABLE "vault-tunnel"
#define SEAL_LEG_TABLE "vault-leg"
/* On the host; and the comment by which ours is known from one that somebody else called so. */
#define SEAL_GUARD_TABLE "vault-guard"
#define SEAL_GUARD_MARK "made by vault(8), which alone changes it"

/* The tables inside a vault. The egress tables name a device, which must exist when they are
 * loaded. */
enum seal_table {
	SEAL_INET, /* what the IP stack sends and receives */
	SEAL_LINK, /* every frame that leaves by the host link, packet sockets included; needs
		      spec->has_link */
	SEAL_TUNNEL, /* every packet that leaves by the tunnel; needs spec->has_tunnel */
	SEAL_LEG, /* every frame that leaves by the leg on a segment; needs one */
	SEAL_TABLES
};

/* True when SPEC has what TABLE is about. */
bool seal_wants(const struct spec *spec, enum seal_table table);

/* Fills *RS (free with ruleset_free; RS->err tells of lack of memory) with the table of SPEC. */
void seal_build(const struct spec *spec, enum seal_table table, struct ruleset *rs);

/* The tables on the host, which all vaults share. */
enum seal_guard {
	SEAL_HOST, /* between the host and vaults */
	SEAL_SEGMENTS, /* on the bridges of segments */
	SEAL_GUARDS
};

/* True when SPEC has what GUARD is about. */
bool seal_wants_guard(const struct spec *spec, enum seal_guard guard);
/* The host's side: constant rules and empty sets. */
void seal_build_guard(enum seal_guard guard, struct ruleset *rs);
/* The same with the elements that let SPEC's link, or leg, be used: permissions only, so that
 * taking them away closes. */
void seal_build_guard_elements(enum seal_guard guard, const struct spec *spec, struct ruleset *rs);
/* These elements alone, in their sets: no rules. SPEC NULL: the empty sets. */
void seal_build_grants(enum seal_guard guard, const struct spec *spec, struct ruleset *rs);
/* RS: those of one vault, its addresses' sets filled. False when there are none in the other sets.
 * The description cannot tell: an `up` that failed may have allowed what was never written down. */
bool seal_grants_more(const struct ruleset *rs);

/* The counter of what passes by holes; not one that drops. */
#define SEAL_HOLES "passed_holes"

/* What a counter of ours counts, for people; NULL for a name that is none. */
const char *seal_counter_meaning(const char *name);
/* Where that is, by the TABLE it is in: to stand behind the meaning; "" where it needs no word. */
const char *seal_counter_place(const char *table);

#endif
