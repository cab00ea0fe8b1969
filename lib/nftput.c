/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftput.c: a rule under construction, and the expressions that nearly every match is made of. */
#include "lib/nftput.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stddef.h>

struct nftnl_expr *put_expr(struct nftput *b, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e)
		nftnl_rule_add_expr(b->rule, e);
	else
		b->failed = true;
	return e;
}

void put_u32(struct nftnl_expr *e, uint16_t attr, uint32_t value)
{
	if (e)
		nftnl_expr_set_u32(e, attr, value);
}

void put_data(struct nftput *b, struct nftnl_expr *e, uint16_t attr, const void *data, size_t len)
{
	if (e && nftnl_expr_set(e, attr, data, (uint32_t)len))
		b->failed = true;
}

void put_str(struct nftput *b, struct nftnl_expr *e, uint16_t attr, const char *text)
{
	if (e && nftnl_expr_set_str(e, attr, text))
		b->failed = true;
}

void put_meta(struct nftput *b, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e = put_expr(b, "meta");

	put_u32(e, NFTNL_EXPR_META_KEY, key);
	put_u32(e, NFTNL_EXPR_META_DREG, reg);
}

void put_cmp(struct nftput *b, uint32_t op, const void *data, size_t len)
{
	struct nftnl_expr *e = put_expr(b, "cmp");

	put_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_CMP_OP, op);
	put_data(b, e, NFTNL_EXPR_CMP_DATA, data, len);
}

void put_cmp_u8(struct nftput *b, uint32_t op, uint8_t value)
{
	put_cmp(b, op, &value, sizeof(value));
}

void put_payload(struct nftput *b, uint32_t base, uint32_t offset, size_t len, uint32_t reg)
{
	struct nftnl_expr *e = put_expr(b, "payload");

	put_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	put_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	put_u32(e, NFTNL_EXPR_PAYLOAD_LEN, (uint32_t)len);
	put_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

void put_mask(struct nftput *b, const void *mask, size_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *e = put_expr(b, "bitwise");

	put_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_BITWISE_LEN, (uint32_t)len);
	put_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	put_data(b, e, NFTNL_EXPR_BITWISE_MASK, mask, len);
	put_data(b, e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

void put_lookup(struct nftput *b, const struct match *m)
{
	struct nftnl_expr *e = put_expr(b, "lookup");

	put_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	put_str(b, e, NFTNL_EXPR_LOOKUP_SET, m->name);
	put_u32(e, NFTNL_EXPR_LOOKUP_FLAGS,
		m->negated ? NFT_LOOKUP_F_INV : 0); /* explicit: the kernel says it too */
}

void put_family(struct nftput *b, uint8_t family, uint32_t op)
{
	if (op == NFT_CMP_EQ && b->known_family == family)
		return;
	if (op == NFT_CMP_EQ)
		b->known_family = family;
	if (b->table != RULESET_INET) {
		uint16_t type = htons(family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);

		put_meta(b, NFT_META_PROTOCOL, NFT_REG_1);
		put_cmp(b, op, &type, sizeof(type));
	} else {
		put_meta(b, NFT_META_NFPROTO, NFT_REG_1);
		put_cmp_u8(b, op, family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	}
}

void put_protocol(struct nftput *b, uint8_t protocol)
{
	if (b->known_protocol == protocol)
		return;
	b->known_protocol = protocol;
	put_meta(b, NFT_META_L4PROTO, NFT_REG_1);
	put_cmp_u8(b, NFT_CMP_EQ, protocol);
}

void put_ether_type(struct nftput *b, uint16_t type)
{
	const uint16_t value = htons(type);

	if (b->known_type == type)
		return;
	b->known_type = type;
	put_payload(b, NFT_PAYLOAD_LL_HEADER, offsetof(struct ethhdr, h_proto), sizeof(value),
		    NFT_REG_1);
	put_cmp(b, NFT_CMP_EQ, &value, sizeof(value));
}
