/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/lab/wirewatch.c: the eyes of the lab: count marked frames, and those from or to an address. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static bool listed(const struct addr *list, size_t n, int family, const uint8_t *p)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].family == family && !memcmp(list[i].b, p, list[i].len))
			return true;
	return false;
}

/* Walks an IP packet, and those inside it (IPIP, 6in4), for a listed address. Appends its story to
 * text. */
static bool ip_matches(const struct job *j, const uint8_t *p, size_t n, char *text, size_t room)
{
	bool six = n && p[0] >> 4 == 6, hit;
	size_t at = six ? 8 : 12, size = six ? 16 : 4, head = six ? 40 : n ? (p[0] & 15u) * 4u : 0;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	int family = six ? AF_INET6 : AF_INET, used;
	uint8_t proto;

	if (n < at + 2 * size || n < head)
		return false;
	proto = six ? p[6] : p[9];
	inet_ntop(family, p + at, src, sizeof(src));
	inet_ntop(family, p + at + size, dst, sizeof(dst));
	used = snprintf(text, room, " %s > %s proto %u", src, dst, proto);
	hit = listed(j->from, j->froms, family, p + at) || listed(j->to, j->tos, family, p + at + size);
	if ((proto == IPPROTO_TCP || proto == IPPROTO_UDP) && n >= head + 4)
		snprintf(text + used, room - (size_t)used, " port %u > %u", get16(p + head), get16(p + head + 2));
	if (proto == IPPROTO_IPIP || proto == IPPROTO_IPV6)
		hit |= ip_matches(j, p + head, n - head, text + used, room - (size_t)used);
	return hit;
}

static bool frame_matches(const struct job *j, const uint8_t *p, size_t n, unsigned int hatype, char *text, size_t room)
{
	bool hit = j->token_len && memmem(p, n, j->token, j->token_len);
	unsigned int proto = 0;
	size_t at = 0;

	text[0] = '\0';
	if (hatype == ARPHRD_ETHER || hatype == ARPHRD_LOOPBACK) {
		if (n < ETH_HLEN)
			return hit;
		for (at = 12; at + 6 < n && (get16(p + at) == ETHERTYPE_VLAN || get16(p + at) == 0x88a8);)
			at += 4;
		proto = get16(p + at);
		at += 2;
	}
	if (proto == ETHERTYPE_ARP && n >= at + 28) {
		snprintf(text, room, " arp %u.%u.%u.%u asks %u.%u.%u.%u", p[at + 14], p[at + 15], p[at + 16],
			 p[at + 17], p[at + 24], p[at + 25], p[at + 26], p[at + 27]);
		return hit || listed(j->from, j->froms, AF_INET, p + at + 14) ||
		       listed(j->to, j->tos, AF_INET, p + at + 24);
	}
	return ip_matches(j, p + at, n - at, text, room) || hit;
}

static struct seen {
	int ifindex;
	char name[IF_NAMESIZE];
	unsigned long in, out;
	unsigned int cell_in[256], cell_out[256]; /* by the byte after the token */
} seen[64];

static struct seen *seen_on(int ifindex)
{
	size_t i = 0;

	while (i < 63 && seen[i].ifindex && seen[i].ifindex != ifindex)
		i++;
	seen[i].ifindex = ifindex;
	if (!seen[i].name[0] && !if_indextoname((unsigned int)ifindex, seen[i].name))
		snprintf(seen[i].name, sizeof(seen[i].name), "#%d", ifindex);
	return &seen[i];
}

static void tally(struct seen *s, const struct job *j, bool out, const uint8_t *p, size_t n)
{
	const uint8_t *at = j->tally ? memmem(p, n, j->token, j->token_len) : NULL;

	if (at && at + j->token_len < p + n)
		(out ? s->cell_out : s->cell_in)[at[j->token_len]]++;
}

static void print_cells(const struct seen *s)
{
	for (int i = 0; i < 256; i++)
		if (s->cell_in[i] || s->cell_out[i])
			printf("cell %d %s in %u out %u\n", i, s->name, s->cell_in[i], s->cell_out[i]);
}

static void take_frames(int fd, const struct job *j)
{
	static uint8_t frame[1 << 17];
	static int shown;
	struct sockaddr_ll from;
	struct timespec now;
	struct seen *s;
	char text[200];
	ssize_t n;

	for (;;) {
		socklen_t len = sizeof(from);

		n = recvfrom(fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&from, &len);
		if (n < 0 && (errno == ENETDOWN || errno == EINTR))
			continue; /* the link went down: it may come up again */
		if (n < 0)
			return;
		if (!frame_matches(j, frame, (size_t)n, from.sll_hatype, text, sizeof(text)))
			continue;
		s = seen_on(from.sll_ifindex);
		*(from.sll_pkttype == PACKET_OUTGOING ? &s->out : &s->in) += 1;
		tally(s, j, from.sll_pkttype == PACKET_OUTGOING, frame, (size_t)n);
		clock_gettime(CLOCK_REALTIME, &now);
		if (!j->tally && shown++ < SHOWN)
			printf("frame %lld.%03ld %s %s %zd bytes type %04x%s\n", (long long)now.tv_sec,
			       now.tv_nsec / 1000000, s->name, from.sll_pkttype == PACKET_OUTGOING ? "out" : "in", n,
			       ntohs(from.sll_protocol), text);
	}
}

static int open_watch(const char *iface)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), size = 64 << 20;
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq promisc = {.mr_type = PACKET_MR_PROMISC};

	if (fd < 0)
		die("packet socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (strcmp(iface, "any")) {
		ll.sll_ifindex = promisc.mr_ifindex = (int)if_nametoindex(iface);
		if (!ll.sll_ifindex || setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)))
			die(iface);
		seen_on(ll.sll_ifindex);
	}
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		die(iface);
	return fd;
}

int watch(char **ifaces, size_t n, const struct job *j)
{
	struct sigaction on_stop = {.sa_handler = stop};
	struct pollfd fds[MAX + 1] = {{.fd = -1}};
	struct tpacket_stats stats;
	unsigned long total = 0, drops = 0;
	struct stat st;
	sigset_t term, none;

	/* Signals arrive inside ppoll only, so that none is missed. */
	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigaddset(&term, SIGINT);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &on_stop, NULL);
	sigaction(SIGINT, &on_stop, NULL);
	for (size_t i = 0; i < n; i++)
		fds[i + 1] = (struct pollfd){.fd = open_watch(ifaces[i]), .events = POLLIN};
	if (!fstat(STDIN_FILENO, &st) && S_ISFIFO(st.st_mode))
		fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	printf("ready\n");
	while (!stopped) {
		char c;

		if (ppoll(fds, n + 1, NULL, &none) < 0 && errno != EINTR)
			die("poll");
		if (!stopped && fds[0].revents && read(STDIN_FILENO, &c, 1) <= 0)
			stopped = 1;
		for (size_t i = 1; i <= n; i++)
			take_frames(fds[i].fd, j);
	}
	for (size_t i = 1; i <= n; i++) {
		socklen_t len = sizeof(stats);

		if (getsockopt(fds[i].fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
			die("statistics");
		drops += stats.tp_drops;
	}
	for (size_t i = 0; i < 64 && seen[i].ifindex; i++) {
		printf("iface %s in %lu out %lu\n", seen[i].name, seen[i].in, seen[i].out);
		print_cells(&seen[i]);
		total += seen[i].in + seen[i].out;
	}
	if (drops && (!total || j->tally)) {
		printf("unknown: %lu frames were dropped unseen\n", drops);
		return 3;
	}
	printf("seen %lu\n", total);
	return total != 0;
}
