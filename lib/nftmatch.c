/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/nftmatch.c: what a rule looks at, as expressions and as text.
 *
 * The table `rows` at the end says of each kind of match: its text up to what it is compared with;
 * what must be true of the packet before it, so that its bytes are what they are taken for; where
 * these bytes come from; and its operand, which writes the rest of both forms. A kind that compares
 * as others do is one row. Those that do more have an operand of their own.
 */
#include "lib/nftmatch.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>

/* What must be true of the packet. */
enum need {
	NEED_NOTHING,
	NEED_FAMILY, /* the match's */
	NEED_PROTOCOL, /* the match's */
	NEED_ICMP, /* that of the match's family */
	NEED_IPV4,
	NEED_TCP,
	NEED_TYPE, /* of Ethernet, the match's */
	NEED_ARP,
};

/* What becomes of the bytes in register 1, as expressions (NULL: nothing; they are not loaded) and
 * as text behind the row's (NULL: none). */
struct operand {
	void (*put)(struct nftput *b, const struct match *m);
	void (*print)(const struct match *m, struct str *out);
};

struct row {
	const char *text; /* %ip, %icmp: in the words of the match's family; %th: its protocol */
	enum need need;
	struct load load;
	const struct operand *as; /* NULL: it is a part of a key, or looked up in a set */
	struct comparison is; /* of as_constant */
};

static const struct row rows[MATCH_KINDS];

static const struct load *load_of(const struct match *m)
{
	return &rows[m->kind].load;
}

/* ---- text ---- */

static const char *negation(const struct match *m)
{
	return m->negated ? "!= " : "";
}

/* What stands for the word at MARK, which begins with '%'. */
static const char *word_for(const char *mark, const struct match *m)
{
	const bool six = m->family == AF_INET6;

	if (mark[1] == 't')
		return m->protocol ? ruleset_protocol_word(m->protocol) : "th";
	if (mark[2] == 'c')
		return six ? "icmpv6" : "icmp";
	return six ? "ip6" : "ip";
}

static void print_words(const char *text, const struct match *m, struct str *out)
{
	const char *mark;

	while ((mark = strchr(text, '%')) != NULL) {
		str_addn(out, text, (size_t)(mark - text));
		str_add(out, word_for(mark, m));
		text = mark + strcspn(mark, " ");
	}
	str_add(out, text);
}

static void print_key(const struct match *m, struct str *out)
{
	for (size_t i = 0; i < m->concat.n; i++) {
		str_add(out, i ? " . " : "");
		print_words(rows[m->concat.parts[i]].text, m, out);
	}
}

/* ---- expressions ---- */

static uint32_t equal(const struct match *m)
{
	return m->negated ? NFT_CMP_NEQ : NFT_CMP_EQ;
}

static void load_number(struct nftput *b, const struct load *load, uint32_t op, uint32_t number)
{
	put_load(b, load, AF_UNSPEC, NFT_REG_1);
	put_number(b, load, op, number);
}

static const struct load ether_protocol = META(NFT_META_PROTOCOL, 2);

