/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/seal/guard.c: the guard on the host as a ruleset: what comes out of a vault's link and what
 * goes into it, whatever the rules inside.
 *
 * Its rules are the same for any number of vaults and know links by the prefix of their names; what
 * a vault is allowed stands in sets, found by the link's name and the vault's address. The sets
 * hold permissions only: with an element gone, or all, less is open.
 *
 * What goes by a vault's address is bound to its link both ways: what comes out of the link has that
 * vault's own source (L35), and what is for the vault leaves by the link alone (L34), whatever the
 * host's routes and its rp_filter say. The hosts' other packets are asked by their address only.
 *
 * A source address is no proof of origin: `fib saddr . iif oif` holds a packet to the interface
 * that its answer would leave by. Where the host answers for a vault (publish), the source is its
 * own: the link's end.
 */
#include <netinet/in.h>

#include "vault/seal/seal.h"
#include "vault/seal/parts.h"
#include "vault/seal/set.h"

#define LINKS SPEC_LINK_PREFIX "*"
#define LEGS SPEC_LEG_PREFIX "*"
#define BRIDGES SPEC_BRIDGE_PREFIX "*"

/* What the vaults are allowed: one set of each a family. */
enum grant {
	GRANT_ADDRESS, /* the vault's address, behind its link */
	GRANT_OWNED, /* the same without the link, which nothing else has */
	GRANT_SERVICE, /* ports of the host (allow-host) */
	GRANT_PEER, /* who may enter (accessible-from) */
	GRANT_HOLE, /* where to it may go (allow-to) */
	GRANT_ENDPOINT, /* where its tunnel's own packets go (L18) */
	GRANT_SELF, /* published ports, for the host itself */
	GRANT_PUBLISH, /* published ports, for who may enter */
	GRANTS
};

static const struct {
	const char *name;
	enum set_type type;
} grants[GRANTS][ADDR_FAMILIES] = {
	[GRANT_ADDRESS] = { { "vaults4", SET_LINK_IPV4 }, { "vaults6", SET_LINK_IPV6 } },
	[GRANT_OWNED] = { { "addresses4", SET_IPV4 }, { "addresses6", SET_IPV6 } },
	[GRANT_SERVICE] = { { "services4", SET_SERVICE_IPV4 }, { "services6", SET_SERVICE_IPV6 } },
	[GRANT_PEER] = { { "entrants4", SET_PEER_IPV4 }, { "entrants6", SET_PEER_IPV6 } },
	[GRANT_HOLE] = { { "holes4", SET_HOLE_IPV4 }, { "holes6", SET_HOLE_IPV6 } },
	[GRANT_ENDPOINT] = { { "endpoints4", SET_ENDPOINT_IPV4 },
			     { "endpoints6", SET_ENDPOINT_IPV6 } },
	[GRANT_SELF] = { { "self4", MAP_SELF_IPV4 }, { "self6", MAP_SELF_IPV6 } },
	[GRANT_PUBLISH] = { { "published4", MAP_PUBLISH_IPV4 },
			    { "published6", MAP_PUBLISH_IPV6 } },
};

static const struct concat to_vault = { 2, { MATCH_OIFNAME, MATCH_DADDR } };
static const struct concat from_vault = { 2, { MATCH_IIFNAME, MATCH_SADDR } };
static const struct concat to_service = {
	4, { MATCH_IIFNAME, MATCH_DADDR, MATCH_PROTOCOL, MATCH_DPORT }
};
static const struct concat entering = { 3, { MATCH_OIFNAME, MATCH_DADDR, MATCH_SADDR } };
static const struct concat answering = { 3, { MATCH_IIFNAME, MATCH_SADDR, MATCH_DADDR } };
static const struct concat by_hole = {
	5, { MATCH_IIFNAME, MATCH_SADDR, MATCH_DADDR, MATCH_PROTOCOL, MATCH_DPORT }
};
static const struct concat to_endpoint = { 3, { MATCH_MARK, MATCH_DADDR, MATCH_DPORT } };
static const struct concat to_self = { 3, { MATCH_PROTOCOL, MATCH_DPORT, MATCH_DADDR } };
static const struct concat to_published = {
	4, { MATCH_PROTOCOL, MATCH_DPORT, MATCH_DADDR, MATCH_SADDR }
};

static struct match in_grant(enum grant grant, enum addr_family f, const struct concat *key)
{
	return match_concat_set(addr_families[f], grants[grant][f].name, key);
}

