/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/direct.c: what any program may try: sockets, by the routes, bound to the link. */
#include "vault/leak/probe/list.h"

#include "vault/leak/probe/send.h"

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
	const struct way way = { .places = PACKET_IN_TUNNEL };

	return send_to_targets(p, self, &way);
}

int direct_by_link(struct probing *p, const struct probe *self)
{
	const struct way way = { .device = p->spec->link_if, .places = PACKET_IN_TUNNEL };

	return p->has_link ? send_to_targets(p, self, &way) : 0;
}

/* The address that SPEC's tunnel, or its link, has of TO's family; or NULL. */
static const struct addr *own_address(const struct spec *spec, const struct addr *to, bool tunnel)
{
	const struct addr *link = &spec->link[addr_index(to->family)].vault.addr;

	for (size_t i = 0; tunnel && i < spec->n_addresses; i++)
		if (spec->addresses[i].addr.family == to->family)
			return &spec->addresses[i].addr;
	return !tunnel && link->family ? link : NULL;
}

typedef int send_fn(struct probing *p, uint8_t protocol, const struct addr *to, uint16_t port,
		    const struct way *way);

static int send_forged_to(struct probing *p, uint8_t protocol, const struct addr *to, send_fn *send)
{
	const struct addr other = p->targets->stranger[addr_index(to->family)];
	struct way link = { .device = p->spec->link_if, .places = PACKET_IN_TUNNEL };
	struct way tunnel = { .device = p->spec->tunnel_if };
	int r = 0;

	tunnel.from = &other;
	link.from = own_address(p->spec, to, true);
	if (p->has_link && link.from)
		r = send(p, protocol, to, p->port, &link);
	link.from = own_address(p->spec, to, false);
	if (!r && p->has_link && link.from)
		r = send(p, protocol, to, p->port, &link);
	link.from = &other;
	if (!r && p->has_link)
		r = send(p, protocol, to, p->port, &link);
	if (!r)
		r = send(p, protocol, to, p->port, &tunnel);
	tunnel.from = own_address(p->spec, to, false);
	if (!r && tunnel.from)
		r = send(p, protocol, to, p->port, &tunnel);
	return r;
}

static int send_forged(struct probing *p, const struct probe *self, send_fn *send)
{
	int r = 0;

	for (size_t i = 0; !r && i < p->targets->n; i++)
		if (p->targets->list[i].kind & self->targets)
			r = send_forged_to(p, self->protocol, &p->targets->list[i].addr, send);
	return r;
}

int direct_forged(struct probing *p, const struct probe *self)
{
	return send_forged(p, self, send_packet);
}

int direct_raw(struct probing *p, const struct probe *self)
{
	return send_forged(p, self, send_raw);
}

static const struct {
	const char *to;
	uint16_t port; /* 0: the run's */
} groups[] = {
	{ "224.0.0.251", 5353 }, { "224.0.0.252", 5355 },   { "239.255.255.250", 1900 },
	{ "224.0.0.1", 0 },      { "255.255.255.255", 67 }, { "255.255.255.255", 0 },
	{ "ff02::fb", 5353 },    { "ff02::1:3", 5355 },     { "ff02::1", 0 },
	{ "ff0e::1", 0 },
};

int direct_multicast(struct probing *p, const struct probe *self)
{
	const char *const devices[] = { NULL, p->spec->link_if, p->spec->tunnel_if };
	int r = 0;

	for (size_t d = 0; d < ARRAY_SIZE(devices); d++)
		for (size_t i = 0; !r && i < ARRAY_SIZE(groups); i++) {
			const struct way way = { .device = devices[d] };
			struct addr to;

			r = addr_parse(groups[i].to, &to);
			if (!r)
				r = send_packet(p, self->protocol, &to,
						groups[i].port ? groups[i].port : p->port, &way);
		}
	return r;
}
