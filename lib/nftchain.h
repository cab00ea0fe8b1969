/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftchain.h: the chains of all tables that see packets, ours and others'. Reads only. */
#ifndef LIB_NFTCHAIN_H
#define LIB_NFTCHAIN_H

#include "lib/nl.h"

#define NFTCHAIN_NAME_MAX 256

struct nftchain {
	uint8_t family; /* NFPROTO_INET, NFPROTO_IPV4, … */
	char table[NFTCHAIN_NAME_MAX], name[NFTCHAIN_NAME_MAX];
	uint32_t hook; /* NF_INET_FORWARD, … */
	bool drops; /* by its policy */
	const struct nlattr *devices; /* those that it is bound to, for nft_devices_have(); NULL:
					 to none. Only while FN runs */
};

typedef int nftchain_fn(const struct nftchain *chain, void *arg);

/*
 * Calls FN for each base chain of NL's namespace; FN returns 0 to go on, -errno to stop. 0 or
 * -errno.
 */
int must_check nftchain_dump(struct nl *nl, nftchain_fn *fn, void *arg, struct nl_error *error);

#endif