/*
 * Before conntrack looks. Nothing but answers comes to 127/8 from a link, and those are for the
 * link's own end here. An answer in somebody else's name would be let by as established: it is told
 * by its source, here alone. Neighbours are looked for from the one link-local address inside.
 */
static void add_sources(struct ruleset *rs)
{
	struct chain *c =
		ruleset_chain(rs, "prerouting", CHAIN_PREROUTING, -300, VERDICT_ACCEPT, NULL);

	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP, "published on localhost: no way back in",
	     match_iif(LINKS), match_daddr_text("127.0.0.0/8"));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(LINKS),
	     match_saddr(&spec_link_local.addr), match_icmp_set(AF_INET6, "neighbour"));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++) {
		RULE(rs, c, "dropped_forged", VERDICT_DROP, "a vault speaks for itself alone (L35)",
		     match_iif(LINKS), match_not(in_grant(GRANT_ADDRESS, f, &from_vault)));
		RULE(rs, c, "dropped_forged", VERDICT_DROP, "and nobody else for it",
		     match_not(match_iif(LINKS)),
		     match_saddr_set(addr_families[f], grants[GRANT_OWNED][f].name));
	}
}

/* When all is settled: addresses rewritten, and the interface that it really leaves by. */
static void add_diverted(struct ruleset *rs)
{
	struct chain *c =
		ruleset_chain(rs, "diverted", CHAIN_POSTROUTING, -10, VERDICT_ACCEPT, NULL);

	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, "dropped_diverted", VERDICT_DROP,
		     "for a vault, by another way than its link (L34)", match_not(match_oif(LINKS)),
		     match_daddr_set(addr_families[f], grants[GRANT_OWNED][f].name));
}

/*
 * From a link: answers to the host, what allow-host allows, neighbour discovery. A service of the
 * host is asked from the vault's own address: else its answer would go to whom a forged one names,
 * by any interface (IPv6 has no rp_filter, and the whole host's may loosen the link's).
 */
static void add_input(struct ruleset *rs)
{
	struct chain *c = ruleset_chain(rs, "input", CHAIN_INPUT, -10, VERDICT_ACCEPT, NULL);

	RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to the host", match_iif(LINKS),
	     match_ct(RULESET_ESTABLISHED), match_simple(MATCH_CT_REPLY));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "allow-host", match_iif(LINKS),
		     in_grant(GRANT_ADDRESS, f, &from_vault),
		     in_grant(GRANT_SERVICE, f, &to_service));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_iif(LINKS),
	     match_icmp_set(AF_INET6, "neighbour"));
	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP,
	     "also when the rules inside are gone (BX-1)", match_iif(LINKS));
	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP, "the host is on no segment (DN-1)",
	     match_iif(BRIDGES));
	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP, "also one that lost its bridge",
	     match_iif(LEGS));
}

/* What a bridge passes on shows here too, under its name twice, where br_netfilter has it so. */
static void add_forward_segments(struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP, "the host forwards no segment (L20)",
	     match_iif(BRIDGES), match_not(match_oif(BRIDGES)));
	RULE(rs, c, "dropped_to_vaults", VERDICT_DROP, NULL, match_not(match_iif(BRIDGES)),
	     match_oif(BRIDGES));
	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP, NULL, match_iif(LEGS));
	RULE(rs, c, "dropped_to_vaults", VERDICT_DROP, NULL, match_oif(LEGS));
}

static void add_forward_out(struct ruleset *rs, struct chain *c)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };

	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP, "no vault reaches another by the host",
	     match_iif(LINKS), match_oif(LINKS));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "answers to who may enter (VC-7)",
		     match_iif(LINKS), match_ct(RULESET_ESTABLISHED), match_simple(MATCH_CT_REPLY),
		     in_grant(GRANT_PEER, f, &answering));
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		RULE(rs, c, "dropped_from_vaults", VERDICT_DROP, "no name is asked by a hole (L6)",
		     match_iif(LINKS), match_dport_set(protocols[p], "name_ports"));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "allow-to", match_iif(LINKS),
		     in_grant(GRANT_HOLE, f, &by_hole));
	RULE(rs, c, "dropped_from_vaults", VERDICT_DROP,
	     "else the host routes for no vault (L8, L15)", match_iif(LINKS));
}

