/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftnames.h: what nf_tables holds in a namespace, by name only: tables and flowtables. */
#ifndef LIB_NFTNAMES_H
#define LIB_NFTNAMES_H

#include "lib/nl.h"

enum nft_what { NFT_WHAT_TABLE, NFT_WHAT_FLOWTABLE };

/* FAMILY is NFPROTO_* of linux/netfilter.h; NAME is "" for a table, else the flowtable's in TABLE. */
typedef int nft_name_fn(enum nft_what what, uint8_t family, const char *table, const char *name,
			void *arg);

/*
 * Calls FN for each table and each flowtable of NL's namespace, whoever made it. 0 or -errno,
 * also FN's.
 */
int must_check nft_dump_names(struct nl *nl, nft_name_fn *fn, void *arg, struct nl_error *error);

#endif
