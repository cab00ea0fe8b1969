/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/flow.c: flows that begin in the twin's tunnel, answered by us at its end. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/ns.h"
#include "vault/leak/twin.h"

#define ANSWER_MS 5000
#define AGAIN_MS 20
#define PACKET_SIZE 2048
#define NO_WAY INT_MIN

struct beginning {
	struct twin *t;
	struct probing *p;
};

/* Waits for the flow's first packet at the tunnel's end, and turns it. Its length; 0: none came. */
static size_t await_packet(const struct twin *t, uint16_t port, uint8_t packet[static PACKET_SIZE])
{
	struct pollfd wait = { .fd = t->tun, .events = POLLIN };

	while (poll(&wait, 1, ANSWER_MS) > 0) {
		ssize_t n = read(t->tun, packet, PACKET_SIZE);

		if (n < 0)
			return 0;
		if (packet_turn(packet, (size_t)n, port))
			return (size_t)n;
	}
	return 0;
}

/*
 * Answers the flow of FD. Again and again until it comes through: an IPv6 address may be sent from
 * at once, but is delivered to only when the kernel has got round to it.
 */
static bool answer(const struct twin *t, int fd, uint16_t port)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	uint8_t packet[PACKET_SIZE];
	size_t n = await_packet(t, port, packet);
	int64_t end = clock_ms() + ANSWER_MS;

	while (n && clock_ms() < end) {
		if (write(t->tun, packet, n) != (ssize_t)n)
			return false;
		if (poll(&wait, 1, AGAIN_MS) > 0)
			return true;
	}
	return false;
}

/* The tunnel leads nowhere in that family. */
static bool is_no_way(int err)
{
	return err == ENETUNREACH || err == EHOSTUNREACH || err == EADDRNOTAVAIL ||
	       err == EAFNOSUPPORT;
}

/* A connected socket whose first packet went by the tunnel and was answered; NO_WAY;
 * or -errno. */
static int begin(const struct twin *t, const struct addr *to, uint16_t port)
{
	int fd cleanup(close_fd) = socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(to, 0, port, &sa);
	int r = connect(fd, (const struct sockaddr *)&sa, len);

	if (fd < 0 || r || send(fd, "", 1, MSG_NOSIGNAL) < 0)
		return is_no_way(errno) ? NO_WAY : -errno;
	return answer(t, fd, port) ? steal_fd(&fd) : -ETIMEDOUT;
}

static int begin_inside(void *arg)
{
	struct beginning *b = arg;
	const struct targets *targets = b->p->targets;

	for (size_t i = 0; i < targets->n; i++) {
		const struct target *to = &targets->list[i];
		enum addr_family f = addr_index(to->addr.family);
		int fd;

		if (to->kind != TARGET_PUBLIC || !spec_tunnel_has(&b->t->spec, to->addr.family))
			continue;
		fd = begin(b->t, &to->addr, b->p->port);
		b->p->flows[f] = fd < 0 ? -1 : fd;
		b->p->flow_to[f] = to->addr;
		if (fd < 0 && fd != NO_WAY)
			b->p->flow_err = fd;
	}
	return 0;
}

int twin_begin_flows(struct twin *t, struct probing *p)
{
	struct beginning b = { .t = t, .p = p };
	int r = ns_run(t->session.vault_ns, begin_inside, &b);

	p->flow_port = p->port;
	return r;
}