/* To a family, or by OP to all others; once, as nft does that by itself before an address. */
static void settle_family(struct nftput *b, uint8_t family, uint32_t op)
{
	static const struct load nfproto = META(NFT_META_NFPROTO, 1);
	const bool six = family == AF_INET6;

	if (op == NFT_CMP_EQ && b->known_family == family)
		return;
	if (op == NFT_CMP_EQ)
		b->known_family = family;
	if (b->table == RULESET_INET)
		load_number(b, &nfproto, op, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
	else
		load_number(b, &ether_protocol, op, six ? ETH_P_IPV6 : ETH_P_IP);
}

static void settle_protocol(struct nftput *b, uint8_t protocol)
{
	if (b->known_protocol == protocol)
		return;
	b->known_protocol = protocol;
	load_number(b, &rows[MATCH_PROTOCOL].load, NFT_CMP_EQ, protocol);
}

/* To an EtherType as it was sent: the kernel puts a VLAN tag that was taken off back for this. */
static void settle_type(struct nftput *b, uint16_t type)
{
	if (b->known_type == type)
		return;
	b->known_type = type;
	load_number(b, &rows[MATCH_ETHER_TYPE].load, NFT_CMP_EQ, type);
}

static void settle(struct nftput *b, enum need need, const struct match *m)
{
	switch (need) {
	case NEED_NOTHING:
		break;
	case NEED_FAMILY:
		settle_family(b, m->family, NFT_CMP_EQ);
		break;
	case NEED_PROTOCOL:
		settle_protocol(b, m->protocol);
		break;
	case NEED_ICMP:
		settle_family(b, m->family, NFT_CMP_EQ);
		settle_protocol(b, m->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
		break;
	case NEED_IPV4:
		settle_family(b, AF_INET, NFT_CMP_EQ);
		break;
	case NEED_TCP:
		settle_protocol(b, IPPROTO_TCP);
		break;
	case NEED_TYPE:
		settle_type(b, m->first);
		break;
	case NEED_ARP:
		load_number(b, &ether_protocol, NFT_CMP_EQ, ETH_P_ARP);
		break;
	}
}

/* The register that begins at that word of four bytes: the kernel counts whole ones of sixteen
 * first. */
static uint32_t register_at(size_t word)
{
	return (uint32_t)(word % 4 ? NFT_REG32_00 + word : NFT_REG_1 + word / 4);
}

static bool is_of_arp(const struct concat *concat)
{
	for (size_t i = 0; i < concat->n; i++)
		if (rows[concat->parts[i]].need == NEED_ARP)
			return true;
	return false;
}

/* A key of several parts, one right after the other in the registers. */
static void load_key(struct nftput *b, const struct match *m)
{
	size_t word = 0;

	if (is_of_arp(&m->concat))
		settle_type(b, ETH_P_ARP);
	else if (m->family)
		settle_family(b, m->family, NFT_CMP_EQ);
	for (size_t i = 0; i < m->concat.n; i++) {
		const struct load *load = &rows[m->concat.parts[i]].load;

		put_load(b, load, m->family, register_at(word));
		word += (load_len(load, m->family) + 3U) / 4;
	}
}

/* ---- operands: what is looked for ---- */

/* All that is looked for stands in the row. */
static void put_constant(struct nftput *b, const struct match *m)
{
	put_comparison(b, load_of(m), &rows[m->kind].is);
}

static const struct operand as_constant = { put_constant, NULL };

static void put_name(struct nftput *b, const struct match *m)
{
	const size_t len = strnlen(m->name, IFNAMSIZ);
	char padded[IFNAMSIZ] = "";

	memcpy(padded, m->name, len);
	if (len && m->name[len - 1] == '*') /* a prefix: compare just that */
		put_cmp(b, equal(m), padded, len - 1);
	else
		put_cmp(b, equal(m), padded, sizeof(padded));
}

static void print_name(const struct match *m, struct str *out)
{
	str_addf(out, " %s\"%s\"", negation(m), m->name);
}

static const struct operand as_name = { put_name, print_name };

static void put_prefix(struct nftput *b, const struct match *m)
{
	const struct addr *a = &m->prefix.addr;
	const size_t size = addr_size(a);
	uint8_t mask[16] = { 0 };

	if (!size || size != load_len(load_of(m), m->family) || m->prefix.len > addr_bits(a)) {
		b->failed = true;
		return;
	}
	if (m->prefix.len < addr_bits(a)) {
		for (unsigned int bit = 0; bit < m->prefix.len; bit++)
			mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		put_mask(b, mask, size);
	}
	put_cmp(b, equal(m), a->bytes, size);
}

static void print_prefix(const struct match *m, struct str *out)
{
	const bool whole = m->prefix.len == addr_bits(&m->prefix.addr);
	char text[PREFIX_STRLEN];

	str_addf(out, " %s%s", negation(m),
		 whole ? addr_format(&m->prefix.addr, text) : prefix_format(&m->prefix, text));
}

static const struct operand as_prefix = { put_prefix, print_prefix };

static void put_lookup(struct nftput *b, const struct match *m)
{
	struct nftnl_expr *e = put_expr(b, "lookup");

	put_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	put_str(b, e, NFTNL_EXPR_LOOKUP_SET, m->name);
	put_u32(e, NFTNL_EXPR_LOOKUP_FLAGS,
		m->negated ? NFT_LOOKUP_F_INV : 0); /* explicit: the kernel says it too */
}

static void print_set(const struct match *m, struct str *out)
{
	str_addf(out, " %s@%s", negation(m), m->name);
}

static const struct operand as_set = { put_lookup, print_set };

static void print_key_set(const struct match *m, struct str *out)
{
	print_key(m, out);
	print_set(m, out);
}

static const struct operand as_key_set = { put_lookup, print_key_set };

static void print_protocol(const struct match *m, struct str *out)
{
	str_addf(out, " %s", ruleset_protocol_word(m->protocol));
}

static const struct operand as_protocol = { NULL, print_protocol };

static void put_ports(struct nftput *b, const struct match *m)
{
	if (m->first == m->last) {
		put_number(b, load_of(m), NFT_CMP_EQ, m->first);
	} else {
		put_number(b, load_of(m), NFT_CMP_GTE, m->first);
		put_number(b, load_of(m), NFT_CMP_LTE, m->last);
	}
}

static void print_ports(const struct match *m, struct str *out)
{
	str_addf(out, " %u", m->first);
	if (m->first != m->last)
		str_addf(out, "-%u", m->last);
}

static const struct operand as_ports = { put_ports, print_ports };

static void put_mark(struct nftput *b, const struct match *m)
{
	put_comparison(b, load_of(m), &(struct comparison){ NFT_CMP_EQ, m->mask, m->mark });
}

static void print_mark(const struct match *m, struct str *out)
{
	str_addf(out, " & 0x%08x == 0x%08x", m->mask, m->mark);
}

static const struct operand as_mark = { put_mark, print_mark };

static void print_type(const struct match *m, struct str *out)
{
	str_addf(out, " %s",
		 m->first == ETH_P_IP       ? "ip"
		 : m->first == ETH_P_IPV6   ? "ip6"
		 : m->first == ETH_P_ARP    ? "arp"
		 : m->first == ETH_P_8021AD ? "8021ad"
					    : "8021q");
}

static const struct operand as_type = { NULL, print_type };

static void put_ether(struct nftput *b, const struct match *m)
{
	put_mask(b, m->ether.mask, ETHER_LEN);
	put_cmp(b, equal(m), m->ether.mac, ETHER_LEN);
}

static void print_ether(const struct match *m, struct str *out)
{
	char mac[ETHER_STRLEN], mask[ETHER_STRLEN];

	str_addf(out, " & %s %s %s", ether_format(m->ether.mask, mask),
		 m->negated ? "!=" : "==", ether_format(m->ether.mac, mac));
}

static const struct operand as_ether = { put_ether, print_ether };

static void put_family(struct nftput *b, const struct match *m)
{
	settle_family(b, m->family, equal(m));
}

static void print_family(const struct match *m, struct str *out)
{
	str_addf(out, " %s%s", negation(m), m->family == AF_INET6 ? "ipv6" : "ipv4");
}

static const struct operand as_family = { put_family, print_family };

static void put_states(struct nftput *b, const struct match *m)
{
	put_comparison(b, load_of(m), &(struct comparison){ NFT_CMP_NEQ, m->states, 0 });
}

static void print_states(const struct match *m, struct str *out)
{
	const bool established = m->states & RULESET_ESTABLISHED;

	str_addf(out, " %s", established ? "established" : "");
	if (m->states & RULESET_RELATED)
		str_add(out, established ? ",related" : "related");
}

static const struct operand as_states = { put_states, print_states };

static void put_exists(struct nftput *b, const struct match *m)
{
	put_number(b, load_of(m), NFT_CMP_EQ, m->negated ? 0 : 1);
}

static void print_exists(const struct match *m, struct str *out)
{
	str_add(out, m->negated ? " missing" : " exists");
}

static const struct operand as_exists = { put_exists, print_exists };

/* ---- operands that do more than compare ---- */

/* What the routes of both directions bear, into the option if it is more. */
static void put_clamp(struct nftput *b, const struct match *m)
{
	const uint32_t len = load_len(load_of(m), m->family);
	struct nftnl_expr *e = put_expr(b, "byteorder");

	put_u32(e, NFTNL_EXPR_BYTEORDER_SREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_BYTEORDER_DREG, NFT_REG_1);
	put_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	put_u32(e, NFTNL_EXPR_BYTEORDER_LEN, len);
	put_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, len);
	e = put_expr(b, "exthdr");
	put_u32(e, NFTNL_EXPR_EXTHDR_SREG, NFT_REG_1);
	if (e)
		nftnl_expr_set_u8(e, NFTNL_EXPR_EXTHDR_TYPE, TCPOPT_MAXSEG);
	put_u32(e, NFTNL_EXPR_EXTHDR_OFFSET, 2); /* behind the option's kind and length */
	put_u32(e, NFTNL_EXPR_EXTHDR_LEN, len);
	put_u32(e, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT);
}

static const struct operand as_clamp = { put_clamp, NULL };

/* What the map holds for the key, an address and a port, becomes the packet's destination. */
static void put_dnat(struct nftput *b, const struct match *m)
{
	const uint32_t port = register_at(load_len(&rows[MATCH_DADDR].load, m->family) / 4);
	struct nftnl_expr *e = put_expr(b, "lookup");

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

static void print_dnat(const struct match *m, struct str *out)
{
	print_key(m, out);
	str_addf(out, " map @%s", m->name);
}

static const struct operand as_dnat = { put_dnat, print_dnat };

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
static void put_update(struct nftput *b, const struct match *m)
{
	struct nftnl_expr *e = put_expr(b, "dynset"), *limit;

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

static void print_update(const struct match *m, struct str *out)
{
	str_addf(out, "@%s { ", m->name);
	print_key(m, out);
	str_addf(out, " timeout %uh", RULESET_TIMEOUT / 3600);
	if (m->rate)
		str_addf(out, " limit rate over %u/minute burst %u packets", m->rate, m->burst);
	str_add(out, " }");
}

static const struct operand as_update = { put_update, print_update };

/* ---- the rows ---- */

#define TCP_SYN 0x02
#define TCP_ACK 0x10
#define DIRECTION_REPLY 1 /* IP_CT_DIR_REPLY */

/* Offsets: RFC 791, RFC 8200, RFC 826, RFC 9293, RFC 768, RFC 4861. */
/* clang-format off */
static const struct row rows[MATCH_KINDS] = {
	[MATCH_IIFNAME] = { "iifname", 0, META(NFT_META_IIFNAME, IFNAMSIZ), .as = &as_name },
	[MATCH_OIFNAME] = { "oifname", 0, META(NFT_META_OIFNAME, IFNAMSIZ), .as = &as_name },
	[MATCH_SADDR] = { "%ip saddr", NEED_FAMILY, ADDRESS(12, 8), .as = &as_prefix },
	[MATCH_DADDR] = { "%ip daddr", NEED_FAMILY, ADDRESS(16, 24), .as = &as_prefix },
	[MATCH_PROTOCOL] = { "meta l4proto", NEED_PROTOCOL, META(NFT_META_L4PROTO, 1),
			     .as = &as_protocol },
	[MATCH_DPORT] = { "%th dport", NEED_PROTOCOL, TRANSPORT(2, 2), .as = &as_ports },
	[MATCH_MARK] = { "meta mark", 0, META(NFT_META_MARK, 4), .as = &as_mark },
	[MATCH_ETHER_TYPE] = { "ether type", NEED_TYPE, FRAME(12, 2), .as = &as_type },
	[MATCH_ETHER_SADDR] = { "ether saddr", 0, FRAME(6, ETHER_LEN), .as = &as_ether },
	[MATCH_ETHER_DADDR] = { "ether daddr", 0, FRAME(0, ETHER_LEN), .as = &as_ether },
	[MATCH_ARP_ETHER] = { "arp saddr ether", NEED_ARP, NETWORK(8, ETHER_LEN), .as = NULL },
	[MATCH_ARP_SADDR] = { "arp saddr ip", NEED_ARP, NETWORK(14, 4), .as = &as_prefix },
	[MATCH_ARP_DADDR] = { "arp daddr ip", NEED_ARP, NETWORK(24, 4), .as = &as_prefix },
	[MATCH_ND_TARGET] = { ND_TARGET_TEXT, 0, TRANSPORT(ND_TARGET_OFFSET, 16), .as = NULL },
	[MATCH_FAMILY] = { "meta nfproto", 0, { 0 }, .as = &as_family },
	[MATCH_ICMP_TYPE] = { "%icmp type", NEED_ICMP, TRANSPORT(0, 1), .as = NULL },
	[MATCH_CT_STATE] = { "ct state", 0, CT(NFT_CT_STATE, 4), .as = &as_states },
	[MATCH_CT_REPLY] = { "ct direction reply", 0, CT(NFT_CT_DIRECTION, 1), .as = &as_constant,
			     .is = { NFT_CMP_EQ, 0, DIRECTION_REPLY } },
	[MATCH_TCP_SYN] = { "tcp flags syn", NEED_TCP, TRANSPORT(13, 1), .as = &as_constant,
			    .is = { NFT_CMP_NEQ, TCP_SYN, 0 } },
	[MATCH_TCP_NO_OPENING] = { "tcp flags & (syn | ack) != syn", NEED_TCP, TRANSPORT(13, 1),
				   .as = &as_constant,
				   .is = { NFT_CMP_NEQ, TCP_SYN | TCP_ACK, TCP_SYN } },
	[MATCH_FRAGMENT] = { "ip frag-off & 0x1fff != 0", NEED_IPV4, NETWORK(6, 2), .as = &as_constant,
			     .is = { NFT_CMP_NEQ, 0x1fff, 0 } },
	[MATCH_FIB_DADDR_LOCAL] = { "fib daddr type local", 0,
				    FIB(NFTA_FIB_F_DADDR, NFT_FIB_RESULT_ADDRTYPE), .as = &as_constant,
				    .is = { NFT_CMP_EQ, 0, RTN_LOCAL } },
	[MATCH_FIB_SADDR_LOCAL] = { "fib saddr type local", 0,
				    FIB(NFTA_FIB_F_SADDR, NFT_FIB_RESULT_ADDRTYPE), .as = &as_constant,
				    .is = { NFT_CMP_EQ, 0, RTN_LOCAL } },
	[MATCH_FIB_BACK] = { "fib saddr . iif oif", 0,
			     FIB(NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT,
				 NFT_FIB_RESULT_OIF),
			     .as = &as_exists },
	[MATCH_CLAMP_MSS] = { "tcp option maxseg size set rt mtu", 0, RT(NFT_RT_TCPMSS, 2),
			      .as = &as_clamp },
	[MATCH_CONCAT] = { "", 0, KEY, .as = &as_key_set },
	[MATCH_DNAT_MAP] = { "dnat %ip to ", 0, KEY, .as = &as_dnat },
	[MATCH_UPDATE] = { "update ", 0, KEY, .as = &as_update },
};
/* clang-format on */

static const struct operand *operand_of(const struct match *m)
{
	return m->in_set ? &as_set : m->kind < MATCH_KINDS ? rows[m->kind].as : NULL;
}

void nftmatch_put(struct nftput *b, const struct match *m)
{
	const struct operand *operand = operand_of(m);
	const struct row *row = &rows[m->kind];

	if (!operand) {
		b->failed = true;
		return;
	}
	settle(b, row->need, m);
	if (operand->put && row->load.from == FROM_KEY)
		load_key(b, m);
	else if (operand->put && row->load.from)
		put_load(b, &row->load, m->family, NFT_REG_1);
	if (operand->put)
		operand->put(b, m);
}

void nftmatch_print(const struct match *m, struct str *out)
{
	const struct operand *operand = operand_of(m);

	if (!operand)
		return;
	print_words(rows[m->kind].text, m, out);
	if (operand->print)
		operand->print(m, out);
}
