/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/classify.c: which of a run's packets was seen. */
#include "vault/leak/classify.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <stdio.h>
#include <string.h>

#define TCP_FLAGS 0x17 /* FIN, SYN, RST, ACK */
#define TCP_SYN 0x02

/* An IP packet, read as far as it goes. */
struct view {
	uint16_t type; /* EtherType, that of a VLAN looked through */
	uint8_t protocol;
	struct addr from, to;
	const uint8_t *l4;
	size_t len; /* at l4 */
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static struct addr get_addr(uint8_t family, const uint8_t *p)
{
	struct addr a = { .family = family };

	memcpy(a.bytes, p, addr_size(&a));
	return a;
}

/* False when it is too short for what it says to be. */
static bool look(const struct sighting *s, struct view *v)
{
	const uint8_t *p = s->data;
	size_t n = s->len, head;

	*v = (struct view){ .type = s->type };
	if ((v->type == ETHERTYPE_VLAN || v->type == 0x88a8) && n >= 4) {
		v->type = get16(p + 2);
		p += 4;
		n -= 4;
	}
	head = v->type == ETHERTYPE_IP ? 20 : v->type == ETHERTYPE_IPV6 ? 40 : 0;
	if (n < head || (v->type == ETHERTYPE_ARP && n < PACKET_ARP))
		return false;
	v->l4 = p + head;
	v->len = n - head;
	if (v->type == ETHERTYPE_IP) {
		v->protocol = p[9];
		v->from = get_addr(AF_INET, p + 12);
		v->to = get_addr(AF_INET, p + 16);
	} else if (v->type == ETHERTYPE_IPV6) {
		v->protocol = p[6];
		v->from = get_addr(AF_INET6, p + 8);
		v->to = get_addr(AF_INET6, p + 24);
	} else if (v->type == ETHERTYPE_ARP) {
		v->from = get_addr(AF_INET, p + 14);
		v->to = get_addr(AF_INET, p + 24);
	}
	return true;
}

/* A packet to TO: a frame written by hand (protocol 0), or another. */
static bool find_destination(const struct packets *all, const struct addr *to, bool by_hand,
			     size_t *i)
{
	for (*i = 0; *i < all->n; ++*i)
		if (addr_equal(&all->list[*i].to, to) && !all->list[*i].protocol == by_hand)
			return true;
	return false;
}

static bool has_number(const struct packets *all, uint32_t marker, size_t *i)
{
	*i = marker & 0xffff;
	return marker >> 16 == all->tag && *i < all->n;
}

/* A sequence number may be anybody's: it must begin a flow, to the right end. */
static enum classified classify_tcp(const struct view *v, const struct packets *all, size_t *i)
{
	const struct packet *list = all->list;

	if (v->len < 20)
		return CLASSIFIED_NOT;
	if ((v->l4[13] & TCP_FLAGS) == TCP_SYN && has_number(all, get32(v->l4 + 4), i) &&
	    list[*i].protocol == IPPROTO_TCP &&
	    (list[*i].flags & PACKET_ENTERS || /* which the host may have sent elsewhere */
	     (get16(v->l4 + 2) == list[*i].port && addr_equal(&v->to, &list[*i].to))))
		return CLASSIFIED_MARK;
	if (has_number(all, get32(v->l4 + 8) - 1, i) && list[*i].protocol == IPPROTO_TCP &&
	    get16(v->l4) == list[*i].port && addr_equal(&v->from, &list[*i].to))
		return CLASSIFIED_ANSWER;
	return CLASSIFIED_NOT;
}

static enum classified classify_payload(const struct view *v, const struct packets *all, size_t *i)
{
	if (v->len < 8 + PACKET_PAYLOAD || !has_number(all, get32(v->l4 + 8), i) ||
	    memcmp(v->l4 + 12, all->list[*i].token, LEAK_TOKEN_LEN))
		return CLASSIFIED_NOT;
	return addr_equal(&v->from, &all->list[*i].to) ? CLASSIFIED_ANSWER : CLASSIFIED_MARK;
}

/* ARP: who asks, and who answers for an address that was asked for. */
static enum classified classify_arp(const struct view *v, const struct packets *all, size_t *i)
{
	bool by_hand = !memcmp(v->l4 + 8, packet_mac, sizeof(packet_mac));

