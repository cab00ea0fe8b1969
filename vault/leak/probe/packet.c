/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/packet.c: the marked packets of a run: their marks, and how they are written. */
#include "vault/leak/probe/packet.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/random.h>

#include "lib/list.h"

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
	size_t len = 8 + PACKET_PAYLOAD;

	*at = 0;
	packet_payload(all, i, l4 + 8);
	switch (p->protocol) {
	case IPPROTO_TCP:
		memset(l4, 0, len);
		put16(l4, source);
		put16(l4 + 2, p->port);
		put32(l4 + 4, packet_marker(all, i));
		l4[12] = 5 << 4;
		l4[13] = 2; /* SYN */
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
		put16(buf + 2, 20 + len);
		buf[8] = 64;
		buf[9] = p->protocol;
		memcpy(buf + 12, from->bytes, 4);
		memcpy(buf + 16, p->to.bytes, 4);
		put16(buf + 10, fold(sum(buf, 20, 0)));
		return;
	}
	buf[0] = 0x60;
	put16(buf + 4, len);
	buf[6] = p->protocol;
	buf[7] = 64;
	memcpy(buf + 8, from->bytes, 16);
	memcpy(buf + 24, p->to.bytes, 16);
}

size_t packet_build(const struct packets *all, size_t i, const struct addr *from, uint16_t source,
		    uint8_t buf[static PACKET_ROOM])
{
	const struct packet *p = &all->list[i];
	size_t head = p->to.family == AF_INET ? 20 : 40, size = addr_size(&p->to), len, at;
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

void packet_build_arp(const struct addr *to, const struct addr *from,
		      uint8_t buf[static PACKET_ARP])
{
	static const uint8_t head[8] = { 0, 1, 8, 0, 6, 4, 0, 1 }; /* Ethernet, IPv4, a request */

	memset(buf, 0, PACKET_ARP);
	memcpy(buf, head, sizeof(head));
	memcpy(buf + 8, packet_mac, 6);
	memcpy(buf + 14, from->bytes, 4);
	memcpy(buf + 24, to->bytes, 4);
}

void packets_free(struct packets *all)
{
	free(all->list);
	memset(all, 0, sizeof(*all));
}