static void add_forward_in(struct ruleset *rs, struct chain *c)
{
	RULE(rs, c, "dropped_to_vaults", VERDICT_DROP, "a forged source, from another interface",
	     match_oif(LINKS), match_not(match_simple(MATCH_FIB_BACK)));
	RULE(rs, c, NULL, VERDICT_ACCEPT, "answers by a hole", match_oif(LINKS),
	     match_ct(RULESET_ESTABLISHED), match_simple(MATCH_CT_REPLY));
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "accessible-from", match_oif(LINKS),
		     in_grant(GRANT_PEER, f, &entering));
	RULE(rs, c, "dropped_to_vaults", VERDICT_DROP, "nobody else enters", match_oif(LINKS));
}

/*
 * The tunnels' own packets, encrypted, by the mark that they carry (spec_pins_endpoints): to their
 * peers' endpoints and nowhere else, whoever made WireGuard believe otherwise (L18).
 */
static void add_output_endpoints(struct ruleset *rs, struct chain *c)
{
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, "a tunnel, to its endpoint",
		     match_mark(SPEC_MARK, SPEC_MARK_MASK), match_protocol(IPPROTO_UDP),
		     in_grant(GRANT_ENDPOINT, f, &to_endpoint));
	RULE(rs, c, "dropped_endpoint", VERDICT_DROP, "and to no other (L18)",
	     match_mark(SPEC_MARK, SPEC_MARK_MASK), match_protocol(IPPROTO_UDP));
}

/* Towards a link: its vault's own address, so that no host route makes a tunnel's address answer
 * there (L11). */
static void add_output(struct ruleset *rs)
{
	struct chain *c = ruleset_chain(rs, "output", CHAIN_OUTPUT, -10, VERDICT_ACCEPT, NULL);

	add_output_endpoints(rs, c);
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(LINKS),
		     in_grant(GRANT_ADDRESS, f, &to_vault));
	RULE(rs, c, NULL, VERDICT_ACCEPT, NULL, match_oif(LINKS),
	     match_icmp_set(AF_INET6, "neighbour"));
	RULE(rs, c, NULL, VERDICT_DROP, "said by every IPv6 stack: not counted", match_oif(LINKS),
	     match_icmp_set(AF_INET6, "routine"));
	RULE(rs, c, "dropped_to_vaults", VERDICT_DROP, NULL, match_oif(LINKS));
	RULE(rs, c, "dropped_to_vaults", VERDICT_DROP, "the host is on no segment (DN-1)",
	     match_oif(BRIDGES));
	RULE(rs, c, "dropped_to_vaults", VERDICT_DROP, NULL, match_oif(LEGS));
}

/* A published port: nft takes a port out of a map only where the protocol is settled. */
static void add_nat(struct ruleset *rs)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct chain *c =
		ruleset_chain(rs, "publish", CHAIN_NAT_PREROUTING, -100, VERDICT_ACCEPT, NULL);

	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
			RULE(rs, c, NULL, VERDICT_NONE, "publish (L21)",
			     match_not(match_iif(LINKS)), match_simple(MATCH_FIB_DADDR_LOCAL),
			     match_simple(MATCH_FIB_BACK), match_protocol(protocols[p]),
			     match_dnat_map(addr_families[f], grants[GRANT_PUBLISH][f].name,
					    &to_published));
	c = ruleset_chain(rs, "publish_self", CHAIN_NAT_OUTPUT, -100, VERDICT_ACCEPT, NULL);
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
		RULE(rs, c, NULL, VERDICT_NONE, "publish, to the host itself",
		     match_simple(MATCH_FIB_DADDR_LOCAL), match_protocol(protocols[p]),
		     match_dnat_map(AF_INET, grants[GRANT_SELF][ADDR_V4].name, &to_self));
		RULE(rs, c, NULL, VERDICT_NONE, "the kernel routes ::1 nowhere else",
		     match_simple(MATCH_FIB_DADDR_LOCAL), match_not(match_daddr_text("::1")),
		     match_protocol(protocols[p]),
		     match_dnat_map(AF_INET6, grants[GRANT_SELF][ADDR_V6].name, &to_self));
	}
	c = ruleset_chain(rs, "postrouting", CHAIN_NAT_POSTROUTING, 99, VERDICT_ACCEPT, NULL);
	/* The port stays: a random one may be one of name_ports, which nothing inside answers. */
	RULE(rs, c, NULL, VERDICT_MASQUERADE,
	     "a vault answers the link's end here, of all the host's", match_oif(LINKS),
	     match_simple(MATCH_FIB_SADDR_LOCAL));
	RULE(rs, c, NULL, VERDICT_MASQUERADE_RANDOM,
	     "nobody beyond the host knows a vault's address", match_iif(LINKS),
	     match_not(match_oif(LINKS)));
}

