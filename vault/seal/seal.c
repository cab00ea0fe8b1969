/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/seal/seal.c: the kill switch of a vault as rulesets.
 *
 * Theory of operation. A packet of the vault may leave in two ways only: by the tunnel with the
 * tunnel's own source address, or by the host link as an answer to the host, to who may enter, or
 * where a hole was asked for. Every accept is bound
 * to an interface: a flow that began in the tunnel never goes on elsewhere (L1). Queries for names
 * are settled first (L6, L7). What matches nothing is dropped by the chain's policy; the last rules
 * only count it by reason.
 *
 * The IP stack's packets meet table inet vault. Frames of packet sockets do not (L2): the egress
 * tables hold the same limits for every frame of their device. And root inside can remove all of
 * these, so the guard on the host stands alone: see guard.c.
 */
#include "vault/seal/seal.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "vault/seal/parts.h"
#include "vault/seal/set.h"

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
	{ "dropped_segment", "packets for the segment that go to none of its members" },
	{ "dropped_forged", "packets from an address that is not the sender's" },
	{ "dropped_diverted", "packets for a vault by another interface than its link" },
	{ "dropped_from_vaults", "packets out of a vault's link that answer nobody" },
	{ "dropped_endpoint", "a tunnel's packets to no endpoint of its peers" },
	{ "dropped_to_vaults", "packets towards a vault's link that are not for its address" },
};

const char *seal_counter_meaning(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (!strcmp(counters[i].name, name))
			return counters[i].meaning;
	return NULL;
}

const char *seal_counter_place(const char *table)
{
	return !strcmp(table, SEAL_LINK_TABLE)     ? " on the link"
	       : !strcmp(table, SEAL_TUNNEL_TABLE) ? " into the tunnel"
	       : !strcmp(table, SEAL_LEG_TABLE)    ? " on the segment"
						   : "";
}

static bool link_has(const struct spec *spec, enum addr_family f)
{
	return spec->has_link && spec->link[f].vault.addr.family == addr_families[f];
}

/* Ports that answer on the tunnel (VC-9). */
static void add_input_open(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	for (size_t i = 0; i < spec->n_addresses; i++)
		for (size_t j = 0; j < spec->reach.n_open_ports; j++) {
			const struct spec_ports *ports = &spec->reach.open_ports[j];

			RULE(rs, c, NULL, VERDICT_ACCEPT, "open-port", match_iif(spec->tunnel_if),
			     match_daddr(&spec->addresses[i].addr),
			     match_dport(ports->protocol, ports->first, ports->last));
		}
}

static void add_input(const struct spec *spec, struct ruleset *rs)
{
	struct chain *c = ruleset_chain(rs, "input", CHAIN_INPUT, 0, VERDICT_DROP, NULL);

	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif("lo"));
	if (spec->has_tunnel)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to what was asked through the tunnel",
		     match_iif(spec->tunnel_if), match_ct(RULESET_ESTABLISHED | RULESET_RELATED));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++) {
		const struct spec_link_ends *ends = &spec->link[f];

		if (!link_has(spec, f))
			continue;
		if (f == ADDR_V6)
			RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(spec->link_if),
			     match_icmp_set(AF_INET6, "neighbour"));
		RULE(rs, c, "dropped_input", VERDICT_DROP,
		     "the tunnel's address never answers here (L10, L11)", match_iif(spec->link_if),
		     match_not(match_daddr(&ends->vault.addr)));
		if (spec->reach.n_host_ports || spec->reach.n_holes)
			RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to allow-host and allow-to",
			     match_iif(spec->link_if), match_ct(RULESET_ESTABLISHED),
			     match_simple(MATCH_CT_REPLY));
		RULE(rs, c, NULL, VERDICT_ACCEPT, "the host itself", match_iif(spec->link_if),
		     match_saddr(&ends->host.addr));
		for (size_t i = 0; i < spec->reach.n_from; i++)
			if (spec->reach.from[i].addr.family == addr_families[f])
				RULE(rs, c, NULL, VERDICT_ACCEPT, "accessible-from",
				     match_iif(spec->link_if),
				     match_saddr_prefix(&spec->reach.from[i]));
	}
	sealleg_input(spec, rs, c);
	add_input_open(spec, rs, c);
	RULE(rs, c, "dropped_input", VERDICT_NONE, NULL, match_not(match_iif("lo")));
}

