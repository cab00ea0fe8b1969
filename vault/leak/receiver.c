/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/receiver.c: a socket of the host that nobody inside may reach. */
#include "vault/leak/receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int receiver_open(struct receiver *r)
{
	int fd cleanup(close_fd) = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(a);
	int one = 1;

	if (fd < 0 || setsockopt(fd, SOL_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		return -errno;
	r->port = ntohs(a.sin6_port);
	r->fd = steal_fd(&fd);
	return 0;
}

int receiver_send(struct receiver *r, struct packets *all)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(r->port) };
	const struct packet control = { .protocol = IPPROTO_UDP,
					.port = r->port,
					.flags = PACKET_CONTROL };
	uint8_t payload[PACKET_PAYLOAD];
	ssize_t i = packet_add(all, &control);

	if (i < 0)
		return (int)i;
	r->control = (size_t)i;
	packet_payload(all, r->control, payload);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
	return sendto(r->fd, payload, sizeof(payload), 0, (struct sockaddr *)&to, sizeof(to)) < 0
		       ? -errno
		       : 0;
}

/* Somebody else may know a mark, and send it to us: that came by another interface. */
static bool is_by(int fd, int index, const char *const *links)
{
	struct ifreq ifr = { .ifr_ifindex = index };

	if (ioctl(fd, SIOCGIFNAME, &ifr))
		return false;
	while (*links && strncmp(*links, ifr.ifr_name, sizeof(ifr.ifr_name)) != 0)
		links++;
	return *links;
}

static void take(const uint8_t *data, const struct sockaddr_in6 *from, bool by_link,
		 struct packets *all, struct leak_run *run)
{
	const size_t i = (size_t)data[2] << 8 | data[3];
	uint8_t payload[PACKET_PAYLOAD] = { 0 };
	struct leak_evidence e = { .interface = "" };
	char text[ADDR_STRLEN] = "";

	if (i >= all->n)
		return;
	packet_payload(all, i, payload);
	if (memcmp(payload, data, sizeof(payload)) != 0)
		return;
	if (all->list[i].flags & PACKET_CONTROL) {
		all->list[i].seen = true;
		return;
	}
	if (!by_link)
		return;
	all->list[i].seen = true;
	clock_gettime(CLOCK_REALTIME, &e.time);
	inet_ntop(AF_INET6, &from->sin6_addr, text, sizeof(text));
	snprintf(e.summary, sizeof(e.summary), "udp [%s]:%u reached a socket of the host", text,
		 ntohs(from->sin6_port));
	leak_run_evidence(run, all->list[i].probe, &e);
}

static int interface_of(struct msghdr *h)
{
	struct in6_pktinfo info = { .ipi6_ifindex = 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO)
			memcpy(&info, CMSG_DATA(c), sizeof(info));
	return (int)info.ipi6_ifindex;
}

int receiver_read(struct receiver *r, const char *const *links, struct packets *all,
		  struct leak_run *run)
{
	struct sockaddr_in6 from = { 0 };
	uint8_t data[512] = { 0 };
	union {
		char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr aligned;
	} control;

	for (;;) {
		struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
		struct msghdr h = { .msg_name = &from,
				    .msg_namelen = sizeof(from),
				    .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control.room,
				    .msg_controllen = sizeof(control.room) };
		ssize_t n = recvmsg(r->fd, &h, 0);

		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? 0 : -errno;
		if (n == PACKET_PAYLOAD)
			take(data, &from, is_by(r->fd, interface_of(&h), links), all, run);
	}
}

void receiver_close(struct receiver *r)
{
	close_fd(&r->fd);
}
