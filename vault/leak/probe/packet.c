/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/packet.c: the marked packets of a run: their marks, how they are written, and
 * read when they are seen. */
#include "vault/leak/probe/packet.h"

#include <errno.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/random.h>

#include "lib/list.h"

#define ARP_LEN 28U
#define TCP_FLAGS 0x17 /* FIN, SYN, RST, ACK */
#define TCP_SYN 0x02

const uint8_t packet_mac[6] = { 0x02, 0x76, 0x61, 0x75, 0x6c, 0x74 }; /* local, "vault" */

uint32_t packet_marker(const struct packets *all, size_t i)
{
	return (uint32_t)all->tag << 16 | (uint32_t)i;
}

static void put16(uint8_t *p, size_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value & 0xffff);
}

void packet_payload(const struct packets *all, size_t i, uint8_t buf[static PACKET_PAYLOAD])
{
	put32(buf, packet_marker(all, i));
	memcpy(buf + 4, all->list[i].token, LEAK_TOKEN_LEN);
}

ssize_t packet_add(struct packets *all, const struct packet *p)
{
	struct packet own = *p;
	int r;

	if (all->n == PACKET_MAX)
		return -E2BIG;
	if (getrandom(own.token, LEAK_TOKEN_LEN, 0) != LEAK_TOKEN_LEN)
		return -EIO;
	r = list_append(&all->list, &all->n, sizeof(own), &own);
	return r ? r : (ssize_t)all->n - 1;
}

/* The Internet checksum (RFC 1071), as far as it got. */
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

/* What follows the IP header, without its checksum. Its length; where the checksum goes in *AT, 0:
 * nowhere. */
static size_t build_inner(const struct packets *all, size_t i, uint16_t source, uint8_t *l4,
			  size_t *at)
{
	const struct packet *p = &all->list[i];
	size_t len = PACKET_MARKER + PACKET_PAYLOAD;

	*at = 0;
	packet_payload(all, i, l4 + PACKET_MARKER);
	switch (p->protocol) {
	case IPPROTO_TCP:
		memset(l4, 0, len);
		put16(l4, source);
		put16(l4 + 2, p->port);
		put32(l4 + PACKET_MARKER_TCP, packet_marker(all, i));
		l4[12] = 5 << 4;
		l4[13] = TCP_SYN;
		put16(l4 + 14, 64000);
		*at = 16;
		return 20;
	case IPPROTO_UDP:
		put16(l4, source);
		put16(l4 + 2, p->port);
		put16(l4 + 4, len);
		*at = 6;
		return len;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		l4[0] = p->protocol == IPPROTO_ICMP ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
		put16(l4 + 6, 1);
		*at = 2;
		return len;
	default:
		return len;
	}
}

static void build_header(const struct packet *p, const struct addr *from, size_t len, uint8_t *buf)
{
	if (p->to.family == AF_INET) {
		buf[0] = 0x45;
		put16(buf + 2, PACKET_HEAD4 + len);
		buf[8] = 64;
		buf[PACKET_PROTOCOL4] = p->protocol;
		memcpy(buf + PACKET_FROM4, from->bytes, 4);
		memcpy(buf + PACKET_TO4, p->to.bytes, 4);
		put16(buf + 10, fold(sum(buf, PACKET_HEAD4, 0)));
		return;
	}
	buf[0] = 0x60;
	put16(buf + 4, len);
	buf[PACKET_PROTOCOL6] = p->protocol;
	buf[7] = 64;
	memcpy(buf + PACKET_FROM6, from->bytes, 16);
	memcpy(buf + PACKET_TO6, p->to.bytes, 16);
}

size_t packet_build(const struct packets *all, size_t i, const struct addr *from, uint16_t source,
		    uint8_t buf[static PACKET_ROOM])
{
	const struct packet *p = &all->list[i];
	size_t head = p->to.family == AF_INET ? PACKET_HEAD4 : PACKET_HEAD6,
	       size = addr_size(&p->to), len, at;
	uint32_t s = 0;

	memset(buf, 0, PACKET_ROOM);
	len = build_inner(all, i, source, buf + head, &at);
	if (p->protocol != IPPROTO_ICMP) /* all others count the addresses in */
		s = sum(from->bytes, size, sum(p->to.bytes, size, (uint32_t)len + p->protocol));
	if (at)
		put16(buf + head + at, fold(sum(buf + head, len, s)));
	build_header(p, from, len, buf);
	return head + len;
}

/* A request for TO from FROM, and from packet_mac. */
static void build_arp(const struct addr *to, const struct addr *from, uint8_t buf[static ARP_LEN])
{
	static const uint8_t head[8] = { 0, 1, 8, 0, 6, 4, 0, 1 }; /* Ethernet, IPv4, a request */

	memset(buf, 0, ARP_LEN);
	memcpy(buf, head, sizeof(head));
	memcpy(buf + 8, packet_mac, 6);
	memcpy(buf + 14, from->bytes, 4);
	memcpy(buf + 24, to->bytes, 4);
}

/* The frame's head, if the device has any. Returns its length; *OUTER is the type it begins with. */
static size_t build_head(const struct packet_frame *frame, uint16_t type, uint16_t *outer,
			 uint8_t *buf)
{
	size_t len = 12;

	*outer = frame->vlan ? ETHERTYPE_VLAN : type;
	if (!frame->mac)
		return 0;
	memcpy(buf, frame->mac, 6);
	memcpy(buf + 6, packet_mac, 6);
	if (frame->vlan) {
		put16(buf + 12, ETHERTYPE_VLAN);
		put16(buf + 14, frame->vlan);
		len = 16;
	}
	put16(buf + len, type);
	return len + 2;
}

