/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/spec/reach.c: what may be reached over the host link, and on the tunnel, as text and back. */
#include "vault/spec/reach.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NO_MEMORY "is too much: out of memory"
#define TOO_MANY "is one too many: no more than 64 of a word"
#define TOO_MANY_PUBLISHED "is too much: no more than 256 ports are published"
#define BAD_PORT "has a port that is not a number from 1 to 65535, or a range that is none"
#define BAD_PROTOCOL "has a protocol that is none of the word's: it is /tcp, /udp or /both"
#define NAME_PORT "would ask names outside the tunnel: refused"

enum protocols { PROTOCOLS_TCP = 1, PROTOCOLS_UDP = 2, PROTOCOLS_ICMP = 4 };

/* Room for one more element of SIZE at the end of the array at *LIST; NULL without memory. */
static void *grow(void *list, size_t n, size_t size)
{
	void *grown = reallocarray(*(void **)list, n + 1, size);

	if (grown)
		*(void **)list = grown;
	return grown;
}

/* The protocol at the end of TEXT, which is cut off there; without one TCP; 0 for one that is
 * unknown. The length of a prefix, which is a number, is none. */
static unsigned int cut_protocol(char *text, bool *given)
{
	static const struct {
		const char *name;
		unsigned int protocols;
	} names[] = { { "/tcp", PROTOCOLS_TCP },
		      { "/udp", PROTOCOLS_UDP },
		      { "/both", PROTOCOLS_TCP | PROTOCOLS_UDP },
		      { "/icmp", PROTOCOLS_ICMP } };
	char *slash = strrchr(text, '/');

	*given = false;
	for (size_t i = 0; slash && i < ARRAY_SIZE(names); i++)
		if (!strcmp(slash, names[i].name)) {
			*slash = '\0';
			*given = true;
			return names[i].protocols;
		}
	return slash && !isdigit((unsigned char)slash[1]) ? 0 : PROTOCOLS_TCP;
}

static bool read_port(const char *text, size_t len, uint16_t *out)
{
	uint64_t port;

	if (uint_parse(text, len, 1, UINT16_MAX, &port))
		return false;
	*out = (uint16_t)port;
	return true;
}

/* PORT or PORT-PORT, the whole of TEXT. */
static bool read_ports(const char *text, struct spec_ports *out)
{
	const char *dash = strchr(text, '-');
	size_t len = dash ? (size_t)(dash - text) : strlen(text);

	if (!read_port(text, len, &out->first))
		return false;
	out->last = out->first;
	return !dash ||
	       (read_port(dash + 1, strlen(dash + 1), &out->last) && out->first <= out->last);
}

/* A single port that names are asked on. */
static bool asks_names(const struct spec_ports *ports)
{
	return ports->first == ports->last &&
	       (ports->first == 53 || ports->first == 853 || ports->first == 5353 ||
		ports->first == 5355 || ports->first == 8853);
}

static const char *check_prefix(const struct prefix *p)
{
	struct prefix masked = *p;

	if (!p->len)
		return "is everything: refused";
	if (prefix_mask(&masked))
		return "has bits behind its length: is another length, or one address, meant?";
	if (addr_is_any(&p->addr) || addr_is_multicast(&p->addr) || addr_is_loopback(&p->addr) ||
	    addr_is_linklocal(&p->addr))
		return "is no network beyond the host";
	return NULL;
}

static const char *add_from(struct spec_reach *reach, const struct prefix *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < reach->n_from; i++)
		if (reach->from[i].len <= p->len && prefix_contains(&reach->from[i], &p->addr))
			return NULL;
	for (size_t i = 0; i < reach->n_from; i++)
		if (!prefix_contains(p, &reach->from[i].addr))
			reach->from[kept++] = reach->from[i];
	reach->n_from = kept;
	if (kept == SPEC_REACH_MAX)
		return TOO_MANY;
	if (!grow(&reach->from, kept, sizeof(*reach->from)))
		return NO_MEMORY;
	reach->from[reach->n_from++] = *p;
	return NULL;
}

