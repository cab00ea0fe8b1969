/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/seal.c: the kill switch of a vault, and the guard on the host, as rulesets.
 *
 * Theory of operation. A packet of the vault may leave in two ways only: by the tunnel with the
 * tunnel's own source address, or by the host link as an answer to the host. Every accept is bound
 * to an interface: a flow that began in the tunnel never goes on elsewhere (L1). Queries for names
 * are settled first (L6, L7). What matches nothing is dropped by the chain's policy; the last rules
 * only count it by reason.
 *
 * The IP stack's packets meet table inet vault. Frames of packet sockets do not (L2): the egress
 * tables hold the same limits for every frame of their device. And root inside can remove all of
 * these, so the guard on the host stands alone: it lets nothing pass from a link (any interface
 * named vlt-*) but answers to what the host asked. Its sets hold permissions only: with an element
 * gone, or all, less is open.
 */
#include "vault/seal.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#define LINKS "vlt-*"
#define MLD2_LISTENER_REPORT 143 /* RFC 3810; netinet/icmp6.h ends before it */

static const struct {
	const char *name, *meaning;
} counters[] = {
	{ "dropped_dns", "queries to servers that are not the vault's resolvers" },
	{ "dropped_multicast", "multicast and broadcast towards the tunnel" },
	{ "dropped_source", "packets for the tunnel from an address that is not its own" },
	{ "dropped_link", "packets for the host link that answer nobody" },
	{ "dropped_elsewhere", "packets with no tunnel to leave by" },
	{ "dropped_input", "packets from outside that nothing inside asked for" },
	{ "dropped_forward", "packets that wanted to pass through the vault" },
	{ "dropped_frames", "frames of packet sockets" },
	{ "dropped_from_vaults", "packets out of a vault's link that answer nobody" },
	{ "dropped_to_vaults", "packets towards a vault's link that are not for its address" },
};

const char *seal_counter_meaning(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (!strcmp(counters[i].name, name))
			return counters[i].meaning;
	return NULL;
}

static const uint8_t families[SPEC_FAMILIES] = { [SPEC_V4] = AF_INET, [SPEC_V6] = AF_INET6 };
static const char *const resolver_sets[SPEC_FAMILIES] = {
	[SPEC_V4] = "resolvers4", [SPEC_V6] = "resolvers6"
};

static bool has_resolver(const struct spec *spec, uint8_t family)
{
	for (size_t i = 0; i < spec->n_dns; i++)
		if (spec->dns[i].family == family)
			return true;
	return false;
}

static bool link_has(const struct spec *spec, enum spec_family f)
{
	return spec->has_link && spec->link[f].vault.addr.family == families[f];
}

static void add_number_set(struct ruleset *rs, const char *name, enum set_type type,
			   const uint16_t *numbers, size_t n)
{
	struct set *set = ruleset_set(rs, name, type);

	for (size_t i = 0; i < n; i++)
		set_add_number(rs, set, numbers[i]);
}

/* The ports that names are asked on, by whatever protocol: nobody but the vault's resolvers is
 * asked there (L7). */
static void add_name_ports(struct ruleset *rs)
{
	static const uint16_t ports[] = { 53, 853, 5353, 5355, 8853 };

	add_number_set(rs, "name_ports", SET_PORT, ports, ARRAY_SIZE(ports));
}

/* The resolvers, and the ports that they are asked on. */
static void add_resolvers(const struct spec *spec, struct ruleset *rs)
{
	static const uint16_t ports[] = { 53, 853 };
	struct set *set;

	add_number_set(rs, "dns_ports", SET_PORT, ports, ARRAY_SIZE(ports));
	for (enum spec_family f = 0; f < SPEC_FAMILIES; f++) {
		if (!has_resolver(spec, families[f]))
			continue;
		set = ruleset_set(rs, resolver_sets[f], f == SPEC_V4 ? SET_IPV4 : SET_IPV6);
		for (size_t i = 0; i < spec->n_dns; i++)
			if (spec->dns[i].family == families[f])
				set_add_address(rs, set, &spec->dns[i]);
	}
}

static void add_neighbour_set(struct ruleset *rs)
{
	static const uint16_t types[] = { ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT };

	add_number_set(rs, "neighbour", SET_ICMPV6, types, ARRAY_SIZE(types));
}

/* What an IPv6 stack says of itself when an interface comes up: dropped like all else, but nothing
 * worth counting. */
