/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/seal/segment.c: the guard of all segments, on the host's bridges, as a ruleset: who may
 * send what on a segment, whatever the rules inside, and whoever else is plugged in.
 *
 * Vaults' ports are known by the prefix of their names; what each may do stands in sets, found by
 * the port's name. A leg sends from its own MAC and IP address, in ARP too; to its segment's
 * network and, where it has its way out by a gateway, beyond it by that gateway. A port of any
 * other tool reaches legs from an address of the segment that no leg has.
 *
 * Where a frame goes is never left to what the bridge knows: it passes on to every port what is for
 * a MAC address that it does not know, a gateway's that is down as well (L29), and each copy comes
 * by here with the port that it would leave by. A leg's MAC and IP address are at its port alone,
 * whether that is there or not: its MAC is known by its prefix, and its gateway's address by each
 * member. What a leg sends to a station behind a port of another tool leaves by that port.
 *
 * All of that is told from names of ports, as the bridge's own name can be asked for only where the
 * kernel has nft_meta_bridge. Which other ports are on a segment is learned: those that a leg's
 * frame leaves by, as every one that goes to all does, or comes to a leg from. So what passes
 * between ports of other bridges is left alone, and what passes between two of a segment's, but for
 * what is a leg's. Who has more stations behind him than a household is not let in with the rest:
 * the bridge learns of each (L30).
 *
 * In IPv6 whose MAC it is that an advertisement tells is said by its target, whoever sent it: it is
 * held as the sender's address in ARP is. One in fragments is dropped by the first of them, which
 * has its type and not its target: kernels do believe those (RFC 6980 says not to), where conntrack
 * puts them together. A first fragment with other headers and no type is for who gets it to refuse
 * (RFC 7112). The MAC itself, an option anywhere in it, is not looked at: the one who lies about
 * that sends away what was meant for it.
 *
 * The source is settled before the bridge learns from the frame: or it would send on to who lied.
 * The host neither hears nor speaks on a segment: its bridge has no address and no ARP, and the
 * guard of the host drops what would pass all the same (guard.c).
 */
#include "vault/seal/parts.h"

#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "vault/seal/set.h"

#define LEGS SPEC_LEG_PREFIX "*"
#define FILTER (-200)

enum grant {
	GRANT_LEG, /* port . address: what it sends from */
	GRANT_NETWORK, /* port . network of its segment */
	GRANT_ADDRESS, /* the address, which no port of another tool has */
	GRANT_VIA, /* a member's port . its gateway's address, which nobody else has for it */
	GRANTS
};

static const struct {
	const char *name;
	enum set_type type;
} grants[GRANTS][ADDR_FAMILIES] = {
	[GRANT_LEG] = { { "legs4", SET_LINK_IPV4 }, { "legs6", SET_LINK_IPV6 } },
	[GRANT_NETWORK] = { { "networks4", SET_NETWORK_IPV4 }, { "networks6", SET_NETWORK_IPV6 } },
	[GRANT_ADDRESS] = { { "addresses4", SET_IPV4 }, { "addresses6", SET_IPV6 } },
	[GRANT_VIA] = { { "vias4", SET_LINK_IPV4 }, { "vias6", SET_LINK_IPV6 } },
};

/* Those that know no family, in their order. */
static const struct {
	const char *name;
	enum set_type type;
} macs[] = { { "ports", SET_LINK_ETHER }, /* port . its MAC */
	     { "macs", SET_ETHER },
	     { "gateways", SET_LINK_ETHER }, /* a gateway's port . its MAC */
	     { "ways", SET_LINK_ETHER } }; /* a member's port . its gateway's MAC */

enum mac_set { PORTS, MACS, GATEWAYS, WAYS };

/* IPv6 alone, behind all others: for neighbour discovery. */
static const struct {
	const char *name;
	enum set_type type;
} neighbours[] = { { "locals6", SET_LINK_IPV6 }, /* port . link-local address */
		   { "targets6", SET_LINK_TARGET }, /* port . either address, as a target */
		   { "claims6", SET_TARGET }, /* those, which no port of another tool claims */
		   { "via_targets6", SET_LINK_TARGET } }; /* a member's port . its gateway's */

