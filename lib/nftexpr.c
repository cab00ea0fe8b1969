/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftexpr.c: one rule of a ruleset as the expressions that nft(8) itself compiles it to. */
#include "lib/nftexpr.h"

#include <libnftnl/expr.h>
#include <libnftnl/udata.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>

#include "lib/nftput.h"

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
	ND_TARGET = 8, /* RFC 4861 */
	TCP_FLAGS = 13,
	ETHER_DADDR = 0,
	ETHER_SADDR = 6,
	ARP_ETHER = 8,
	OPTION_MSS = 2, /* in its option, behind kind and length */
};

#define ETHER_WORDS 2 /* of registers, for a MAC address */

enum tcp_flag { TCP_SYN = 0x02, TCP_ACK = 0x10 };

static uint32_t equal(const struct match *m)
{
	return m->negated ? NFT_CMP_NEQ : NFT_CMP_EQ;
}

static void build_ifname(struct nftput *b, const struct match *m, uint32_t key)
{
	size_t len = strlen(m->name);
	char padded[IFNAMSIZ] = "";

	put_meta(b, key, NFT_REG_1);
	if (len && m->name[len - 1] == '*') { /* a prefix: compare just that */
		put_cmp(b, equal(m), m->name, len - 1);
		return;
	}
	memcpy(padded, m->name, len < IFNAMSIZ ? len : IFNAMSIZ - 1);
	put_cmp(b, equal(m), padded, sizeof(padded));
}

static uint32_t address_offset(uint8_t family, bool source)
{
	if (family == AF_INET6)
		return source ? IPV6_SADDR : IPV6_DADDR;
	return source ? IPV4_SADDR : IPV4_DADDR;
}

static void build_address(struct nftput *b, const struct match *m, bool source)
{
	const struct addr *a = &m->prefix.addr;
	size_t size = addr_size(a);
	uint8_t mask[16] = { 0 };

	if (!size || m->prefix.len > addr_bits(a)) {
		b->failed = true;
		return;
	}
	put_family(b, a->family, NFT_CMP_EQ);
	put_payload(b, NFT_PAYLOAD_NETWORK_HEADER, address_offset(a->family, source), size,
		    NFT_REG_1);
	if (m->prefix.len < addr_bits(a)) {
		for (unsigned int bit = 0; bit < m->prefix.len; bit++)
			mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		put_mask(b, mask, size);
	}
	put_cmp(b, equal(m), a->bytes, size);
}

static void build_address_set(struct nftput *b, const struct match *m, bool source)
{
	put_family(b, m->family, NFT_CMP_EQ);
	put_payload(b, NFT_PAYLOAD_NETWORK_HEADER, address_offset(m->family, source),
		    m->family == AF_INET6 ? 16 : 4, NFT_REG_1);
	put_lookup(b, m);
}

/* The register that begins at that word of four bytes: the kernel counts whole ones of sixteen
 * first. */
static uint32_t register_at(size_t word)
{
	return (uint32_t)(word % 4 ? NFT_REG32_00 + word : NFT_REG_1 + word / 4);
}

/* Loads one part of a key to that word of the registers; returns the word behind it. */
static size_t load(struct nftput *b, enum selector part, uint8_t family, size_t word)
{
	const size_t size = family == AF_INET6 ? 16 : 4;
	const uint32_t reg = register_at(word);

	switch (part) {
	case SELECT_IIFNAME:
	case SELECT_OIFNAME:
		put_meta(b, part == SELECT_IIFNAME ? NFT_META_IIFNAME : NFT_META_OIFNAME, reg);
		return word + IFNAMSIZ / 4;
	case SELECT_SADDR:
	case SELECT_DADDR:
		put_payload(b, NFT_PAYLOAD_NETWORK_HEADER,
			    address_offset(family, part == SELECT_SADDR), size, reg);
		return word + size / 4;
	case SELECT_PROTOCOL:
		put_meta(b, NFT_META_L4PROTO, reg);
		break;
	case SELECT_MARK:
		put_meta(b, NFT_META_MARK, reg);
		break;
	case SELECT_DPORT:
		put_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DST, 2, reg);
		break;
	case SELECT_ETHER_SADDR:
	case SELECT_ETHER_DADDR:
		put_payload(b, NFT_PAYLOAD_LL_HEADER,
			    part == SELECT_ETHER_SADDR ? ETHER_SADDR : ETHER_DADDR, ETHER_LEN, reg);
		return word + ETHER_WORDS;
	case SELECT_ARP_ETHER:
		put_payload(b, NFT_PAYLOAD_NETWORK_HEADER, ARP_ETHER, ETHER_LEN, reg);
		return word + ETHER_WORDS;
	case SELECT_ARP_SADDR:
	case SELECT_ARP_DADDR:
		put_payload(b, NFT_PAYLOAD_NETWORK_HEADER,
			    part == SELECT_ARP_SADDR ? ARP_SADDR : ARP_DADDR, 4, reg);
		break;
	case SELECT_ND_TARGET:
		put_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, ND_TARGET, size, reg);
		return word + size / 4;
	}
	return word + 1;
}