static void add_routine_set(struct ruleset *rs)
{
	static const uint16_t types[] = { MLD_LISTENER_REPORT, MLD_LISTENER_REDUCTION,
					  ND_ROUTER_SOLICIT, MLD2_LISTENER_REPORT };

	add_number_set(rs, "routine", SET_ICMPV6, types, ARRAY_SIZE(types));
}

static void add_input(const struct spec *spec, struct ruleset *rs)
{
	struct chain *c = ruleset_chain(rs, "input", CHAIN_INPUT, 0, VERDICT_DROP, NULL);

	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif("lo"));
	RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to what was asked through the tunnel",
	     match_iif(spec->tunnel_name), match_ct(RULESET_ESTABLISHED | RULESET_RELATED));
	for (enum spec_family f = 0; f < SPEC_FAMILIES; f++) {
		const struct spec_link_ends *ends = &spec->link[f];

		if (!link_has(spec, f))
			continue;
		if (f == SPEC_V6)
			RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(spec->link_name),
			     match_icmp_set(AF_INET6, "neighbour"));
		RULE(rs, c, "dropped_input", VERDICT_DROP,
		     "the tunnel's address never answers here (L10, L11)",
		     match_iif(spec->link_name), match_not(match_daddr(&ends->vault.addr)));
		RULE(rs, c, NULL, VERDICT_ACCEPT, "the host itself", match_iif(spec->link_name),
		     match_saddr(&ends->host.addr));
	}
	RULE(rs, c, "dropped_input", VERDICT_NONE, NULL, match_not(match_iif("lo")));
}

/* Names are asked of the vault's resolvers by the tunnel, and of nobody else by no way. */
static void add_output_dns(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };

	for (size_t i = 0; i < spec->n_addresses; i++) {
		const struct addr *a = &spec->addresses[i].addr;
		int f = a->family == AF_INET6 ? SPEC_V6 : SPEC_V4;

		for (size_t p = 0; p < ARRAY_SIZE(protocols) && has_resolver(spec, a->family); p++)
			RULE(rs, c, NULL, VERDICT_ACCEPT, "the vault's resolvers, by the tunnel",
			     match_oif(spec->tunnel_name), match_saddr(a),
			     match_daddr_set(a->family, resolver_sets[f]),
			     match_dport_set(protocols[p], "dns_ports"));
	}
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		RULE(rs, c, "dropped_dns", VERDICT_DROP, "before any other accept (L6, L7)",
		     match_dport_set(protocols[p], "name_ports"));
}

static void add_output_tunnel(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_multicast", VERDICT_DROP, NULL, match_oif(spec->tunnel_name),
	     match_daddr_prefix("224.0.0.0/4"));
	RULE(rs, c, "dropped_multicast", VERDICT_DROP, NULL, match_oif(spec->tunnel_name),
	     match_daddr_prefix("255.255.255.255"));
	RULE(rs, c, "dropped_multicast", VERDICT_DROP, NULL, match_oif(spec->tunnel_name),
	     match_daddr_prefix("ff00::/8"));
	for (size_t i = 0; i < spec->n_addresses; i++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "the tunnel, from its own address (L1)",
		     match_oif(spec->tunnel_name), match_saddr(&spec->addresses[i].addr));
	RULE(rs, c, "dropped_source", VERDICT_DROP, NULL, match_oif(spec->tunnel_name));
}

static void add_output_neighbour(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(spec->link_name),
	     match_saddr(&spec->link[SPEC_V6].vault.addr), match_icmp_set(AF_INET6, "neighbour"));
	RULE(rs, c, NULL, VERDICT_DROP, "said by every IPv6 stack: not counted",
	     match_oif(spec->link_name), match_icmp_set(AF_INET6, "routine"));
}

static void add_output_link(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	for (enum spec_family f = 0; f < SPEC_FAMILIES; f++) {
		const struct spec_link_ends *ends = &spec->link[f];

		if (!link_has(spec, f))
			continue;
		RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to the host, bound to the link (L1)",
		     match_oif(spec->link_name), match_ct(RULESET_ESTABLISHED),
		     match_simple(MATCH_CT_REPLY), match_saddr(&ends->vault.addr),
		     match_daddr(&ends->host.addr));
		if (f == SPEC_V6)
			add_output_neighbour(spec, rs, c);
	}
	if (spec->has_link)
		RULE(rs, c, "dropped_link", VERDICT_DROP, NULL, match_oif(spec->link_name));
}

static void add_output(const struct spec *spec, struct ruleset *rs)
{
	struct chain *c = ruleset_chain(rs, "output", CHAIN_OUTPUT, 0, VERDICT_DROP, NULL);

	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif("lo"));
	add_output_dns(spec, rs, c);
	add_output_tunnel(spec, rs, c);
	add_output_link(spec, rs, c);
	RULE(rs, c, "dropped_elsewhere", VERDICT_NONE, "the tunnel is gone (L15)",
	     match_not(match_oif("lo")));
}