const char *reach_add_from(const char *text, struct spec_reach *reach)
{
	char *list cleanup(free_ptr) = strdup(text);
	const char *why = list ? NULL : NO_MEMORY;
	char *rest = list, *one;

	while (!why && (one = strsep(&rest, ","))) {
		struct prefix p;

		why = prefix_parse(one, &p) ? "is not PREFIX[,PREFIX...]" : check_prefix(&p);
		if (!why)
			why = add_from(reach, &p);
	}
	return why;
}

static bool same_publish(const struct spec_publish *a, const struct spec_publish *b)
{
	return a->protocol == b->protocol && a->host_port == b->host_port && a->port == b->port &&
	       addr_equal(&a->address, &b->address);
}

/* True when both would answer the same packets. */
static bool publish_overlaps(const struct spec_publish *a, const struct spec_publish *b)
{
	return a->protocol == b->protocol && a->host_port == b->host_port &&
	       (!a->address.family || !b->address.family || addr_equal(&a->address, &b->address));
}

static const char *add_publish(struct spec_reach *reach, const struct spec_publish *publish)
{
	for (size_t i = 0; i < reach->n_publish; i++) {
		if (same_publish(&reach->publish[i], publish))
			return NULL;
		if (publish_overlaps(&reach->publish[i], publish))
			return "has a host port that is published already";
	}
	if (reach->n_publish == SPEC_PUBLISH_MAX)
		return TOO_MANY_PUBLISHED;
	if (!grow(&reach->publish, reach->n_publish, sizeof(*reach->publish)))
		return NO_MEMORY;
	reach->publish[reach->n_publish++] = *publish;
	return NULL;
}

/* Takes HOSTADDR: off the front of *TEXT, where there is one: it has dots or stands in brackets. */
static const char *cut_address(char **text, struct addr *out)
{
	char *begin = *text, *end = begin + strcspn(begin, ":");

	if (*begin == '[') {
		end = strchr(++begin, ']');
		if (!end || end[1] != ':')
			return "lacks ]: behind its address";
		*text = end + 2;
	} else if (*end == ':' && memchr(begin, '.', (size_t)(end - begin))) {
		*text = end + 1;
	} else {
		return NULL;
	}
	*end = '\0';
	if (addr_parse(begin, out) || addr_is_any(out) || addr_is_multicast(out) ||
	    addr_is_linklocal(out))
		return "has a host address that is none (without one: all of the host's)";
	if (out->family == AF_INET6 && addr_is_loopback(out))
		return "has ::1, which the kernel leads nowhere else: use 127.0.0.1";
	return NULL;
}

/* COUNT ports from FIRST's on, to as many. */
static const char *add_published(struct spec_reach *reach, struct spec_publish first,
				 uint8_t protocol, unsigned int count)
{
	const char *why = NULL;

	first.protocol = protocol;
	for (unsigned int i = 0; !why && i < count; i++) {
		why = add_publish(reach, &first);
		first.host_port++;
		first.port++;
	}
	return why;
}

/* [ADDR:]PORT[-PORT][:PORT][/PROTOCOL] */
static const char *add_one_publish(const char *text, struct spec_reach *reach)
{
	struct spec_publish publish = { 0 };
	char buf[REACH_STRLEN], *rest = buf, *colon;
	struct spec_ports ports;
	const char *why;
	unsigned int protocols, more;
	bool given;

	if (snprintf(buf, sizeof(buf), "%s", text) >= (int)sizeof(buf))
		return "is too long";
	protocols = cut_protocol(buf, &given);
	if (!protocols || protocols == PROTOCOLS_ICMP)
		return BAD_PROTOCOL;
	why = cut_address(&rest, &publish.address);
	if (why)
		return why;
	colon = strchr(rest, ':');
	if (colon && strchr(colon + 1, ':'))
		return "has more than two ports (an IPv6 address stands in brackets)";
	if (colon)
		*colon++ = '\0';
	if (!read_ports(rest, &ports))
		return BAD_PORT;
	more = ports.last - ports.first;
	publish.host_port = publish.port = ports.first;
	if (colon &&
	    (!read_port(colon, strlen(colon), &publish.port) || publish.port + more > UINT16_MAX))
		return BAD_PORT;
	if (protocols & PROTOCOLS_TCP)
		why = add_published(reach, publish, IPPROTO_TCP, more + 1);
	if (!why && protocols & PROTOCOLS_UDP)
		why = add_published(reach, publish, IPPROTO_UDP, more + 1);
	return why;
}

