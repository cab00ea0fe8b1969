/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/up.c: an interface inside the vault is up, the tunnel with its MTU. Ends with
 * the interface. */
#include <stdio.h>

#include "lib/rtnl.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

static int up_make(const struct obj *obj, struct session *w)
{
	int r = session_queue(w, &w->vault_route);

	if (!r && w->observed && obj->interface.mtu)
		rtnl_queue_mtu(&w->batch, &w->vault_route, w->current, obj->interface.index,
			       obj->interface.mtu);
	if (!r)
		rtnl_queue_up(&w->batch, &w->vault_route, w->current, obj->interface.index, true);
	return r;
}

static int up_look(const struct obj *obj, struct session *w)
{
	const struct observed *s = w->observed;

	for (size_t i = 0; i < s->n_links; i++) {
		const struct rtnl_link *link = &s->links[i];

		if (link->index != obj->interface.index)
			continue;
		if (!(link->flags & IFF_UP)) {
			session_differs(w, "up", "down");
			snprintf(w->why, sizeof(w->why), "down");
			return LOOK_OTHER;
		}
		if (obj->interface.mtu && link->mtu != obj->interface.mtu) {
			snprintf(w->want, sizeof(w->want), "%u", obj->interface.mtu);
			snprintf(w->have, sizeof(w->have), "%u", link->mtu);
			snprintf(w->why, sizeof(w->why), "its MTU is %s, not %s", w->have, w->want);
			return LOOK_OTHER;
		}
		return LOOK_SAME;
	}
	return LOOK_ABSENT;
}

static void up_print(const struct obj *obj, struct str *out)
{
	str_addf(out, "ip -n %s link set %s up\n", obj->vault, obj->interface.name);
}

const struct kind kind_up = { .name = "up", .make = up_make, .look = up_look, .print = up_print };
