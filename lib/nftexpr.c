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
	ETHER_TYPE = 12,
	ARP_ETHER = 8,
	OPTION_MSS = 2, /* in its option, behind kind and length */
};

#define ETHER_WORDS 2 /* of registers, for a MAC address */

enum tcp_flag { TCP_SYN = 0x02, TCP_ACK = 0x10 };

/* A rule under construction; `failed` sticks. */
struct build {
	struct nftnl_rule *rule;
	enum ruleset_family table;
	uint16_t known_type;
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
	if (b->table != RULESET_INET) {
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

/* The type as it was sent: the kernel puts a VLAN tag that was taken off back for this. */
static void add_ether_type(struct build *b, uint16_t type)
{
	const uint16_t value = htons(type);

	if (b->known_type == type)
		return;
	b->known_type = type;
	add_payload(b, NFT_PAYLOAD_LL_HEADER, ETHER_TYPE, sizeof(value), NFT_REG_1);
	add_cmp(b, NFT_CMP_EQ, &value, sizeof(value));
}

/* The register that begins at that word of four bytes: the kernel counts whole ones of sixteen
 * first. */
static uint32_t register_at(size_t word)
{
	return (uint32_t)(word % 4 ? NFT_REG32_00 + word : NFT_REG_1 + word / 4);
}

/* Loads one part of a key to that word of the registers; returns the word behind it. */
static size_t load(struct build *b, enum selector part, uint8_t family, size_t word)
{
	const size_t size = family == AF_INET6 ? 16 : 4;
	const uint32_t reg = register_at(word);

	switch (part) {
	case SELECT_IIFNAME:
	case SELECT_OIFNAME:
		add_meta(b, part == SELECT_IIFNAME ? NFT_META_IIFNAME : NFT_META_OIFNAME, reg);
		return word + IFNAMSIZ / 4;
	case SELECT_SADDR:
	case SELECT_DADDR:
		add_payload(b, NFT_PAYLOAD_NETWORK_HEADER,
			    address_offset(family, part == SELECT_SADDR), size, reg);
		return word + size / 4;
	case SELECT_PROTOCOL:
		add_meta(b, NFT_META_L4PROTO, reg);
		break;
	case SELECT_MARK:
		add_meta(b, NFT_META_MARK, reg);
		break;
	case SELECT_DPORT:
		add_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DST, 2, reg);
		break;
	case SELECT_ETHER_SADDR:
	case SELECT_ETHER_DADDR:
		add_payload(b, NFT_PAYLOAD_LL_HEADER,
			    part == SELECT_ETHER_SADDR ? ETHER_SADDR : ETHER_DADDR, ETHER_LEN, reg);
		return word + ETHER_WORDS;
	case SELECT_ARP_ETHER:
		add_payload(b, NFT_PAYLOAD_NETWORK_HEADER, ARP_ETHER, ETHER_LEN, reg);
		return word + ETHER_WORDS;
	case SELECT_ARP_SADDR:
		add_payload(b, NFT_PAYLOAD_NETWORK_HEADER, ARP_SADDR, 4, reg);
		break;
	case SELECT_ND_TARGET:
		add_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, ND_TARGET, size, reg);
		return word + size / 4;
	}
	return word + 1;
}

static bool is_of_arp(const struct concat *concat)
{
	for (size_t i = 0; i < concat->n; i++)
		if (concat->parts[i] == SELECT_ARP_ETHER || concat->parts[i] == SELECT_ARP_SADDR)
			return true;
	return false;
}

/* A key of several parts, one right after the other in the registers. */
static void load_concat(struct build *b, const struct match *m)
{
	size_t word = 0;

	if (is_of_arp(&m->concat))
		add_ether_type(b, ETH_P_ARP);
	else if (m->family)
		add_family(b, m->family, NFT_CMP_EQ);
	for (size_t i = 0; i < m->concat.n; i++)
		word = load(b, m->concat.parts[i], m->family, word);
}

static void build_concat_set(struct build *b, const struct match *m)
{
	load_concat(b, m);
	add_lookup(b, m);
}

/* What the map holds for the key, an address and a port, becomes the packet's destination. */
static void build_dnat_map(struct build *b, const struct match *m)
{
	const uint32_t port = register_at(m->family == AF_INET6 ? 4 : 1);
	struct nftnl_expr *e;

	load_concat(b, m);
	e = add(b, "lookup");
	set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	set_str(b, e, NFTNL_EXPR_LOOKUP_SET, m->name);
	set_u32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_1);
	set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, 0);
	e = add(b, "nat");
	set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	set_u32(e, NFTNL_EXPR_NAT_FAMILY, m->family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MAX, NFT_REG_1);
	set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, port);
	set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MAX, port);
	/* what the kernel takes from the registers' being there: it says so, too */
	set_u32(e, NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED);
}