const char *reach_add_publish(const char *text, struct spec_reach *reach)
{
	char *list cleanup(free_ptr) = strdup(text);
	const char *why = list ? NULL : NO_MEMORY;
	char *rest = list, *one;

	while (!why && (one = strsep(&rest, ",")))
		why = add_one_publish(one, reach);
	return why;
}

static const char *add_ports(struct spec_ports **list, size_t *n, const struct spec_ports *ports)
{
	for (size_t i = 0; i < *n; i++)
		if ((*list)[i].protocol == ports->protocol && (*list)[i].first <= ports->first &&
		    (*list)[i].last >= ports->last)
			return NULL;
	if (*n == SPEC_REACH_MAX)
		return TOO_MANY;
	if (!grow(list, *n, sizeof(**list)))
		return NO_MEMORY;
	(*list)[(*n)++] = *ports;
	return NULL;
}

/* PORT[-PORT][/PROTOCOL] into the list; with SINGLE, one port that asks no names. */
static const char *read_port_list(const char *text, bool single, struct spec_ports **list,
				  size_t *n)
{
	struct spec_ports ports;
	char buf[REACH_STRLEN];
	const char *why = NULL;
	unsigned int protocols;
	bool given;

	if (snprintf(buf, sizeof(buf), "%s", text) >= (int)sizeof(buf))
		return "is too long";
	protocols = cut_protocol(buf, &given);
	if (!protocols || protocols == PROTOCOLS_ICMP)
		return BAD_PROTOCOL;
	if (!read_ports(buf, &ports))
		return BAD_PORT;
	if (single && ports.first != ports.last)
		return "is a range: give one port";
	if (single && asks_names(&ports))
		return NAME_PORT;
	ports.protocol = IPPROTO_TCP;
	if (protocols & PROTOCOLS_TCP)
		why = add_ports(list, n, &ports);
	ports.protocol = IPPROTO_UDP;
	if (!why && protocols & PROTOCOLS_UDP)
		why = add_ports(list, n, &ports);
	return why;
}

const char *reach_add_open_port(const char *text, struct spec_reach *reach)
{
	return read_port_list(text, false, &reach->open_ports, &reach->n_open_ports);
}

const char *reach_add_allow_host(const char *text, struct spec_reach *reach)
{
	return read_port_list(text, true, &reach->host_ports, &reach->n_host_ports);
}

/* A hole within another is none of its own: the guard's sets refuse what overlaps. */
static bool hole_within(const struct spec_hole *a, const struct spec_hole *b)
{
	return a->ports.protocol == b->ports.protocol && b->to.len <= a->to.len &&
	       prefix_contains(&b->to, &a->to.addr) && b->ports.first <= a->ports.first &&
	       b->ports.last >= a->ports.last;
}

static const char *add_hole(struct spec_reach *reach, struct spec_hole hole, uint8_t protocol)
{
	size_t kept = 0;

	hole.ports.protocol = protocol;
	for (size_t i = 0; i < reach->n_holes; i++)
		if (hole_within(&hole, &reach->holes[i]))
			return NULL;
	for (size_t i = 0; i < reach->n_holes; i++)
		if (!hole_within(&reach->holes[i], &hole))
			reach->holes[kept++] = reach->holes[i];
	reach->n_holes = kept;
	if (kept == SPEC_REACH_MAX)
		return TOO_MANY;
	if (!grow(&reach->holes, kept, sizeof(*reach->holes)))
		return NO_MEMORY;
	reach->holes[reach->n_holes++] = hole;
	return NULL;
}

