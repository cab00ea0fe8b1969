/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftexpr.c: one rule of a ruleset as the expressions that nft(8) itself compiles it to. */
#include "lib/nftexpr.h"

#include <libnftnl/expr.h>
#include <libnftnl/udata.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stddef.h>
#include <string.h>

/* Where the fields lie in their headers: RFC 791, RFC 8200, RFC 826, RFC 9293, RFC 768. */
enum offset {
	IPV4_FRAG = 6,
	IPV4_SADDR = 12,
	IPV4_DADDR = 16,
	IPV6_SADDR = 8,
	IPV6_DADDR = 24,
	ARP_SADDR = 14,
	ARP_DADDR = 24,
	PORT_DST = 2,
	ICMP_TYPE = 0,
	TCP_FLAGS = 13,
};

enum tcp_flag { TCP_SYN = 0x02, TCP_ACK = 0x10 };

/* A rule under construction; `failed` sticks. */
struct build {
	struct nftnl_rule *rule;
	enum ruleset_family table;
	uint8_t known_family,
		known_protocol; /* what the matches so far have settled; nft says it once */
	bool failed;
};

static struct nftnl_expr *add(struct build *b, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e)
		nftnl_rule_add_expr(b->rule, e);
	else
		b->failed = true;
	return e;
}

static void set_u32(struct nftnl_expr *e, uint16_t attr, uint32_t value)
{
	if (e)
		nftnl_expr_set_u32(e, attr, value);
}

static void set_data(struct build *b, struct nftnl_expr *e, uint16_t attr, const void *data,
		     size_t len)
{
	if (e && nftnl_expr_set(e, attr, data, (uint32_t)len))
		b->failed = true;
}

static void set_str(struct build *b, struct nftnl_expr *e, uint16_t attr, const char *text)
{
	if (e && nftnl_expr_set_str(e, attr, text))
		b->failed = true;
}

static void add_meta(struct build *b, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e = add(b, "meta");

	set_u32(e, NFTNL_EXPR_META_KEY, key);
	set_u32(e, NFTNL_EXPR_META_DREG, reg);
}

static void add_cmp(struct build *b, uint32_t op, const void *data, size_t len)
{
	struct nftnl_expr *e = add(b, "cmp");

	set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	set_u32(e, NFTNL_EXPR_CMP_OP, op);
	set_data(b, e, NFTNL_EXPR_CMP_DATA, data, len);
}

static void add_cmp_u8(struct build *b, uint32_t op, uint8_t value)
{
	add_cmp(b, op, &value, sizeof(value));
}

static void add_payload(struct build *b, uint32_t base, uint32_t offset, size_t len, uint32_t reg)
{
	struct nftnl_expr *e = add(b, "payload");

	set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, (uint32_t)len);
	set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

