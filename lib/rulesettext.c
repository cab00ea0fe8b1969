/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/rulesettext.c: a ruleset in nft's own language, as a careful person would have typed it. */
#include <arpa/inet.h>
#include <assert.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "lib/nftmatch.h"
#include "lib/ruleset.h"

#define BRIDGE_FILTER (-200) /* NF_BR_PRI_FILTER_BRIDGED */

static_assert(RULESET_INET + 0 == NFPROTO_INET && RULESET_NETDEV + 0 == NFPROTO_NETDEV &&
		      RULESET_BRIDGE + 0 == NFPROTO_BRIDGE,
	      "a table's family is the kernel's number of it");

const char *ruleset_family_word(unsigned int family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	case NFPROTO_ARP:
		return "arp";
	default:
		return "unknown";
	}
}

const char *ruleset_protocol_word(uint8_t protocol)
{
	return protocol == IPPROTO_TCP      ? "tcp"
	       : protocol == IPPROTO_UDP    ? "udp"
	       : protocol == IPPROTO_ICMPV6 ? "ipv6-icmp"
					    : "icmp";
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
		nftmatch_print(&rule->matches[i], out);
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

const struct chain_place *chain_place(enum chain_hook hook)
{
	static const struct chain_place places[] = {
		[CHAIN_INPUT] = { "filter", "input", "filter", NF_INET_LOCAL_IN, 0 },
		[CHAIN_FORWARD] = { "filter", "forward", "filter", NF_INET_FORWARD, 0 },
		[CHAIN_OUTPUT] = { "filter", "output", "filter", NF_INET_LOCAL_OUT, 0 },
		[CHAIN_EGRESS] = { "filter", "egress", "filter", NF_NETDEV_EGRESS, 0 },
		[CHAIN_POSTROUTING] = { "filter", "postrouting", "filter", NF_INET_POST_ROUTING,
					0 },
		[CHAIN_PREROUTING] = { "filter", "prerouting", "raw", NF_INET_PRE_ROUTING, -300 },
		[CHAIN_NAT_PREROUTING] = { "nat", "prerouting", "dstnat", NF_INET_PRE_ROUTING,
					   -100 },
		[CHAIN_NAT_OUTPUT] = { "nat", "output", "filter", NF_INET_LOCAL_OUT, 0 },
		[CHAIN_NAT_POSTROUTING] = { "nat", "postrouting", "srcnat", NF_INET_POST_ROUTING,
					    100 },
	};

	return &places[hook];
}

static void print_chain(const struct chain *chain, enum ruleset_family family, struct str *out)
{
	const struct chain_place *place = chain_place(chain->hook);
	int base = family == RULESET_BRIDGE ? BRIDGE_FILTER : place->priority;
	int offset = chain->priority - base;

	str_addf(out, "\n\tchain %s {\n\t\ttype %s hook %s", chain->name, place->type, place->hook);
	if (chain->hook == CHAIN_EGRESS)
		str_addf(out, " device \"%s\"", chain->device);
	str_addf(out, " priority %s", family == RULESET_BRIDGE ? "filter" : place->base);
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
	char ether[ETHER_STRLEN];

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
		for (size_t i = 0; i < set_field_type(field)->len; i++)
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
		str_add(out, ether_format(first, ether));
		break;
	case FIELD_MARK:
		memcpy(&mark, first, sizeof(mark));
		str_addf(out, "0x%08x", mark);
		break;
	case FIELD_PROTOCOL:
		str_add(out, ruleset_protocol_word(first[0]));
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
		at += (set_field_type(shape->fields[i])->len + 3) / 4 * 4;
	}
	if (e->comment[0])
		str_addf(out, " comment \"%s\"", e->comment);
	if (!shape->map)
		return;
	str_add(out, " : ");
	print_field(shape->fields[2], e->data, e->data, false, out);
	str_addf(out, " . %u", port_at(e->data + set_field_type(shape->fields[2])->len));
}

static void print_set(const struct set *set, struct str *out)
{
	const struct set_shape *shape = set_shape(set->type);
	const bool is_target = shape->fields[shape->n - 1] == FIELD_TARGET;

	str_addf(out, "\n\t%s %s {\n\t\t", shape->map ? "map" : "set", set->name);
	if (is_target)
		str_addf(out, "typeof %s" ND_TARGET_TEXT, shape->n > 1 ? "iifname . " : "");
	else
		str_add(out, "type ");
	for (size_t i = 0; !is_target && i < shape->n; i++)
		str_addf(out, "%s%s", i ? " . " : "", set_field_type(shape->fields[i])->word);
	if (shape->map)
		str_addf(out, " : %s . inet_service", set_field_type(shape->fields[2])->word);
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