static bool is_of_arp(const struct concat *concat)
{
	for (size_t i = 0; i < concat->n; i++)
		if (concat->parts[i] == SELECT_ARP_ETHER || concat->parts[i] == SELECT_ARP_SADDR ||
		    concat->parts[i] == SELECT_ARP_DADDR)
			return true;
	return false;
}

/* A key of several parts, one right after the other in the registers. */
static void load_concat(struct nftput *b, const struct match *m)
{
	size_t word = 0;

	if (is_of_arp(&m->concat))
		put_ether_type(b, ETH_P_ARP);
	else if (m->family)
		put_family(b, m->family, NFT_CMP_EQ);
	for (size_t i = 0; i < m->concat.n; i++)
		word = load(b, m->concat.parts[i], m->family, word);
}

static void build_concat_set(struct nftput *b, const struct match *m)
{
	load_concat(b, m);
	put_lookup(b, m);
}

/* What the map holds for the key, an address and a port, becomes the packet's destination. */
static void build_dnat_map(struct nftput *b, const struct match *m)
{
	const uint32_t port = register_at(m->family == AF_INET6 ? 4 : 1);
	struct nftnl_expr *e;

	load_concat(b, m);
	e = put_expr(b, "lookup");
	put_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	put_str(b, e, NFTNL_EXPR_LOOKUP_SET, m->name);
	put_u32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, 0);
	e = put_expr(b, "nat");
	put_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	put_u32(e, NFTNL_EXPR_NAT_FAMILY, m->family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	put_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MAX, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, port);
	put_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MAX, port);
	/* what the kernel takes from the registers' being there: it says so, too */
	put_u32(e, NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED);
}

/* Some bits of a MAC address. */
static void build_ether(struct nftput *b, const struct match *m, uint32_t offset)
{
	put_payload(b, NFT_PAYLOAD_LL_HEADER, offset, ETHER_LEN, NFT_REG_1);
	put_mask(b, m->ether.mask, ETHER_LEN);
	put_cmp(b, equal(m), m->ether.mac, ETHER_LEN);
}

static struct nftnl_expr *make_limit(struct nftput *b, const struct match *m)
{
	struct nftnl_expr *e = nftnl_expr_alloc("limit");

	if (!e) {
		b->failed = true;
		return NULL;
	}
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, m->rate);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 60);
	put_u32(e, NFTNL_EXPR_LIMIT_BURST, m->burst);
	put_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	put_u32(e, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	return e;
}

/* What the kernel tells of it is told to it: its own defaults, too. */
static void build_update(struct nftput *b, const struct match *m)
{
	struct nftnl_expr *e, *limit;

	load_concat(b, m);
	e = put_expr(b, "dynset");
	put_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	put_str(b, e, NFTNL_EXPR_DYNSET_SET_NAME, m->name);
	if (e)
		nftnl_expr_set_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT, RULESET_TIMEOUT * 1000ULL);
	put_u32(e, NFTNL_EXPR_DYNSET_FLAGS, 0);
	limit = m->rate ? make_limit(b, m) : NULL;
	if (e && limit)
		nftnl_expr_set(e, NFTNL_EXPR_DYNSET_EXPR, limit, 0); /* which owns it */
	else if (limit)
		nftnl_expr_free(limit);
}

