/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/kind/up.c: an interface inside the vault is up. Ends with the interface. */
#include "lib/rtnl.h"
#include "vault/obj.h"
#include "vault/world.h"

static int up_make(const struct obj *obj, struct world *w)
{
	int r = world_queue(w, &w->vault_route);

	if (!r)
		rtnl_queue_up(&w->batch, &w->vault_route, w->current, obj->up_index, true);
	return r;
}

static void up_print(const struct obj *obj, const struct spec *spec, struct str *out)
{
	str_addf(out, "ip -n %s link set %s up\n", spec->name, spec_interface(spec, obj->up_index));
}

const struct kind kind_up = { .name = "up", .make = up_make, .print = up_print };
