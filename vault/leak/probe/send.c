/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/send.c: one marked packet, by every way that a program has. */
#include "vault/leak/probe/send.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define SOURCE_PORT 40000 /* of packets written by hand */

/* A socket of TYPE and PROTOCOL that goes WAY, or -errno. */
static int open_way(int family, int type, int protocol, const struct way *way)
{
	int fd cleanup(close_fd) = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int one = 1, level = family == AF_INET6 ? SOL_IPV6 : SOL_IP;
	int option = family == AF_INET6 ? IPV6_TRANSPARENT : IP_TRANSPARENT;
	struct sockaddr_storage from;

	if (fd < 0)
		return -errno;
	if (type != SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)))
		return -errno;
	if (way->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, way->device,
				      (socklen_t)strlen(way->device)))
		return -errno;
	if (!way->from || protocol == IPPROTO_RAW)
		return steal_fd(&fd);
	if (setsockopt(fd, level, option, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&from, addr_to_sockaddr(way->from, 0, 0, &from)))
		return -errno;
	return steal_fd(&fd);
}

/*
 * The SYN's sequence number is settled while the socket is under repair (tcp(7)), which leaves one
 * that is given alone. Nobody waits for an answer.
 */
static int connect_marked(int fd, uint32_t marker, const struct sockaddr *to, socklen_t len)
{
	int on = 1, off = 0, queue = TCP_SEND_QUEUE;

	if (setsockopt(fd, SOL_TCP, TCP_REPAIR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue)) ||
	    setsockopt(fd, SOL_TCP, TCP_QUEUE_SEQ, &marker, sizeof(marker)) ||
	    setsockopt(fd, SOL_TCP, TCP_REPAIR, &off, sizeof(off)))
		return -errno;
	return connect(fd, to, len) && errno != EINPROGRESS ? -errno : 0;
}

static int send_payload(const struct packets *all, size_t i, int fd, const struct sockaddr *to,
			socklen_t len)
{
	const struct packet *p = &all->list[i];
	uint8_t buf[PACKET_ROOM];
	size_t n = PACKET_PAYLOAD, head = 0;

	if (p->protocol == IPPROTO_UDP) {
		packet_payload(all, i, buf);
	} else { /* the kernel writes the IP header, and ICMPv6's checksum */
		n = packet_build(all, i, &p->to, 0, buf);
		head = p->to.family == AF_INET ? PACKET_HEAD4 : PACKET_HEAD6;
		n -= head;
	}
	return sendto(fd, buf + head, n, MSG_NOSIGNAL, to, len) < 0 ? -errno : 0;
}

/*
 * When no port is free, datagrams are told to try again, and connections that there is no such
 * address, which may have other reasons: a socket that only wants a port is told the right one.
 */
static int explain(int r, const struct packet *p, int type, const struct way *way)
{
	struct sockaddr_storage any;
	socklen_t len = addr_to_sockaddr(&(struct addr){ .family = p->to.family }, 0, 0, &any);
	int fd cleanup(close_fd) = -1;

	if (type == SOCK_DGRAM && r == -EAGAIN)
		return -EADDRINUSE;
	if (type != SOCK_STREAM || r != -EADDRNOTAVAIL)
		return r;
	fd = open_way(p->to.family, type, 0, way);
	return fd >= 0 && bind(fd, (struct sockaddr *)&any, len) && errno == EADDRINUSE
		       ? -EADDRINUSE
		       : r;
}

/* Sends packet I. 0 or -errno: refused; or -EADDRINUSE: not tried, as no port was free. */
static int emit(const struct packets *all, size_t i, const struct way *way)
{
	const struct packet *p = &all->list[i];
	bool tcp = p->protocol == IPPROTO_TCP, udp = p->protocol == IPPROTO_UDP;
	int type = tcp ? SOCK_STREAM : udp ? SOCK_DGRAM : SOCK_RAW;
	int fd cleanup(close_fd) = open_way(p->to.family, type, tcp || udp ? 0 : p->protocol, way);
	struct sockaddr_storage to;
	socklen_t len = addr_to_sockaddr(&p->to, 0, tcp || udp ? p->port : 0, &to);
	int r;

	if (fd < 0)
		return fd;
	r = tcp ? connect_marked(fd, packet_marker(all, i), (struct sockaddr *)&to, len)
		: send_payload(all, i, fd, (struct sockaddr *)&to, len);
	return explain(r, p, type, way);
}

/* A new packet of the probe. Its number or -errno. */
static ssize_t new_packet(struct probing *p, uint8_t protocol, const struct addr *to, uint16_t port,
			  const struct way *way)
{
	bool v6 = to->family == AF_INET6;
	bool by_link = way->device && !strcmp(way->device, p->spec->link_if);
	const struct packet packet = { .probe = p->probe,
				       .protocol = protocol == IPPROTO_ICMP && v6 ? IPPROTO_ICMPV6
										  : protocol,
				       .to = *to,
				       .port = port,
				       .sender = way->sender,
				       .places = way->places | p->places,
				       .by_link = by_link };

	return packet_add(p->packets, &packet);
}

int send_packet(struct probing *p, uint8_t protocol, const struct addr *to, uint16_t port,
		const struct way *way)
{
	ssize_t i = new_packet(p, protocol, to, port, way);

	if (i < 0)
		return (int)i;
	p->packets->list[i].err = emit(p->packets, (size_t)i, way);
	return 0;
}

static int emit_raw(const struct packets *all, size_t i, const struct way *way)
{
	const struct packet *p = &all->list[i];
	int fd cleanup(close_fd) = open_way(p->to.family, SOCK_RAW, IPPROTO_RAW, way);
	struct sockaddr_storage to;
	socklen_t len = addr_to_sockaddr(&p->to, 0, 0, &to);
	uint8_t buf[PACKET_ROOM];
	size_t n = packet_build(all, i, way->from, SOURCE_PORT, buf);

	if (fd < 0)
		return fd;
	return sendto(fd, buf, n, 0, (struct sockaddr *)&to, len) < 0 ? -errno : 0;
}

int send_raw(struct probing *p, uint8_t protocol, const struct addr *to, uint16_t port,
	     const struct way *way)
{
	ssize_t i = new_packet(p, protocol, to, port, way);

	if (i < 0)
		return (int)i;
	p->packets->list[i].err = emit_raw(p->packets, (size_t)i, way);
	return 0;
}

/* Bound to nothing, so it takes nothing in. */
static int open_frames(struct probing *p)
{
	if (p->frames < 0)
		p->frames = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	return p->frames < 0 ? -errno : 0;
}

/* 0: there is none. */
static int find_index(int fd, const char *device)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	return ioctl(fd, SIOCGIFINDEX, &ifr) ? 0 : ifr.ifr_ifindex;
}

static int emit_frame(int fd, const struct packets *all, size_t i, const struct way *way)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = find_index(fd, way->device) };
	uint8_t buf[PACKET_FRAME_ROOM];
	uint16_t type;
	size_t n = packet_build_frame(all, i, &way->frame, way->from, SOURCE_PORT, &type, buf);

	to.sll_protocol = htons(type);
	return sendto(fd, buf, n, 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

int send_frame(struct probing *p, uint8_t protocol, const struct addr *to, uint16_t port,
	       const struct way *way)
{
	ssize_t i = new_packet(p, protocol, to, port, way);
	int r;

	if (i < 0)
		return (int)i;
	r = open_frames(p);
	p->packets->list[i].err = r ? r : emit_frame(p->frames, p->packets, (size_t)i, way);
	return 0;
}