/* Takes :PORT[-PORT] off the end of PREFIX; an IPv6 one stands in brackets then. */
static const char *cut_ports(char **text, struct spec_ports *out)
{
	char *begin = *text, *end = strrchr(begin, ':');

	*out = (struct spec_ports){ .last = UINT16_MAX };
	if (*begin == '[') {
		end = strchr(begin, ']');
		if (!end)
			return "lacks a ]";
		*text = begin + 1;
		*end++ = '\0';
		if (*end && *end != ':')
			return "has more behind its ] than :PORT";
	} else if (end && strchr(begin, ':') != end) {
		return NULL; /* an IPv6 prefix */
	}
	if (!end || !*end)
		return NULL;
	*end = '\0';
	return read_ports(end + 1, out) ? NULL : BAD_PORT;
}

static const char bad_prefix[] = "is not PREFIX[:PORT] (an IPv6 one with a port: [PREFIX]:PORT)";

/* PREFIX[:PORT[-PORT]][/PROTOCOL]; without any of the last two *PROTOCOLS are all. */
static const char *read_hole(const char *text, struct spec_hole *hole, unsigned int *protocols)
{
	char buf[REACH_STRLEN], *rest = buf;
	const char *why;
	bool given;

	if (snprintf(buf, sizeof(buf), "%s", text) >= (int)sizeof(buf))
		return "is too long";
	*protocols = cut_protocol(buf, &given);
	why = *protocols ? cut_ports(&rest, &hole->ports)
			 : "has a protocol that is none: it is /tcp, /udp, /both or /icmp";
	if (!why && prefix_parse(rest, &hole->to))
		why = bad_prefix;
	if (!why && hole->ports.first && *protocols == PROTOCOLS_ICMP)
		why = "has a port, which ICMP has not";
	if (!given && !hole->ports.first)
		*protocols = PROTOCOLS_TCP | PROTOCOLS_UDP | PROTOCOLS_ICMP;
	return why;
}

