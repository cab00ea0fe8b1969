/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/lab/wire.c: the lab's helper program: watch for marked frames (wirewatch.c), send them
 * (wiresend.c), echo (STUN: wirestun.c). */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"wire watch IFACE...|any [--token HEX|--cells HEX] [--from ADDR]... [--to ADDR]...\n"
	"    Counts the frames, in and out, that carry the token, or come from or go to such an address.\n"
	"    --cells counts them also by the byte after the token. Ends at SIGTERM, or at the end of stdin\n"
	"    when that is a pipe: 0 none, 1 seen, 3 unknown.\n"
	"wire send udp|tcp|connect|icmp|raw|syn|packet DST [--port N] [--iface IF] [--token HEX] [--count N]\n"
	"          [--src ADDR] [--mac MAC]\n"
	"    0 when the kernel took at least one (tcp: when somebody answered; connect does not wait for\n"
	"    that), else 1.\n"
	"wire send ra DST --iface IF --src ADDR\n"
	"wire send redirect DST --iface IF --src GATEWAY --src BETTER-ONE --to PLACE\n"
	"wire send advert|advert-hops DST --iface IF --src ADDR --to TARGET --mac MAC\n"
	"    A neighbour advertisement: TARGET is where IF is. advert-hops: behind a hop-by-hop header.\n"
	"wire cells DST[@PORT]... --token HEX [--first N] [--mac MAC]\n"
	"    Sends udp, tcp, icmp, packet, raw to each, by the routes and by each interface; N, N+1, ...\n"
	"    follows the token.\n"
	"wire echo PORT [LOG]    tells every UDP and TCP client the address it is seen by; one that asks by\n"
	"    STUN, with its port. sink: is mute\n"
	"wire flood /run/netns/NAME DST --token HEX --seconds S\n"
	"    Enters the namespace whenever that name appears, and sends by udp, raw and packet.\n"
	"wire attach xdp|tcx IFACE    a BPF program there that lets all pass, until killed\n"
	"wire attach xdpdrv|xdpgeneric IFACE   the same, by netlink: it stays\n"
	"wire call own|x32|i386 CALL ARG    says what the kernel answers to that system call\n"
	"wire -f IFACE                what `userspace wire` makes `vault up` run: as a WireGuard, but mute\n";

_Noreturn void die(const char *what)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
	exit(2);
}

struct addr parse_addr(const char *text)
{
	struct addr a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	a.len = a.family == AF_INET6 ? 16 : 4;
	errno = EINVAL;
	if (inet_pton(a.family, text, a.b) != 1)
		die(text);
	return a;
}

socklen_t sock_addr(struct sockaddr_storage *ss, const struct addr *a, uint16_t port)
{
	struct sockaddr_in6 *six = (void *)ss;
	struct sockaddr_in *four = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)a->family;
	four->sin_port = htons(port); /* at the same place in both */
	if (a->family == AF_INET) {
		memcpy(&four->sin_addr, a->b, 4);
		return sizeof(*four);
	}
	memcpy(&six->sin6_addr, a->b, 16);
	return sizeof(*six);
}

void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* ---- echo ---- */

static size_t say_peer(char *text, size_t room, const struct sockaddr_in6 *peer)
{
	char name[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &peer->sin6_addr, name, sizeof(name));
	return (size_t)snprintf(text, room, "%s\n", strncmp(name, "::ffff:", 7) ? name : name + 7);
}

