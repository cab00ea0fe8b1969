/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftseen.h: nf_tables messages as lines to compare: what is asked for, and what the kernel
 * says it has, are read by one function. */
#ifndef LIB_NFTSEEN_H
#define LIB_NFTSEEN_H

#include "lib/nl.h"

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
 * A message about the deletion of a table forgets it; other deletions are passed over. 0, -ENOMEM,
 * -EBADMSG for one that cannot be read.
 */
int must_check nftlook_add(const struct nlmsghdr *nlh, void *arg);

/* The comment of the table that LINE is about; "" for none. */
const char *nftlook_comment(const struct nftlook_line *line);

/* True when LINE is of TABLE, "FAMILY NAME". */
bool nftlook_is_of(const struct nftlook_line *line, const char *table);

/* Takes out of SEEN what is of TABLE, "FAMILY NAME". */
void nftlook_forget(struct nftlook *seen, const char *table);

void nftlook_free(struct nftlook *seen);

#endif
