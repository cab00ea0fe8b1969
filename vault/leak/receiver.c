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

#include "lib/ns.h"

/* A socket of IPv6 takes IPv4 as well, where the kernel has any IPv6. */
union end {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

int receiver_open(struct receiver *r)
{
	bool v6 = ns_has_ipv6();
	union end a = { .v6 = { .sin6_family = v6 ? AF_INET6 : AF_INET } };
	int fd cleanup(close_fd) =
		socket(a.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(a);
	int one = 1;

	if (fd < 0 ||
	    setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, &one,
		       sizeof(one)) ||
	    bind(fd, &a.any, sizeof(a)) || getsockname(fd, &a.any, &len))
		return -errno;
	r->family = a.any.sa_family;
	r->port = ntohs(a.v4.sin_port); /* it lies in one place */
	r->fd = steal_fd(&fd);
	return 0;
}

int receiver_send(struct receiver *r, struct packets *all)
{
	union end to = { .v6 = { .sin6_family = r->family, .sin6_port = htons(r->port) } };
	const struct packet control = { .protocol = IPPROTO_UDP,
					.port = r->port,
					.sender = PACKET_OF_CONTROL };
	uint8_t payload[PACKET_PAYLOAD];
	ssize_t i = packet_add(all, &control);

	if (i < 0)
		return (int)i;
	r->control = (size_t)i;
	packet_payload(all, r->control, payload);
	if (r->family == AF_INET6)
		inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.v6.sin6_addr);
	else
		to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sendto(r->fd, payload, sizeof(payload), 0, &to.any, sizeof(to)) < 0 ? -errno : 0;
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

static void take(const uint8_t *data, const union end *from, bool by_link, struct packets *all,
		 struct leak_run *run)
{
	size_t i;
	uint8_t payload[PACKET_PAYLOAD] = { 0 };
	struct leak_evidence e = { .interface = "" };
	char text[ADDR_STRLEN] = "";

	if (!packet_find(all, data, false, &i))
		return;
	packet_payload(all, i, payload);
	if (memcmp(payload, data, sizeof(payload)) != 0)
		return;
	if (all->list[i].sender == PACKET_OF_CONTROL) {
		all->list[i].seen = true;
		return;
	}
	if (!by_link)
		return;
	all->list[i].seen = true;
	clock_gettime(CLOCK_REALTIME, &e.time);
	if (from->any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &from->v6.sin6_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET, &from->v4.sin_addr, text, sizeof(text));
	snprintf(e.summary, sizeof(e.summary), "udp [%s]:%u reached a socket of the host", text,
		 ntohs(from->v4.sin_port));
	leak_run_evidence(run, all->list[i].probe, &e);
}

static int interface_of(struct msghdr *h)
{
	struct in6_pktinfo info = { .ipi6_ifindex = 0 };
	struct in_pktinfo info4;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO)
			memcpy(&info, CMSG_DATA(c), sizeof(info));
		else if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info4, CMSG_DATA(c), sizeof(info4));
			info.ipi6_ifindex = (uint32_t)info4.ipi_ifindex;
		}
	return (int)info.ipi6_ifindex;
}

int receiver_read(struct receiver *r, const char *const *links, struct packets *all,
		  struct leak_run *run)
{
	union end from = { .v6 = { 0 } };
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
