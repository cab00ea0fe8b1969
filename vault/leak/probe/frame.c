/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/frame.c: what packet sockets may try: frames that meet no rule of the IP stack
 * (L2). */
#include "vault/leak/probe/frame.h"

#include <net/ethernet.h>

#include "vault/leak/probe/send.h"

#define PROTOCOL_FOR_EXPERIMENTS 253 /* RFC 3692 */
#define TYPE_FOR_EXPERIMENTS 0x88b5 /* IEEE 802 */

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* What looks like an answer is let out, to the host's end and to who may enter: the guard stops it.
 */
static bool may_cross(const struct spec *spec, uint8_t protocol, const struct addr *from,
		      const struct addr *to)
{
	if (protocol != IPPROTO_UDP ||
	    !addr_equal(from, &spec->link[addr_index(to->family)].vault.addr))
		return false;
	for (size_t i = 0; i < spec->reach.n_from; i++)
		if (prefix_contains(&spec->reach.from[i], to))
			return true;
	return addr_equal(to, &spec->link[addr_index(to->family)].host.addr);
}

static int send_from(struct probing *p, const struct frame *frame, uint8_t protocol,
		     const struct addr *from, const struct addr *to)
{
	const bool crosses =
		p->lacks_filter || (frame->vlan < 0 && may_cross(p->spec, protocol, from, to));
	const struct way way = { .device = p->spec->link_if,
				 .from = from,
				 .flags = crosses ? PACKET_MAY_CROSS : 0 };

	/* What may cross must be seen not to be delivered: to where the run listens. */
	return from->family == to->family
		       ? send_frame(p, frame, protocol, to, crosses ? p->host_port : p->port, &way)
		       : 0;
}

/* From the tunnel's addresses, the link's, and the host's own. */
static int send_from_all(struct probing *p, const struct frame *frame, uint8_t protocol,
			 const struct addr *to)
{
	const struct spec *spec = p->spec;
	int r = 0;

	for (size_t i = 0; !r && i < spec->n_addresses; i++)
		r = send_from(p, frame, protocol, &spec->addresses[i].addr, to);
	for (int f = 0; !r && f < ADDR_FAMILIES; f++)
		r = send_from(p, frame, protocol, &spec->link[f].vault.addr, to);
	for (int f = 0; !r && f < ADDR_FAMILIES; f++)
		if (!addr_equal(&spec->link[f].host.addr, to))
			r = send_from(p, frame, protocol, &spec->link[f].host.addr, to);
	return r;
}

static int send_to_targets(struct probing *p, const struct probe *self, int vlan)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP };
	const struct frame frame = { .vlan = vlan, .mac = p->link_mac };
	int r = 0;

	for (size_t i = 0; p->has_link && !r && i < p->targets->n; i++)
		for (size_t k = 0; !r && k < ARRAY_SIZE(protocols); k++)
			if (p->targets->list[i].kind & self->targets)
				r = send_from_all(p, &frame, protocols[k],
						  &p->targets->list[i].addr);
	return r;
}

int frame_on_link(struct probing *p, const struct probe *self)
{
	return send_to_targets(p, self, -1);
}

int frame_vlan(struct probing *p, const struct probe *self)
{
	return send_to_targets(p, self, 76);
}

int frame_other(struct probing *p, const struct probe *self)
{
	const struct frame foreign = { .type = TYPE_FOR_EXPERIMENTS, .vlan = -1, .mac = everybody };
	const struct frame ip = { .vlan = -1, .mac = p->link_mac };
	int r = 0;

	for (size_t i = 0; p->has_link && !r && i < p->targets->n; i++) {
		const struct target *t = &p->targets->list[i];

		if (!(t->kind & self->targets))
			continue;
		r = send_from_all(p, &ip, PROTOCOL_FOR_EXPERIMENTS, &t->addr);
		if (!r)
			r = send_from(p, &foreign, IPPROTO_RAW, &t->addr, &t->addr);
	}
	return r;
}

int frame_arp(struct probing *p, const struct probe *self)
{
	const struct frame frame = { .type = ETHERTYPE_ARP, .vlan = -1, .mac = everybody };
	int r = 0;

	for (size_t i = 0; p->has_link && !r && i < p->targets->n; i++)
		if (p->targets->list[i].kind & self->targets &&
		    p->targets->list[i].addr.family == AF_INET)
			r = send_from_all(p, &frame, 0, &p->targets->list[i].addr);
	return r;
}

int frame_on_tunnel(struct probing *p, const struct probe *self)
{
	const struct frame frame = { .vlan = -1 };
	int r = 0;

	for (size_t i = 0; !r && i < p->targets->n; i++) {
		const struct addr *to = &p->targets->list[i].addr;
		struct way way = { .device = p->spec->tunnel_if,
				   .from = &p->targets->stranger[addr_index(to->family)],
				   .flags = PACKET_NO_TUNNEL };

		if (!(p->targets->list[i].kind & self->targets))
			continue;
		r = send_frame(p, &frame, IPPROTO_UDP, to, p->port, &way);
		way.from = &p->spec->link[addr_index(to->family)].vault.addr;
		if (!r && way.from->family)
			r = send_frame(p, &frame, IPPROTO_UDP, to, p->port, &way);
	}
	return r;
}