	if (get16(v->l4 + 6) == 1)
		return find_destination(all, &v->to, by_hand, i) ? CLASSIFIED_SEARCH
								 : CLASSIFIED_NOT;
	return find_destination(all, &v->from, true, i) ? CLASSIFIED_FOUND : CLASSIFIED_NOT;
}

static enum classified classify_neighbour(const struct view *v, const struct packets *all,
					  size_t *i)
{
	struct addr target;

	if (v->len < 24)
		return CLASSIFIED_NOT;
	target = get_addr(AF_INET6, v->l4 + 8);
	if (!find_destination(all, &target, false, i))
		return CLASSIFIED_NOT;
	return v->l4[0] == ND_NEIGHBOR_SOLICIT ? CLASSIFIED_SEARCH : CLASSIFIED_FOUND;
}

static bool is_neighbour(const struct view *v)
{
	return v->protocol == IPPROTO_ICMPV6 && v->type == ETHERTYPE_IPV6 && v->len &&
	       (v->l4[0] == ND_NEIGHBOR_SOLICIT || v->l4[0] == ND_NEIGHBOR_ADVERT);
}

enum classified classify(const struct sighting *s, const struct packets *all,
			 const struct prefix *own, size_t n, size_t *i)
{
	enum classified r;
	struct view v;

	if (!look(s, &v))
		return CLASSIFIED_NOT;
	*i = 0;
	if (v.type == ETHERTYPE_ARP)
		return classify_arp(&v, all, i);
	if (is_neighbour(&v))
		r = classify_neighbour(&v, all, i);
	else if (v.protocol == IPPROTO_TCP)
		r = classify_tcp(&v, all, i);
	else
		r = classify_payload(&v, all, i);
	for (size_t j = 0; r == CLASSIFIED_NOT && j < n; j++)
		if (addr_equal(&v.from, &own[j].addr))
			r = CLASSIFIED_OWN;
	return r;
}

bool classify_goes_to(const struct sighting *s, const struct packet *p)
{
	bool ported = p->protocol == IPPROTO_UDP || p->protocol == IPPROTO_TCP;
	struct view v;

	return look(s, &v) && v.protocol == p->protocol && addr_equal(&v.to, &p->to) &&
	       (!ported || (v.len >= 4 && get16(v.l4 + 2) == p->port));
}

bool classify_goes_into(const struct sighting *s, const struct prefix *p)
{
	struct view v;

	return look(s, &v) && prefix_contains(p, &v.to);
}

static const char *name_protocol(const struct view *v, char text[static 16])
{
	switch (v->protocol) {
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return is_neighbour(v) ? "neighbour" : "icmpv6";
	default:
		snprintf(text, 16, "protocol %u", v->protocol);
		return text;
	}
}

static void describe_ip(const struct view *v, const struct sighting *s, char *text, size_t size)
{
	char from[ADDR_STRLEN], to[ADDR_STRLEN], name[16];
	const char *open = v->type == ETHERTYPE_IPV6 ? "[" : "";
	const char *close = v->type == ETHERTYPE_IPV6 ? "]" : "";

	addr_format(&v->from, from);
	addr_format(&v->to, to);
	if ((v->protocol == IPPROTO_UDP || v->protocol == IPPROTO_TCP) && v->len >= 4)
		snprintf(text, size, "%s %s%s%s:%u > %s%s%s:%u %zu bytes", name_protocol(v, name),
			 open, from, close, get16(v->l4), open, to, close, get16(v->l4 + 2),
			 s->whole);
	else
		snprintf(text, size, "%s %s > %s %zu bytes", name_protocol(v, name), from, to,
			 s->whole);
}

void classify_describe(const struct sighting *s, char *text, size_t size)
{
	char from[ADDR_STRLEN], to[ADDR_STRLEN], tag[16] = "";
	struct view v;
	int n;

	if (s->vlan >= 0)
		snprintf(tag, sizeof(tag), "vlan %d ", s->vlan & 0xfff);
	n = snprintf(text, size, "%s", tag);
	if (n < 0 || (size_t)n >= size)
		return;
	text += n;
	size -= (size_t)n;
	if (!look(s, &v))
		snprintf(text, size, "a short packet of type %04x", s->type);
	else if (v.type == ETHERTYPE_ARP)
		snprintf(text, size, "arp %s %s %s", addr_format(&v.from, from),
			 get16(v.l4 + 6) == 1 ? "asks for" : "answers", addr_format(&v.to, to));
	else if (v.from.family)
		describe_ip(&v, s, text, size);
	else
		snprintf(text, size, "frame of type %04x %zu bytes", v.type, s->whole);
}