enum neighbour_set { LOCALS, TARGETS, CLAIMS, VIA_TARGETS };

/* Dynamic: ports of other tools on a segment; port . MAC of who is behind each; those of them that
 * somebody new came by. */
#define OTHERS "others"
#define STATIONS "stations"
#define NEWCOMERS "newcomers"

/* One port has so many stations behind it, and so many more a minute; all ports so many; and there
 * are so many ports. */
enum { STATIONS_BURST = 1000, STATIONS_RATE = 10, STATIONS_MAX = 65535, OTHERS_MAX = 4096 };

static const struct ether_bits leg_mac = { { SPEC_MAC_PREFIX }, { 0xff, 0xff } };
static const struct ether_bits one_mac = { { 0 }, { 0x01 } }; /* not to all, nor to a group */

static const struct concat in_port = { 1, { MATCH_IIFNAME } };
static const struct concat out_port = { 1, { MATCH_OIFNAME } };
static const struct concat from_port = { 2, { MATCH_IIFNAME, MATCH_ETHER_SADDR } };
static const struct concat to_mac = { 2, { MATCH_IIFNAME, MATCH_ETHER_DADDR } };
static const struct concat at_from = { 2, { MATCH_OIFNAME, MATCH_ETHER_SADDR } };
static const struct concat at_mac = { 2, { MATCH_OIFNAME, MATCH_ETHER_DADDR } };
static const struct concat ether = { 1, { MATCH_ETHER_SADDR } };
static const struct concat ether_to = { 1, { MATCH_ETHER_DADDR } };
static const struct concat port_arp_ether = { 2, { MATCH_IIFNAME, MATCH_ARP_ETHER } };
static const struct concat port_arp_ip = { 2, { MATCH_IIFNAME, MATCH_ARP_SADDR } };
static const struct concat port_arp_to = { 2, { MATCH_IIFNAME, MATCH_ARP_DADDR } };
static const struct concat arp_ether = { 1, { MATCH_ARP_ETHER } };
static const struct concat arp_ip = { 1, { MATCH_ARP_SADDR } };
static const struct concat arp_to = { 1, { MATCH_ARP_DADDR } };
static const struct concat arp_ip_at = { 2, { MATCH_OIFNAME, MATCH_ARP_SADDR } };
static const struct concat arp_to_at = { 2, { MATCH_OIFNAME, MATCH_ARP_DADDR } };
static const struct concat port_saddr = { 2, { MATCH_IIFNAME, MATCH_SADDR } };
static const struct concat port_daddr = { 2, { MATCH_IIFNAME, MATCH_DADDR } };
static const struct concat saddr_at = { 2, { MATCH_OIFNAME, MATCH_SADDR } };
static const struct concat daddr_at = { 2, { MATCH_OIFNAME, MATCH_DADDR } };

/*
 * Where a target is asked about, that comes before the type of ICMPv6. The other way round nft 1.1
 * knows it for `icmpv6 taddr`, which fits no set of `@th,64,128`, the one spelling that nft 1.0
 * has: the list that it prints could not be loaded again.
 */
static const struct concat port_target = { 2, { MATCH_IIFNAME, MATCH_ND_TARGET } };
static const struct concat target_at = { 2, { MATCH_OIFNAME, MATCH_ND_TARGET } };
static const struct concat target = { 1, { MATCH_ND_TARGET } };

static struct match in_macs(enum mac_set which, const struct concat *key)
{
	return match_concat_set(0, macs[which].name, key);
}

static struct match in_grant(enum grant grant, enum addr_family f, const struct concat *key)
{
	return match_concat_set(addr_families[f], grants[grant][f].name, key);
}

static struct match in_neighbours(enum neighbour_set which, const struct concat *key)
{
	return match_concat_set(AF_INET6, neighbours[which].name, key);
}

