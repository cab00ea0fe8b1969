/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftrule.c: is the rule that the kernel tells the one that it was sent? */
#include "lib/nftrule.h"

#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/nl.h"

/*
 * The kernel tells a rule in words of its own: the settings of an expression in another order,
 * nests without their flag, names with a NUL where libnftnl sends none; and, where the machine
 * reads no number of 64 bits but at a multiple of eight, with empty attributes before these. All
 * the rest must be the same byte by byte. What is nested is known from the side that was sent,
 * where libmnl flags it.
 */

typedef bool same_fn(const struct nlattr *sent, const struct nlattr *told);

static const char *end_of(const struct nlattr *attr)
{
	return (const char *)mnl_attr_get_payload(attr) + mnl_attr_get_payload_len(attr);
}

static bool same_bytes(const struct nlattr *sent, const struct nlattr *told)
{
	return sent->nla_len == told->nla_len &&
	       !memcmp(mnl_attr_get_payload(sent), mnl_attr_get_payload(told),
		       mnl_attr_get_payload_len(sent));
}

static bool is_empty(const struct nlattr *attr)
{
	return !mnl_attr_get_payload_len(attr);
}

/* Both hold as many attributes, of the same types in the same order, and FN says true of each two. */
static bool same_list(const struct nlattr *sent, const struct nlattr *told, same_fn *fn)
{
	const char *s = mnl_attr_get_payload(sent), *t = mnl_attr_get_payload(told);
	const struct nlattr *a, *b;

	while ((a = nl_next_attr(&s, end_of(sent))) != NULL) {
		b = nl_next_attr(&t, end_of(told));
		while (b && is_empty(b) && !is_empty(a))
			b = nl_next_attr(&t, end_of(told));
		if (!b || mnl_attr_get_type(a) != mnl_attr_get_type(b) || !fn(a, b))
			return false;
	}
	return s == end_of(sent) && t == end_of(told);
}

static bool same_value(const struct nlattr *sent, const struct nlattr *told)
{
	if (sent->nla_type & NLA_F_NESTED)
		return same_list(sent, told, same_value);
	return same_bytes(sent, told);
}

/* A setting of an expression that is not nested is a number of fixed length, or a name. */
static bool same_setting(const struct nlattr *sent, const struct nlattr *told)
{
	size_t len = mnl_attr_get_payload_len(sent);
	const char *name = mnl_attr_get_payload(told);

	if (sent->nla_type & NLA_F_NESTED || told->nla_len != sent->nla_len + 1)
		return same_value(sent, told);
	return !memcmp(mnl_attr_get_payload(sent), name, len) && !name[len];
}

static const struct nlattr *find(const struct nlattr *nest, uint16_t type)
{
	const char *pos = mnl_attr_get_payload(nest);
	const struct nlattr *attr;

	while ((attr = nl_next_attr(&pos, end_of(nest))) != NULL)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

/* How many attributes are in NEST that are not empty; one more where it does not end with the last
 * of them. */
static size_t count(const struct nlattr *nest)
{
	const char *pos = mnl_attr_get_payload(nest);
	const struct nlattr *attr;
	size_t n = 0;

	while ((attr = nl_next_attr(&pos, end_of(nest))) != NULL)
		n += !is_empty(attr);
	return n + (pos != end_of(nest));
}

/* 1 when TOLD, and not SENT, has the setting TYPE, a number that is zero. */
static size_t count_silent(const struct nlattr *sent, const struct nlattr *told, uint16_t type)
{
	const struct nlattr *attr = find(told, type);

	return attr && !find(sent, type) && mnl_attr_get_payload_len(attr) == sizeof(uint32_t) &&
	       !mnl_attr_get_u32(attr);
}

/* In any order. What is sent has no type twice: as many, and each of them found, are the same;
 * SILENT is one that the kernel tells, of zero, and does not take. */
static bool same_settings(const struct nlattr *sent, const struct nlattr *told, uint16_t silent)
{
	const char *pos = mnl_attr_get_payload(sent);
	const struct nlattr *a, *b;

	if (same_bytes(sent, told))
		return true;
	while ((a = nl_next_attr(&pos, end_of(sent))) != NULL) {
		b = find(told, mnl_attr_get_type(a));
		if (!b || !same_setting(a, b))
			return false;
	}
	return pos == end_of(sent) && count(sent) + count_silent(sent, told, silent) == count(told);
}

/* An expression has a name, then its settings. */
static bool same_part(const struct nlattr *sent, const struct nlattr *told)
{
	if (mnl_attr_get_type(sent) == NFTA_EXPR_DATA)
		return same_settings(sent, told, NFTA_EXPR_UNSPEC);
	return same_bytes(sent, told);
}

/* What writes a header's option has no flags, but the kernel tells them. */
static bool same_written(const struct nlattr *sent, const struct nlattr *told)
{
	if (mnl_attr_get_type(sent) == NFTA_EXPR_DATA)
		return same_settings(sent, told, NFTA_EXTHDR_FLAGS);
	return same_bytes(sent, told);
}

static bool same_expression(const struct nlattr *sent, const struct nlattr *told)
{
	const struct nlattr *name = find(sent, NFTA_EXPR_NAME);
	const char *text = name ? mnl_attr_get_payload(name) : "";

	return same_list(sent, told,
			 name && !strncmp(text, "exthdr", mnl_attr_get_payload_len(name))
				 ? same_written
				 : same_part);
}

bool nftrule_same(const void *sent, size_t sent_len, const void *told, size_t told_len)
{
	const struct nlattr *s[NFTA_RULE_USERDATA + 1], *t[NFTA_RULE_USERDATA + 1];

	if (nl_range(sent, sent_len, s, NFTA_RULE_USERDATA) ||
	    nl_range(told, told_len, t, NFTA_RULE_USERDATA))
		return false;
	if (!s[NFTA_RULE_EXPRESSIONS] || !t[NFTA_RULE_EXPRESSIONS] ||
	    !s[NFTA_RULE_USERDATA] != !t[NFTA_RULE_USERDATA])
		return false;
	if (s[NFTA_RULE_USERDATA] && !same_bytes(s[NFTA_RULE_USERDATA], t[NFTA_RULE_USERDATA]))
		return false;
	return same_list(s[NFTA_RULE_EXPRESSIONS], t[NFTA_RULE_EXPRESSIONS], same_expression);
}
