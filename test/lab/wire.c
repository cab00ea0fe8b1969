/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/lab/wire.c: the eyes and hands of the lab: watch for marked frames, send them, echo. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 16, SHOWN = 5, TOKEN_MAX = 64, PACKET_MAX = 256 };

static const char usage[] =
	"wire watch IFACE…|any [--token HEX] [--from ADDR]… [--to ADDR]…\n"
	"    Counts the frames, in and out, that carry the token, or come from or go to such an "
	"address.\n"
	"    Ends at SIGTERM, or at the end of stdin when that is a pipe: 0 none, 1 seen, 3 "
	"unknown.\n"
	"wire send udp|tcp|icmp|raw|syn|packet DST [--port N] [--iface IF] [--token HEX] [--count "
	"N]\n"
	"          [--src ADDR] [--mac MAC]\n"
	"    0 when the kernel took at least one (tcp: when somebody answered), else 1.\n"
	"wire echo PORT [LOG]    tells every UDP and TCP client the address it is seen by; sink: "
	"is mute\n"
	"wire flood /run/netns/NAME DST --token HEX --seconds S\n"
	"    Enters the namespace whenever that name appears, and sends by udp, raw and packet.\n";

struct addr {
	int family;
	size_t len; /* 4 or 16 */
	uint8_t b[16];
};

struct job {
	struct addr to[MAX], from[MAX]; /* send: to[0], from[0] */
	size_t tos, froms, token_len;
	uint8_t token[TOKEN_MAX];
	const char *iface, *mac;
	uint16_t port;
	long count, seconds;
};

static void die(const char *what)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct addr parse_addr(const char *text)
{
	struct addr a = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	a.len = a.family == AF_INET6 ? 16 : 4;
	errno = EINVAL;
	if (inet_pton(a.family, text, a.b) != 1)
		die(text);
	return a;
}

static socklen_t sock_addr(struct sockaddr_storage *ss, const struct addr *a, uint16_t port)
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

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static uint32_t sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (size_t i = 0; i < n; i++)
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* ---- watch ------------------------------------------------------------------------------------
 */

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
	hit = listed(j->from, j->froms, family, p + at) ||
	      listed(j->to, j->tos, family, p + at + size);
	if ((proto == IPPROTO_TCP || proto == IPPROTO_UDP) && n >= head + 4)
		snprintf(text + used, room - (size_t)used, " port %u > %u", get16(p + head),
			 get16(p + head + 2));
	if (proto == IPPROTO_IPIP || proto == IPPROTO_IPV6)
		hit |= ip_matches(j, p + head, n - head, text + used, room - (size_t)used);
	return hit;
}

static bool frame_matches(const struct job *j, const uint8_t *p, size_t n, unsigned int hatype,
			  char *text, size_t room)
{
	bool hit = j->token_len && memmem(p, n, j->token, j->token_len);
	unsigned int proto = 0;
	size_t at = 0;

	text[0] = '\0';
	if (hatype == ARPHRD_ETHER || hatype == ARPHRD_LOOPBACK) {
		if (n < ETH_HLEN)
			return hit;
		for (at = 12;
		     at + 6 < n && (get16(p + at) == ETHERTYPE_VLAN || get16(p + at) == 0x88a8);)
			at += 4;
		proto = get16(p + at);
		at += 2;
	}
	if (proto == ETHERTYPE_ARP && n >= at + 28) {
		snprintf(text, room, " arp %u.%u.%u.%u asks %u.%u.%u.%u", p[at + 14], p[at + 15],
			 p[at + 16], p[at + 17], p[at + 24], p[at + 25], p[at + 26], p[at + 27]);
		return hit || listed(j->from, j->froms, AF_INET, p + at + 14) ||
		       listed(j->to, j->tos, AF_INET, p + at + 24);
	}
	return ip_matches(j, p + at, n - at, text, room) || hit;
}

static struct seen {
	int ifindex;
	char name[IF_NAMESIZE];
	unsigned long in, out;
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