static struct match from_other(void)
{
	return match_concat_set(0, OTHERS, &in_port);
}

static void add_tags(struct ruleset *rs, struct chain *c, struct match port)
{
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "no VLAN on a segment", port,
	     match_ether_type(ETH_P_8021Q));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, NULL, port, match_ether_type(ETH_P_8021AD));
}

/* Who has a leg's MAC: told before the bridge learns. */
static void add_macs(struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "nobody else has a leg's MAC (L30)",
	     match_not(match_iif(LEGS)), in_macs(MACS, &ether));
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "nor one of a leg that is not there (L29)",
	     from_other(), match_ether_saddr(&leg_mac));
}

/* What a port of another tool, known to be on a segment, says of itself to whomever. */
static void add_others(struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "too many stations by one port (L30)",
	     from_other(), match_not(match_concat_set(0, STATIONS, &from_port)),
	     match_update(NEWCOMERS, &in_port, STATIONS_RATE, STATIONS_BURST));
	RULE(rs, c, NULL, VERDICT_NONE, "who is behind it", from_other(),
	     match_update(STATIONS, &from_port, 0, 0));
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "a leg's address (L29)", from_other(),
	     match_concat_set(AF_INET, grants[GRANT_ADDRESS][ADDR_V4].name, &arp_ip));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, "dropped_forged", VERDICT_DROP, "a leg's address (L29)", from_other(),
		     match_saddr_set(addr_families[f], grants[GRANT_ADDRESS][f].name));
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "a leg's address (L29)", from_other(),
	     in_neighbours(CLAIMS, &target), match_icmp_set(AF_INET6, "adverts"));
}

/* Neighbour discovery by a leg. */
static void add_neighbours(struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "a neighbour has its own address",
	     match_iif(LEGS), match_icmp_set(AF_INET6, "neighbour"),
	     match_not(in_grant(GRANT_LEG, ADDR_V6, &port_saddr)),
	     match_not(in_neighbours(LOCALS, &port_saddr)));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(LEGS),
	     in_neighbours(TARGETS, &port_target), match_icmp_set(AF_INET6, "adverts"));
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "and says so of no other", match_iif(LEGS),
	     match_icmp_set(AF_INET6, "adverts"));
	RULE(rs, c, NULL, VERDICT_ACCEPT, "it looks for others", match_iif(LEGS),
	     match_icmp_set(AF_INET6, "neighbour"));
}

/* Where frames come in. */
static void add_sources(struct ruleset *rs)
{
	struct chain *c =
		ruleset_chain(rs, "prerouting", CHAIN_PREROUTING, FILTER, VERDICT_ACCEPT, NULL);

	RULE(rs, c, "dropped_forged", VERDICT_DROP, "a leg has one MAC", match_iif(LEGS),
	     match_not(in_macs(PORTS, &from_port)));
	add_macs(rs, c);
	add_tags(rs, c, from_other()); /* a tag of VLAN 0 hides an address, and is no VLAN */
	add_others(rs, c);
	add_tags(rs, c, match_iif(LEGS));
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "nor says so by ARP", match_iif(LEGS),
	     match_not(in_macs(PORTS, &port_arp_ether)));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(LEGS),
	     in_grant(GRANT_LEG, ADDR_V4, &port_arp_ip));
	add_neighbours(rs, c);
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++) {
		RULE(rs, c, NULL, VERDICT_ACCEPT, "its own address", match_iif(LEGS),
		     in_grant(GRANT_LEG, f, &port_saddr));
		RULE(rs, c, NULL, VERDICT_ACCEPT, "answers from beyond, by the gateway",
		     in_macs(GATEWAYS, &from_port),
		     match_not(in_grant(GRANT_NETWORK, f, &port_saddr)));
	}
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "anything else is forged", match_iif(LEGS));
}

