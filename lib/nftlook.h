/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftlook.h: does the kernel have just this ruleset? */
#ifndef LIB_NFTLOOK_H
#define LIB_NFTLOOK_H

#include "lib/nftseen.h"
#include "lib/ruleset.h"

enum nftlook_scope {
	NFTLOOK_WHOLE, /* nothing missing and nothing more in the table */
	NFTLOOK_RULES, /* the rules only, all of them */
};

/*
 * Compares what was seen with RS; lines of other tables are left out. 0 when equal; -EBADE with the
 * first difference in WHY; another -errno (WHY set too) when it could not be compared.
 */
int must_check nftlook_compare(struct nftlook *seen, const struct ruleset *rs,
			       enum nftlook_scope scope, char why[static 256]);

/*
 * Dumps tables, counters, chains, sets, their elements and rules of all tables named in the N
 * rulesets at RS into SEEN. 0 or -errno.
 */
int must_check nftlook_dump(struct nl *nl, const struct ruleset *rs, size_t n, struct nftlook *seen,
			    struct nl_error *error);

enum nftlook_table { NFTLOOK_NO_TABLE, NFTLOOK_OURS, NFTLOOK_FOREIGN };

/* Is the table of RS's name among what was seen, and has it RS's comment, or none as RS? */
enum nftlook_table nftlook_find_table(const struct nftlook *seen, const struct ruleset *rs);

/* 1 when all sets and counters of RS are among what was seen, sets of the same shape; 0 when not;
 * -errno. */
int must_check nftlook_has_sets(const struct nftlook *seen, const struct ruleset *rs);

/*
 * Queues, in a transaction that has been begun, the deletion of what was SEEN in RS's table and is
 * not as RS has it: sets, chains, counters. All rules of the table go first, as they may name
 * those. Nothing when there is none of them. 0 or -errno.
 */
int must_check nftlook_queue_unexpected(struct nl_batch *b, struct nl *nl, unsigned int tag,
					const struct ruleset *rs, const struct nftlook *seen);

/* Asks for the table of RS's name alone. 0, or -errno: -ENOENT when there is none. */
int must_check nftlook_ask_table(struct nl *nl, const struct ruleset *rs, struct nftlook *seen,
				 struct nl_error *error);

/*
 * Asks which generation the ruleset of NL's namespace has: every transaction, whoever makes it,
 * begins another. 0 with *GENERATION set, or -errno.
 */
int must_check nftlook_generation(struct nl *nl, uint32_t *generation, struct nl_error *error);

#endif