/* What goes by the link's name carries it in its key; the rest in a comment. */
static void grant_ports(const struct spec *spec, enum addr_family f, struct ruleset *rs,
			struct set *sets[static GRANTS])
{
	const struct spec_reach *reach = &spec->reach;
	struct set_element *e;

	for (size_t i = 0; i < reach->n_host_ports; i++) {
		e = set_add(rs, sets[GRANT_SERVICE]);
		element_put_link(e, spec->link_host_if);
		element_put_address(e, &spec->link[f].host.addr);
		element_put_protocol(e, reach->host_ports[i].protocol);
		element_put_ports(e, reach->host_ports[i].first, reach->host_ports[i].first);
	}
	for (size_t i = 0; i < reach->n_holes; i++) {
		const struct spec_hole *hole = &reach->holes[i];

		if (hole->to.addr.family != addr_families[f])
			continue;
		e = set_add(rs, sets[GRANT_HOLE]);
		element_put_link(e, spec->link_host_if);
		element_put_address(e, &spec->link[f].vault.addr);
		element_put_prefix(e, &hole->to);
		element_put_protocol(e, hole->ports.protocol);
		element_put_ports(e, hole->ports.first, hole->ports.last);
	}
}

/* The key of a published port; FROM is NULL for the host itself. */
static void grant_publish(const struct spec *spec, const struct spec_publish *publish,
			  enum addr_family f, const struct prefix *from, struct ruleset *rs,
			  struct set *set)
{
	struct prefix address = { .addr = publish->address, .len = addr_bits(&publish->address) };
	struct set_element *e = set_add(rs, set);

	address.addr.family =
		addr_families[f]; /* of all of the host's when none is given: length 0 */
	element_put_protocol(e, publish->protocol);
	element_put_ports(e, publish->host_port, publish->host_port);
	element_put_prefix(e, &address);
	if (from)
		element_put_prefix(e, from);
	element_put_target(e, &spec->link[f].vault.addr, publish->port);
	element_put_comment(e, spec->link_host_if);
}

static void grant_entrants(const struct spec *spec, enum addr_family f, struct ruleset *rs,
			   struct set *sets[static GRANTS])
{
	const struct spec_reach *reach = &spec->reach;
	struct set_element *e;

	for (size_t i = 0; i < reach->n_from; i++) {
		if (reach->from[i].addr.family != addr_families[f])
			continue;
		e = set_add(rs, sets[GRANT_PEER]);
		element_put_link(e, spec->link_host_if);
		element_put_address(e, &spec->link[f].vault.addr);
		element_put_prefix(e, &reach->from[i]);
	}
	for (size_t p = 0; p < reach->n_publish; p++) {
		const struct spec_publish *publish = &reach->publish[p];

		if (publish->address.family && publish->address.family != addr_families[f])
			continue;
		grant_publish(spec, publish, f, NULL, rs, sets[GRANT_SELF]);
		for (size_t i = 0; i < reach->n_from; i++)
			if (reach->from[i].addr.family == addr_families[f])
				grant_publish(spec, publish, f, &reach->from[i], rs,
					      sets[GRANT_PUBLISH]);
	}
}

static void grant_endpoints(const struct spec *spec, enum addr_family f, struct ruleset *rs,
			    struct set *set)
{
	for (size_t i = 0; i < spec->wg.n_peers; i++) {
		const struct wg_endpoint *endpoint = &spec->wg.peers[i].endpoint;
		struct set_element *e;

		if (endpoint->addr.family != addr_families[f])
			continue;
		e = set_add(rs, set);
		element_put_mark(e, spec->wg.fwmark);
		element_put_address(e, &endpoint->addr);
		element_put_ports(e, endpoint->port, endpoint->port);
		element_put_comment(e, spec->link_host_if);
	}
	set_make_unique(set); /* peers may share one */
}

/* The vault's address. A comment says that there is more in other sets: so who takes it away knows
 * where to look (seal_grants_more). */
