/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/disrupt.c: the real tunnel down for a moment, and up again as it was.
 *
 * While it is down, the kernel has no routes by it and no IPv6 addresses on it: they are noted
 * before and made again after. Signals are blocked by the caller, so that none comes in between;
 * whoever kills the process leaves a vault without a way out, which `vault up` puts right.
 */
#include "vault/leak/disrupt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_MS 2000

static int note_address(const struct rtnl_address *a, void *arg)
{
	struct disrupt *d = arg;

	if (a->index != d->index || addr_is_linklocal(&a->address.addr))
		return 0;
	if (d->n_addresses == DISRUPT_MAX)
		return -E2BIG;
	d->addresses[d->n_addresses++] = *a;
	return 0;
}

static int note_route(const struct rtnl_route *r, void *arg)
{
	struct disrupt *d = arg;

	if (r->index != d->index || r->by_kernel)
		return 0;
	if (d->n_routes == DISRUPT_MAX)
		return -E2BIG;
	d->routes[d->n_routes++] = *r;
	return 0;
}

static int note(struct disrupt *d)
{
	struct nl_error error = { 0 };
	int r = rtnl_dump_addresses(&d->nl, note_address, d, &error);

	return r ? r : rtnl_dump_routes(&d->nl, AF_UNSPEC, note_route, d, &error);
}

/* A flow to the resolver, begun by a query for the root's name servers that it may answer. */
static int begin_flow(const struct addr *to)
{
	static const uint8_t query[] = { 0x76, 0x6c, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 };
	int fd cleanup(close_fd) = socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(to, 0, 53, &sa);
	int r = connect(fd, (const struct sockaddr *)&sa, len);

	if (fd < 0 || r || send(fd, query, sizeof(query), MSG_NOSIGNAL) < 0)
		return -1;
	(void)!poll(&wait, 1, ANSWER_MS); /* unanswered, the flow goes on all the same */
	return steal_fd(&fd);
}

static void begin_flows(struct probing *p)
{
	for (size_t i = 0; i < p->spec->n_dns; i++) {
		const struct addr *to = &p->spec->dns[i];
		enum addr_family f = addr_index(to->family);

		if (p->flows[f] >= 0)
			continue;
		p->flows[f] = begin_flow(to);
		p->flow_to[f] = *to;
	}
}

static int set_up(struct disrupt *d, bool up)
{
	struct nl_error error = { 0 };
	struct nl_batch b = { 0 };

	rtnl_queue_up(&b, &d->nl, 0, d->index, up);
	return nl_batch_send(&b, NULL, NULL, &error);
}

int disrupt_begin(struct disrupt *d, struct probing *p)
{
	int r;

	d->nl = (struct nl)NL_CLOSED;
	d->index = p->spec->tunnel_index;
	r = nl_open(&d->nl, NETLINK_ROUTE);
	if (!r)
		r = note(d);
	if (r)
		return r;
	begin_flows(p);
	p->flow_port = 53;
	d->down = true;
	return set_up(d, false);
}

static int add_address(struct disrupt *d, size_t i)
{
	const struct rtnl_address *a = &d->addresses[i];
	struct nl_error error = { 0 };
	struct nl_batch b = { 0 };
	int r;

	rtnl_queue_address(&b, &d->nl, 0, d->index, &a->address, false);
	r = nl_batch_send(&b, NULL, NULL, &error);
	return r == -EEXIST ? 0 : r;
}

static int add_route(struct disrupt *d, size_t i)
{
	struct nl_error error = { 0 };
	struct nl_batch b = { 0 };
	int r;

	rtnl_queue_route(&b, &d->nl, 0, &d->routes[i]);
	r = nl_batch_send(&b, NULL, NULL, &error);
	return r == -EEXIST ? 0 : r;
}

int disrupt_end(struct disrupt *d, struct probing *p)
{
	int first = d->down ? set_up(d, true) : 0;

	for (int f = 0; f < ADDR_FAMILIES; f++)
		close_fd(&p->flows[f]);
	for (size_t i = 0; d->down && i < d->n_addresses; i++) {
		int r = add_address(d, i);

		first = first ? first : r;
	}
	for (size_t i = 0; d->down && i < d->n_routes; i++) {
		int r = add_route(d, i);

		first = first ? first : r;
	}
	nl_close(&d->nl);
	return first;
}