static void build_inet(const struct spec *spec, struct ruleset *rs)
{
	static const char *const used[] = { "dropped_dns",    "dropped_multicast", "dropped_source",
					    "dropped_link",   "dropped_elsewhere", "dropped_input",
					    "dropped_forward" };
	struct chain *c;

	*rs = (struct ruleset){ .family = RULESET_INET, .table = "vault" };
	for (size_t i = 0; i < ARRAY_SIZE(used); i++)
		ruleset_counter(rs, used[i]);
	add_name_ports(rs);
	add_resolvers(spec, rs);
	if (link_has(spec, SPEC_V6)) {
		add_neighbour_set(rs);
		add_routine_set(rs);
	}
	add_input(spec, rs);
	c = ruleset_chain(rs, "forward", CHAIN_FORWARD, 0, VERDICT_DROP, NULL);
	RULE(rs, c, "dropped_forward", VERDICT_NONE, "a vault routes for nobody (L20)",
	     match_not(match_oif("lo")));
	add_output(spec, rs);
}

/* Echo replies and "unreachable" may answer the host; redirects, time-stamps and the like have no
 * business there. */
static void add_icmp_sets(const struct spec *spec, struct ruleset *rs)
{
	static const uint16_t answers4[] = { ICMP_ECHOREPLY, ICMP_DEST_UNREACH };
	static const uint16_t answers6[] = { ICMP6_ECHO_REPLY, ICMP6_DST_UNREACH };

	if (link_has(spec, SPEC_V4))
		add_number_set(rs, "answers4", SET_ICMP, answers4, ARRAY_SIZE(answers4));
	if (link_has(spec, SPEC_V6)) {
		add_number_set(rs, "answers6", SET_ICMPV6, answers6, ARRAY_SIZE(answers6));
		add_neighbour_set(rs);
	}
}

/* A frame has no connection to be judged by: what opens a connection, or asks a name, is refused by
 * its shape. */
static void add_link_family(const struct spec *spec, enum spec_family f, struct ruleset *rs,
			    struct chain *c)
{
	const struct addr *vault = &spec->link[f].vault.addr, *host = &spec->link[f].host.addr;

	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_saddr(vault), match_daddr(host),
	     match_simple(MATCH_TCP_NO_OPENING));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_saddr(vault), match_daddr(host),
	     match_not(match_dport_set(IPPROTO_UDP, "name_ports")));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_saddr(vault), match_daddr(host),
	     match_icmp_set(families[f], f == SPEC_V4 ? "answers4" : "answers6"));
}

static void build_link(const struct spec *spec, struct ruleset *rs)
{
	struct chain *c;

	*rs = (struct ruleset){ .family = RULESET_NETDEV, .table = "vault-link" };
	ruleset_counter(rs, "dropped_frames");
	add_name_ports(rs);
	add_icmp_sets(spec, rs);
	c = ruleset_chain(rs, "egress", CHAIN_EGRESS, 0, VERDICT_DROP, spec->link_name);
	if (link_has(spec, SPEC_V4)) {
		RULE(rs, c, NULL, VERDICT_ACCEPT, NULL,
		     match_arp_saddr(&spec->link[SPEC_V4].vault.addr),
		     match_arp_daddr(&spec->link[SPEC_V4].host.addr));
		RULE(rs, c, "dropped_frames", VERDICT_DROP, "later fragments show no ports",
		     match_simple(MATCH_FRAGMENT));
		add_link_family(spec, SPEC_V4, rs, c);
	}
	if (link_has(spec, SPEC_V6)) {
		RULE(rs, c, NULL, VERDICT_ACCEPT, NULL,
		     match_saddr(&spec->link[SPEC_V6].vault.addr),
		     match_icmp_set(AF_INET6, "neighbour"));
		add_link_family(spec, SPEC_V6, rs, c);
	}
	RULE(rs, c, "dropped_frames", VERDICT_DROP, "what packet sockets send (L2)",
	     match_oif(spec->link_name));
}

