/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/probe/direct.c: what any program may try: sockets, by the routes, bound to the link. */
#include "vault/probe/direct.h"

#include "vault/probe/send.h"

static int send_to_targets(struct probing *p, const struct probe *self, const struct way *way)
{
	int r = 0;

	for (size_t i = 0; !r && i < p->targets->n; i++)
		if (p->targets->list[i].kind & self->targets)
			r = send_packet(p, self->protocol, &p->targets->list[i].addr, p->port, way);
	return r;
}

int direct_by_routes(struct probing *p, const struct probe *self)
{
	const struct way way = { 0 };

	return send_to_targets(p, self, &way);
}

int direct_by_link(struct probing *p, const struct probe *self)
{
	const struct way way = { .device = p->spec->link_name };

	return p->has_link ? send_to_targets(p, self, &way) : 0;
}
