/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/cut.c: what happens without the tunnel, and without rules: in the twin. */
#include "vault/leak/probe/list.h"

#include <errno.h>
#include <sys/socket.h>

#define FLOW_PACKETS 3

static int go_on(struct probing *p, enum addr_family f)
{
	const struct packet packet = { .probe = p->probe,
				       .protocol = IPPROTO_UDP,
				       .to = p->flow_to[f],
				       .port = p->flow_port,
				       .places = PACKET_IN_TUNNEL };
	uint8_t payload[PACKET_PAYLOAD];
	ssize_t i = packet_add(p->packets, &packet);

	if (i < 0)
		return (int)i;
	packet_payload(p->packets, (size_t)i, payload);
	if (send(p->flows[f], payload, sizeof(payload), MSG_NOSIGNAL) < 0)
		p->packets->list[i].err = -errno;
	return 0;
}

int cut_flow(struct probing *p, const struct probe *self)
{
	int r = 0;

	(void)self;
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		for (int n = 0; !r && p->flows[f] >= 0 && n < FLOW_PACKETS; n++)
			r = go_on(p, f);
	return r ? r : p->flow_err;
}

int cut_all(struct probing *p, const struct probe *self)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP };
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(protocols); i++) {
		struct probe one = *self;

		one.protocol = protocols[i];
		r = direct_by_routes(p, &one);
		if (!r)
			r = direct_by_link(p, &one);
	}
	return r;
}

int cut_down(struct probing *p, const struct probe *self)
{
	int r = cut_flow(p, self);

	return r ? r : cut_all(p, self);
}

int cut_flushed(struct probing *p, const struct probe *self)
{
	int r = cut_all(p, self);

	if (!r)
		r = frame_on_link(p, self);
	return r ? r : frame_vlan(p, self);
}
