/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/seal/leg.c: the part of the kill switch that is about a vault's leg on a segment.
 *
 * By its leg a vault talks to the other members of the segment, from its own address alone. Beyond
 * the segment it sends only as a member by a gateway, and a gateway lets by only what goes from the
 * segment into its tunnel, and the answers to that. Whether a frame goes to the gateway and to
 * nobody else is known on the host: segment.c.
 */
#include "vault/seal/parts.h"

#include <netinet/in.h>

#include "vault/seal/seal.h"
#include "vault/seal/set.h"

static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };

/* The segment's network. */
static struct prefix network(const struct spec *spec)
{
	struct prefix net = spec->leg.address;

	(void)prefix_mask(&net);
	return net;
}

static bool has_resolver(const struct spec *spec)
{
	return sealset_has_resolver(spec, spec->leg.address.addr.family);
}

static bool is_v6(const struct spec *spec)
{
	return spec->leg.address.addr.family == AF_INET6;
}

void sealleg_input(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	const struct prefix net = network(spec);

	if (!spec_has_leg(spec))
		return;
	if (is_v6(spec))
		RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(spec->leg_if),
		     match_icmp_set(AF_INET6, "neighbour"));
	RULE(rs, c, "dropped_input", VERDICT_DROP, "no other address answers here (L10, L11)",
	     match_iif(spec->leg_if), match_not(match_daddr(&spec->leg.address.addr)));
	if (spec->leg.role == SPEC_VIA)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to what was asked by the gateway",
		     match_iif(spec->leg_if), match_ct(RULESET_ESTABLISHED | RULESET_RELATED));
	RULE(rs, c, NULL, VERDICT_ACCEPT, "members of the segment", match_iif(spec->leg_if),
	     match_saddr_prefix(&net));
}

void sealleg_names(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	const struct addr *own = &spec->leg.address.addr;

	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		if (spec->leg.role == SPEC_VIA && has_resolver(spec))
			RULE(rs, c, NULL, VERDICT_ACCEPT, "the vault's resolvers, by the gateway",
			     match_oif(spec->leg_if), match_saddr(own),
			     match_daddr_set(own->family, sealset_resolver_name(own->family)),
			     match_dport_set(protocols[p], "dns_ports"));
}

/* Neighbours are looked for, and answered, from the leg's addresses. */
static void add_neighbours(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	const struct prefix local = spec_leg_local(&spec->leg.address.addr);
	const struct addr *const from[] = { &spec->leg.address.addr, &local.addr };

	for (size_t i = 0; is_v6(spec) && i < ARRAY_SIZE(from); i++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(spec->leg_if),
		     match_saddr(from[i]), match_icmp_set(AF_INET6, "neighbour"));
}

void sealleg_output(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	static const char *const many[] = { "224.0.0.0/4", "255.255.255.255", "ff00::/8" };
	const struct addr *own = &spec->leg.address.addr;
	const struct prefix net = network(spec);

	if (!spec_has_leg(spec))
		return;
	add_neighbours(spec, rs, c);
	if (is_v6(spec))
		RULE(rs, c, NULL, VERDICT_DROP, "said by every IPv6 stack: not counted",
		     match_oif(spec->leg_if), match_icmp_set(AF_INET6, "routine"));
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		RULE(rs, c, "dropped_multicast", VERDICT_DROP, NULL, match_oif(spec->leg_if),
		     match_daddr_text(many[i]));
	RULE(rs, c, NULL, VERDICT_ACCEPT, "members of the segment, from its own address",
	     match_oif(spec->leg_if), match_saddr(own), match_daddr_prefix(&net));
	if (spec->leg.role == SPEC_VIA)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "all else by the gateway, from its own address",
		     match_oif(spec->leg_if), match_saddr(own));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, NULL, match_oif(spec->leg_if));
}

/* Segments of TCP as large as the smaller of the two ways takes. */
static void add_clamp(struct ruleset *rs, struct chain *c, const char *from, const char *to)
{
	RULE(rs, c, NULL, VERDICT_NONE, "what both ways bear (L22)", match_iif(from), match_oif(to),
	     match_simple(MATCH_TCP_SYN), match_simple(MATCH_CLAMP_MSS));
}

