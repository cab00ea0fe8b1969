/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/stranger.c: what is in a vault, or in the guard, that the plan does not know. */
#include "vault/check/stranger.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "lib/nftnames.h"
#include "lib/rtnl.h"
#include "vault/sight.h"
#include "vault/stranger.h"

struct search {
	struct check *c;
	const struct plan *plan;
	struct world *w;
	size_t found; /* strangers, of the kind that is looked for */
	uint8_t family;
	size_t n_rules;
};

bool stranger_is_fallback(const struct rtnl_link *link)
{
	static const char *const names[] = { "tunl0",    "gre0", "gretap0", "erspan0", "ip_vti0",
					     "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(link->name, names[i]))
			return !(link->flags & IFF_UP) && !link->master;
	return false;
}

/* Every interface of a vault is one that the plan brings up. */
static bool is_planned(const struct plan *plan, const struct rtnl_link *link)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->objs[i].kind == &kind_up && plan->objs[i].up_index == link->index)
			return true;
	return false;
}

static void find_links(struct search *s)
{
	const struct sight *sight = s->w->sight;

	for (size_t i = 0; i < sight->n_links; i++) {
		const struct rtnl_link *link = &sight->links[i];

		if (is_planned(s->plan, link) || stranger_is_fallback(link))
			continue;
		s->found++;
		check_add(s->c, "stranger", FOUND_FAIL, NULL, link->name,
			  "interface %s inside is not the vault's (ip -n %s link del %s)",
			  link->name, s->c->name, link->name);
	}
	if (!s->found)
		check_add(s->c, "stranger", FOUND_OK, NULL, NULL,
			  "no interface inside but the vault's");
}

static bool is_loopback_address(const struct rtnl_address *a)
{
	return a->index == SPEC_LOOPBACK_INDEX && addr_is_loopback(&a->address.addr);
}

static void find_addresses(struct search *s)
{
	const struct sight *sight = s->w->sight;
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < sight->n_addresses; i++) {
		const struct rtnl_address *a = &sight->addresses[i];

		if (is_loopback_address(a) || !stranger_is_address(s->plan, a))
			continue;
		s->found++;
		prefix_format(&a->address, text);
		check_add(s->c, "address", FOUND_FAIL, NULL, text,
			  "address %s inside is not the vault's (vault up %s)", text, s->c->name);
	}
	if (!s->found)
		check_add(s->c, "address", FOUND_OK, NULL, NULL,
			  "no address inside but the vault's");
}

/* True when PART is WHOLE's network, or lies in it. */
static bool lies_in(const struct prefix *part, const struct prefix *whole)
{
	return part->len >= whole->len && prefix_contains(whole, &part->addr);
}

/*
 * Whoever adds a route can say that the kernel made it: so it must be one of those that the kernel
 * makes, for an address, for multicast, or the refusal that stands in for no default.
 */
static bool is_of_kernel(const struct rtnl_route *route, const struct sight *sight)
{
	bool local = route->table == RT_TABLE_LOCAL;

	if (!route->by_kernel || route->via.family)
		return false;
	if (local && route->dst.len == 8 && addr_is_multicast(&route->dst.addr))
		return true;
	if (!local && !route->dst.len && !route->type && !route->index)
		return true;
	for (size_t i = 0; i < sight->n_addresses; i++) {
		const struct rtnl_address *a = &sight->addresses[i];
		struct prefix network = a->address;

		prefix_mask(&network);
		if (local ? lies_in(&route->dst, &network)
			  : a->index == route->index && prefix_equal(&route->dst, &network))
			return true;
	}
	return false;
}

static int look_at_route(const struct rtnl_route *route, void *arg)
{
	struct search *s = arg;
	char text[PREFIX_STRLEN];

	if (is_of_kernel(route, s->w->sight) ||
	    (route->table == RT_TABLE_MAIN && !stranger_is_route(s->plan, route)))
		return 0;
	s->found++;
	prefix_format(&route->dst, text);
	check_add(s->c, "route", FOUND_FAIL, NULL, text,
		  "a route to %s inside, in table %u, is not the vault's (vault up %s; in another "
		  "table than 254: ip -n %s route del)",
		  text, route->table, s->c->name, s->c->name);
	return 0;
}