static void add_mask(struct build *b, const void *mask, size_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *e = add(b, "bitwise");

	set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	set_u32(e, NFTNL_EXPR_BITWISE_LEN, (uint32_t)len);
	set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	set_data(b, e, NFTNL_EXPR_BITWISE_MASK, mask, len);
	set_data(b, e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

static void add_lookup(struct build *b, const struct match *m)
{
	struct nftnl_expr *e = add(b, "lookup");

	set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	set_str(b, e, NFTNL_EXPR_LOOKUP_SET, m->name);
	set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS,
		m->negated ? NFT_LOOKUP_F_INV : 0); /* explicit: the kernel says it too */
}

/* Restricts the rule to one family: what nft adds by itself before a match on an address. */
static void add_family(struct build *b, uint8_t family, uint32_t op)
{
	if (op == NFT_CMP_EQ && b->known_family == family)
		return;
	if (op == NFT_CMP_EQ)
		b->known_family = family;
	if (b->table == RULESET_NETDEV) {
		uint16_t type = htons(family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);

		add_meta(b, NFT_META_PROTOCOL, NFT_REG_1);
		add_cmp(b, op, &type, sizeof(type));
	} else {
		add_meta(b, NFT_META_NFPROTO, NFT_REG_1);
		add_cmp_u8(b, op, family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	}
}

static void add_protocol(struct build *b, uint8_t protocol)
{
	if (b->known_protocol == protocol)
		return;
	b->known_protocol = protocol;
	add_meta(b, NFT_META_L4PROTO, NFT_REG_1);
	add_cmp_u8(b, NFT_CMP_EQ, protocol);
}

static uint32_t equal(const struct match *m)
{
	return m->negated ? NFT_CMP_NEQ : NFT_CMP_EQ;
}

static void build_ifname(struct build *b, const struct match *m, uint32_t key)
{
	size_t len = strlen(m->name);
	char padded[IFNAMSIZ] = "";

	add_meta(b, key, NFT_REG_1);
	if (len && m->name[len - 1] == '*') { /* a prefix: compare just that */
		add_cmp(b, equal(m), m->name, len - 1);
		return;
	}
	memcpy(padded, m->name, len < IFNAMSIZ ? len : IFNAMSIZ - 1);
	add_cmp(b, equal(m), padded, sizeof(padded));
}

static uint32_t address_offset(uint8_t family, bool source)
{
	if (family == AF_INET6)
		return source ? IPV6_SADDR : IPV6_DADDR;
	return source ? IPV4_SADDR : IPV4_DADDR;
}

static void build_address(struct build *b, const struct match *m, bool source)
{
	const struct addr *a = &m->prefix.addr;
	size_t size = addr_size(a);
	uint8_t mask[16] = { 0 };

	if (!size || m->prefix.len > addr_bits(a)) {
		b->failed = true;
		return;
	}
	add_family(b, a->family, NFT_CMP_EQ);
	add_payload(b, NFT_PAYLOAD_NETWORK_HEADER, address_offset(a->family, source), size,
		    NFT_REG_1);
	if (m->prefix.len < addr_bits(a)) {
		for (unsigned int bit = 0; bit < m->prefix.len; bit++)
			mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		add_mask(b, mask, size);
	}
	add_cmp(b, equal(m), a->bytes, size);
}

static void build_address_set(struct build *b, const struct match *m, bool source)
{
	add_family(b, m->family, NFT_CMP_EQ);
	add_payload(b, NFT_PAYLOAD_NETWORK_HEADER, address_offset(m->family, source),
		    m->family == AF_INET6 ? 16 : 4, NFT_REG_1);
	add_lookup(b, m);
}

/* A concatenated key: the interface name in the first 16 bytes of register space, the address right
 * after it. */
static void build_link_set(struct build *b, const struct match *m)
{
	add_family(b, m->family, NFT_CMP_EQ);
	add_meta(b, NFT_META_OIFNAME, NFT_REG_1);
	add_payload(b, NFT_PAYLOAD_NETWORK_HEADER, address_offset(m->family, false),
		    m->family == AF_INET6 ? 16 : 4, NFT_REG_2);
	add_lookup(b, m);
}

static void build_port_set(struct build *b, const struct match *m)
{
	add_protocol(b, m->protocol);
	add_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DST, 2, NFT_REG_1);
	add_lookup(b, m);
}

static void build_icmp_set(struct build *b, const struct match *m)
{
	add_family(b, m->family, NFT_CMP_EQ);
	add_protocol(b, m->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	add_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, ICMP_TYPE, 1, NFT_REG_1);
	add_lookup(b, m);
}

static void build_ct_state(struct build *b, const struct match *m)
{
	const uint32_t zero = 0;
	struct nftnl_expr *e = add(b, "ct");

	set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	add_mask(b, &m->states, sizeof(m->states));
	add_cmp(b, NFT_CMP_NEQ, &zero, sizeof(zero));
}

static void build_ct_reply(struct build *b)
{
	struct nftnl_expr *e = add(b, "ct");

	set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_DIRECTION);
	set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	add_cmp_u8(b, NFT_CMP_EQ, 1 /* IP_CT_DIR_REPLY */);
}

static void build_tcp_no_opening(struct build *b)
{
	const uint8_t mask = TCP_SYN | TCP_ACK;

	add_protocol(b, IPPROTO_TCP);
	add_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS, 1, NFT_REG_1);
	add_mask(b, &mask, sizeof(mask));
	add_cmp_u8(b, NFT_CMP_NEQ, TCP_SYN);
}

static void build_fragment(struct build *b)
{
	const uint16_t mask = htons(0x1fff), zero = 0;

	add_family(b, AF_INET, NFT_CMP_EQ);
	add_payload(b, NFT_PAYLOAD_NETWORK_HEADER, IPV4_FRAG, 2, NFT_REG_1);
	add_mask(b, &mask, sizeof(mask));
	add_cmp(b, NFT_CMP_NEQ, &zero, sizeof(zero));
}

