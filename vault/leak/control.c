/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/control.c: the positive control: packets that nothing stops, to see that the captures
 * see.
 */
#include "vault/leak/control.h"

#include <errno.h>
#include <net/ethernet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/leak/probe/send.h"

#define CABLE_END "eth0" /* in the stranger's namespace */
#define REMAINS_MS 5000
#define REMAINS_TRY_MS 20

static int find_index(void *arg)
{
	struct control *c = arg;

	c->index = if_nametoindex(c->name);
	return c->index ? 0 : -errno;
}

/* An address of each family that the vault's link has on one end, and the end up: no stranger comes
 * by another. */
static int bring_up(struct nl *nl, uint32_t index, const struct spec *spec,
		    const struct prefix addresses[ADDR_FAMILIES])
{
	struct nl_error error = { 0 };
	struct nl_batch b = { 0 };

	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (f == ADDR_V4 || spec->link[f].host.addr.family)
			rtnl_queue_address(&b, nl, 0, index, &addresses[f], false);
	rtnl_queue_up(&b, nl, 0, index, true);
	return nl_batch_send(&b, NULL, NULL, &error);
}

/* A random pair of addresses of each family. */
static int choose_addresses(struct prefix host[ADDR_FAMILIES], struct prefix far[ADDR_FAMILIES])
{
	static const char *const networks[ADDR_FAMILIES] = { "198.18.0.0/30", "2001:2::/126" };
	uint16_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (int f = 0; f < ADDR_FAMILIES; f++) {
		int r = prefix_parse(networks[f], &host[f]);

		if (r)
			return r;
		far[f] = host[f];
		host[f].addr = addr_add(&host[f].addr, 4 * (random % 16384U) + 1);
		far[f].addr = addr_add(&host[f].addr, 1);
	}
	return 0;
}

static int make_pair(const struct control *c, struct nl *host)
{
	const struct rtnl_veth veth = { .name = c->host_name,
					.peer_name = c->name,
					.peer_ns = c->ns };
	struct nl_error error = { 0 };
	struct nl_batch b = { 0 };

	rtnl_queue_veth(&b, host, 0, &veth);
	return nl_batch_send(&b, NULL, NULL, &error);
}

/* What a killed run left goes with its namespace, in the kernel's own time. */
static int make_pair_in_time(const struct control *c, struct nl *host)
{
	int r = make_pair(c, host);

	for (int waited = 0; r == -EEXIST && waited < REMAINS_MS; waited += REMAINS_TRY_MS) {
		poll(NULL, 0, REMAINS_TRY_MS);
		r = make_pair(c, host);
	}
	return r;
}

static int lay(struct control *c, const struct spec *spec, struct nl *host, struct nl *inner,
	       struct cable *cable)
{
	struct prefix near[ADDR_FAMILIES], far[ADDR_FAMILIES];
	int r = choose_addresses(near, far);

	if (!r)
		r = make_pair_in_time(c, host);
	if (r)
		return r;
	r = ns_run(c->ns, find_index, c);
	c->host_index = r ? 0 : if_nametoindex(c->host_name);
	if (!r && !c->host_index)
		r = -errno;
	if (!r)
		r = bring_up(host, c->host_index, spec, near);
	if (!r)
		r = bring_up(inner, c->index, spec, far);
	snprintf(cable->name, sizeof(cable->name), "%s", c->name);
	for (int f = 0; f < ADDR_FAMILIES; f++)
		cable->stranger[f] = far[f].addr;
	return r;
}

static int open_route(void *arg)
{
	return nl_open(arg, NETLINK_ROUTE);
}