static void build_dport(struct build *b, const struct match *m)
{
	const uint16_t first = htons(m->first), last = htons(m->last);

	add_protocol(b, m->protocol);
	add_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DST, 2, NFT_REG_1);
	if (m->first == m->last) {
		add_cmp(b, NFT_CMP_EQ, &first, sizeof(first));
	} else {
		add_cmp(b, NFT_CMP_GTE, &first, sizeof(first));
		add_cmp(b, NFT_CMP_LTE, &last, sizeof(last));
	}
}

static void add_fib(struct build *b, uint32_t flags, uint32_t result)
{
	struct nftnl_expr *e = add(b, "fib");

	set_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	set_u32(e, NFTNL_EXPR_FIB_FLAGS, flags);
	set_u32(e, NFTNL_EXPR_FIB_RESULT, result);
}

static void build_fib_local(struct build *b, uint32_t flag)
{
	const uint32_t local = RTN_LOCAL;

	add_fib(b, flag, NFT_FIB_RESULT_ADDRTYPE);
	add_cmp(b, NFT_CMP_EQ, &local, sizeof(local));
}

static void build_fib_back(struct build *b, const struct match *m)
{
	const uint32_t there = m->negated ? 0 : 1;

	add_fib(b, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT, NFT_FIB_RESULT_OIF);
	add_cmp(b, NFT_CMP_EQ, &there, sizeof(there));
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

static void build_tcp_syn(struct build *b)
{
	const uint8_t mask = TCP_SYN;

	add_protocol(b, IPPROTO_TCP);
	add_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS, 1, NFT_REG_1);
	add_mask(b, &mask, sizeof(mask));
	add_cmp_u8(b, NFT_CMP_NEQ, 0);
}

/* What the routes of both directions bear, into the option if it is more. */
static void build_clamp_mss(struct build *b)
{
	struct nftnl_expr *e = add(b, "rt");

	set_u32(e, NFTNL_EXPR_RT_KEY, NFT_RT_TCPMSS);
	set_u32(e, NFTNL_EXPR_RT_DREG, NFT_REG_1);
	e = add(b, "byteorder");
	set_u32(e, NFTNL_EXPR_BYTEORDER_SREG, NFT_REG_1);
	set_u32(e, NFTNL_EXPR_BYTEORDER_DREG, NFT_REG_1);
	set_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	set_u32(e, NFTNL_EXPR_BYTEORDER_LEN, 2);
	set_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, 2);
	e = add(b, "exthdr");
	set_u32(e, NFTNL_EXPR_EXTHDR_SREG, NFT_REG_1);
	if (e)
		nftnl_expr_set_u8(e, NFTNL_EXPR_EXTHDR_TYPE, TCPOPT_MAXSEG);
	set_u32(e, NFTNL_EXPR_EXTHDR_OFFSET, OPTION_MSS);
	set_u32(e, NFTNL_EXPR_EXTHDR_LEN, 2);
	set_u32(e, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT);
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
	case MATCH_CONCAT_SET:
		build_concat_set(b, m);
		break;
	case MATCH_PROTOCOL:
		add_protocol(b, m->protocol);
		break;
	case MATCH_MARK:
		add_meta(b, NFT_META_MARK, NFT_REG_1);
		add_mask(b, &m->mask, sizeof(m->mask));
		add_cmp(b, NFT_CMP_EQ, &m->mark, sizeof(m->mark));
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
		add_ether_type(b, m->first);
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
	if (verdict == VERDICT_MASQUERADE) {
		(void)add(b, "masq");
		return;
	}
	if (verdict == VERDICT_MASQUERADE_RANDOM) {
		set_u32(add(b, "masq"), NFTNL_EXPR_MASQ_FLAGS, NF_NAT_RANGE_PROTO_RANDOM_FULLY);
		return;
	}
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
	static const uint8_t families[] = { [RULESET_INET] = NFPROTO_INET,
					    [RULESET_NETDEV] = NFPROTO_NETDEV,
					    [RULESET_BRIDGE] = NFPROTO_BRIDGE };

	return families[rs->family];
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