static void build_dport(struct nftput *b, const struct match *m)
{
	const uint16_t first = htons(m->first), last = htons(m->last);

	put_protocol(b, m->protocol);
	put_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DST, 2, NFT_REG_1);
	if (m->first == m->last) {
		put_cmp(b, NFT_CMP_EQ, &first, sizeof(first));
	} else {
		put_cmp(b, NFT_CMP_GTE, &first, sizeof(first));
		put_cmp(b, NFT_CMP_LTE, &last, sizeof(last));
	}
}

static void add_fib(struct nftput *b, uint32_t flags, uint32_t result)
{
	struct nftnl_expr *e = put_expr(b, "fib");

	put_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_FIB_FLAGS, flags);
	put_u32(e, NFTNL_EXPR_FIB_RESULT, result);
}

static void build_fib_local(struct nftput *b, uint32_t flag)
{
	const uint32_t local = RTN_LOCAL;

	add_fib(b, flag, NFT_FIB_RESULT_ADDRTYPE);
	put_cmp(b, NFT_CMP_EQ, &local, sizeof(local));
}

static void build_fib_back(struct nftput *b, const struct match *m)
{
	const uint32_t there = m->negated ? 0 : 1;

	add_fib(b, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT, NFT_FIB_RESULT_OIF);
	put_cmp(b, NFT_CMP_EQ, &there, sizeof(there));
}

static void build_port_set(struct nftput *b, const struct match *m)
{
	put_protocol(b, m->protocol);
	put_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DST, 2, NFT_REG_1);
	put_lookup(b, m);
}

static void build_icmp_set(struct nftput *b, const struct match *m)
{
	put_family(b, m->family, NFT_CMP_EQ);
	put_protocol(b, m->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	put_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, ICMP_TYPE, 1, NFT_REG_1);
	put_lookup(b, m);
}

static void build_ct_state(struct nftput *b, const struct match *m)
{
	const uint32_t zero = 0;
	struct nftnl_expr *e = put_expr(b, "ct");

	put_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	put_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	put_mask(b, &m->states, sizeof(m->states));
	put_cmp(b, NFT_CMP_NEQ, &zero, sizeof(zero));
}

static void build_ct_reply(struct nftput *b)
{
	struct nftnl_expr *e = put_expr(b, "ct");

	put_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_DIRECTION);
	put_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	put_cmp_u8(b, NFT_CMP_EQ, 1 /* IP_CT_DIR_REPLY */);
}

static void build_tcp_no_opening(struct nftput *b)
{
	const uint8_t mask = TCP_SYN | TCP_ACK;

	put_protocol(b, IPPROTO_TCP);
	put_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS, 1, NFT_REG_1);
	put_mask(b, &mask, sizeof(mask));
	put_cmp_u8(b, NFT_CMP_NEQ, TCP_SYN);
}

static void build_tcp_syn(struct nftput *b)
{
	const uint8_t mask = TCP_SYN;

	put_protocol(b, IPPROTO_TCP);
	put_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS, 1, NFT_REG_1);
	put_mask(b, &mask, sizeof(mask));
	put_cmp_u8(b, NFT_CMP_NEQ, 0);
}

/* What the routes of both directions bear, into the option if it is more. */
static void build_clamp_mss(struct nftput *b)
{
	struct nftnl_expr *e = put_expr(b, "rt");

	put_u32(e, NFTNL_EXPR_RT_KEY, NFT_RT_TCPMSS);
	put_u32(e, NFTNL_EXPR_RT_DREG, NFT_REG_1);
	e = put_expr(b, "byteorder");
	put_u32(e, NFTNL_EXPR_BYTEORDER_SREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_BYTEORDER_DREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	put_u32(e, NFTNL_EXPR_BYTEORDER_LEN, 2);
	put_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, 2);
	e = put_expr(b, "exthdr");
	put_u32(e, NFTNL_EXPR_EXTHDR_SREG, NFT_REG_1);
	if (e)
		nftnl_expr_set_u8(e, NFTNL_EXPR_EXTHDR_TYPE, TCPOPT_MAXSEG);
	put_u32(e, NFTNL_EXPR_EXTHDR_OFFSET, OPTION_MSS);
	put_u32(e, NFTNL_EXPR_EXTHDR_LEN, 2);
	put_u32(e, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT);
}

