/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/unexpected.c: what is in a vault, or in the guard, that the plan does not know. */
#include "vault/check/examine.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "lib/nftchain.h"
#include "lib/nftnames.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/apply/observed.h"
#include "vault/apply/unexpected.h"

struct search {
	struct check *c;
	const struct plan *plan;
	struct session *w;
	size_t found; /* what is unexpected, of the kind that is looked for */
	uint8_t family;
	unsigned int rules; /* of those that every namespace begins with, which are there */
};

/* Every interface of a vault is one that the plan brings up. */
static bool is_planned(const struct plan *plan, const struct rtnl_link *link)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->objs[i].kind == &kind_up && plan->objs[i].interface.index == link->index)
			return true;
	return false;
}

/* The stranger that LINK stands on, or is a pair with, which takes LINK with it when it goes. */
static const struct rtnl_link *base_of(const struct search *s, const struct rtnl_link *link)
{
	const struct observed *observed = s->w->observed;
	size_t i = 0;

	while (link->lower && i < observed->n_links) {
		const struct rtnl_link *base = &observed->links[i++];

		if (base->index != link->lower || base->index >= link->index ||
		    is_planned(s->plan, base) || unexpected_is_idle(base))
			continue;
		link = base; /* of a lower index each time: it ends */
		i = 0;
	}
	return link;
}

static void find_links(struct search *s)
{
	const struct observed *observed = s->w->observed;

	for (size_t i = 0; i < observed->n_links; i++) {
		const struct rtnl_link *link = &observed->links[i];

		if (is_planned(s->plan, link) || unexpected_is_idle(link))
			continue;
		s->found++;
		check_tell(s->c, "stranger", FOUND_FAIL,
			   REMEDY(DEL_LINK_INSIDE, s->c->name, base_of(s, link)->name), "none",
			   link->name, "interface %s inside is not the vault's", link->name);
	}
	if (!s->found)
		check_add(s->c, "stranger", FOUND_OK, NULL, NULL,
			  "no interface inside but the vault's");
}

static void find_addresses(struct search *s)
{
	const struct observed *observed = s->w->observed;
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < observed->n_addresses; i++) {
		const struct rtnl_address *a = &observed->addresses[i];

		if (!unexpected_is_address(s->plan, a))
			continue;
		s->found++;
		prefix_format(&a->address, text);
		check_tell(s->c, "address", FOUND_FAIL, REMEDY(AS_MADE, s->c->name), "none", text,
			   "address %s inside is not the vault's", text);
	}
	if (!s->found)
		check_add(s->c, "address", FOUND_OK, NULL, NULL,
			  "no address inside but the vault's");
}

static void find_routes(struct search *s)
{
	const struct observed *observed = s->w->observed;
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < observed->n_routes; i++) {
		const struct rtnl_route *route = &observed->routes[i];

		if (!unexpected_is_route(s->plan, observed, route))
			continue;
		s->found++;
		prefix_format(&route->dst, text);
		check_tell(s->c, "route", FOUND_FAIL, REMEDY(AS_MADE, s->c->name), "none", text,
			   "a route to %s inside, in table %u, is not the vault's", text,
			   route->table);
	}
	if (!s->found)
		check_add(s->c, "route", FOUND_OK, NULL, NULL, "no route inside but the vault's");
}

static int look_at_neighbour(const struct rtnl_neighbour *neighbour, void *arg)
{
	struct search *s = arg;
	char text[ADDR_STRLEN];

	s->found++;
	addr_format(&neighbour->address, text);
	check_tell(s->c, "neighbour", FOUND_FAIL, REMEDY(AS_MADE, s->c->name), "none", text,
		   "%s of %s, entered by hand inside, is not the vault's",
		   neighbour->proxy ? "a proxy" : "the neighbour", text);
	return 0;
}

static int find_neighbours(struct search *s, struct nl_error *error)
{
	return rtnl_dump_neighbours(&s->w->vault_route, look_at_neighbour, s, error);
}