/* The rules that every namespace begins with, by priority. */
static const struct rtnl_rule first_rules[] = {
	{ .priority = 0, .table = RT_TABLE_LOCAL, .plain = true },
	{ .priority = 32766, .table = RT_TABLE_MAIN, .plain = true },
	{ .priority = 32767, .table = RT_TABLE_DEFAULT, .plain = true },
};

static size_t count_first_rules(uint8_t family)
{
	return family == AF_INET ? 3 : 2; /* IPv6 has no table of defaults */
}

static int look_at_rule(const struct rtnl_rule *rule, void *arg)
{
	struct search *s = arg;
	char text[64];

	for (size_t i = 0; i < count_first_rules(s->family); i++)
		if (rule->plain && rule->priority == first_rules[i].priority &&
		    rule->table == first_rules[i].table) {
			s->n_rules++;
			return 0;
		}
	s->found++;
	snprintf(text, sizeof(text), "priority %u, table %u", rule->priority, rule->table);
	check_add(s->c, "rule", FOUND_FAIL, NULL, text,
		  "a policy rule inside is not the vault's: %s (ip -n %s%s rule del priority %u)",
		  text, s->c->name, s->family == AF_INET6 ? " -6" : "", rule->priority);
	return 0;
}

static int find_rules(struct search *s, struct nl_error *error)
{
	int r = rtnl_dump_rules(&s->w->vault_route, s->family, look_at_rule, s, error);

	if (r || s->n_rules == count_first_rules(s->family))
		return r;
	s->found++;
	check_add(s->c, "rule", FOUND_FAIL, "the rules that every namespace has", NULL,
		  "a policy rule of %s is missing inside (vault down %s; vault up %s)",
		  s->family == AF_INET6 ? "IPv6" : "IPv4", s->c->name, s->c->name);
	return 0;
}

static int find_routes(struct search *s, struct nl_error *error)
{
	return rtnl_dump_tables(&s->w->vault_route, s->family, look_at_route, s, error);
}

static bool is_seal_table(uint8_t family, const char *table)
{
	if (family == NFPROTO_NETDEV)
		return !strcmp(table, "vault-link") || !strcmp(table, "vault-tunnel") ||
		       !strcmp(table, "vault-leg");
	return family == NFPROTO_INET && !strcmp(table, SEAL_TABLE);
}

static int look_at_name(enum nft_what what, uint8_t family, const char *table, const char *name,
			void *arg)
{
	struct search *s = arg;

	if (what == NFT_WHAT_TABLE && is_seal_table(family, table))
		return 0;
	s->found++;
	check_add(s->c, "stranger", FOUND_FAIL, NULL, table,
		  "%s %s%s%s of rules inside is not the vault's (ip netns exec %s nft delete ...)",
		  what == NFT_WHAT_TABLE ? "table" : "flowtable", table, *name ? " " : "", name,
		  s->c->name);
	return 0;
}

static int find_tables(struct search *s, struct nl_error *error)
{
	return nft_dump_names(&s->w->vault_nft, look_at_name, s, error);
}

/* Runs FN; NONE is what there is to say when nothing was found. */
static void find(struct search *s, const char *id, const char *none,
		 int (*fn)(struct search *s, struct nl_error *error))
{
	struct nl_error error = { 0 };
	int r;

	s->found = s->n_rules = 0;
	r = fn(s, &error);
	if (r)
		check_add(s->c, id, FOUND_UNKNOWN, NULL, NULL, "%s: cannot be told: %s %s", none,
			  strerror(-r), error.text);
	else if (!s->found)
		check_add(s->c, id, FOUND_OK, NULL, NULL, "%s", none);
}

void check_strangers(struct check *c, const struct plan *plan, struct world *w)
{
	struct search s = { .c = c, .plan = plan, .w = w };

	find_links(&s);
	s.found = 0;
	find_addresses(&s);
	s.family = AF_INET;
	find(&s, "route", "no IPv4 route inside but the vault's", find_routes);
	find(&s, "rule", "the IPv4 policy rules inside", find_rules);
	if (!access("/proc/sys/net/ipv6", F_OK)) {
		s.family = AF_INET6;
		find(&s, "route", "no IPv6 route inside but the vault's", find_routes);
		find(&s, "rule", "the IPv6 policy rules inside", find_rules);
	}
	find(&s, "stranger", "no table of rules inside but the vault's", find_tables);
}
