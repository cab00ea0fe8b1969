/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/classify.c: which of a run's packets was seen. */
#include "vault/leak/classify.h"

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static bool look(const struct sighting *s, struct packet_view *v)
{
	return packet_read(s->data, s->len, s->type, v);
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

/* A sequence number may be anybody's: it must begin a flow, to the right end. */
static enum classified classify_tcp(const struct packet_view *v, const struct packets *all,
				    size_t *i)
{
	const struct packet *list = all->list;

	if (v->begins && packet_find(all, v->marker, false, i) &&
	    list[*i].protocol == IPPROTO_TCP &&
	    (list[*i].sender == PACKET_OF_STRANGER || /* the host may have sent it elsewhere */
	     (v->port == list[*i].port && addr_equal(&v->to, &list[*i].to))))
		return CLASSIFIED_MARK;
	if (packet_find(all, v->answered, true, i) && list[*i].protocol == IPPROTO_TCP &&
	    v->source == list[*i].port && addr_equal(&v->from, &list[*i].to))
		return CLASSIFIED_ANSWER;
	return CLASSIFIED_NOT;
}

static enum classified classify_payload(const struct packet_view *v, const struct packets *all,
					size_t *i)
{
	if (!v->token || !packet_find(all, v->marker, false, i) ||
	    memcmp(v->token, all->list[*i].token, LEAK_TOKEN_LEN))
		return CLASSIFIED_NOT;
	return addr_equal(&v->from, &all->list[*i].to) ? CLASSIFIED_ANSWER : CLASSIFIED_MARK;
}

/* Who asks, and who answers for an address that was asked for: of ARP by a frame by hand alone. */
static enum classified classify_search(const struct packet_view *v, const struct packets *all,
				       size_t *i)
{
	bool asks = v->search == PACKET_ASKS, is_arp = v->type == ETHERTYPE_ARP;
	bool by_hand = is_arp && (!asks || v->by_hand);

	if (!v->sought.family || !find_destination(all, &v->sought, by_hand, i))
		return CLASSIFIED_NOT;
	return asks ? CLASSIFIED_SEARCH : CLASSIFIED_FOUND;
}

enum classified classify(const struct sighting *s, const struct packets *all,
			 const struct prefix *own, size_t n, size_t *i)
{
	enum classified r;
	struct packet_view v;

	*i = 0;
	if (!look(s, &v))
		return CLASSIFIED_NOT;
	r = v.search                    ? classify_search(&v, all, i)
	    : v.protocol == IPPROTO_TCP ? classify_tcp(&v, all, i)
					: classify_payload(&v, all, i);
	for (size_t j = 0; r == CLASSIFIED_NOT && v.type != ETHERTYPE_ARP && j < n; j++)
		if (addr_equal(&v.from, &own[j].addr))
			r = CLASSIFIED_OWN;
	return r;
}

bool classify_goes_to(const struct sighting *s, const struct packet *p)
{
	bool ported = p->protocol == IPPROTO_UDP || p->protocol == IPPROTO_TCP;
	struct packet_view v;

	return look(s, &v) && v.protocol == p->protocol && addr_equal(&v.to, &p->to) &&
	       (!ported || (v.has_ports && v.port == p->port));
}

bool classify_goes_into(const struct sighting *s, const struct prefix *p)
{
	struct packet_view v;

	return look(s, &v) && prefix_contains(p, &v.to);
}

static const char *name_protocol(const struct packet_view *v, char text[static 16])
{
	switch (v->protocol) {
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return v->search ? "neighbour" : "icmpv6";
	default:
		snprintf(text, 16, "protocol %u", v->protocol);
		return text;
	}
}

static void describe_ip(const struct packet_view *v, const struct sighting *s, char *text,
			size_t size)
{
	char from[ADDR_STRLEN], to[ADDR_STRLEN], name[16];
	const char *open = v->type == ETHERTYPE_IPV6 ? "[" : "";
	const char *close = v->type == ETHERTYPE_IPV6 ? "]" : "";

	addr_format(&v->from, from);
	addr_format(&v->to, to);
	if (v->has_ports)
		snprintf(text, size, "%s %s%s%s:%u > %s%s%s:%u %zu bytes", name_protocol(v, name),
			 open, from, close, v->source, open, to, close, v->port, s->whole);
	else
		snprintf(text, size, "%s %s > %s %zu bytes", name_protocol(v, name), from, to,
			 s->whole);
}

void classify_describe(const struct sighting *s, char *text, size_t size)
{
	char from[ADDR_STRLEN], to[ADDR_STRLEN], tag[16] = "";
	struct packet_view v;
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
			 v.search == PACKET_ASKS ? "asks for" : "answers", addr_format(&v.to, to));
	else if (v.from.family)
		describe_ip(&v, s, text, size);
	else
		snprintf(text, size, "frame of type %04x %zu bytes", v.type, s->whole);
}