/* Names are asked of the vault's resolvers by the tunnel, and of nobody else by no way. */
static void add_output_dns(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };

	for (size_t i = 0; i < spec->n_addresses; i++) {
		const struct addr *a = &spec->addresses[i].addr;

		for (size_t p = 0;
		     p < ARRAY_SIZE(protocols) && sealset_has_resolver(spec, a->family); p++)
			RULE(rs, c, NULL, VERDICT_ACCEPT, "the vault's resolvers, by the tunnel",
			     match_oif(spec->tunnel_if), match_saddr(a),
			     match_daddr_set(a->family, sealset_resolver_name(a->family)),
			     match_dport_set(protocols[p], "dns_ports"));
	}
	sealleg_names(spec, rs, c);
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		RULE(rs, c, "dropped_dns", VERDICT_DROP, "before any other accept (L6, L7)",
		     match_dport_set(protocols[p], "name_ports"));
}

static void add_output_tunnel(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_multicast", VERDICT_DROP, NULL, match_oif(spec->tunnel_if),
	     match_daddr_text("224.0.0.0/4"));
	RULE(rs, c, "dropped_multicast", VERDICT_DROP, NULL, match_oif(spec->tunnel_if),
	     match_daddr_text("255.255.255.255"));
	RULE(rs, c, "dropped_multicast", VERDICT_DROP, NULL, match_oif(spec->tunnel_if),
	     match_daddr_text("ff00::/8"));
	for (size_t i = 0; i < spec->n_addresses; i++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "the tunnel, from its own address (L1)",
		     match_oif(spec->tunnel_if), match_saddr(&spec->addresses[i].addr));
	RULE(rs, c, "dropped_source", VERDICT_DROP, NULL, match_oif(spec->tunnel_if));
}

/* Neighbours are looked for, and answered, from the link's addresses inside. */
static void add_neighbours(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	const struct addr *const from[] = { &spec->link[ADDR_V6].vault.addr,
					    &spec_link_local.addr };

	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(spec->link_if),
		     match_saddr(from[i]), match_icmp_set(AF_INET6, "neighbour"));
}

static void add_output_neighbour(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	add_neighbours(spec, rs, c);
	RULE(rs, c, NULL, VERDICT_DROP, "said by every IPv6 stack: not counted",
	     match_oif(spec->link_if), match_icmp_set(AF_INET6, "routine"));
}

static void add_output_replies(const struct spec *spec, enum addr_family f, struct ruleset *rs,
			       struct chain *c)
{
	const struct spec_link_ends *ends = &spec->link[f];

	RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to the host, bound to the link (L1)",
	     match_oif(spec->link_if), match_ct(RULESET_ESTABLISHED), match_simple(MATCH_CT_REPLY),
	     match_saddr(&ends->vault.addr), match_daddr(&ends->host.addr));
	for (size_t i = 0; i < spec->reach.n_from; i++)
		if (spec->reach.from[i].addr.family == addr_families[f])
			RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to who may enter (VC-7)",
			     match_oif(spec->link_if), match_ct(RULESET_ESTABLISHED),
			     match_simple(MATCH_CT_REPLY), match_saddr(&ends->vault.addr),
			     match_daddr_prefix(&spec->reach.from[i]));
}

/* What a hole lets pass besides its addresses: ports, a protocol, or echo requests. */
static struct match hole_match(const struct spec_hole *hole)
{
	const struct spec_ports *ports = &hole->ports;

