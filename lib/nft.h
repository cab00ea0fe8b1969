/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nft.h: rulesets into the kernel by nf_tables netlink, one transaction a batch; counters out
 * of it. */
#ifndef LIB_NFT_H
#define LIB_NFT_H

#include "lib/nl.h"
#include "lib/ruleset.h"

/*
 * Queues the frame of a transaction: everything between begin and end happens at once or not at
 * all. One transaction a batch (the kernel reads no further than the first).
 */
void nft_queue_begin(struct nl_batch *b, struct nl *nl, unsigned int tag);
void nft_queue_end(struct nl_batch *b, struct nl *nl, unsigned int tag);

enum nft_how {
	NFT_CREATE, /* the table must not exist */
	NFT_REPLACE, /* the table goes, if it is there, and comes anew */
	NFT_REFRESH, /* what exists stays, with its elements and counts; the chains' rules and the
			constant sets' elements are taken anew */
};

/*
 * Queues the whole of RS. Every message asks for an echo of what the kernel made of it
 * (NLM_F_ECHO): pass nftlook_add as the reply function of nl_batch_send to read the committed
 * ruleset back without another request.
 */
void nft_queue_table(struct nl_batch *b, struct nl *nl, unsigned int tag, const struct ruleset *rs,
		     enum nft_how how);
/* Queues the deletion of the table (family and name of RS). The kernel answers -ENOENT when it is
 * not there. */
void nft_queue_del_table(struct nl_batch *b, struct nl *nl, unsigned int tag,
			 const struct ruleset *rs);
/* Queues the deletion of all rules of RS's table. */
void nft_queue_flush(struct nl_batch *b, struct nl *nl, unsigned int tag, const struct ruleset *rs);
/* Queues the deletion of the set, chain or object (its TYPE: NFT_OBJECT_COUNTER, …) NAME in RS's
 * table, by MESSAGE: NFT_MSG_DELSET, _DELCHAIN, _DELOBJ. */
void nft_queue_delete(struct nl_batch *b, struct nl *nl, unsigned int tag, const struct ruleset *rs,
		      uint16_t message, const char *name, uint32_t type);
/* Queues the addition, or the deletion, of SET's elements in the existing set of that name. -ENOENT
 * for one not there. */
void nft_queue_elements(struct nl_batch *b, struct nl *nl, unsigned int tag,
			const struct ruleset *rs, const struct set *set, bool add);

typedef int nft_counter_fn(const char *table, const char *name, uint64_t packets, uint64_t bytes,
			   void *arg);

/* Calls FN for each named counter of NL's namespace. 0 or -errno, also FN's. */
int must_check nft_dump_counters(struct nl *nl, nft_counter_fn *fn, void *arg,
				 struct nl_error *error);

typedef int nft_element_fn(const struct set_element *element, void *arg);

/*
 * Calls FN for each element of set NAME in RS's table. 0 or -errno: -ENOENT no such
 * table or set; also FN's.
 */
int must_check nft_dump_elements(struct nl *nl, const struct ruleset *rs, const char *name,
				 nft_element_fn *fn, void *arg, struct nl_error *error);

#endif