size_t packet_build_frame(const struct packets *all, size_t i, const struct packet_frame *frame,
			  const struct addr *from, uint16_t source, uint16_t *type,
			  uint8_t buf[static PACKET_FRAME_ROOM])
{
	const struct packet *p = &all->list[i];
	uint16_t family = p->to.family == AF_INET6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP;
	uint16_t inner = frame->type ? frame->type : family;
	size_t len = build_head(frame, inner, type, buf);

	if (inner == family)
		return len + packet_build(all, i, from, source, buf + len);
	if (inner == ETHERTYPE_ARP) {
		build_arp(&p->to, from, buf + len);
		return len + ARP_LEN;
	}
	memset(buf + len, 0, PACKET_MARKER);
	packet_payload(all, i, buf + len + PACKET_MARKER);
	return len + PACKET_MARKER + PACKET_PAYLOAD;
}

static struct addr get_addr(uint8_t family, const uint8_t *p)
{
	struct addr a = { .family = family };

	memcpy(a.bytes, p, addr_size(&a));
	return a;
}

static void read_arp(const uint8_t *p, struct packet_view *v)
{
	v->from = get_addr(AF_INET, p + 14);
	v->to = get_addr(AF_INET, p + 24);
	v->search = get16(p + 6) == 1 ? PACKET_ASKS : PACKET_ANSWERS;
	v->sought = v->search == PACKET_ASKS ? v->to : v->from;
	v->by_hand = !memcmp(p + 8, packet_mac, sizeof(packet_mac));
}

static void read_tcp(const uint8_t *l4, size_t len, struct packet_view *v)
{
	if (len < 20)
		return;
	v->begins = (l4[13] & TCP_FLAGS) == TCP_SYN;
	v->marker = l4 + PACKET_MARKER_TCP;
	v->answered = l4 + PACKET_ANSWER_TCP;
}

/* Neighbour discovery that is too short says so, and asks for nobody. */
static void read_neighbour(const uint8_t *l4, size_t len, struct packet_view *v)
{
	v->search = l4[0] == ND_NEIGHBOR_SOLICIT ? PACKET_ASKS : PACKET_ANSWERS;
	if (len >= 24)
		v->sought = get_addr(AF_INET6, l4 + 8);
}

/* What follows the IP header. */
static void read_inner(const uint8_t *l4, size_t len, struct packet_view *v)
{
	v->has_ports = (v->protocol == IPPROTO_UDP || v->protocol == IPPROTO_TCP) && len >= 4;
	if (v->has_ports) {
		v->source = get16(l4);
		v->port = get16(l4 + 2);
	}
	if (v->protocol == IPPROTO_TCP) {
		read_tcp(l4, len, v);
	} else if (v->protocol == IPPROTO_ICMPV6 && v->type == ETHERTYPE_IPV6 && len &&
		   (l4[0] == ND_NEIGHBOR_SOLICIT || l4[0] == ND_NEIGHBOR_ADVERT)) {
		read_neighbour(l4, len, v);
	} else if (len >= PACKET_MARKER + PACKET_PAYLOAD) {
		v->marker = l4 + PACKET_MARKER;
		v->token = v->marker + 4;
	}
}

bool packet_read(const uint8_t *data, size_t len, uint16_t type, struct packet_view *v)
{
	size_t head;

	*v = (struct packet_view){ .type = type };
	if ((type == ETHERTYPE_VLAN || type == PACKET_TYPE_STAG) && len >= 4) {
		v->type = get16(data + 2);
		data += 4;
		len -= 4;
	}
	head = v->type == ETHERTYPE_IP     ? (size_t)PACKET_HEAD4
	       : v->type == ETHERTYPE_IPV6 ? (size_t)PACKET_HEAD6
	       : v->type == ETHERTYPE_ARP  ? ARP_LEN
					   : 0;
	if (len < head)
		return false;
	if (v->type == ETHERTYPE_ARP) {
		read_arp(data, v);
		return true;
	}
	if (v->type == ETHERTYPE_IP) {
		v->protocol = data[PACKET_PROTOCOL4];
		v->from = get_addr(AF_INET, data + PACKET_FROM4);
		v->to = get_addr(AF_INET, data + PACKET_TO4);
	} else if (v->type == ETHERTYPE_IPV6) {
		v->protocol = data[PACKET_PROTOCOL6];
		v->from = get_addr(AF_INET6, data + PACKET_FROM6);
		v->to = get_addr(AF_INET6, data + PACKET_TO6);
	}
	read_inner(data + head, len - head, v);
	return true;
}

bool packet_find(const struct packets *all, const uint8_t *marker, bool answered, size_t *i)
{
	uint32_t value = marker ? get32(marker) - answered : 0;

	*i = value & 0xffff;
	return marker && value >> 16 == all->tag && *i < all->n;
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
	uint8_t c[16];

	memcpy(c, a, n);
	memcpy(a, b, n);
	memcpy(b, c, n);
}

bool packet_turn(uint8_t *data, size_t len, uint16_t port)
{
	bool v6 = len && data[0] >> 4 == 6;
	size_t head = v6 ? PACKET_HEAD6 : PACKET_HEAD4, from = v6 ? PACKET_FROM6 : PACKET_FROM4;
	struct packet_view v;

	if (!packet_read(data, len, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP, &v) ||
	    v.protocol != IPPROTO_UDP || !v.has_ports || v.port != port)
		return false;
	swap(data + from, data + (v6 ? PACKET_TO6 : PACKET_TO4), addr_size(&v.to));
	swap(data + head, data + head + 2, 2);
	return true;
}

void packets_free(struct packets *all)
{
	free(all->list);
	memset(all, 0, sizeof(*all));
}
