/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/rulesettext.c: a ruleset in nft's own language, as a careful person would have typed it. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include "lib/ruleset.h"

#define BRIDGE_FILTER (-200) /* NF_BR_PRI_FILTER_BRIDGED */
#define ND_TARGET "@th,64,128" /* icmpv6 taddr, which nft has a word for since 1.0.7 only */

const char *ruleset_family_word(enum ruleset_family family)
{
	static const char *const words[] = {
		[RULESET_INET] = "inet", [RULESET_NETDEV] = "netdev", [RULESET_BRIDGE] = "bridge"
	};

	return words[family];
}

static void format_ether(const uint8_t mac[static ETHER_LEN], char text[static 18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

static const char *family_word(uint8_t family)
{
	return family == AF_INET6 ? "ip6" : "ip";
}

static const char *icmp_word(uint8_t family)
{
	return family == AF_INET6 ? "icmpv6" : "icmp";
}

static const char *protocol_word(uint8_t protocol)
{
	return protocol == IPPROTO_TCP      ? "tcp"
	       : protocol == IPPROTO_UDP    ? "udp"
	       : protocol == IPPROTO_ICMPV6 ? "ipv6-icmp"
					    : "icmp";
}

static const char *type_word(uint16_t type)
{
	switch (type) {
	case ETH_P_IP:
		return "ip";
	case ETH_P_IPV6:
		return "ip6";
	case ETH_P_ARP:
		return "arp";
	case ETH_P_8021AD:
		return "8021ad";
	default:
		return "8021q";
	}
}

static void print_states(uint32_t states, struct str *out)
{
	str_add(out, "ct state ");
	if (states & RULESET_ESTABLISHED)
		str_add(out, "established");
	if ((states & RULESET_ESTABLISHED) && (states & RULESET_RELATED))
		str_add(out, ",");
	if (states & RULESET_RELATED)
		str_add(out, "related");
}

static void print_address(const struct match *m, const char *field, const char * not,
			  struct str *out)
{
	char text[PREFIX_STRLEN];
	bool whole = m->prefix.len == addr_bits(&m->prefix.addr);

	str_addf(out, "%s %s %s%s", family_word(m->prefix.addr.family), field, not,
		 whole ? addr_format(&m->prefix.addr, text) : prefix_format(&m->prefix, text));
}

static void print_arp(const struct match *m, const char *field, const char * not, struct str *out)
{
	char text[ADDR_STRLEN];

	str_addf(out, "arp %s ip %s%s", field, not, addr_format(&m->prefix.addr, text));
}

static void print_concat(const struct match *m, struct str *out)
{
	const char *ip = family_word(m->family);

	for (size_t i = 0; i < m->concat.n; i++) {
		str_add(out, i ? " . " : "");
		switch (m->concat.parts[i]) {
		case SELECT_IIFNAME:
			str_add(out, "iifname");
			break;
		case SELECT_OIFNAME:
			str_add(out, "oifname");
			break;
		case SELECT_SADDR:
			str_addf(out, "%s saddr", ip);
			break;
		case SELECT_DADDR:
			str_addf(out, "%s daddr", ip);
			break;
		case SELECT_PROTOCOL:
			str_add(out, "meta l4proto");
			break;
		case SELECT_MARK:
			str_add(out, "meta mark");
			break;
		case SELECT_DPORT:
			str_add(out, "th dport");
			break;
		case SELECT_ETHER_SADDR:
			str_add(out, "ether saddr");
			break;
		case SELECT_ETHER_DADDR:
			str_add(out, "ether daddr");
			break;
		case SELECT_ARP_ETHER:
			str_add(out, "arp saddr ether");
			break;
		case SELECT_ARP_SADDR:
			str_add(out, "arp saddr ip");
			break;
		case SELECT_ARP_DADDR:
			str_add(out, "arp daddr ip");
			break;
		case SELECT_ND_TARGET:
			str_add(out, ND_TARGET);
			break;
		}
	}
}

static void print_ether(const struct match *m, const char *field, struct str *out)
{
	char mac[18], mask[18];

	format_ether(m->ether.mac, mac);
	format_ether(m->ether.mask, mask);
	str_addf(out, "ether %s & %s %s %s", field, mask, m->negated ? "!=" : "==", mac);
}

static void print_update(const struct match *m, struct str *out)
{
	str_addf(out, "update @%s { ", m->name);
	print_concat(m, out);
	str_addf(out, " timeout %uh", RULESET_TIMEOUT / 3600);
	if (m->rate)
		str_addf(out, " limit rate over %u/minute burst %u packets", m->rate, m->burst);
	str_add(out, " }");
}

static void print_dport(const struct match *m, struct str *out)
{
	str_addf(out, "%s dport %u", protocol_word(m->protocol), m->first);
	if (m->first != m->last)
		str_addf(out, "-%u", m->last);
}

static void print_match(const struct match *m, struct str *out)
{
	const char *not = m->negated ? "!= " : "";

	switch (m->kind) {
	case MATCH_IIFNAME:
		str_addf(out, "iifname %s\"%s\"", not, m->name);
		break;
	case MATCH_OIFNAME:
		str_addf(out, "oifname %s\"%s\"", not, m->name);
		break;
	case MATCH_SADDR:
		print_address(m, "saddr", not, out);
		break;
	case MATCH_DADDR:
		print_address(m, "daddr", not, out);
		break;
	case MATCH_SADDR_SET:
		str_addf(out, "%s saddr %s@%s", family_word(m->family), not, m->name);
		break;
	case MATCH_DADDR_SET:
		str_addf(out, "%s daddr %s@%s", family_word(m->family), not, m->name);
		break;
	case MATCH_CONCAT_SET:
		print_concat(m, out);
		str_addf(out, " %s@%s", not, m->name);
		break;
	case MATCH_PROTOCOL:
		str_addf(out, "meta l4proto %s", protocol_word(m->protocol));
		break;
	case MATCH_MARK:
		str_addf(out, "meta mark & 0x%08x == 0x%08x", m->mask, m->mark);
		break;
	case MATCH_DPORT:
		print_dport(m, out);
		break;
	case MATCH_FIB_DADDR_LOCAL:
		str_add(out, "fib daddr type local");
		break;
	case MATCH_FIB_SADDR_LOCAL:
		str_add(out, "fib saddr type local");
		break;
	case MATCH_FIB_BACK:
		str_addf(out, "fib saddr . iif oif %s", m->negated ? "missing" : "exists");
		break;
	case MATCH_DNAT_MAP:
		str_addf(out, "dnat %s to ", family_word(m->family));
		print_concat(m, out);
		str_addf(out, " map @%s", m->name);
		break;
	case MATCH_DPORT_SET:
		str_addf(out, "%s dport %s@%s", protocol_word(m->protocol), not, m->name);
		break;
	case MATCH_ETHER_TYPE:
		str_addf(out, "ether type %s", type_word(m->first));
		break;
	case MATCH_ETHER_DADDR:
		print_ether(m, "daddr", out);
		break;
	case MATCH_ETHER_SADDR:
		print_ether(m, "saddr", out);
		break;
	case MATCH_UPDATE:
		print_update(m, out);
		break;
	case MATCH_FAMILY:
		str_addf(out, "meta nfproto %s%s", not, m->family == AF_INET6 ? "ipv6" : "ipv4");
		break;
	case MATCH_ICMP_TYPE_SET:
		str_addf(out, "%s type %s@%s", icmp_word(m->family), not, m->name);
		break;
	case MATCH_CT_STATE:
		print_states(m->states, out);
		break;
	case MATCH_CT_REPLY:
		str_add(out, "ct direction reply");
		break;
	case MATCH_TCP_SYN:
		str_add(out, "tcp flags syn");
		break;
	case MATCH_CLAMP_MSS:
		str_add(out, "tcp option maxseg size set rt mtu");
		break;
	case MATCH_TCP_NO_OPENING:
		str_add(out, "tcp flags & (syn | ack) != syn");
		break;
	case MATCH_FRAGMENT:
		str_add(out, "ip frag-off & 0x1fff != 0");
		break;
	case MATCH_ARP_SADDR:
		print_arp(m, "saddr", not, out);
		break;
	case MATCH_ARP_DADDR:
		print_arp(m, "daddr", not, out);
		break;
	case MATCH_KINDS:
		break;
	}
}

static void print_rule(const struct rule *rule, struct str *out)
{
	static const char *const verdicts[] = {
		[VERDICT_NONE] = NULL,
		[VERDICT_ACCEPT] = "accept",
		[VERDICT_DROP] = "drop",
		[VERDICT_MASQUERADE] = "masquerade",
		[VERDICT_MASQUERADE_RANDOM] = "masquerade fully-random",
	};
	const char *gap = "\t\t";

	for (size_t i = 0; i < rule->n_matches; i++, gap = " ") {
		str_add(out, gap);
		print_match(&rule->matches[i], out);
	}
	if (rule->counter) {
		str_addf(out, "%scounter name \"%s\"", gap, rule->counter);
		gap = " ";
	}
	if (verdicts[rule->verdict])
		str_addf(out, "%s%s", gap, verdicts[rule->verdict]);
	if (rule->comment)
		str_addf(out, " comment \"%s\"", rule->comment);
	str_add(out, "\n");
}

static const struct {
	const char *type, *hook, *base; /* the name of a priority there */
	int priority; /* of base */
} hooks[] = {
	[CHAIN_INPUT] = { "filter", "input", "filter", 0 },
	[CHAIN_FORWARD] = { "filter", "forward", "filter", 0 },
	[CHAIN_OUTPUT] = { "filter", "output", "filter", 0 },
	[CHAIN_EGRESS] = { "filter", "egress", "filter", 0 },
	[CHAIN_POSTROUTING] = { "filter", "postrouting", "filter", 0 },
	[CHAIN_PREROUTING] = { "filter", "prerouting", "raw", -300 },
	[CHAIN_NAT_PREROUTING] = { "nat", "prerouting", "dstnat", -100 },
	[CHAIN_NAT_OUTPUT] = { "nat", "output", "filter", 0 },
	[CHAIN_NAT_POSTROUTING] = { "nat", "postrouting", "srcnat", 100 },
};

static void print_chain(const struct chain *chain, enum ruleset_family family, struct str *out)
{
	int base = family == RULESET_BRIDGE ? BRIDGE_FILTER : hooks[chain->hook].priority;
	int offset = chain->priority - base;

	str_addf(out, "\n\tchain %s {\n\t\ttype %s hook %s", chain->name, hooks[chain->hook].type,
		 hooks[chain->hook].hook);
	if (chain->hook == CHAIN_EGRESS)
		str_addf(out, " device \"%s\"", chain->device);
	str_addf(out, " priority %s",
		 family == RULESET_BRIDGE ? "filter" : hooks[chain->hook].base);
	if (offset)
		str_addf(out, " %c %d", offset < 0 ? '-' : '+', abs(offset));
	str_addf(out, "; policy %s;\n", chain->policy == VERDICT_DROP ? "drop" : "accept");
	for (size_t i = 0; i < chain->n_rules; i++)
		print_rule(&chain->rules[i], out);
	str_add(out, "\t}\n");
}

static void print_address_range(int family, const uint8_t *first, const uint8_t *last, bool ranges,
				struct str *out)
{
	const size_t size = family == AF_INET6 ? 16 : 4;
	char text[ADDR_STRLEN];
	unsigned int bits = 0;

	str_add(out, inet_ntop(family, first, text, sizeof(text)));
	if (!ranges || !memcmp(first, last, size))
		return;
	while (!((first[bits / 8] ^ last[bits / 8]) & 0x80 >> bits % 8)) /* they differ */
		bits++;
	str_addf(out, "/%u", bits);
}

static unsigned int port_at(const uint8_t *bytes)
{
	return (unsigned int)(bytes[0] << 8 | bytes[1]);
}

static void print_field(enum set_field field, const uint8_t *first, const uint8_t *last,
			bool ranges, struct str *out)
{
	uint32_t mark;
	char ether[18];

	switch (field) {
	case FIELD_LINK:
		str_addf(out, "\"%s\"", (const char *)first);
		break;
	case FIELD_IPV4:
		print_address_range(AF_INET, first, last, ranges, out);
		break;
	case FIELD_IPV6:
		print_address_range(AF_INET6, first, last, ranges, out);
		break;
	case FIELD_TARGET:
		str_add(out, "0x");
		for (size_t i = 0; i < set_field_len(field); i++)
			str_addf(out, "%02x", first[i]);
		break;
	case FIELD_PORT:
		str_addf(out, "%u", port_at(first));
		if (ranges && port_at(first) != port_at(last))
			str_addf(out, "-%u", port_at(last));
		break;
	case FIELD_ICMP:
	case FIELD_ICMPV6:
		str_addf(out, "%u", first[0]);
		break;
	case FIELD_ETHER:
		format_ether(first, ether);
		str_add(out, ether);
		break;
	case FIELD_MARK:
		memcpy(&mark, first, sizeof(mark));
		str_addf(out, "0x%08x", mark);
		break;
	case FIELD_PROTOCOL:
		str_add(out, protocol_word(first[0]));
		break;
	}
}

static void print_element(const struct set *set, const struct set_element *e, struct str *out)
{
	const struct set_shape *shape = set_shape(set->type);
	size_t at = 0;

	for (size_t i = 0; i < shape->n; i++) {
		str_add(out, i ? " . " : "");
		print_field(shape->fields[i], e->key + at, e->end + at, shape->ranges, out);
		at += (set_field_len(shape->fields[i]) + 3) / 4 * 4;
	}
	if (e->comment[0])
		str_addf(out, " comment \"%s\"", e->comment);
	if (!shape->map)
		return;
	str_add(out, " : ");
	print_field(shape->fields[2], e->data, e->data, false, out);
	str_addf(out, " . %u", port_at(e->data + set_field_len(shape->fields[2])));
}

static void print_set(const struct set *set, struct str *out)
{
	static const char *const types[] = {
		[FIELD_IPV4] = "ipv4_addr",      [FIELD_IPV6] = "ipv6_addr",
		[FIELD_PORT] = "inet_service",   [FIELD_ICMP] = "icmp_type",
		[FIELD_ICMPV6] = "icmpv6_type",  [FIELD_LINK] = "ifname",
		[FIELD_PROTOCOL] = "inet_proto", [FIELD_MARK] = "mark",
		[FIELD_ETHER] = "ether_addr",
	};
	const struct set_shape *shape = set_shape(set->type);
	const bool is_target = shape->fields[shape->n - 1] == FIELD_TARGET;

	str_addf(out, "\n\t%s %s {\n\t\t", shape->map ? "map" : "set", set->name);
	if (is_target)
		str_addf(out, "typeof %s" ND_TARGET, shape->n > 1 ? "iifname . " : "");
	else
		str_add(out, "type ");
	for (size_t i = 0; !is_target && i < shape->n; i++)
		str_addf(out, "%s%s", i ? " . " : "", types[shape->fields[i]]);
	if (shape->map)
		str_addf(out, " : %s . inet_service", types[shape->fields[2]]);
	str_add(out, shape->ranges ? "\n\t\tflags interval\n" : "\n");
	if (set->size)
		str_addf(out, "\t\tsize %u\n\t\tflags dynamic,timeout\n\t\ttimeout %uh\n",
			 set->size, RULESET_TIMEOUT / 3600);
	if (set->n_elements)
		str_add(out, "\t\telements = { ");
	for (size_t i = 0; i < set->n_elements; i++) {
		str_add(out, i ? ", " : "");
		print_element(set, &set->elements[i], out);
	}
	if (set->n_elements)
		str_add(out, " }\n");
	str_add(out, "\t}\n");
}

void ruleset_print(const struct ruleset *rs, struct str *out)
{
	str_addf(out, "table %s %s {\n", ruleset_family_word(rs->family), rs->table);
	if (rs->comment)
		str_addf(out, "\tcomment \"%s\"\n", rs->comment);
	for (size_t i = 0; i < rs->n_counters; i++)
		str_addf(out, "\tcounter %s {\n\t}\n", rs->counters[i]);
	for (size_t i = 0; i < rs->n_sets; i++)
		print_set(&rs->sets[i], out);
	for (size_t i = 0; i < rs->n_chains; i++)
		print_chain(&rs->chains[i], rs->family, out);
	str_add(out, "}\n");
}
