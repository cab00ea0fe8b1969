/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/stranger.c: is this address, this route, one that the plan calls for? Pure. */
#include "vault/stranger.h"

#include "vault/sight.h"

bool stranger_is_address(const struct plan *plan, const struct rtnl_address *a)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->objs[i].kind == &kind_address &&
		    plan->objs[i].address.index == a->index &&
		    prefix_equal(&plan->objs[i].address.address, &a->address))
			return false;
	return true;
}

bool stranger_is_route(const struct plan *plan, const struct rtnl_route *route)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->objs[i].kind == &kind_route &&
		    sight_route_is(route, &plan->objs[i].route))
			return false;
	return true;
}