static void build_arp(struct build *b, const struct match *m, uint32_t offset)
{
	const uint16_t type = htons(ETH_P_ARP);

	add_meta(b, NFT_META_PROTOCOL, NFT_REG_1);
	add_cmp(b, NFT_CMP_EQ, &type, sizeof(type));
	add_payload(b, NFT_PAYLOAD_NETWORK_HEADER, offset, 4, NFT_REG_1);
	add_cmp(b, equal(m), m->prefix.addr.bytes, 4);
}

static void build_match(struct build *b, const struct match *m)
{
	switch (m->kind) {
	case MATCH_IIFNAME:
		build_ifname(b, m, NFT_META_IIFNAME);
		break;
	case MATCH_OIFNAME:
		build_ifname(b, m, NFT_META_OIFNAME);
		break;
	case MATCH_SADDR:
		build_address(b, m, true);
		break;
	case MATCH_DADDR:
		build_address(b, m, false);
		break;
	case MATCH_SADDR_SET:
		build_address_set(b, m, true);
		break;
	case MATCH_DADDR_SET:
		build_address_set(b, m, false);
		break;
	case MATCH_LINK_DADDR_SET:
		build_link_set(b, m);
		break;
	case MATCH_DPORT_SET:
		build_port_set(b, m);
		break;
	case MATCH_FAMILY:
		add_family(b, m->family, equal(m));
		break;
	case MATCH_ICMP_TYPE_SET:
		build_icmp_set(b, m);
		break;
	case MATCH_CT_STATE:
		build_ct_state(b, m);
		break;
	case MATCH_CT_REPLY:
		build_ct_reply(b);
		break;
	case MATCH_TCP_NO_OPENING:
		build_tcp_no_opening(b);
		break;
	case MATCH_FRAGMENT:
		build_fragment(b);
		break;
	case MATCH_ARP_SADDR:
		build_arp(b, m, ARP_SADDR);
		break;
	case MATCH_ARP_DADDR:
		build_arp(b, m, ARP_DADDR);
		break;
	case MATCH_KINDS:
		b->failed = true;
		break;
	}
}

static void build_counter(struct build *b, const char *name)
{
	struct nftnl_expr *e = add(b, "objref");

	set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	set_str(b, e, NFTNL_EXPR_OBJREF_IMM_NAME, name);
}

static void build_verdict(struct build *b, enum verdict verdict)
{
	struct nftnl_expr *e;

	if (verdict == VERDICT_NONE)
		return;
	e = add(b, "immediate");
	set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	set_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict == VERDICT_ACCEPT ? NF_ACCEPT : NF_DROP);
}

static void build_comment(struct build *b, const char *comment)
{
	struct nftnl_udata_buf *buf = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!buf || !nftnl_udata_put_strz(buf, NFTNL_UDATA_RULE_COMMENT, comment) ||
	    nftnl_rule_set_data(b->rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(buf),
				nftnl_udata_buf_len(buf)))
		b->failed = true;
	if (buf)
		nftnl_udata_buf_free(buf);
}

uint8_t nftexpr_family(const struct ruleset *rs)
{
	return rs->family == RULESET_NETDEV ? NFPROTO_NETDEV : NFPROTO_INET;
}

struct nftnl_rule *nftexpr_rule(const struct ruleset *rs, const struct chain *chain,
				const struct rule *rule)
{
	struct build b = { .rule = nftnl_rule_alloc(), .table = rs->family };

	if (!b.rule)
		return NULL;
	nftnl_rule_set_u32(b.rule, NFTNL_RULE_FAMILY, nftexpr_family(rs));
	b.failed = nftnl_rule_set_str(b.rule, NFTNL_RULE_TABLE, rs->table) ||
		   nftnl_rule_set_str(b.rule, NFTNL_RULE_CHAIN, chain->name);
	for (size_t i = 0; i < rule->n_matches; i++)
		build_match(&b, &rule->matches[i]);
	if (rule->counter)
		build_counter(&b, rule->counter);
	build_verdict(&b, rule->verdict);
	if (rule->comment)
		build_comment(&b, rule->comment);
	if (!b.failed)
		return b.rule;
	nftnl_rule_free(b.rule);
	return NULL;
}