/* Which ports of other tools are on a segment, and who is behind them. */
static void add_learning(struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, NULL, VERDICT_NONE, "a port of another tool on a segment", match_iif(LEGS),
	     match_not(match_oif(LEGS)), match_update(OTHERS, &out_port, 0, 0));
	RULE(rs, c, NULL, VERDICT_NONE, NULL, match_oif(LEGS), match_not(match_iif(LEGS)),
	     match_update(OTHERS, &in_port, 0, 0));
	RULE(rs, c, NULL, VERDICT_NONE, NULL, match_oif(LEGS), match_not(match_iif(LEGS)),
	     match_update(STATIONS, &from_port, 0, 0));
}

/* What the bridge would pass on to all, as it does not know where it goes. */
static void add_floods(struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "what is for a leg's MAC, to it alone (L29)",
	     in_macs(MACS, &ether_to), match_not(in_macs(PORTS, &at_mac)));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "also while it is not there (L29)",
	     match_iif(LEGS), match_ether_daddr(&leg_mac), match_not(in_macs(PORTS, &at_mac)));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, NULL, from_other(),
	     match_ether_daddr(&leg_mac), match_not(in_macs(PORTS, &at_mac)));
	RULE(rs, c, NULL, VERDICT_DROP, "a leg hears nothing else", match_oif(LEGS),
	     match_ether_daddr(&one_mac), match_not(in_macs(PORTS, &at_mac)));
	RULE(rs, c, NULL, VERDICT_DROP, "nor a port what is for who is not behind it",
	     match_iif(LEGS), match_not(match_oif(LEGS)), match_ether_daddr(&one_mac),
	     match_not(match_concat_set(0, STATIONS, &at_mac)));
}

/* What comes by PORT for an address that a leg has, or looks for it. */
static void add_own(struct ruleset *rs, struct chain *c, struct match port)
{
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "who looks for a leg asks it alone (L29)",
	     port, match_concat_set(AF_INET, grants[GRANT_ADDRESS][ADDR_V4].name, &arp_to),
	     match_not(in_grant(GRANT_LEG, ADDR_V4, &arp_to_at)));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, NULL, port, in_neighbours(CLAIMS, &target),
	     match_not(in_neighbours(TARGETS, &target_at)), match_icmp_set(AF_INET6, "solicits"));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, "dropped_segment", VERDICT_DROP, "what is for it, to it alone (L29)",
		     port, match_daddr_set(addr_families[f], grants[GRANT_ADDRESS][f].name),
		     match_not(in_grant(GRANT_LEG, f, &daddr_at)));
}

/* The same of a member's gateway, also while that is not there. */
static void add_via(struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "and its gateway, there or not (L29)",
	     in_grant(GRANT_VIA, ADDR_V4, &port_arp_to),
	     match_not(in_grant(GRANT_LEG, ADDR_V4, &arp_to_at)));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, NULL, in_neighbours(VIA_TARGETS, &port_target),
	     match_not(in_neighbours(TARGETS, &target_at)), match_icmp_set(AF_INET6, "solicits"));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, "dropped_segment", VERDICT_DROP, NULL,
		     in_grant(GRANT_VIA, f, &port_daddr),
		     match_not(in_grant(GRANT_LEG, f, &daddr_at)));
}

/* What nobody offers on a segment: addresses and routes. */
static void add_offers(struct ruleset *rs, struct chain *c, struct match port)
{
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "nobody gives addresses here (L9, L17)", port,
	     match_dport_set(IPPROTO_UDP, "dhcp_clients"));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "nor routes (L9)", port,
	     match_icmp_set(AF_INET6, "routers"));
}

/* An error ends the flow that it names, whoever says so: it comes from the own gateway alone (L35).
 */
static void add_errors(struct ruleset *rs, struct chain *c)
{
	static const char *const errors[ADDR_FAMILIES] = { "errors4", "errors6" };

	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++) {
		RULE(rs, c, "dropped_segment", VERDICT_DROP, "no neighbour ends a flow (L35)",
		     match_oif(LEGS), match_icmp_set(addr_families[f], errors[f]),
		     match_not(in_macs(WAYS, &at_from)));
		RULE(rs, c, "dropped_segment", VERDICT_DROP, NULL, match_iif(LEGS),
		     match_not(match_oif(LEGS)), match_icmp_set(addr_families[f], errors[f]),
		     match_not(in_macs(GATEWAYS, &from_port)));
	}
}