static uint8_t icmp_of(const struct spec_hole *hole)
{
	return hole->to.addr.family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

const char *reach_add_allow_to(const char *text, struct spec_reach *reach)
{
	struct spec_hole hole = { 0 };
	unsigned int protocols = 0;
	const char *why = read_hole(text, &hole, &protocols);

	if (!why)
		why = check_prefix(&hole.to);
	if (!why && asks_names(&hole.ports))
		why = NAME_PORT;
	if (!why && protocols & PROTOCOLS_TCP)
		why = add_hole(reach, hole, IPPROTO_TCP);
	if (!why && protocols & PROTOCOLS_UDP)
		why = add_hole(reach, hole, IPPROTO_UDP);
	if (!why && protocols & PROTOCOLS_ICMP)
		why = add_hole(reach, hole, icmp_of(&hole));
	return why;
}

const char *reach_parse_target(const char *text, struct spec_hole *out)
{
	unsigned int protocols = 0;
	const char *why = read_hole(text, out, &protocols);

	if (why == bad_prefix)
		return "is not ADDR[:PORT] (an IPv6 one with a port: [ADDR]:PORT; names are not "
		       "looked up)";
	if (why)
		return why;
	if (out->to.len != addr_bits(&out->to.addr))
		return "is no single address";
	if (out->ports.first != out->ports.last && protocols != PROTOCOLS_ICMP && out->ports.first)
		return "has more than one port";
	if (protocols & PROTOCOLS_ICMP)
		out->ports = (struct spec_ports){ .protocol = icmp_of(out) };
	else if (!out->ports.first)
		return "has no port";
	else if (protocols == PROTOCOLS_TCP || protocols == PROTOCOLS_UDP)
		out->ports.protocol = protocols == PROTOCOLS_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	else
		return "is of one protocol: /tcp, /udp or /icmp";
	return NULL;
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "icmp";
}

const char *reach_format_publish(const struct spec_publish *publish, char buf[static REACH_STRLEN])
{
	const char *open = publish->address.family == AF_INET6 ? "[" : "";
	const char *close = publish->address.family == AF_INET6 ? "]:" : ":";
	char text[ADDR_STRLEN];

	snprintf(buf, REACH_STRLEN, "%s%s%s%u:%u/%s", open, addr_format(&publish->address, text),
		 publish->address.family ? close : "", publish->host_port, publish->port,
		 protocol_name(publish->protocol));
	return buf;
}

const char *reach_tell_publish(const struct spec_publish *publish, char buf[static REACH_STRLEN])
{
	char inner[16], *at;

	reach_format_publish(publish, buf);
	snprintf(inner, sizeof(inner), ":%u/", publish->port);
	at = strstr(buf, inner);
	if (at && publish->host_port == publish->port)
		memmove(at, at + strlen(inner) - 1, strlen(at + strlen(inner) - 1) + 1);
	return buf;
}

/* How many of the LIST of N, from the first on, are one range. */
static size_t count_range(const struct spec_publish *list, size_t n)
{
	size_t count = 1;

	while (count < n && list[count].protocol == list->protocol &&
	       addr_equal(&list[count].address, &list->address) &&
	       list[count].host_port == list->host_port + count &&
	       list[count].port == list->port + count)
		count++;
	return count;
}

void reach_add_published(const struct spec_reach *reach, struct str *out)
{
	char text[ADDR_STRLEN];
	size_t count;

	for (size_t i = 0; i < reach->n_publish; i += count) {
		const struct spec_publish *p = &reach->publish[i];
		const bool v6 = p->address.family == AF_INET6;

		count = count_range(p, reach->n_publish - i);
		str_add(out, i ? ", " : "");
		if (p->address.family)
			str_addf(out, v6 ? "[%s]:" : "%s:", addr_format(&p->address, text));
		str_addf(out, "%u", p->host_port);
		if (count > 1)
			str_addf(out, "-%zu", p->host_port + count - 1);
		if (p->port != p->host_port)
			str_addf(out, ":%u", p->port);
		str_addf(out, "/%s", protocol_name(p->protocol));
	}
}

void reach_add_host_ports(const struct spec_reach *reach, struct str *out)
{
	size_t count;

	for (size_t i = 0; i < reach->n_publish; i += count) {
		const struct spec_publish *p = &reach->publish[i];

		count = count_range(p, reach->n_publish - i);
		str_addf(out, "%s%u", i ? "," : "", p->host_port);
		if (count > 1)
			str_addf(out, "-%zu", p->host_port + count - 1);
		if (p->protocol != IPPROTO_TCP)
			str_addf(out, "/%s", protocol_name(p->protocol));
	}
}

const char *reach_format_ports(const struct spec_ports *ports, char buf[static REACH_STRLEN])
{
	if (ports->first == ports->last)
		snprintf(buf, REACH_STRLEN, "%u/%s", ports->first, protocol_name(ports->protocol));
	else
		snprintf(buf, REACH_STRLEN, "%u-%u/%s", ports->first, ports->last,
			 protocol_name(ports->protocol));
	return buf;
}

void reach_add_target(const struct spec_hole *target, struct str *out)
{
	const bool brackets = target->to.addr.family == AF_INET6 && target->ports.first;
	char text[ADDR_STRLEN];

	str_addf(out, brackets ? "[%s]" : "%s", addr_format(&target->to.addr, text));
	if (target->ports.first)
		str_addf(out, ":%u", target->ports.first);
	str_addf(out, "/%s", protocol_name(target->ports.protocol));
}

const char *reach_format_hole(const struct spec_hole *hole, char buf[static REACH_STRLEN])
{
	bool brackets = hole->to.addr.family == AF_INET6 && hole->ports.first;
	char prefix[PREFIX_STRLEN], ports[REACH_STRLEN];

	(void)prefix_format(&hole->to, prefix);
	if (hole->ports.first)
		snprintf(buf, REACH_STRLEN, brackets ? "[%s]:%.16s" : "%s:%.16s", prefix,
			 reach_format_ports(&hole->ports, ports));
	else
		snprintf(buf, REACH_STRLEN, "%s/%s", prefix, protocol_name(hole->ports.protocol));
	return buf;
}

void reach_free(struct spec_reach *reach)
{
	free(reach->from);
	free(reach->publish);
	free(reach->open_ports);
	free(reach->host_ports);
	free(reach->holes);
	memset(reach, 0, sizeof(*reach));
}
