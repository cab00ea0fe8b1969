/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftnames.h: what nf_tables holds in a namespace, by name only: tables and flowtables. */
#ifndef LIB_NFTNAMES_H
#define LIB_NFTNAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/nl.h"

enum nft_what { NFT_WHAT_TABLE, NFT_WHAT_FLOWTABLE };

/* Its strings are borrowed. */
struct nft_named {
	enum nft_what what;
	uint8_t family; /* NFPROTO_* of linux/netfilter.h */
	const char *table, *name; /* "" for a table, else the flowtable's in TABLE */
	uint64_t handle; /* 0: the kernel tells none */
	const struct nlattr *devices; /* of a flowtable: see nft_devices_have(); or NULL */
};

typedef int nft_name_fn(const struct nft_named *named, void *arg);

/*
 * Calls FN for each table and each flowtable of NL's namespace, whoever made it. 0 or -errno,
 * also FN's.
 */
int must_check nft_dump_names(struct nl *nl, nft_name_fn *fn, void *arg, struct nl_error *error);

enum nft_has { NFT_HAS_NOT, NFT_HAS, NFT_HAS_BY_PREFIX };

/* Whether the interface NAME is among DEVICES, those that the hook of a chain or a flowtable is
 * bound to (NFTA_HOOK_DEVS), which may be NULL: by its own name, or by how names begin ("vlt-*",
 * Linux 6.18). enum nft_has, or -EBADMSG. */
int must_check nft_devices_have(const struct nlattr *devices, const char *name);

/* "handle " and a number. */
#define NFT_WORD_LEN 32

/*
 * What nft(8) may be told as the table's or flowtable's name: NAME, or its HANDLE, in OUT, where
 * NAME is not one word for nft. No name is too odd for the kernel, "x; flush ruleset" is one.
 * Without a handle it is NAME all the same, and nft_is_word() is false of it.
 */
const char *nft_word(const char *name, uint64_t handle, char out[static NFT_WORD_LEN]);

/* True for what nft(8) takes for one name and nothing else: such a name, or a handle as above. */
bool nft_is_word(const char *word);

#endif