/* Where a leg's frames go; the source is its own already. */
static void add_from_legs(struct ruleset *rs, struct chain *c)
{
	add_offers(rs, c, match_iif(LEGS));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "looking for neighbours goes to nobody beyond",
	     match_iif(LEGS), match_icmp_set(AF_INET6, "neighbour"),
	     match_not(match_daddr_text("fe80::/10")), match_not(match_daddr_text("ff02::/16")),
	     match_not(in_grant(GRANT_NETWORK, ADDR_V6, &port_daddr)));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(LEGS), match_ether_type(ETH_P_ARP));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(LEGS),
	     match_icmp_set(AF_INET6, "neighbour"));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++) {
		RULE(rs, c, "dropped_forged", VERDICT_DROP, "from beyond by no other gateway (L29)",
		     match_iif(LEGS), match_oif(LEGS),
		     match_not(in_grant(GRANT_LEG, f, &port_saddr)),
		     match_not(in_macs(WAYS, &at_from)));
		RULE(rs, c, NULL, VERDICT_ACCEPT, "the segment: another leg",
		     in_grant(GRANT_NETWORK, f, &port_daddr), in_grant(GRANT_LEG, f, &daddr_at));
		RULE(rs, c, NULL, VERDICT_ACCEPT, "what another tool plugged in",
		     match_not(match_oif(LEGS)), in_grant(GRANT_NETWORK, f, &port_daddr));
		RULE(rs, c, NULL, VERDICT_ACCEPT, "all of them",
		     match_not(match_ether_daddr(&one_mac)),
		     in_grant(GRANT_NETWORK, f, &port_daddr));
	}
	RULE(rs, c, NULL, VERDICT_ACCEPT, "all else by its own gateway alone (L29)",
	     in_macs(WAYS, &to_mac), in_macs(GATEWAYS, &at_mac));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "no way out (PC-1)", match_iif(LEGS));
}

/* What a port of another tool says of itself to a leg; the source is of the segment, and no leg's. */
static void add_claims(struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "its gateway's address (L29)",
	     in_neighbours(VIA_TARGETS, &target_at), match_icmp_set(AF_INET6, "adverts"));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(LEGS),
	     match_not(in_neighbours(CLAIMS, &target)), match_icmp_set(AF_INET6, "adverts"));
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "a leg's address", match_oif(LEGS),
	     match_icmp_set(AF_INET6, "adverts"));
}

/* What a port of another tool sends to a leg. */
static void add_from_others(struct ruleset *rs, struct chain *c)
{
	static const uint16_t types[] = { ETH_P_IP, ETH_P_IPV6 };

	add_tags(rs, c, match_oif(LEGS));
	add_offers(rs, c, match_oif(LEGS));
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "a leg's address", match_oif(LEGS),
	     match_concat_set(AF_INET, "addresses4", &arp_ip));
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "its gateway's address (L29)",
	     in_grant(GRANT_VIA, ADDR_V4, &arp_ip_at));
	RULE(rs, c, "dropped_forged", VERDICT_DROP, "a leg's MAC", match_oif(LEGS),
	     in_macs(MACS, &arp_ether));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(LEGS),
	     in_grant(GRANT_NETWORK, ADDR_V4, &arp_ip_at));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++) {
		RULE(rs, c, "dropped_forged", VERDICT_DROP, "a leg's address", match_oif(LEGS),
		     match_saddr_set(addr_families[f], grants[GRANT_ADDRESS][f].name));
		RULE(rs, c, "dropped_forged", VERDICT_DROP, "its gateway's address (L29)",
		     in_grant(GRANT_VIA, f, &saddr_at));
		RULE(rs, c, "dropped_forged", VERDICT_DROP, "none of the segment", match_oif(LEGS),
		     match_not(in_grant(GRANT_NETWORK, f, &saddr_at)));
		if (f == ADDR_V6)
			add_claims(rs, c);
		RULE(rs, c, NULL, VERDICT_ACCEPT, "to a leg", in_grant(GRANT_LEG, f, &daddr_at));
		RULE(rs, c, NULL, VERDICT_ACCEPT, "to all", match_oif(LEGS),
		     match_not(match_ether_daddr(&one_mac)), in_grant(GRANT_NETWORK, f, &daddr_at));
	}
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(LEGS),
	     match_icmp_set(AF_INET6, "neighbour"));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "out by a gateway", match_ether_type(types[i]),
		     in_macs(GATEWAYS, &at_mac));
	RULE(rs, c, "dropped_segment", VERDICT_DROP, NULL, match_oif(LEGS));
}