static int look_at_rule(const struct rtnl_rule *rule, void *arg)
{
	struct search *s = arg;
	char text[64];

	if (!unexpected_is_rule(s->family, rule, &s->rules))
		return 0;
	s->found++;
	snprintf(text, sizeof(text), "priority %u, table %u", rule->priority, rule->table);
	check_tell(s->c, "rule", FOUND_FAIL, REMEDY(AS_MADE, s->c->name), "none", text,
		   "a policy rule of %s inside is not the vault's: %s", addr_family_name(s->family),
		   text);
	return 0;
}

static int find_rules(struct search *s, struct nl_error *error)
{
	size_t n;
	int r = rtnl_dump_rules(&s->w->vault_route, s->family, look_at_rule, s, error);

	(void)unexpected_first_rules(s->family, &n);
	if (r || s->rules == (1U << n) - 1)
		return r;
	s->found++;
	check_tell(s->c, "rule", FOUND_FAIL, REMEDY(AS_MADE, s->c->name),
		   "the rules that every namespace has", "fewer",
		   "a policy rule of %s is missing inside", addr_family_name(s->family));
	return 0;
}

/* One of the kill switch that SPEC calls for: what it has to be is compared elsewhere. */
static bool is_seal_table(const struct spec *spec, uint8_t family, const char *table)
{
	static const char *const frames[] = {
		[SEAL_LINK] = SEAL_LINK_TABLE, [SEAL_TUNNEL] = SEAL_TUNNEL_TABLE, [SEAL_LEG] = SEAL_LEG_TABLE
	};

	for (unsigned int t = 0; family == NFPROTO_NETDEV && t < ARRAY_SIZE(frames); t++)
		if (frames[t] && !strcmp(table, frames[t]))
			return seal_wants(spec, t);
	return family == NFPROTO_INET && !strcmp(table, SEAL_TABLE);
}

static void tell_table(struct search *s, const struct nft_named *t, const struct remedy *remedy)
{
	s->found++;
	check_tell(s->c, "stranger", FOUND_FAIL, remedy, "none", t->table,
		   "%s %s%s%s of rules inside is not the vault's",
		   t->what == NFT_WHAT_TABLE ? "table" : "flowtable", t->table, *t->name ? " " : "",
		   t->name);
}

static int look_at_name(const struct nft_named *t, void *arg)
{
	const bool is_table = t->what == NFT_WHAT_TABLE;
	const char *family = ruleset_family_word(t->family);
	char out[NFT_WORD_LEN];
	struct search *s = arg;

	if (!is_seal_table(s->plan->spec, t->family, t->table)) /* it goes with all that it has */
		tell_table(s, t,
			   REMEDY(DEL_TABLE_INSIDE, s->c->name, family,
				  nft_word(t->table, is_table ? t->handle : 0, out)));
	else if (!is_table)
		tell_table(s, t,
			   REMEDY(DEL_FLOWTABLE_INSIDE, s->c->name, family, t->table,
				  nft_word(t->name, t->handle, out)));
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

	s->found = 0;
	s->rules = 0;
	r = fn(s, &error);
	if (r)
		check_add(s->c, id, FOUND_UNKNOWN, NULL, NULL, "%s: cannot be told: %s %s", none,
			  strerror(-r), error.text);
	else if (!s->found)
		check_add(s->c, id, FOUND_OK, NULL, NULL, "%s", none);
}

void check_unexpected(struct check *c, const struct plan *plan, struct session *w)
{
	struct search s = { .c = c, .plan = plan, .w = w };

	find_links(&s);
	s.found = 0;
	find_addresses(&s);
	s.found = 0;
	find_routes(&s);
	s.family = AF_INET;
	find(&s, "rule", "the IPv4 policy rules inside", find_rules);
	s.family = AF_INET6;
	if (ns_has_ipv6())
		find(&s, "rule", "the IPv6 policy rules inside", find_rules);
	find(&s, "neighbour", "no neighbour inside entered by hand", find_neighbours);
	find(&s, "stranger", "no table of rules inside but the vault's", find_tables);
}
