/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/unexpected.c: is this address, this route, this policy rule one that the plan calls
 * for, or the kernel makes? Pure. */
#include "vault/apply/unexpected.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "vault/apply/observed.h"

bool unexpected_is_address(const struct plan *plan, const struct rtnl_address *a)
{
	if (a->index == SPEC_LOOPBACK_INDEX && addr_is_loopback(&a->address.addr))
		return false;
	for (size_t i = 0; i < plan->n; i++)
		if (plan->objs[i].kind == &kind_address &&
		    plan->objs[i].address.on.index == a->index &&
		    prefix_equal(&plan->objs[i].address.address, &a->address))
			return false;
	return true;
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
static bool is_of_kernel(const struct rtnl_route *route, const struct observed *observed)
{
	bool local = route->table == RT_TABLE_LOCAL;

	if (!route->by_kernel || route->via.family)
		return false;
	if (local && route->dst.len == 8 && addr_is_multicast(&route->dst.addr))
		return true;
	if (!local && !route->dst.len && !route->type && !route->index)
		return true;
	for (size_t i = 0; i < observed->n_addresses; i++) {
		const struct rtnl_address *a = &observed->addresses[i];
		struct prefix network = a->address;

		prefix_mask(&network);
		if (local ? lies_in(&route->dst, &network)
			  : a->index == route->index && prefix_equal(&route->dst, &network))
			return true;
	}
	return false;
}

bool unexpected_is_route(const struct plan *plan, const struct observed *s,
			 const struct rtnl_route *route)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->objs[i].kind == &kind_route &&
		    observed_route_is(route, &plan->objs[i].route))
			return false;
	return !is_of_kernel(route, s);
}

const struct rtnl_rule *unexpected_first_rules(uint8_t family, size_t *n)
{
	static const struct rtnl_rule rules[] = {
		{ .priority = 0, .table = RT_TABLE_LOCAL, .plain = true },
		{ .priority = 32766, .table = RT_TABLE_MAIN, .plain = true },
		{ .priority = 32767, .table = RT_TABLE_DEFAULT, .plain = true },
	};

	*n = family == AF_INET ? 3 : 2; /* IPv6 has no table of defaults */
	return rules;
}

bool unexpected_is_rule(uint8_t family, const struct rtnl_rule *rule, unsigned int *seen)
{
	size_t n;
	const struct rtnl_rule *first = unexpected_first_rules(family, &n);

	for (size_t i = 0; i < n; i++) {
		if (!rule->plain || rule->priority != first[i].priority ||
		    rule->table != first[i].table || *seen & 1U << i)
			continue;
		*seen |= 1U << i;
		return false;
	}
	return true;
}

bool unexpected_is_idle(const struct rtnl_link *link)
{
	return spec_is_fallback(link->name) && !(link->flags & IFF_UP) && !link->master;
}
