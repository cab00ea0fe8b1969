/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/capture.c: packet sockets that see what passes the interfaces of one namespace. */
#include "vault/leak/capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/ns.h"

#define BUFFER (8 << 20)

struct opening {
	struct capture *capture;
	const struct filter *filter;
};

/* In the namespace. Nothing is taken in before the filter is there: protocol 0 until the bind. */
static int open_inside(void *arg)
{
	struct opening *o = arg;
	struct sock_fprog program = { .len = o->filter->n,
				      .filter = (struct sock_filter *)o->filter->code };
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd cleanup(close_fd) = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int size = BUFFER, one = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)))
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		return -errno;
	if (bind(fd, (struct sockaddr *)&all, sizeof(all)))
		return -errno;
	o->capture->fd = steal_fd(&fd);
	return 0;
}

int capture_open(struct capture *capture, int ns, const struct filter *filter)
{
	struct opening o = { .capture = capture, .filter = filter };

	capture->fd = -1;
	capture->ns = ns;
	return ns_run(ns, open_inside, &o);
}

/* Asked of the socket: its namespace's name of the index. */
static void name_interface(int fd, int index, char name[static IFNAMSIZ])
{
	struct ifreq ifr = { .ifr_ifindex = index };

	if (ioctl(fd, SIOCGIFNAME, &ifr))
		snprintf(name, IFNAMSIZ, "#%d", index);
	else
		snprintf(name, IFNAMSIZ, "%.15s", ifr.ifr_name);
}

struct message {
	uint8_t data[512];
	struct sockaddr_ll from;
	union {
		char room[CMSG_SPACE(sizeof(struct tpacket_auxdata)) +
			  CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr aligned;
	} control;
};

static void take_control(struct msghdr *h, struct sighting *s, struct tpacket_auxdata *aux)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
			memcpy(aux, CMSG_DATA(c), sizeof(*aux));
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS)
			memcpy(&s->time, CMSG_DATA(c), sizeof(s->time));
	}
}

/* 1 when there was one, 0 when none waits, or -errno. */
static int read_one(struct capture *capture, struct message *m, struct sighting *s)
{
	struct iovec iov = { .iov_base = m->data, .iov_len = sizeof(m->data) };
	struct msghdr h = { .msg_name = &m->from,
			    .msg_namelen = sizeof(m->from),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = m->control.room,
			    .msg_controllen = sizeof(m->control.room) };
	struct tpacket_auxdata aux = { 0 };
	ssize_t n = recvmsg(capture->fd, &h, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? 0 : errno == EINTR || errno == ENETDOWN ? 1 : -errno;
	take_control(&h, s, &aux);
	s->index = (uint32_t)m->from.sll_ifindex;
	name_interface(capture->fd, m->from.sll_ifindex, s->interface);
	s->out = m->from.sll_pkttype == PACKET_OUTGOING;
	s->type = ntohs(m->from.sll_protocol);
	s->vlan = aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & 0xfff : -1;
	if (aux.tp_net > n)
		return 1; /* cut before anything that could be told */
	s->data = m->data + aux.tp_net;
	s->len = (size_t)n - aux.tp_net;
	s->whole = aux.tp_len - aux.tp_net;
	return 1;
}

int capture_read(struct capture *capture, sighting_fn *fn, void *arg)
{
	struct message m;
	int r;

	do {
		struct sighting s = { .data = NULL };

		r = read_one(capture, &m, &s);
		if (s.data)
			fn(&s, arg);
	} while (r > 0);
	return r;
}

int64_t capture_lost(struct capture *capture)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);

	if (getsockopt(capture->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		return -errno;
	return stats.tp_drops;
}

void capture_close(struct capture *capture)
{
	close_fd(&capture->fd);
}