static void grant_address(const struct spec *spec, enum addr_family f, struct ruleset *rs,
			  struct set *set)
{
	const struct spec_reach *reach = &spec->reach;
	struct set_element *e = set_add(rs, set);

	element_put_link(e, spec->link_host_if);
	element_put_address(e, &spec->link[f].vault.addr);
	if (reach->n_from || reach->n_publish || reach->n_host_ports || reach->n_holes)
		element_put_comment(e, "allowed more");
}

bool seal_grants_more(const struct ruleset *rs)
{
	size_t n = 0;

	for (size_t i = 0; i < rs->n_sets; i++) {
		const struct set *set = &rs->sets[i];

		if (set->type != SET_LINK_IPV4 && set->type != SET_LINK_IPV6)
			continue;
		n += set->n_elements;
		for (size_t j = 0; j < set->n_elements; j++)
			if (set->elements[j].comment[0])
				return true;
	}
	return !n;
}

/* The sets of one family, with what SPEC is allowed; SPEC NULL: empty. */
static void add_grants(const struct spec *spec, enum addr_family f, struct ruleset *rs)
{
	size_t first = rs->n_sets;
	struct set *sets[GRANTS];
	struct set_element *e;

	for (enum grant g = 0; g < GRANTS; g++)
		(void)ruleset_set(rs, grants[g][f].name, grants[g][f].type);
	if (rs->err || !spec)
		return;
	for (enum grant g = 0; g < GRANTS; g++)
		sets[g] = &rs->sets[first + g];
	if (spec_pins_endpoints(spec))
		grant_endpoints(spec, f, rs, sets[GRANT_ENDPOINT]);
	if (!spec->has_link || !spec->link[f].vault.addr.family)
		return;
	grant_address(spec, f, rs, sets[GRANT_ADDRESS]);
	e = set_add(rs, sets[GRANT_OWNED]);
	element_put_address(e, &spec->link[f].vault.addr);
	element_put_comment(e, spec->link_host_if);
	grant_ports(spec, f, rs, sets);
	grant_entrants(spec, f, rs, sets);
}

static void add_rules(struct ruleset *rs)
{
	struct chain *c;

	add_sources(rs);
	add_input(rs);
	c = ruleset_chain(rs, "forward", CHAIN_FORWARD, -10, VERDICT_ACCEPT, NULL);
	add_forward_segments(rs, c);
	add_forward_out(rs, c);
	add_forward_in(rs, c);
	add_output(rs);
	add_diverted(rs);
	add_nat(rs);
}

static void add_host(const struct spec *spec, struct ruleset *rs)
{
	ruleset_counter(rs, "dropped_from_vaults");
	ruleset_counter(rs, "dropped_to_vaults");
	ruleset_counter(rs, "dropped_endpoint");
	ruleset_counter(rs, "dropped_forged");
	ruleset_counter(rs, "dropped_diverted");
	sealset_name_ports(rs);
	sealset_neighbour(rs);
	sealset_routine(rs);
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		add_grants(spec, f, rs);
	add_rules(rs);
}

bool seal_wants_guard(const struct spec *spec, enum seal_guard guard)
{
	return guard == SEAL_SEGMENTS ? spec_has_leg(spec) : spec_is_guarded(spec);
}

static void begin(enum seal_guard guard, struct ruleset *rs)
{
	*rs = (struct ruleset){ .family = guard == SEAL_SEGMENTS ? RULESET_BRIDGE : RULESET_INET,
				.table = SEAL_GUARD_TABLE,
				.comment = SEAL_GUARD_MARK };
}

void seal_build_guard(enum seal_guard guard, struct ruleset *rs)
{
	seal_build_guard_elements(guard, NULL, rs);
}

void seal_build_guard_elements(enum seal_guard guard, const struct spec *spec, struct ruleset *rs)
{
	begin(guard, rs);
	if (guard == SEAL_SEGMENTS) {
		sealsegment_grants(spec, rs);
		sealsegment_rules(rs);
	} else {
		add_host(spec, rs);
	}
}

void seal_build_grants(enum seal_guard guard, const struct spec *spec, struct ruleset *rs)
{
	begin(guard, rs);
	if (guard == SEAL_SEGMENTS)
		sealsegment_grants(spec, rs);
	for (enum addr_family f = 0; guard == SEAL_HOST && f < ADDR_FAMILIES; f++)
		add_grants(spec, f, rs);
}