int control_open(struct control *c, const struct spec *spec, struct cable *cable)
{
	struct nl host cleanup(nl_close) = NL_CLOSED, inner cleanup(nl_close) = NL_CLOSED;
	int r;

	*c = (struct control){ .name = CABLE_END };
	/* As the link's host end, but for a letter: what the guard takes for a link begins vlt-. */
	snprintf(c->host_name, sizeof(c->host_name), "vlx-%s", spec->link_host_if + 4);
	c->ns = ns_make();
	r = c->ns < 0 ? c->ns : nl_open(&host, NETLINK_ROUTE);
	if (!r)
		r = ns_run(c->ns, open_route, &inner);
	if (!r)
		r = lay(c, spec, &host, &inner, cable);
	if (r)
		control_close(c);
	return r;
}

static const struct {
	const char *from, *to;
	uint8_t protocol;
	struct packet_frame frame;
} kinds[] = {
	{ "198.18.0.1", "198.18.0.2", IPPROTO_UDP, { 0 } },
	{ "198.18.0.1", "198.18.0.2", IPPROTO_TCP, { 0 } },
	{ "198.18.0.1", "198.18.0.2", IPPROTO_ICMP, { 0 } },
	{ "198.18.0.1", "198.18.0.2", IPPROTO_UDP, { .vlan = 76 } },
	{ "198.18.0.1", "198.18.0.3", 0, { .type = ETHERTYPE_ARP } },
	{ "198.18.0.1", "198.18.0.2", 0, { .type = 0x88b5 } },
	{ "2001:2::1", "2001:2::2", IPPROTO_UDP, { 0 } },
	{ "2001:2::1", "2001:2::2", IPPROTO_TCP, { 0 } },
	{ "2001:2::1", "2001:2::2", IPPROTO_ICMP, { 0 } },
	{ "2001:2::1", "2001:2::2", IPPROTO_UDP, { .vlan = 76 } },
};

struct sending {
	struct control *c;
	struct probing *p;
	size_t from, to; /* of kinds */
};

/* To nobody's hardware address: the host's stack passes them over. */
static int send_kinds(void *arg)
{
	const struct sending *s = arg;
	int r = 0;

	for (size_t i = s->from; !r && i < s->to; i++) {
		struct addr from, to;
		struct way way = { .device = s->c->name,
				   .from = &from,
				   .sender = PACKET_OF_CONTROL,
				   .frame = kinds[i].frame };

		way.frame.mac = packet_mac;
		r = addr_parse(kinds[i].from, &from);
		if (!r)
			r = addr_parse(kinds[i].to, &to);
		if (!r)
			r = send_frame(s->p, kinds[i].protocol, &to, s->p->port, &way);
		if (!r)
			r = s->p->packets->list[s->p->packets->n - 1].err;
	}
	return r;
}

int control_send(struct control *c, struct probing *p)
{
	struct sending all = { .c = c, .p = p, .to = ARRAY_SIZE(kinds) };
	int r;

	c->first = p->packets->n;
	r = ns_run(c->ns, send_kinds, &all);
	c->count = p->packets->n - c->first;
	return r;
}

int control_send_last(struct control *c, struct probing *p)
{
	struct sending one = { .c = c, .p = p, .to = 1 };

	c->last = p->packets->n;
	return ns_run(c->ns, send_kinds, &one);
}

bool control_was_seen(const struct control *c, const struct packets *packets, size_t *missing)
{
	for (*missing = c->first; *missing < c->first + c->count; ++*missing)
		if (!packets->list[*missing].seen)
			return false;
	return c->count == ARRAY_SIZE(kinds);
}

/* By the end that is in a namespace of nobody else's: the kernel alone would take its time. */
static void take_up(struct control *c)
{
	struct nl inner cleanup(nl_close) = NL_CLOSED;
	struct nl_error error = { 0 };
	struct nl_batch b = { 0 };

	if (ns_run(c->ns, open_route, &inner))
		return;
	rtnl_queue_del_link(&b, &inner, 0, c->name);
	(void)!nl_batch_send(&b, NULL, NULL, &error); /* else it goes with the namespace */
}

void control_close(struct control *c)
{
	if (c->host_index)
		take_up(c);
	c->host_index = 0;
	close_fd(&c->ns);
}