		n = recvfrom(fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&from,
			     &len);
		if (n < 0 && (errno == ENETDOWN || errno == EINTR))
			continue; /* the link went down: it may come up again */
		if (n < 0)
			return;
		if (!frame_matches(j, frame, (size_t)n, from.sll_hatype, text, sizeof(text)))
			continue;
		s = seen_on(from.sll_ifindex);
		*(from.sll_pkttype == PACKET_OUTGOING ? &s->out : &s->in) += 1;
		clock_gettime(CLOCK_REALTIME, &now);
		if (shown++ < SHOWN)
			printf("frame %lld.%03ld %s %s %zd bytes type %04x%s\n",
			       (long long)now.tv_sec, now.tv_nsec / 1000000, s->name,
			       from.sll_pkttype == PACKET_OUTGOING ? "out" : "in", n,
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
		if (!ll.sll_ifindex ||
		    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)))
			die(iface);
		seen_on(ll.sll_ifindex);
	}
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		die(iface);
	return fd;
}

static int watch(char **ifaces, size_t n, const struct job *j)
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
		total += seen[i].in + seen[i].out;
	}
	if (!total && drops) {
		printf("unknown: %lu frames were dropped unseen\n", drops);
		return 3;
	}
	printf("seen %lu\n", total);
	return total != 0;
}

/* ---- send -------------------------------------------------------------------------------------
 */

/* The source that the kernel would choose; in a namespace without a route any address will do. */
static struct addr source_for(const struct job *j, const char *iface)
{
	int fd = socket(j->to[0].family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct addr a = {.family = j->to[0].family, .len = j->to[0].len};
	size_t at = a.family == AF_INET ? 4 : 8; /* of the address in its sockaddr */
	struct sockaddr_storage ss;
	struct ifaddrs *all, *i;
	socklen_t len = sock_addr(&ss, &j->to[0], 9);

	if (j->froms) {
		close(fd);
		return j->from[0];
	}
	if (!connect(fd, (struct sockaddr *)&ss, len) &&
	    !getsockname(fd, (struct sockaddr *)&ss, &len)) {
		memcpy(a.b, (uint8_t *)&ss + at, a.len);
	} else if (!getifaddrs(&all)) {
		for (i = all; i; i = i->ifa_next)
			if (i->ifa_addr && i->ifa_addr->sa_family == a.family &&
			    (!iface || !strcmp(iface, i->ifa_name)))
				memcpy(a.b, (uint8_t *)i->ifa_addr + at, a.len);
		freeifaddrs(all);
	}
	close(fd);
	return a;
}

/* An IP packet with the token in a UDP datagram, or in a TCP SYN. Returns its length. */
static size_t build(uint8_t *p, const struct job *j, const char *iface, bool syn)
{
	const struct addr *to = &j->to[0], from = source_for(j, iface);
	uint8_t *l4 = p + (to->family == AF_INET ? 20 : 40),
		proto = syn ? IPPROTO_TCP : IPPROTO_UDP;
	size_t head = syn ? 20 : 8, len = head + j->token_len;
	uint32_t s;

	memset(p, 0, PACKET_MAX);
	memcpy(l4 + head, j->token, j->token_len);
	put16(l4, 40000 + (size_t)getpid() % 20000);
	put16(l4 + 2, j->port);
	if (syn) {
		l4[12] = 5 << 4;
		l4[13] = 2;
		put16(l4 + 14, 64000);
	} else {
		put16(l4 + 4, len);
	}
	s = sum(from.b, from.len, sum(to->b, to->len, (uint32_t)len + proto));
	put16(l4 + (syn ? 16 : 6), fold(sum(l4, len, s)));
	if (to->family == AF_INET) {
		memcpy(p, "\x45\0\0\0\0\0\0\0\x40", 9);
		p[9] = proto;
		put16(p + 2, 20 + len);
		memcpy(p + 12, from.b, 4);
		memcpy(p + 16, to->b, 4);
		put16(p + 10, fold(sum(p, 20, 0)));
	} else {
		p[0] = 0x60;
		put16(p + 4, len);
		p[6] = proto;
		p[7] = 64;
		memcpy(p + 8, from.b, 16);
		memcpy(p + 24, to->b, 16);
	}
	return (size_t)(l4 - p) + len;
}

/* The hardware address to send to: the one given, else of the first neighbour known on that link,
 * else everybody. */
static void find_mac(uint8_t *mac, const struct job *j, const char *iface)
{
	char line[200], text[32] = "", dev[32];
	FILE *f = j->mac ? NULL : fopen("/proc/self/net/arp", "re");

	memset(mac, 0xff, ETH_ALEN);
	if (j->mac)
		snprintf(text, sizeof(text), "%s", j->mac);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s 0x2 %31s %*s %31s", text, dev) == 2 &&
		    !strcmp(dev, iface))
			break;
		else
			text[0] = '\0';
	if (f)
		fclose(f);
	sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4,
	       mac + 5);
}

