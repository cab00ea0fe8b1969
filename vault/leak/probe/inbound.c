/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/inbound.c: from outside in: what the vault answers, and who is let to it. */
#include "vault/leak/probe/list.h"

#include <net/ethernet.h>

#include "vault/leak/probe/send.h"

/* ARP for it; and a SYN and an echo request that the host's rules do not meet on their way. */
static int ask_link(struct probing *p, const struct addr *to)
{
	const struct spec_link_ends *ends = &p->spec->link[addr_index(to->family)];
	const struct way ip = { .device = p->spec->link_host_if,
				.from = &ends->host.addr,
				.sender = PACKET_OF_HOST,
				.frame.mac = p->vault_mac };
	struct way arp = ip;
	int r = 0;

	if (!ends->host.addr.family)
		return 0;
	arp.frame.type = ETHERTYPE_ARP;
	if (to->family == AF_INET)
		r = send_frame(p, 0, to, 0, &arp);
	if (!r)
		r = send_frame(p, IPPROTO_TCP, to, p->port, &ip);
	return r ? r : send_frame(p, IPPROTO_ICMP, to, 0, &ip);
}

int inbound_tunnel_address(struct probing *p, const struct probe *self)
{
	int r = 0;

	(void)self;
	for (size_t i = 0; p->has_link && !r && i < p->spec->n_addresses; i++)
		r = ask_link(p, &p->spec->addresses[i].addr);
	return r;
}

static bool may_enter(const struct spec *spec, const struct addr *a)
{
	for (size_t i = 0; i < spec->reach.n_from; i++)
		if (prefix_contains(&spec->reach.from[i], a))
			return true;
	return false;
}

/* From FROM, who comes by the cable, routed by the host. */
static int come(struct probing *p, uint8_t protocol, const struct addr *from, const struct addr *to,
		uint16_t port)
{
	const struct way way = { .device = p->cable.name,
				 .from = from,
				 .sender = PACKET_OF_STRANGER,
				 .frame.mac = p->cable.mac };

	return send_frame(p, protocol, to, port, &way);
}

#define PUBLISHED_MAX 64 /* that are tried, of ranges evenly spread: each from, and to, many */

/* From one of the published ports to the next that is tried. */
static size_t stride(const struct probing *p)
{
	return (p->spec->reach.n_publish + PUBLISHED_MAX - 1) / PUBLISHED_MAX;
}

static int come_from(struct probing *p, const struct addr *from, const struct addr *to)
{
	int r = 0;

	if (from->family != to->family || !to->family)
		return 0;
	r = come(p, IPPROTO_TCP, from, to, p->port);
	for (size_t i = 0; !r && i < p->spec->reach.n_publish; i += stride(p))
		r = come(p, p->spec->reach.publish[i].protocol, from, to,
			 p->spec->reach.publish[i].port);
	if (!r)
		r = come(p, IPPROTO_UDP, from, to, p->port);
	return r ? r : come(p, IPPROTO_ICMP, from, to, 0);
}

/* Who may enter does not come by this cable: that is a forged source. */
int inbound_enter(struct probing *p, const struct probe *self)
{
	int r = 0;

	(void)self;
	for (int f = 0; p->has_link && !r && f < ADDR_FAMILIES; f++) {
		const struct addr *to = &p->spec->link[f].vault.addr;

		if (!may_enter(p->spec, &p->cable.stranger[f]))
			r = come_from(p, &p->cable.stranger[f], to);
		for (size_t i = 0; !r && i < p->spec->reach.n_from; i++) {
			struct addr from = addr_add(&p->spec->reach.from[i].addr, 1);

			if (p->spec->reach.from[i].len)
				r = come_from(p, &from, to);
		}
	}
	return r;
}

/* A port that is published to everybody on this address may be asked by the stranger, too. */
static bool is_for_all(const struct probing *p, const struct spec_publish *publish,
		       const struct addr *to)
{
	return may_enter(p->spec, &p->cable.stranger[addr_index(to->family)]) &&
	       (!publish->address.family || addr_equal(&publish->address, to));
}

int inbound_publish(struct probing *p, const struct probe *self)
{
	int r = 0;

	for (size_t i = 0; i < p->targets->n; i++)
		for (size_t k = 0; !r && k < p->spec->reach.n_publish; k += stride(p)) {
			const struct spec_publish *publish = &p->spec->reach.publish[k];
			const struct addr *to = &p->targets->list[i].addr;

			if (p->targets->list[i].kind & self->targets && !is_for_all(p, publish, to))
				r = come(p, publish->protocol,
					 &p->cable.stranger[addr_index(to->family)], to,
					 publish->host_port);
		}
	return r;
}
