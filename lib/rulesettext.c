/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/rulesettext.c: a ruleset in nft's own language, as a careful person would have typed it. */
#include <arpa/inet.h>
#include <string.h>

#include "lib/ruleset.h"

static const char *family_word(uint8_t family)
{
	return family == AF_INET6 ? "ip6" : "ip";
}

static const char *icmp_word(uint8_t family)
{
	return family == AF_INET6 ? "icmpv6" : "icmp";
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
	case MATCH_LINK_DADDR_SET:
		str_addf(out, "oifname . %s daddr %s@%s", family_word(m->family), not, m->name);
		break;
	case MATCH_DPORT_SET:
		str_addf(out, "%s dport %s@%s", m->protocol == IPPROTO_TCP ? "tcp" : "udp", not,
			 m->name);
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
		[VERDICT_NONE] = NULL, [VERDICT_ACCEPT] = "accept", [VERDICT_DROP] = "drop"
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

static void print_chain(const struct chain *chain, struct str *out)
{
	static const char *const hooks[] = { [CHAIN_INPUT] = "input",
					     [CHAIN_FORWARD] = "forward",
					     [CHAIN_OUTPUT] = "output",
					     [CHAIN_EGRESS] = "egress" };

	str_addf(out, "\n\tchain %s {\n\t\ttype filter hook %s", chain->name, hooks[chain->hook]);
	if (chain->hook == CHAIN_EGRESS)
		str_addf(out, " device \"%s\"", chain->device);
	if (chain->priority)
		str_addf(out, " priority filter %c %d; ", chain->priority < 0 ? '-' : '+',
			 abs(chain->priority));
	else
		str_add(out, " priority filter; ");
	str_addf(out, "policy %s;\n", chain->policy == VERDICT_DROP ? "drop" : "accept");
	for (size_t i = 0; i < chain->n_rules; i++)
		print_rule(&chain->rules[i], out);
	str_add(out, "\t}\n");
}

static void print_element(enum set_type type, const struct set_element *e, struct str *out)
{
	bool link = type == SET_LINK_IPV4 || type == SET_LINK_IPV6;
	int family = type == SET_IPV6 || type == SET_LINK_IPV6 ? AF_INET6 : AF_INET;
	char text[ADDR_STRLEN];

	if (type == SET_PORT) {
		str_addf(out, "%u", (unsigned int)(e->key[0] << 8 | e->key[1]));
	} else if (type == SET_ICMP || type == SET_ICMPV6) {
		str_addf(out, "%u", e->key[0]);
	} else {
		if (link)
			str_addf(out, "\"%s\" . ", (const char *)e->key);
		str_add(out, inet_ntop(family, e->key + (link ? IFNAMSIZ : 0), text, sizeof(text)));
	}
}

static void print_set(const struct set *set, struct str *out)
{
	static const char *const types[] = {
		[SET_IPV4] = "ipv4_addr",
		[SET_IPV6] = "ipv6_addr",
		[SET_PORT] = "inet_service",
		[SET_ICMP] = "icmp_type",
		[SET_ICMPV6] = "icmpv6_type",
		[SET_LINK_IPV4] = "ifname . ipv4_addr",
		[SET_LINK_IPV6] = "ifname . ipv6_addr",
	};

	str_addf(out, "\n\tset %s {\n\t\ttype %s\n", set->name, types[set->type]);
	if (set->n_elements)
		str_add(out, "\t\telements = { ");
	for (size_t i = 0; i < set->n_elements; i++) {
		str_add(out, i ? ", " : "");
		print_element(set->type, &set->elements[i], out);
	}
	if (set->n_elements)
		str_add(out, " }\n");
	str_add(out, "\t}\n");
}

void ruleset_print(const struct ruleset *rs, struct str *out)
{
	str_addf(out, "table %s %s {\n", rs->family == RULESET_NETDEV ? "netdev" : "inet",
		 rs->table);
	for (size_t i = 0; i < rs->n_counters; i++)
		str_addf(out, "\tcounter %s {\n\t}\n", rs->counters[i]);
	for (size_t i = 0; i < rs->n_sets; i++)
		print_set(&rs->sets[i], out);
	for (size_t i = 0; i < rs->n_chains; i++)
		print_chain(&rs->chains[i], out);
	str_add(out, "}\n");
}