static int send_packet(const struct job *j, const char *iface)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), rc;
	unsigned int type = j->to[0].family == AF_INET ? ETH_P_IP : ETH_P_IPV6;
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons((uint16_t)type)};
	uint8_t frame[ETH_HLEN + PACKET_MAX] = {0};
	struct ifreq ifr = {0};
	size_t len, head = 0;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", iface);
	ll.sll_ifindex = (int)if_nametoindex(iface);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr)) {
		close(fd);
		return -1;
	}
	if (ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER) {
		head = ETH_HLEN;
		find_mac(frame, j, iface);
		memcpy(frame + 6, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
		put16(frame + 12, type);
	}
	len = head + build(frame + head, j, iface, false);
	rc = sendto(fd, frame, len, 0, (struct sockaddr *)&ll, sizeof(ll)) < 0 ? -1 : 0;
	close(fd);
	return rc;
}

/* A connect whose SYN carries the token, by fast open without a cookie; whoever answers, also by a
 * reset, was reached. */
static int send_tcp(int fd, const struct job *j, const struct sockaddr *to, socklen_t len)
{
	struct timeval bound = {.tv_sec = 2};
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
	setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &one, sizeof(one));
	if (sendto(fd, j->token, j->token_len, MSG_FASTOPEN | MSG_NOSIGNAL, to, len) < 0 &&
	    errno != ECONNREFUSED) {
		if (errno == EINPROGRESS || errno == EAGAIN)
			errno = ETIMEDOUT;
		return -1;
	}
	for (int i = 0; i < 40; i++) { /* sendto returns before the answer is there */
		struct tcp_info info = {0};
		socklen_t size = sizeof(info);

		getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
		if (info.tcpi_state != TCP_SYN_SENT) {
			size = sizeof(one);
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &one, &size);
			errno = one;
			return one && one != ECONNREFUSED ? -1 : 0;
		}
		usleep(50000);
	}
	errno = ETIMEDOUT;
	return -1;
}

static int emit(const char *kind, const struct job *j, const char *iface)
{
	bool six = j->to[0].family == AF_INET6, icmp = !strcmp(kind, "icmp"),
	     tcp = !strcmp(kind, "tcp");
	bool syn = !strcmp(kind, "syn"), raw = syn || !strcmp(kind, "raw"), bare = icmp || raw;
	int type = bare ? SOCK_RAW : tcp ? SOCK_STREAM : SOCK_DGRAM, one = 1, fd, rc, err;
	int proto = raw ? IPPROTO_RAW : !icmp ? 0 : six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	struct sockaddr_storage to, from;
	socklen_t len = sock_addr(&to, &j->to[0], bare ? 0 : j->port);
	uint8_t p[PACKET_MAX] = {0};
	size_t n = 8 + j->token_len;

	if (!strcmp(kind, "packet"))
		return send_packet(j, iface);
	fd = socket(j->to[0].family, type | SOCK_CLOEXEC, proto);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	setsockopt(fd, six ? SOL_IPV6 : SOL_IP, six ? IPV6_TRANSPARENT : IP_TRANSPARENT, &one,
		   sizeof(one));
	rc = iface ? setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, iface, (socklen_t)strlen(iface))
		   : 0;
	if (!rc && j->froms && !raw)
		rc = bind(fd, (struct sockaddr *)&from, sock_addr(&from, &j->from[0], 0));
	if (rc) {
		/* refused already */
	} else if (tcp) {
		rc = send_tcp(fd, j, (struct sockaddr *)&to, len);
	} else {
		if (raw) {
			n = build(p, j, iface, syn);
		} else if (icmp) {
			p[0] = six ? 128 : 8;
			put16(p + 6, 1);
			memcpy(p + 8, j->token, j->token_len);
			put16(p + 2,
			      six ? 0 : fold(sum(p, n, 0))); /* the kernel fills in ICMPv6's */
		} else {
			n = j->token_len;
			memcpy(p, j->token, n);
		}
		rc = sendto(fd, p, n, 0, (struct sockaddr *)&to, len) < 0 ? -1 : 0;
	}
	err = errno;
	close(fd);
	errno = err;
	return rc;
}