void sealsegment_rules(struct ruleset *rs)
{
	static const uint16_t clients[] = { 68, 546 };
	static const uint16_t routers[] = { ND_ROUTER_ADVERT, ND_REDIRECT };
	static const uint16_t adverts[] = { ND_NEIGHBOR_ADVERT };
	static const uint16_t solicits[] = { ND_NEIGHBOR_SOLICIT };
	static const uint16_t errors4[] = { ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH, ICMP_REDIRECT,
					    ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB };
	static const uint16_t errors6[] = { ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG,
					    ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB };
	struct chain *c;

	ruleset_counter(rs, "dropped_forged");
	ruleset_counter(rs, "dropped_segment");
	sealset_numbers(rs, "dhcp_clients", SET_PORT, clients, ARRAY_SIZE(clients));
	sealset_numbers(rs, "routers", SET_ICMPV6, routers, ARRAY_SIZE(routers));
	sealset_neighbour(rs);
	sealset_numbers(rs, "adverts", SET_ICMPV6, adverts, ARRAY_SIZE(adverts));
	sealset_numbers(rs, "solicits", SET_ICMPV6, solicits, ARRAY_SIZE(solicits));
	sealset_numbers(rs, "errors4", SET_ICMP, errors4, ARRAY_SIZE(errors4));
	sealset_numbers(rs, "errors6", SET_ICMPV6, errors6, ARRAY_SIZE(errors6));
	ruleset_dynamic_set(rs, OTHERS, SET_LINK, OTHERS_MAX);
	ruleset_dynamic_set(rs, STATIONS, SET_LINK_ETHER, STATIONS_MAX);
	ruleset_dynamic_set(rs, NEWCOMERS, SET_LINK, OTHERS_MAX);
	add_sources(rs);
	c = ruleset_chain(rs, "forward", CHAIN_FORWARD, FILTER, VERDICT_ACCEPT, NULL);
	add_learning(rs, c);
	add_floods(rs, c);
	add_own(rs, c, match_iif(LEGS));
	add_own(rs, c, from_other());
	add_own(rs, c, match_oif(LEGS));
	add_via(rs, c);
	add_errors(rs, c);
	add_from_legs(rs, c);
	add_from_others(rs, c);
	c = ruleset_chain(rs, "input", CHAIN_INPUT, FILTER, VERDICT_ACCEPT, NULL);
	add_macs(rs, c); /* a link-local frame comes by here alone, and then the bridge learns */
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "the host hears nothing", match_iif(LEGS));
	c = ruleset_chain(rs, "output", CHAIN_OUTPUT, FILTER, VERDICT_ACCEPT, NULL);
	RULE(rs, c, "dropped_segment", VERDICT_DROP, "and says nothing", match_oif(LEGS));
}

