/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/route.c: a route inside the vault. Dies with the namespace. */
#include "lib/rtnl.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

static int route_make(const struct obj *obj, struct session *w)
{
	const struct rtnl_route route = { .dst = obj->route.dst,
					  .via = obj->route.via,
					  .index = obj->route.index,
					  .metric = obj->route.metric };
	int r = session_queue(w, &w->vault_route);

	if (!r)
		rtnl_queue_route(&w->batch, &w->vault_route, w->current, &route);
	return r;
}

static int route_look(const struct obj *obj, struct session *w)
{
	const struct observed *s = w->observed;

	for (size_t i = 0; i < s->n_routes; i++)
		if (observed_route_is(&s->routes[i], &obj->route))
			return LOOK_SAME;
	return LOOK_ABSENT;
}

static void route_print(const struct obj *obj, struct str *out)
{
	const char *family = obj->route.dst.addr.family == AF_INET6 ? " -6" : "";
	char text[PREFIX_STRLEN], via[ADDR_STRLEN];
	const char *dst = obj->route.dst.len ? prefix_format(&obj->route.dst, text) : "default";

	if (obj->route.index)
		str_addf(out, "ip%s -n %s route add %s%s%s dev %s proto static\n", family,
			 obj->vault, dst, obj->route.via.family ? " via " : "",
			 addr_format(&obj->route.via, via), obj->route.name);
	else
		str_addf(out, "ip%s -n %s route add unreachable %s proto static metric %u\n",
			 family, obj->vault, dst, obj->route.metric);
}

const struct kind kind_route = {
	.name = "route", .make = route_make, .look = route_look, .print = route_print
};