	if (ports->protocol != IPPROTO_TCP && ports->protocol != IPPROTO_UDP)
		return match_icmp_set(hole->to.addr.family,
				      hole->to.addr.family == AF_INET6 ? "echo6" : "echo4");
	return ports->first ? match_dport(ports->protocol, ports->first, ports->last)
			    : match_protocol(ports->protocol);
}

/* New connections over the link: to ports of the host, and by holes. Queries for names were dropped
 * before. */
static void add_output_new(const struct spec *spec, enum addr_family f, struct ruleset *rs,
			   struct chain *c)
{
	const struct spec_link_ends *ends = &spec->link[f];
	const struct spec_reach *reach = &spec->reach;

	for (size_t i = 0; i < reach->n_host_ports; i++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "allow-host", match_oif(spec->link_if),
		     match_saddr(&ends->vault.addr), match_daddr(&ends->host.addr),
		     match_dport(reach->host_ports[i].protocol, reach->host_ports[i].first,
				 reach->host_ports[i].last));
	for (size_t i = 0; i < reach->n_holes; i++)
		if (reach->holes[i].to.addr.family == addr_families[f])
			RULE(rs, c, SEAL_HOLES, VERDICT_ACCEPT, "a hole: allow-to",
			     match_oif(spec->link_if), match_saddr(&ends->vault.addr),
			     match_daddr_prefix(&reach->holes[i].to), hole_match(&reach->holes[i]));
}

static void add_output_link(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++) {
		if (!link_has(spec, f))
			continue;
		add_output_replies(spec, f, rs, c);
		add_output_new(spec, f, rs, c);
		if (f == ADDR_V6)
			add_output_neighbour(spec, rs, c);
	}
	if (spec->has_link)
		RULE(rs, c, "dropped_link", VERDICT_DROP, NULL, match_oif(spec->link_if));
}

static void add_output(const struct spec *spec, struct ruleset *rs)
{
	struct chain *c = ruleset_chain(rs, "output", CHAIN_OUTPUT, 0, VERDICT_DROP, NULL);

	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif("lo"));
	add_output_dns(spec, rs, c);
	if (spec->has_tunnel)
		add_output_tunnel(spec, rs, c);
	sealleg_output(spec, rs, c);
	add_output_link(spec, rs, c);
	RULE(rs, c, "dropped_elsewhere", VERDICT_NONE, "the tunnel is gone (L15)",
	     match_not(match_oif("lo")));
}

/* Echo requests, where a hole lets them pass. */
static void add_echo_sets(const struct spec *spec, struct ruleset *rs)
{
	static const uint16_t echo4[] = { ICMP_ECHO }, echo6[] = { ICMP6_ECHO_REQUEST };
	bool v4 = false, v6 = false;

	for (size_t i = 0; i < spec->reach.n_holes; i++) {
		v4 = v4 || spec->reach.holes[i].ports.protocol == IPPROTO_ICMP;
		v6 = v6 || spec->reach.holes[i].ports.protocol == IPPROTO_ICMPV6;
	}
	if (v4)
		sealset_numbers(rs, "echo4", SET_ICMP, echo4, 1);
	if (v6)
		sealset_numbers(rs, "echo6", SET_ICMPV6, echo6, 1);
}

