/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/address.c: an address of an interface inside the vault. Dies with the namespace.
 */
#include <stdio.h>

#include "lib/rtnl.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

/* The kernel gives no IPv6 address to an interface whose MTU somebody made too small for it. */
static bool needs_mtu(const struct obj *obj, const struct session *w)
{
	const struct observed *s = w->observed;

	for (size_t i = 0; s && i < s->n_links; i++)
		if (s->links[i].index == obj->address.on.index)
			return obj->address.address.addr.family == AF_INET6 &&
			       s->links[i].mtu < obj->address.on.mtu;
	return false;
}

static int address_make(const struct obj *obj, struct session *w)
{
	int r = session_queue(w, &w->vault_route);

	if (!r && needs_mtu(obj, w))
		rtnl_queue_mtu(&w->batch, &w->vault_route, w->current, obj->address.on.index,
			       obj->address.on.mtu);
	if (!r)
		rtnl_queue_address(&w->batch, &w->vault_route, w->current, obj->address.on.index,
				   &obj->address.address, false);
	return r;
}

static int address_look(const struct obj *obj, struct session *w)
{
	const struct observed *s = w->observed;
	const char *fault = NULL;

	/* One that differs in what is beside the address stands beside ours, with IPv4. */
	for (size_t i = 0; i < s->n_addresses; i++) {
		if (s->addresses[i].index != obj->address.on.index ||
		    !prefix_equal(&s->addresses[i].address, &obj->address.address))
			continue;
		fault = observed_address_fault(s, &s->addresses[i]);
		if (!fault)
			return LOOK_SAME;
	}
	snprintf(w->why, sizeof(w->why), "%s", fault ? fault : "");
	return fault ? LOOK_OTHER : LOOK_ABSENT;
}

static void address_print(const struct obj *obj, struct str *out)
{
	char text[PREFIX_STRLEN];

	str_addf(out, "ip -n %s address add %s dev %s%s\n", obj->vault,
		 prefix_format(&obj->address.address, text), obj->address.on.name,
		 obj->address.address.addr.family == AF_INET6 ? " nodad" : "");
}

const struct kind kind_address = {
	.name = "address", .make = address_make, .look = address_look, .print = address_print
};
