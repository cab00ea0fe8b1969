/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/frame.c: what packet sockets may try: frames that meet no rule of the IP stack
 * (L2). */
#include "vault/leak/probe/list.h"

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

/* As WAY has it, but from FROM. */
static int send_from(struct probing *p, const struct way *way, uint8_t protocol,
		     const struct addr *from, const struct addr *to)
{
	const bool crosses =
		p->lacks_filter || (!way->frame.vlan && may_cross(p->spec, protocol, from, to));
	struct way own = *way;

	if (from->family != to->family)
		return 0;
	own.from = from;
	own.places |= crosses ? PACKET_ON_LINK : 0;
	/* What may cross must be seen not to be delivered: to where the run listens. */
	return send_frame(p, protocol, to, crosses ? p->host_port : p->port, &own);
}

/* From the tunnel's addresses, the link's, and the host's own. */
static int send_from_all(struct probing *p, const struct way *way, uint8_t protocol,
			 const struct addr *to)
{
	const struct spec *spec = p->spec;
	int r = 0;

	for (size_t i = 0; !r && i < spec->n_addresses; i++)
		r = send_from(p, way, protocol, &spec->addresses[i].addr, to);
	for (int f = 0; !r && f < ADDR_FAMILIES; f++)
		r = send_from(p, way, protocol, &spec->link[f].vault.addr, to);
	for (int f = 0; !r && f < ADDR_FAMILIES; f++)
		if (!addr_equal(&spec->link[f].host.addr, to))
			r = send_from(p, way, protocol, &spec->link[f].host.addr, to);
	return r;
}

/* On the link, to MAC. */
static struct way by_link(const struct probing *p, const uint8_t *mac)
{
	return (struct way){ .device = p->spec->link_if,
			     .places = PACKET_IN_TUNNEL,
			     .frame.mac = mac };
}

static int send_to_targets(struct probing *p, const struct probe *self, uint16_t vlan)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP };
	struct way way = by_link(p, p->link_mac);
	int r = 0;

	way.frame.vlan = vlan;
	for (size_t i = 0; p->has_link && !r && i < p->targets->n; i++)
		for (size_t k = 0; !r && k < ARRAY_SIZE(protocols); k++)
			if (p->targets->list[i].kind & self->targets)
				r = send_from_all(p, &way, protocols[k], &p->targets->list[i].addr);
	return r;
}

int frame_on_link(struct probing *p, const struct probe *self)
{
	return send_to_targets(p, self, 0);
}

int frame_vlan(struct probing *p, const struct probe *self)
{
	return send_to_targets(p, self, 76);
}

int frame_other(struct probing *p, const struct probe *self)
{
	struct way foreign = by_link(p, everybody);
	const struct way ip = by_link(p, p->link_mac);
	int r = 0;

	foreign.frame.type = TYPE_FOR_EXPERIMENTS;
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
	struct way way = by_link(p, everybody);
	int r = 0;

	way.frame.type = ETHERTYPE_ARP;
	for (size_t i = 0; p->has_link && !r && i < p->targets->n; i++)
		if (p->targets->list[i].kind & self->targets &&
		    p->targets->list[i].addr.family == AF_INET)
			r = send_from_all(p, &way, 0, &p->targets->list[i].addr);
	return r;
}

int frame_on_tunnel(struct probing *p, const struct probe *self)
{
	int r = 0;

	for (size_t i = 0; !r && i < p->targets->n; i++) {
		const struct addr *to = &p->targets->list[i].addr;
		struct way way = { .device = p->spec->tunnel_if,
				   .from = &p->targets->stranger[addr_index(to->family)] };

		if (!(p->targets->list[i].kind & self->targets))
			continue;
		r = send_frame(p, IPPROTO_UDP, to, p->port, &way);
		way.from = &p->spec->link[addr_index(to->family)].vault.addr;
		if (!r && way.from->family)
			r = send_frame(p, IPPROTO_UDP, to, p->port, &way);
	}
	return r;
}