void sealleg_forward(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	const char *leg = spec->leg_if, *tunnel = spec->tunnel_if;
	const uint8_t family = spec->leg.address.addr.family;
	const struct prefix net = network(spec);

	if (spec->leg.role != SPEC_GATEWAY)
		return;
	add_clamp(rs, c, leg, tunnel);
	add_clamp(rs, c, tunnel, leg);
	for (size_t p = 0; p < ARRAY_SIZE(protocols) && has_resolver(spec); p++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "members ask the tunnel's resolvers",
		     match_iif(leg), match_oif(tunnel), match_saddr_prefix(&net),
		     match_daddr_set(family, sealset_resolver_name(family)),
		     match_dport_set(protocols[p], "dns_ports"));
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		RULE(rs, c, "dropped_dns", VERDICT_DROP, "and nobody else (L7)", match_iif(leg),
		     match_dport_set(protocols[p], "name_ports"));
	RULE(rs, c, "dropped_multicast", VERDICT_DROP, NULL, match_iif(leg),
	     match_daddr_text(family == AF_INET6 ? "ff00::/8" : "224.0.0.0/4"));
	RULE(rs, c, NULL, VERDICT_ACCEPT, "the segment, into the tunnel", match_iif(leg),
	     match_oif(tunnel), match_saddr_prefix(&net));
	RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to that, and only those (L1, L20)",
	     match_iif(tunnel), match_oif(leg), match_ct(RULESET_ESTABLISHED | RULESET_RELATED),
	     match_simple(MATCH_CT_REPLY), match_daddr_prefix(&net));
}

void sealleg_nat(const struct spec *spec, struct ruleset *rs)
{
	struct chain *c;

	if (spec->leg.role != SPEC_GATEWAY)
		return;
	c = ruleset_chain(rs, "postrouting", CHAIN_NAT_POSTROUTING, 100, VERDICT_ACCEPT, NULL);
	RULE(rs, c, NULL, VERDICT_MASQUERADE_RANDOM,
	     "no member can have another's port, or the gateway's own (L19)",
	     match_iif(spec->leg_if), match_oif(spec->tunnel_if));
}

/* Frames with the addresses of packets that the chains above would let by. */
static void add_frames(const struct spec *spec, struct ruleset *rs, struct chain *c)
{
	const struct addr *own = &spec->leg.address.addr;
	const struct prefix net = network(spec);

	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		RULE(rs, c, "dropped_frames", VERDICT_DROP, "packet sockets ask nobody else (L7)",
		     match_dport_set(protocols[p], "name_ports"));
	RULE(rs, c, "dropped_frames", VERDICT_DROP, NULL,
	     match_daddr_text(own->family == AF_INET6 ? "ff00::/8" : "224.0.0.0/4"));
	RULE(rs, c, NULL, VERDICT_ACCEPT, "members of the segment", match_saddr(own),
	     match_daddr_prefix(&net));
	if (spec->leg.role == SPEC_GATEWAY)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "answers from beyond the segment",
		     match_not(match_saddr_prefix(&net)), match_daddr_prefix(&net));
	if (spec->leg.role == SPEC_VIA)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "all else by the gateway", match_saddr(own));
}

void sealleg_build(const struct spec *spec, struct ruleset *rs)
{
	const struct addr *own = &spec->leg.address.addr;
	struct chain *c;

	*rs = (struct ruleset){ .family = RULESET_NETDEV, .table = SEAL_LEG_TABLE };
	ruleset_counter(rs, "dropped_frames");
	sealset_name_ports(rs);
	sealset_resolvers(spec, rs);
	if (is_v6(spec))
		sealset_neighbour(rs);
	c = ruleset_chain(rs, "egress", CHAIN_EGRESS, 0, VERDICT_DROP, spec->leg_if);
	add_neighbours(spec, rs, c);
	if (!is_v6(spec))
		RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_arp_saddr(own));
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		if (spec->leg.role == SPEC_VIA && has_resolver(spec))
			RULE(rs, c, NULL, VERDICT_ACCEPT, "the vault's resolvers", match_saddr(own),
			     match_daddr_set(own->family, sealset_resolver_name(own->family)),
			     match_dport_set(protocols[p], "dns_ports"));
	add_frames(spec, rs, c);
	RULE(rs, c, "dropped_frames", VERDICT_DROP, "what packet sockets send (L2)",
	     match_oif(spec->leg_if));
}