static void grant_macs(const struct spec *spec, struct ruleset *rs, struct set *sets)
{
	uint8_t mac[SPEC_MAC_LEN];
	struct set_element *e;

	spec_leg_mac(&spec->leg.address.addr, mac);
	e = set_add(rs, &sets[MACS]);
	element_put_ether(e, mac);
	element_put_comment(e, spec->leg_host_if);
	e = set_add(rs, &sets[PORTS]);
	element_put_link(e, spec->leg_host_if);
	element_put_ether(e, mac);
	if (spec->leg.role == SPEC_MEMBER)
		return;
	if (spec->leg.role == SPEC_VIA)
		spec_leg_mac(&spec->leg.via, mac);
	e = set_add(rs, &sets[spec->leg.role == SPEC_VIA ? WAYS : GATEWAYS]);
	element_put_link(e, spec->leg_host_if);
	element_put_ether(e, mac);
}

static void grant_addresses(const struct spec *spec, struct ruleset *rs, struct set *sets)
{
	const struct prefix *address = &spec->leg.address;
	struct set_element *e;

	e = set_add(rs, &sets[GRANT_LEG]);
	element_put_link(e, spec->leg_host_if);
	element_put_address(e, &address->addr);
	e = set_add(rs, &sets[GRANT_NETWORK]);
	element_put_link(e, spec->leg_host_if);
	element_put_prefix(e, address);
	e = set_add(rs, &sets[GRANT_ADDRESS]);
	element_put_address(e, &address->addr);
	element_put_comment(e, spec->leg_host_if);
	if (spec->leg.role != SPEC_VIA)
		return;
	e = set_add(rs, &sets[GRANT_VIA]);
	element_put_link(e, spec->leg_host_if);
	element_put_address(e, &spec->leg.via);
}

static void grant_via_target(const struct spec *spec, const struct addr *address,
			     struct ruleset *rs, struct set *sets)
{
	struct set_element *e = set_add(rs, &sets[VIA_TARGETS]);

	element_put_link(e, spec->leg_host_if);
	element_put_address(e, address);
}

static void grant_target(const struct spec *spec, const struct addr *address, struct ruleset *rs,
			 struct set *sets)
{
	struct set_element *e = set_add(rs, &sets[TARGETS]);

	element_put_link(e, spec->leg_host_if);
	element_put_address(e, address);
	e = set_add(rs, &sets[CLAIMS]);
	element_put_address(e, address);
	element_put_comment(e, spec->leg_host_if);
}

/* Neighbours are looked for from the link-local address, too; nothing else is said from it. */
static void grant_neighbours(const struct spec *spec, struct ruleset *rs, struct set *sets)
{
	const struct prefix local = spec_leg_local(&spec->leg.address.addr);
	const struct prefix gateway = spec_leg_local(&spec->leg.via);
	struct set_element *e = set_add(rs, &sets[LOCALS]);

	element_put_link(e, spec->leg_host_if);
	element_put_address(e, &local.addr);
	grant_target(spec, &spec->leg.address.addr, rs, sets);
	grant_target(spec, &local.addr, rs, sets);
	if (spec->leg.role != SPEC_VIA)
		return;
	grant_via_target(spec, &spec->leg.via, rs, sets);
	grant_via_target(spec, &gateway.addr, rs, sets);
}

void sealsegment_grants(const struct spec *spec, struct ruleset *rs)
{
	const size_t first = rs->n_sets, behind = first + ARRAY_SIZE(macs);

	for (size_t i = 0; i < ARRAY_SIZE(macs); i++)
		(void)ruleset_set(rs, macs[i].name, macs[i].type);
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		for (enum grant g = 0; g < GRANTS; g++)
			(void)ruleset_set(rs, grants[g][f].name, grants[g][f].type);
	for (size_t i = 0; i < ARRAY_SIZE(neighbours); i++)
		(void)ruleset_set(rs, neighbours[i].name, neighbours[i].type);
	if (rs->err || !spec || !spec_has_leg(spec))
		return;
	grant_macs(spec, rs, &rs->sets[first]);
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		if (spec->leg.address.addr.family == addr_families[f])
			grant_addresses(spec, rs, &rs->sets[behind + (size_t)f * GRANTS]);
	if (spec->leg.address.addr.family == AF_INET6)
		grant_neighbours(spec, rs, &rs->sets[behind + (size_t)ADDR_FAMILIES * GRANTS]);
}
