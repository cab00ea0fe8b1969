/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftlook.h: does the kernel have just this ruleset? Both sides are read from nf_tables
 * messages by one function. */
#ifndef LIB_NFTLOOK_H
#define LIB_NFTLOOK_H

#include "lib/nl.h"
#include "lib/ruleset.h"

/* One thing of a ruleset: `key` says what it is and where ("rule inet vault output"), `what` is the
 * whole of it: a text, or the attributes of a rule. */
struct nftlook_line {
	char *key; /* owned */
	void *what; /* owned, `len` bytes */
	size_t len;
	size_t seq; /* order of arrival: rules of one chain keep it */
	bool is_rule;
};

/* What was seen so far. Zero-initialise; free with nftlook_free. */
struct nftlook {
	struct nftlook_line *lines; /* owned */
	size_t n;
	uint32_t generation; /* of the namespace's ruleset, when a message told it; else 0 */
};

/*
 * nl_reply_fn: takes an nf_tables message (an echo, a dump's reply) into ARG, a struct nftlook.
 * Messages about the deletion of a table forgets it; other deletions are passed over. 0, -ENOMEM,
 * -EBADMSG for one that cannot be read.
 */
int must_check nftlook_add(const struct nlmsghdr *nlh, void *arg);

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
 * rulesets at RS into SEEN. 0 or -errno; retries interrupted dumps a bounded number of times.
 */
int must_check nftlook_dump(struct nl *nl, const struct ruleset *rs, size_t n, struct nftlook *seen,
			    struct nl_error *error);

/*
 * Asks which generation the ruleset of NL's namespace has: every transaction, whoever makes it,
 * begins another. 0 with *GENERATION set, or -errno.
 */
int must_check nftlook_generation(struct nl *nl, uint32_t *generation, struct nl_error *error);

void nftlook_free(struct nftlook *seen);

#endif