static void build_inet(const struct spec *spec, struct ruleset *rs)
{
	static const char *const used[] = { "dropped_dns",    "dropped_multicast", "dropped_source",
					    "dropped_link",   "dropped_elsewhere", "dropped_input",
					    "dropped_forward" };
	struct chain *c;

	*rs = (struct ruleset){ .family = RULESET_INET, .table = SEAL_TABLE };
	for (size_t i = 0; i < ARRAY_SIZE(used); i++)
		ruleset_counter(rs, used[i]);
	if (spec->reach.n_holes)
		ruleset_counter(rs, SEAL_HOLES);
	sealset_name_ports(rs);
	sealset_resolvers(spec, rs);
	add_echo_sets(spec, rs);
	if (spec_has_leg(spec))
		ruleset_counter(rs, "dropped_segment");
	if (link_has(spec, ADDR_V6) || spec->leg.address.addr.family == AF_INET6) {
		sealset_neighbour(rs);
		sealset_routine(rs);
	}
	add_input(spec, rs);
	c = ruleset_chain(rs, "forward", CHAIN_FORWARD, 0, VERDICT_DROP, NULL);
	sealleg_forward(spec, rs, c);
	RULE(rs, c, "dropped_forward", VERDICT_NONE,
	     spec->leg.role == SPEC_GATEWAY ? "and for nobody else (L20)"
					    : "a vault routes for nobody (L20)",
	     match_not(match_oif("lo")));
	add_output(spec, rs);
	sealleg_nat(spec, rs);
}

/* Echo replies and "unreachable" may answer the host; redirects, time-stamps and the like have no
 * business there. */
static void add_icmp_sets(const struct spec *spec, struct ruleset *rs)
{
	static const uint16_t answers4[] = { ICMP_ECHOREPLY, ICMP_DEST_UNREACH };
	static const uint16_t answers6[] = { ICMP6_ECHO_REPLY, ICMP6_DST_UNREACH };

	if (link_has(spec, ADDR_V4))
		sealset_numbers(rs, "answers4", SET_ICMP, answers4, ARRAY_SIZE(answers4));
	if (link_has(spec, ADDR_V6)) {
		sealset_numbers(rs, "answers6", SET_ICMPV6, answers6, ARRAY_SIZE(answers6));
		sealset_neighbour(rs);
	}
}

/* A frame has no connection to be judged by: what opens a connection, or asks a name, is refused by
 * its shape. */
static void add_link_answers(const struct spec *spec, enum addr_family f, const struct prefix *to,
			     struct ruleset *rs, struct chain *c)
{
	const struct addr *vault = &spec->link[f].vault.addr;

	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_saddr(vault), match_daddr_prefix(to),
	     match_simple(MATCH_TCP_NO_OPENING));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_saddr(vault), match_daddr_prefix(to),
	     match_not(match_dport_set(IPPROTO_UDP, "name_ports")));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_saddr(vault), match_daddr_prefix(to),
	     match_icmp_set(addr_families[f], f == ADDR_V4 ? "answers4" : "answers6"));
}

/* What may be opened over the link; UDP to the host passed above. */
static void add_link_new(const struct spec *spec, enum addr_family f, struct ruleset *rs,
			 struct chain *c)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	const struct spec_link_ends *ends = &spec->link[f];
	const struct spec_reach *reach = &spec->reach;

	for (size_t i = 0; i < reach->n_host_ports; i++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "allow-host", match_saddr(&ends->vault.addr),
		     match_daddr(&ends->host.addr),
		     match_dport(reach->host_ports[i].protocol, reach->host_ports[i].first,
				 reach->host_ports[i].last));
	for (size_t p = 0; p < ARRAY_SIZE(protocols) && reach->n_holes; p++)
		RULE(rs, c, "dropped_frames", VERDICT_DROP, "no name is asked by a hole (L6)",
		     match_dport_set(protocols[p], "name_ports"));
	for (size_t i = 0; i < reach->n_holes; i++)
		if (reach->holes[i].to.addr.family == addr_families[f])
			RULE(rs, c, NULL, VERDICT_ACCEPT, "a hole: allow-to",
			     match_saddr(&ends->vault.addr),
			     match_daddr_prefix(&reach->holes[i].to), hole_match(&reach->holes[i]));
}

static void add_link_family(const struct spec *spec, enum addr_family f, struct ruleset *rs,
			    struct chain *c)
{
	const struct addr *host = &spec->link[f].host.addr;
	const struct prefix one = { .addr = *host, .len = addr_bits(host) };