static int send_all(const char *kind, const struct job *j)
{
	long taken = 0;

	errno = EINVAL;
	if (!strstr(" udp tcp icmp raw syn packet ", kind) ||
	    (!j->iface && !strcmp(kind, "packet")))
		die("needs a kind that exists, and packet an --iface");
	for (long i = 0; i < j->count; i++) {
		if (emit(kind, j, j->iface))
			fprintf(stderr, "wire: send %s: %s\n", kind, strerror(errno));
		else
			taken++;
	}
	return taken == 0;
}

static int flood(const char *path, const struct job *j)
{
	time_t end = time(NULL) + j->seconds;
	unsigned long entered = 0, taken = 0, refused = 0;
	struct stat st;
	ino_t inside = 0;

	while (time(NULL) < end) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		struct if_nameindex *links;

		/* Until the bind mount is there the name is an empty file, which setns refuses. */
		if (fd >= 0 && !fstat(fd, &st) && st.st_ino != inside && !setns(fd, CLONE_NEWNET)) {
			inside = st.st_ino;
			entered++;
		}
		if (fd >= 0)
			close(fd);
		if (!entered)
			continue;
		*(emit("udp", j, NULL) ? &refused : &taken) += 1;
		*(emit("raw", j, NULL) ? &refused : &taken) += 1;
		links = if_nameindex();
		for (struct if_nameindex *i = links; i && i->if_index; i++)
			if (strcmp(i->if_name, "lo"))
				*(emit("packet", j, i->if_name) ? &refused : &taken) += 1;
		if_freenameindex(links);
	}
	printf("entered %lu taken %lu refused %lu\n", entered, taken, refused);
	return entered == 0;
}

/* ---- echo -------------------------------------------------------------------------------------
 */

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
	struct sockaddr_in6 peer;
	struct iovec in = {data, sizeof(data)}, out = {text, 0};
	struct msghdr m = {.msg_name = &peer,
			   .msg_namelen = sizeof(peer),
			   .msg_iov = &in,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c;

	if (recvmsg(fd, &m, 0) < 0)
		return;
	out.iov_len = say_peer(text, sizeof(text), &peer);
	printf("udp %s", text);
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_type == IPV6_PKTINFO)
			((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
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
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int udp = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	    tcp = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd fds[] = {{.fd = udp, .events = POLLIN}, {.fd = tcp, .events = POLLIN}};
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

/* ---- words ------------------------------------------------------------------------------------
 */

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
		if (!strcmp(a[-1], "--token"))
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
	struct job j = {.port = 9, .count = 1, .seconds = 10};
	size_t words = argc > 1 ? parse_options(&j, argv + 1) : 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (words >= 2 && words <= MAX && !strcmp(argv[1], "watch"))
		return watch(argv + 2, words - 1, &j);
	if (words >= 2 && (!strcmp(argv[1], "echo") || !strcmp(argv[1], "sink")))
		return echo((uint16_t)atoi(argv[2]), argv[1][0] == 's', argv[3]);
	if (words == 3 && !j.tos) {
		j.to[0] = parse_addr(argv[3]);
		if (!strcmp(argv[1], "send"))
			return send_all(argv[2], &j);
		if (!strcmp(argv[1], "flood"))
			return flood(argv[2], &j);
	}
	fputs(usage, stderr);
	return 2;
}