/* Answers from the very address that was asked: the control message goes back as it came. */
static void echo_udp(int fd, bool mute)
{
	char data[2048], text[64], control[256];
	uint8_t answer[STUN_MAX];
	struct sockaddr_in6 peer;
	struct iovec in = { data, sizeof(data) }, out = { text, 0 };
	struct msghdr m = { .msg_name = &peer,
			    .msg_namelen = sizeof(peer),
			    .msg_iov = &in,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 0)
		return;
	out.iov_len = say_peer(text, sizeof(text), &peer);
	printf("udp %s", text);
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_type == IPV6_PKTINFO)
			((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
	n = (ssize_t)stun_answer((const uint8_t *)data, (size_t)n, &peer, answer);
	if (n)
		out = (struct iovec){ answer, (size_t)n };
	m.msg_iov = &out;
	if (!mute)
		sendmsg(fd, &m, 0);
}

static void echo_tcp(int listening, bool mute)
{
	char text[64], data[2048];
	struct sockaddr_in6 peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(listening, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
	size_t n;

	if (fd < 0)
		return;
	n = say_peer(text, sizeof(text), &peer);
	printf("tcp %s", text);
	if (!fork()) {
		alarm(10);
		if (!mute)
			send(fd, text, n, MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		while (read(fd, data, sizeof(data)) > 0)
			; /* closing with data unread would reset, and take the answer with it */
		_exit(0);
	}
	close(fd);
}

static int echo(uint16_t port, bool mute, const char *log)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int udp = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	    tcp = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd fds[] = { { .fd = udp, .events = POLLIN }, { .fd = tcp, .events = POLLIN } };
	int one = 1, zero = 0;

	signal(SIGCHLD, SIG_IGN);
	setsockopt(udp, SOL_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
	setsockopt(udp, SOL_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	setsockopt(tcp, SOL_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(udp, (struct sockaddr *)&any, sizeof(any)) ||
	    bind(tcp, (struct sockaddr *)&any, sizeof(any)) || listen(tcp, 16))
		die("port");
	if (log &&
	    (daemon(1, 0) || !freopen(log, "a", stdout))) /* listening now: to the background */
		die(log);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready\n");
	while (poll(fds, 2, -1) > 0 || errno == EINTR) {
		if (fds[0].revents)
			echo_udp(udp, mute);
		if (fds[1].revents)
			echo_tcp(tcp, mute);
	}
	return 1;
}

/* ---- words ---- */

static void parse_token(struct job *j, const char *hex)
{
	errno = EINVAL;
	for (; hex[0] && j->token_len < TOKEN_MAX; hex += 2)
		if (sscanf(hex, "%2hhx", &j->token[j->token_len++]) != 1)
			die("token");
	if (hex[0])
		die("token");
}

/* Takes the options out of argv; what stays are the plain words. Returns their number. */
static size_t parse_options(struct job *j, char **argv)
{
	size_t words = 0;

	errno = E2BIG;
	for (char **a = argv; *a; a++) {
		if (strncmp(*a, "--", 2)) {
			argv[words++] = *a;
			continue;
		}
		if (!a[1] || j->froms == MAX || j->tos == MAX)
			die(*a);
		a++;
		j->tally = j->tally || !strcmp(a[-1], "--cells");
		if (!strcmp(a[-1], "--token") || !strcmp(a[-1], "--cells"))
			parse_token(j, *a);
		else if (!strcmp(a[-1], "--from") || !strcmp(a[-1], "--src"))
			j->from[j->froms++] = parse_addr(*a);
		else if (!strcmp(a[-1], "--to"))
			j->to[j->tos++] = parse_addr(*a);
		else if (!strcmp(a[-1], "--iface"))
			j->iface = *a;
		else if (!strcmp(a[-1], "--mac"))
			j->mac = *a;
		else if (!strcmp(a[-1], "--port"))
			j->port = (uint16_t)atoi(*a);
		else if (!strcmp(a[-1], "--count"))
			j->count = atol(*a);
		else if (!strcmp(a[-1], "--first"))
			j->first = atol(*a);
		else if (!strcmp(a[-1], "--seconds"))
			j->seconds = atol(*a);
		else
			die(a[-1]);
	}
	argv[words] = NULL;
	return words;
}

int main(int argc, char **argv)
{
	struct job j = { .port = 9, .count = 1, .seconds = 10 };
	size_t words = argc > 1 ? parse_options(&j, argv + 1) : 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (words == 2 && !strcmp(argv[1], "-f"))
		return tunnel(argv[2]);
	if (words >= 2 && words <= MAX && !strcmp(argv[1], "watch"))
		return watch(argv + 2, words - 1, &j);
	if (words >= 2 && words <= MAX && j.token_len && !strcmp(argv[1], "cells"))
		return send_cells(argv + 2, words - 1, &j);
	if (words >= 2 && (!strcmp(argv[1], "echo") || !strcmp(argv[1], "sink")))
		return echo((uint16_t)atoi(argv[2]), argv[1][0] == 's', argv[3]);
	if (words == 3 && !strcmp(argv[1], "attach"))
		return attach(argv[2], argv[3]);
	if (words == 4 && !strcmp(argv[1], "call"))
		return ask_kernel(argv[2], argv[3], argv[4]);
	if (words == 3 && j.tos < MAX) {
		memmove(&j.to[1], &j.to[0], j.tos++ * sizeof(j.to[0]));
		j.to[0] = parse_addr(argv[3]);
		if (!strcmp(argv[1], "send"))
			return send_all(argv[2], &j);
		if (!strcmp(argv[1], "flood"))
			return flood(argv[2], &j);
	}
	fputs(usage, stderr);
	return 2;
}

/* These stand alone, too; one compilation, as the Makefile has one rule for one file. */
#include "wirebpf.c"
#include "wirecall.c"
#include "wiresend.c"
#include "wiretunnel.c"
#include "wirestun.c"
#include "wirewatch.c"
