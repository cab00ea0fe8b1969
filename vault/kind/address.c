/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/kind/address.c: an address of an interface inside the vault. Dies with the namespace. */
#include "lib/rtnl.h"
#include "vault/obj.h"
#include "vault/sight.h"
#include "vault/world.h"

static int address_make(const struct obj *obj, struct world *w)
{
	int r = world_queue(w, &w->vault_route);

	if (!r)
		rtnl_queue_address(&w->batch, &w->vault_route, w->current, obj->address.index,
				   &obj->address.address, false);
	return r;
}

static int address_look(const struct obj *obj, struct world *w)
{
	const struct sight *s = w->sight;

	for (size_t i = 0; i < s->n_addresses; i++)
		if (s->addresses[i].index == obj->address.index &&
		    prefix_equal(&s->addresses[i].address, &obj->address.address))
			return LOOK_SAME;
	return LOOK_ABSENT;
}

static void address_print(const struct obj *obj, const struct spec *spec, struct str *out)
{
	char text[PREFIX_STRLEN];

	str_addf(out, "ip -n %s address add %s dev %s%s\n", spec->name,
		 prefix_format(&obj->address.address, text),
		 spec_interface(spec, obj->address.index),
		 obj->address.address.addr.family == AF_INET6 ? " nodad" : "");
}

const struct kind kind_address = {
	.name = "address", .make = address_make, .look = address_look, .print = address_print
};
