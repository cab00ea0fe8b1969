/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftput.c: a rule under construction, and the expressions that nearly every match is made of. */
#include "lib/nftput.h"

#include <string.h>

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

void put_cmp(struct nftput *b, uint32_t op, const void *data, size_t len)
{
	struct nftnl_expr *e = put_expr(b, "cmp");

	put_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_CMP_OP, op);
	put_data(b, e, NFTNL_EXPR_CMP_DATA, data, len);
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

uint8_t load_len(const struct load *load, uint8_t family)
{
	return load->len[addr_index(family)];
}

void put_load(struct nftput *b, const struct load *load, uint8_t family, uint32_t reg)
{
	static const struct {
		const char *name;
		uint16_t key, reg;
	} sources[] = {
		[FROM_META] = { "meta", NFTNL_EXPR_META_KEY, NFTNL_EXPR_META_DREG },
		[FROM_PACKET] = { "payload", NFTNL_EXPR_PAYLOAD_BASE, NFTNL_EXPR_PAYLOAD_DREG },
		[FROM_CT] = { "ct", NFTNL_EXPR_CT_KEY, NFTNL_EXPR_CT_DREG },
		[FROM_RT] = { "rt", NFTNL_EXPR_RT_KEY, NFTNL_EXPR_RT_DREG },
		[FROM_FIB] = { "fib", NFTNL_EXPR_FIB_RESULT, NFTNL_EXPR_FIB_DREG },
	};
	const uint32_t at = load->at[addr_index(family)];
	struct nftnl_expr *e;

	if (load->from >= ARRAY_SIZE(sources) || !sources[load->from].name) {
		b->failed = true;
		return;
	}
	e = put_expr(b, sources[load->from].name);
	put_u32(e, sources[load->from].key, load->key);
	put_u32(e, sources[load->from].reg, reg);
	if (load->from == FROM_PACKET) {
		put_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, at);
		put_u32(e, NFTNL_EXPR_PAYLOAD_LEN, load_len(load, family));
	} else if (load->from == FROM_FIB) {
		put_u32(e, NFTNL_EXPR_FIB_FLAGS, at);
	}
}

/* NUMBER as a register has it: what is a packet's, and short, in network byte order; four bytes are
 * the kernel's own, as a mark. Returns how many bytes. */
static size_t number_bytes(const struct load *load, uint32_t number, uint8_t bytes[static 4])
{
	const size_t len = load->len[0];

	if (len == sizeof(number))
		memcpy(bytes, &number, sizeof(number));
	for (size_t i = 0; len < sizeof(number) && i < len; i++)
		bytes[i] = (uint8_t)(number >> 8 * (len - 1 - i));
	return len;
}

void put_number(struct nftput *b, const struct load *load, uint32_t op, uint32_t number)
{
	uint8_t bytes[4];
	const size_t len = number_bytes(load, number, bytes);

	put_cmp(b, op, bytes, len);
}

void put_comparison(struct nftput *b, const struct load *load, const struct comparison *comparison)
{
	uint8_t mask[4];
	const size_t len = number_bytes(load, comparison->mask, mask);

	if (comparison->mask)
		put_mask(b, mask, len);
	put_number(b, load, comparison->op, comparison->value);
}