static void build_fragment(struct nftput *b)
{
	const uint16_t mask = htons(0x1fff), zero = 0;

	put_family(b, AF_INET, NFT_CMP_EQ);
	put_payload(b, NFT_PAYLOAD_NETWORK_HEADER, IPV4_FRAG, 2, NFT_REG_1);
	put_mask(b, &mask, sizeof(mask));
	put_cmp(b, NFT_CMP_NEQ, &zero, sizeof(zero));
}

static void build_arp(struct nftput *b, const struct match *m, uint32_t offset)
{
	const uint16_t type = htons(ETH_P_ARP);

	put_meta(b, NFT_META_PROTOCOL, NFT_REG_1);
	put_cmp(b, NFT_CMP_EQ, &type, sizeof(type));
	put_payload(b, NFT_PAYLOAD_NETWORK_HEADER, offset, 4, NFT_REG_1);
	put_cmp(b, equal(m), m->prefix.addr.bytes, 4);
}

static void build_match(struct nftput *b, const struct match *m)
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
	case MATCH_CONCAT_SET:
		build_concat_set(b, m);
		break;
	case MATCH_PROTOCOL:
		put_protocol(b, m->protocol);
		break;
	case MATCH_MARK:
		put_meta(b, NFT_META_MARK, NFT_REG_1);
		put_mask(b, &m->mask, sizeof(m->mask));
		put_cmp(b, NFT_CMP_EQ, &m->mark, sizeof(m->mark));
		break;
	case MATCH_DPORT:
		build_dport(b, m);
		break;
	case MATCH_FIB_DADDR_LOCAL:
		build_fib_local(b, NFTA_FIB_F_DADDR);
		break;
	case MATCH_FIB_SADDR_LOCAL:
		build_fib_local(b, NFTA_FIB_F_SADDR);
		break;
	case MATCH_FIB_BACK:
		build_fib_back(b, m);
		break;
	case MATCH_DNAT_MAP:
		build_dnat_map(b, m);
		break;
	case MATCH_DPORT_SET:
		build_port_set(b, m);
		break;
	case MATCH_ETHER_TYPE:
		put_ether_type(b, m->first);
		break;
	case MATCH_ETHER_DADDR:
		build_ether(b, m, ETHER_DADDR);
		break;
	case MATCH_ETHER_SADDR:
		build_ether(b, m, ETHER_SADDR);
		break;
	case MATCH_UPDATE:
		build_update(b, m);
		break;
	case MATCH_FAMILY:
		put_family(b, m->family, equal(m));
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
	case MATCH_TCP_SYN:
		build_tcp_syn(b);
		break;
	case MATCH_CLAMP_MSS:
		build_clamp_mss(b);
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

static void build_counter(struct nftput *b, const char *name)
{
	struct nftnl_expr *e = put_expr(b, "objref");

	put_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	put_str(b, e, NFTNL_EXPR_OBJREF_IMM_NAME, name);
}

static void build_verdict(struct nftput *b, enum verdict verdict)
{
	struct nftnl_expr *e;

	if (verdict == VERDICT_NONE)
		return;
	if (verdict == VERDICT_MASQUERADE) {
		(void)put_expr(b, "masq");
		return;
	}
	if (verdict == VERDICT_MASQUERADE_RANDOM) {
		put_u32(put_expr(b, "masq"), NFTNL_EXPR_MASQ_FLAGS,
			NF_NAT_RANGE_PROTO_RANDOM_FULLY);
		return;
	}
	e = put_expr(b, "immediate");
	put_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	put_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict == VERDICT_ACCEPT ? NF_ACCEPT : NF_DROP);
}

static void build_comment(struct nftput *b, const char *comment)
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
	static const uint8_t families[] = { [RULESET_INET] = NFPROTO_INET,
					    [RULESET_NETDEV] = NFPROTO_NETDEV,
					    [RULESET_BRIDGE] = NFPROTO_BRIDGE };

	return families[rs->family];
}

struct nftnl_rule *nftexpr_rule(const struct ruleset *rs, const struct chain *chain,
				const struct rule *rule)
{
	struct nftput b = { .rule = nftnl_rule_alloc(), .table = rs->family };

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
