/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftput.h: a rule under construction, and the expressions that nearly every match is made of.
 */
#ifndef LIB_NFTPUT_H
#define LIB_NFTPUT_H

#include <libnftnl/rule.h> /* first: expr.h wants what it includes */

#include <libnftnl/expr.h>
#include <linux/netfilter/nf_tables.h>

#include "lib/ruleset.h"

/* Where the bytes that a rule looks at come from. */
enum source { FROM_NOWHERE, FROM_META, FROM_PACKET, FROM_CT, FROM_RT, FROM_FIB, FROM_KEY };

struct load {
	enum source from;
	uint32_t key; /* NFT_META_*, _CT_*, _RT_*, _FIB_RESULT_*; _PAYLOAD_*: in which header */
	uint8_t at[2], len[2]; /* bytes, of IPv4 and of IPv6; for FROM_FIB `at` is its flags */
};

/* clang-format off */
#define META(key, len) { FROM_META, key, { 0 }, { len, len } }
#define CT(key, len) { FROM_CT, key, { 0 }, { len, len } }
#define RT(key, len) { FROM_RT, key, { 0 }, { len, len } }
#define FIB(flags, result) { FROM_FIB, result, { flags, flags }, { 4, 4 } }
#define FRAME(at, len) { FROM_PACKET, NFT_PAYLOAD_LL_HEADER, { at, at }, { len, len } }
#define NETWORK(at, len) { FROM_PACKET, NFT_PAYLOAD_NETWORK_HEADER, { at, at }, { len, len } }
#define TRANSPORT(at, len) { FROM_PACKET, NFT_PAYLOAD_TRANSPORT_HEADER, { at, at }, { len, len } }
#define ADDRESS(at4, at6) { FROM_PACKET, NFT_PAYLOAD_NETWORK_HEADER, { at4, at6 }, { 4, 16 } }
#define KEY { FROM_KEY, 0, { 0 }, { 0 } } /* the parts of a match's `concat`, one by one */
/* clang-format on */

/* A number, its bits of MASK (0: all), compared by OP (NFT_CMP_*). */
struct comparison {
	uint32_t op, mask, value;
};

/* A rule under construction; `failed` sticks. */
struct nftput {
	struct nftnl_rule *rule;
	enum ruleset_family table;
	uint16_t known_type;
	uint8_t known_family,
		known_protocol; /* what the matches so far have settled; nft says it once */
	bool failed;
};

/* Appends an expression of that NAME (libnftnl/expr.h), owned by the rule. NULL, and B failed: no
 * memory. The three that follow take NULL, and do nothing then. */
struct nftnl_expr *put_expr(struct nftput *b, const char *name);
void put_u32(struct nftnl_expr *e, uint16_t attr, uint32_t value);
void put_data(struct nftput *b, struct nftnl_expr *e, uint16_t attr, const void *data, size_t len);
void put_str(struct nftput *b, struct nftnl_expr *e, uint16_t attr, const char *text);

/* Of what register 1 holds: compare it by OP (NFT_CMP_*) with LEN bytes; keep the bits of MASK, 16
 * bytes at most. */
void put_cmp(struct nftput *b, uint32_t op, const void *data, size_t len);
void put_mask(struct nftput *b, const void *mask, size_t len);

/* How many bytes LOAD is of a packet of FAMILY; loads them into register REG, but for a key. */
uint8_t load_len(const struct load *load, uint8_t family);
void put_load(struct nftput *b, const struct load *load, uint8_t family, uint32_t reg);

/* Of the number of at most four bytes that LOAD has put into register 1: compare it. */
void put_number(struct nftput *b, const struct load *load, uint32_t op, uint32_t number);
void put_comparison(struct nftput *b, const struct load *load, const struct comparison *comparison);

#endif
