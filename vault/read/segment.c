/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/segment.c: the argument of the word `segment`. */
#include "vault/read/segment.h"

#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r";

/* An address that others of its network can send to. */
static bool is_host_of(const struct prefix *p)
{
	struct prefix first = *p, last = *p;

	if (p->addr.family == AF_INET && p->len > 30)
		return p->len == 31;
	(void)prefix_mask(&first);
	for (unsigned int bit = p->len; bit < addr_bits(&last.addr); bit++)
		last.addr.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return p->len < addr_bits(&p->addr) && !addr_equal(&p->addr, &first.addr) &&
	       (p->addr.family == AF_INET6 || !addr_equal(&p->addr, &last.addr));
}

static bool is_odd(const struct addr *a)
{
	return addr_is_any(a) || addr_is_multicast(a) || addr_is_loopback(a) ||
	       addr_is_linklocal(a);
}

/* What stands behind NAME ADDR/LEN: false for what is none of it. */
static bool parse_role(const char *role, const char *address, struct spec_leg *leg)
{
	if (!role)
		return true;
	if (!strcmp(role, "gateway")) {
		leg->role = SPEC_GATEWAY;
		return !address;
	}
	leg->role = SPEC_VIA;
	return !strcmp(role, "via") && address && !addr_parse(address, &leg->via) &&
	       prefix_contains(&leg->address, &leg->via) &&
	       !addr_equal(&leg->via, &leg->address.addr);
}

/* The words of LINE, which they are cut out of. */
static const char *read_line(char *line, struct spec *out)
{
	char *rest = NULL, *name = strtok_r(line, blanks, &rest);
	char *address = name ? strtok_r(NULL, blanks, &rest) : NULL;
	char *role = address ? strtok_r(NULL, blanks, &rest) : NULL;
	char *via = role ? strtok_r(NULL, blanks, &rest) : NULL;

	if (!name || !spec_name_is_valid(name))
		return "has no name of 1 to 63 of [A-Za-z0-9_.-]";
	if (!address || !strchr(address, '/') || prefix_parse(address, &out->leg.address) ||
	    !out->leg.address.len || is_odd(&out->leg.address.addr) ||
	    !is_host_of(&out->leg.address))
		return "has no ADDRESS/LENGTH of a host behind its name";
	if (!parse_role(role, via, &out->leg) || strtok_r(NULL, blanks, &rest))
		return "ends in what is neither `gateway` nor `via` with another address of the "
		       "segment";
	spec_set_segment(out, name);
	return NULL;
}

const char *segment_parse(const char *text, struct spec *out)
{
	char *line = strdup(text);
	const char *why = line ? read_line(line, out) : "does not fit memory";

	free(line);
	return why;
}
