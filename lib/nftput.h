/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftput.h: a rule under construction, and the expressions that nearly every match is made of.
 */
#ifndef LIB_NFTPUT_H
#define LIB_NFTPUT_H

#include <libnftnl/rule.h> /* first: expr.h wants what it includes */

#include <libnftnl/expr.h>

#include "lib/ruleset.h"

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

/* Load into register REG: the packet's meta KEY (NFT_META_*), or LEN bytes at OFFSET of the header
 * BASE (NFT_PAYLOAD_*). */
void put_meta(struct nftput *b, uint32_t key, uint32_t reg);
void put_payload(struct nftput *b, uint32_t base, uint32_t offset, size_t len, uint32_t reg);

/* Of what register 1 holds: compare it by OP (NFT_CMP_*) with LEN bytes, or one; keep the bits of
 * MASK, 16 bytes at most; look it up in M's set. */
void put_cmp(struct nftput *b, uint32_t op, const void *data, size_t len);
void put_cmp_u8(struct nftput *b, uint32_t op, uint8_t value);
void put_mask(struct nftput *b, const void *mask, size_t len);
void put_lookup(struct nftput *b, const struct match *m);

/* Restrict the rule, once: to a FAMILY (AF_INET, AF_INET6; or to all others, by OP), which nft adds
 * by itself before a match on an address; to a PROTOCOL (IPPROTO_*); to an EtherType as it was
 * sent: the kernel puts a VLAN tag that was taken off back for this. */
void put_family(struct nftput *b, uint8_t family, uint32_t op);
void put_protocol(struct nftput *b, uint8_t protocol);
void put_ether_type(struct nftput *b, uint16_t type);

#endif
