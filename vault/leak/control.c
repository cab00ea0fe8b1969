/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/control.c: the positive control: packets that nothing stops, to see that the eyes see.
 */
#include "vault/leak/control.h"

#include <errno.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>

#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/probe/send.h"

static int find_index(void *arg)
{
	struct control *c = arg;

	c->index = if_nametoindex(c->name);
	return c->index ? 0 : -errno;
}

static int open_route(void *arg)
{
	return nl_open(arg, NETLINK_ROUTE);
}

/* Both ends up; nothing else: they need no addresses. */
static int lay(struct control *c, struct nl *host, struct nl *inner)
{
	const struct rtnl_veth veth = { .name = c->host_name,
					.peer_name = c->name,
					.peer_ns = c->ns };
	struct nl_error error = { 0 };
	struct nl_batch b = { 0 };
	int r;

	rtnl_queue_veth(&b, host, 0, &veth);
	r = nl_batch_send(&b, NULL, NULL, &error);
	if (!r)
		r = ns_run(c->ns, find_index, c);
	c->host_index = r ? 0 : if_nametoindex(c->host_name);
	if (!r && !c->host_index)
		r = -errno;
	if (r)
		return r;
	rtnl_queue_up(&b, host, 0, c->host_index, true);
	r = nl_batch_send(&b, NULL, NULL, &error);
	if (r)
		return r;
	rtnl_queue_up(&b, inner, 0, c->index, true);
	return nl_batch_send(&b, NULL, NULL, &error);
}

int control_open(struct control *c, const struct spec *spec)
{
	struct nl host cleanup(nl_close) = NL_CLOSED, inner cleanup(nl_close) = NL_CLOSED;
	int r;

	*c = (struct control){ .name = "eth0" };
	/* As the link's host end, but for a letter: what the guard takes for a link begins vlt-. */
	snprintf(c->host_name, sizeof(c->host_name), "vlx-%s", spec->host_name + 4);
	c->ns = ns_make();
	r = c->ns < 0 ? c->ns : nl_open(&host, NETLINK_ROUTE);
	if (!r)
		r = ns_run(c->ns, open_route, &inner);
	if (!r)
		r = lay(c, &host, &inner);
	if (r)
		control_close(c);
	return r;
}

static const struct {
	const char *from, *to;
	uint8_t protocol;
	struct frame frame;
} kinds[] = {
	{ "198.18.0.1", "198.18.0.2", IPPROTO_UDP, { .vlan = -1 } },
	{ "198.18.0.1", "198.18.0.2", IPPROTO_TCP, { .vlan = -1 } },
	{ "198.18.0.1", "198.18.0.2", IPPROTO_ICMP, { .vlan = -1 } },
	{ "198.18.0.1", "198.18.0.2", IPPROTO_UDP, { .vlan = 76 } },
	{ "198.18.0.1", "198.18.0.3", 0, { .type = ETHERTYPE_ARP, .vlan = -1 } },
	{ "198.18.0.1", "198.18.0.2", 0, { .type = 0x88b5, .vlan = -1 } },
	{ "2001:2::1", "2001:2::2", IPPROTO_UDP, { .vlan = -1 } },
	{ "2001:2::1", "2001:2::2", IPPROTO_TCP, { .vlan = -1 } },
	{ "2001:2::1", "2001:2::2", IPPROTO_ICMP, { .vlan = -1 } },
	{ "2001:2::1", "2001:2::2", IPPROTO_UDP, { .vlan = 76 } },
};

struct sending {
	struct control *c;
	struct probing *p;
};

/* To nobody's hardware address: the host's stack passes them over. */
static int send_all(void *arg)
{
	static const uint8_t mac[6] = { 0x02, 0x76, 0x61, 0x75, 0x6c, 0x74 };
	const struct sending *s = arg;
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(kinds); i++) {
		struct frame frame = kinds[i].frame;
		struct addr from, to;
		const struct way way = { .device = s->c->name,
					 .from = &from,
					 .flags = PACKET_CONTROL };

		frame.mac = mac;
		r = addr_parse(kinds[i].from, &from);
		if (!r)
			r = addr_parse(kinds[i].to, &to);
		if (!r)
			r = send_frame(s->p, &frame, kinds[i].protocol, &to, s->p->port, &way);
		if (!r)
			r = s->p->packets->list[s->p->packets->n - 1].err;
	}
	return r;
}

int control_send(struct control *c, struct probing *p)
{
	struct sending s = { .c = c, .p = p };
	int r;

	c->first = p->packets->n;
	r = ns_run(c->ns, send_all, &s);
	c->count = p->packets->n - c->first;
	return r;
}

bool control_was_seen(const struct control *c, const struct packets *packets, size_t *missing)
{
	for (*missing = c->first; *missing < c->first + c->count; ++*missing)
		if (!packets->list[*missing].seen)
			return false;
	return c->count == ARRAY_SIZE(kinds);
}

void control_close(struct control *c)
{
	close_fd(&c->ns);
}