static void build_tunnel(const struct spec *spec, struct ruleset *rs)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	struct chain *c;

	*rs = (struct ruleset){ .family = RULESET_NETDEV, .table = "vault-tunnel" };
	ruleset_counter(rs, "dropped_frames");
	add_name_ports(rs);
	add_resolvers(spec, rs);
	c = ruleset_chain(rs, "egress", CHAIN_EGRESS, 0, VERDICT_DROP, spec->tunnel_name);
	for (size_t i = 0; i < spec->n_addresses; i++) {
		const struct addr *a = &spec->addresses[i].addr;
		int f = a->family == AF_INET6 ? SPEC_V6 : SPEC_V4;

		for (size_t p = 0; p < ARRAY_SIZE(protocols) && has_resolver(spec, a->family); p++)
			RULE(rs, c, NULL, VERDICT_ACCEPT, "the vault's resolvers", match_saddr(a),
			     match_daddr_set(a->family, resolver_sets[f]),
			     match_dport_set(protocols[p], "dns_ports"));
	}
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		RULE(rs, c, "dropped_frames", VERDICT_DROP, "packet sockets ask nobody else (L7)",
		     match_dport_set(protocols[p], "name_ports"));
	for (size_t i = 0; i < spec->n_addresses; i++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "the tunnel's own address",
		     match_saddr(&spec->addresses[i].addr));
	RULE(rs, c, "dropped_frames", VERDICT_DROP, "what packet sockets send (L2)",
	     match_oif(spec->tunnel_name));
}

void seal_build(const struct spec *spec, enum seal_table table, struct ruleset *rs)
{
	static void (*const builders[SEAL_TABLES])(const struct spec *, struct ruleset *) = {
		[SEAL_INET] = build_inet, [SEAL_LINK] = build_link, [SEAL_TUNNEL] = build_tunnel
	};

	builders[table](spec, rs);
}

/* From a link: answers to the host, neighbour discovery. */
static void add_guard_input(struct ruleset *rs)
{
	struct chain *c = ruleset_chain(rs, "input", CHAIN_INPUT, -10, VERDICT_ACCEPT, NULL);

	RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to the host", match_iif(LINKS),
	     match_ct(RULESET_ESTABLISHED), match_simple(MATCH_CT_REPLY));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(LINKS),
	     match_icmp_set(AF_INET6, "neighbour"));
	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP,
	     "also when the rules inside are gone (BX-1)", match_iif(LINKS));
}

/* The host never routes for a vault, nor anybody into one. */
static void add_guard_forward(struct ruleset *rs)
{
	struct chain *c = ruleset_chain(rs, "forward", CHAIN_FORWARD, -10, VERDICT_ACCEPT, NULL);

	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP, "the host routes for no vault (L8, L15)",
	     match_iif(LINKS));
	RULE(rs, c, "dropped_to_vaults", VERDICT_DROP, NULL, match_oif(LINKS));
}

/* Towards a link: its vault's own address, so that no host route makes a tunnel's address answer
 * there (L11). */
static void add_guard_output(struct ruleset *rs)
{
	struct chain *c = ruleset_chain(rs, "output", CHAIN_OUTPUT, -10, VERDICT_ACCEPT, NULL);

	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(LINKS),
	     match_link_daddr_set(AF_INET, "vaults4"));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(LINKS),
	     match_link_daddr_set(AF_INET6, "vaults6"));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(LINKS),
	     match_icmp_set(AF_INET6, "neighbour"));
	RULE(rs, c, NULL, VERDICT_DROP, "said by every IPv6 stack: not counted", match_oif(LINKS),
	     match_icmp_set(AF_INET6, "routine"));
	RULE(rs, c, "dropped_to_vaults", VERDICT_DROP, NULL, match_oif(LINKS));
}

static void build_guard(const struct spec *spec, struct ruleset *rs)
{
	struct set *set;

	*rs = (struct ruleset){ .family = RULESET_INET, .table = "vault" };
	ruleset_counter(rs, "dropped_from_vaults");
	ruleset_counter(rs, "dropped_to_vaults");
	add_neighbour_set(rs);
	add_routine_set(rs);
	set = ruleset_set(rs, "vaults4", SET_LINK_IPV4);
	if (spec && link_has(spec, SPEC_V4))
		set_add_link_address(rs, set, spec->host_name, &spec->link[SPEC_V4].vault.addr);
	set = ruleset_set(rs, "vaults6", SET_LINK_IPV6);
	if (spec && link_has(spec, SPEC_V6))
		set_add_link_address(rs, set, spec->host_name, &spec->link[SPEC_V6].vault.addr);
	add_guard_input(rs);
	add_guard_forward(rs);
	add_guard_output(rs);
}

void seal_build_guard(struct ruleset *rs)
{
	build_guard(NULL, rs);
}

void seal_build_guard_elements(const struct spec *spec, struct ruleset *rs)
{
	build_guard(spec, rs);
}