	add_link_answers(spec, f, &one, rs, c);
	for (size_t i = 0; i < spec->reach.n_from; i++)
		if (spec->reach.from[i].addr.family == addr_families[f])
			add_link_answers(spec, f, &spec->reach.from[i], rs, c);
	add_link_new(spec, f, rs, c);
}

static void build_link(const struct spec *spec, struct ruleset *rs)
{
	struct chain *c;

	*rs = (struct ruleset){ .family = RULESET_NETDEV, .table = SEAL_LINK_TABLE };
	ruleset_counter(rs, "dropped_frames");
	sealset_name_ports(rs);
	add_icmp_sets(spec, rs);
	add_echo_sets(spec, rs);
	c = ruleset_chain(rs, "egress", CHAIN_EGRESS, 0, VERDICT_DROP, spec->link_if);
	if (link_has(spec, ADDR_V4)) {
		RULE(rs, c, NULL, VERDICT_ACCEPT, NULL,
		     match_arp_saddr(&spec->link[ADDR_V4].vault.addr),
		     match_arp_daddr(&spec->link[ADDR_V4].host.addr));
		RULE(rs, c, "dropped_frames", VERDICT_DROP, "later fragments show no ports",
		     match_simple(MATCH_FRAGMENT));
		add_link_family(spec, ADDR_V4, rs, c);
	}
	if (link_has(spec, ADDR_V6)) {
		add_neighbours(spec, rs, c);
		add_link_family(spec, ADDR_V6, rs, c);
	}
	RULE(rs, c, "dropped_frames", VERDICT_DROP, "what packet sockets send (L2)",
	     match_oif(spec->link_if));
}

static void build_tunnel(const struct spec *spec, struct ruleset *rs)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	struct chain *c;

	*rs = (struct ruleset){ .family = RULESET_NETDEV, .table = SEAL_TUNNEL_TABLE };
	ruleset_counter(rs, "dropped_frames");
	sealset_name_ports(rs);
	sealset_resolvers(spec, rs);
	c = ruleset_chain(rs, "egress", CHAIN_EGRESS, 0, VERDICT_DROP, spec->tunnel_if);
	for (size_t i = 0; i < spec->n_addresses; i++) {
		const struct addr *a = &spec->addresses[i].addr;

		for (size_t p = 0;
		     p < ARRAY_SIZE(protocols) && sealset_has_resolver(spec, a->family); p++)
			RULE(rs, c, NULL, VERDICT_ACCEPT, "the vault's resolvers", match_saddr(a),
			     match_daddr_set(a->family, sealset_resolver_name(a->family)),
			     match_dport_set(protocols[p], "dns_ports"));
	}
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		RULE(rs, c, "dropped_frames", VERDICT_DROP, "packet sockets ask nobody else (L7)",
		     match_dport_set(protocols[p], "name_ports"));
	for (size_t i = 0; i < spec->n_addresses; i++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "the tunnel's own address",
		     match_saddr(&spec->addresses[i].addr));
	RULE(rs, c, "dropped_frames", VERDICT_DROP, "what packet sockets send (L2)",
	     match_oif(spec->tunnel_if));
}

bool seal_wants(const struct spec *spec, enum seal_table table)
{
	switch (table) {
	case SEAL_LINK:
		return spec->has_link;
	case SEAL_TUNNEL:
		return spec->has_tunnel;
	case SEAL_LEG:
		return spec_has_leg(spec);
	case SEAL_INET:
	case SEAL_TABLES:
		break;
	}
	return true;
}

void seal_build(const struct spec *spec, enum seal_table table, struct ruleset *rs)
{
	static void (*const builders[SEAL_TABLES])(
		const struct spec *, struct ruleset *) = { [SEAL_INET] = build_inet,
							   [SEAL_LINK] = build_link,
							   [SEAL_TUNNEL] = build_tunnel,
							   [SEAL_LEG] = sealleg_build };

	builders[table](spec, rs);
}
