/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ruleeval.c: what becomes of a packet by the rules of a table, as data. */
#include "lib/ruleeval.h"

#include <netinet/in.h>
#include <string.h>

const struct chain *eval_chain(const struct ruleset *rs, const char *name)
{
	for (size_t i = 0; i < rs->n_chains; i++)
		if (!strcmp(rs->chains[i].name, name))
			return &rs->chains[i];
	return NULL;
}

static const struct set *find_set(const struct ruleset *rs, const char *name)
{
	for (size_t i = 0; i < rs->n_sets; i++)
		if (!strcmp(rs->sets[i].name, name))
			return &rs->sets[i];
	return NULL;
}

/* PATTERN may end in '*'. */
static bool is_named(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return *name && !strncmp(pattern, name, len - 1);
	return !strcmp(pattern, name);
}

static const struct set_element *find_element(const struct ruleset *rs, const char *name,
					      const struct set_element *key)
{
	const struct set *set = find_set(rs, name);

	for (size_t i = 0; set && i < set->n_elements; i++)
		if (element_holds(set->type, &set->elements[i], key))
			return &set->elements[i];
	return NULL;
}

/* Appends what PART looks at to KEY. False when such a packet has none. */
static bool put_part(enum match_kind part, const struct eval_packet *p, struct set_element *key)
{
	/* NOLINTNEXTLINE(clang-diagnostic-switch-enum): those that sets of IP packets have */
	switch ((int)part) {
	case MATCH_IIFNAME:
		element_put_link(key, p->iif);
		return true;
	case MATCH_OIFNAME:
		element_put_link(key, p->oif);
		return true;
	case MATCH_SADDR:
		element_put_address(key, &p->saddr);
		return true;
	case MATCH_DADDR:
		element_put_address(key, &p->daddr);
		return true;
	case MATCH_PROTOCOL:
		element_put_protocol(key, p->protocol);
		return true;
	case MATCH_DPORT: /* the first two bytes behind the header, whatever that is */
		element_put_ports(key, p->dport, p->dport);
		return true;
	case MATCH_MARK:
		element_put_mark(key, p->mark);
		return true;
	default:
		return false;
	}
}

static const struct set_element *look_up(const struct ruleset *rs, const struct match *m,
					 const struct eval_packet *p)
{
	struct set_element key = { .len = 0 };

	for (size_t i = 0; i < m->concat.n; i++)
		if (!put_part(m->concat.parts[i], p, &key))
			return NULL;
	return find_element(rs, m->name, &key);
}

static bool has_ports(const struct eval_packet *p)
{
	return p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP;
}

static bool is_address(const struct ruleset *rs, const struct match *m, const struct addr *a)
{
	struct set_element key = { .len = 0 };

	if (!m->in_set)
		return prefix_contains(&m->prefix, a);
	element_put_address(&key, a);
	return find_element(rs, m->name, &key);
}

static bool is_port(const struct ruleset *rs, const struct match *m, uint16_t port)
{
	struct set_element key = { .len = 0 };

	if (!m->in_set)
		return port >= m->first && port <= m->last;
	element_put_ports(&key, port, port);
	return find_element(rs, m->name, &key);
}

static bool is_icmp_type(const struct ruleset *rs, const struct match *m, uint16_t type)
{
	struct set_element key = { .key = { (uint8_t)type } };

	return find_element(rs, m->name, &key);
}

static uint8_t match_family_of(const struct match *m)
{
	return m->in_set || m->kind == MATCH_CONCAT || m->kind == MATCH_DNAT_MAP
		       ? m->family
		       : m->prefix.addr.family;
}

/* What a match asks for before it looks, also where it is negated: the family, or the protocol,
 * that has what it looks at. */
static bool is_about(const struct match *m, const struct eval_packet *p)
{
	const uint8_t icmp = p->daddr.family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	/* NOLINTNEXTLINE(clang-diagnostic-switch-enum): the others are about all */
	switch ((int)m->kind) {
	case MATCH_SADDR:
	case MATCH_DADDR:
	case MATCH_CONCAT:
	case MATCH_DNAT_MAP:
		return !match_family_of(m) || match_family_of(m) == p->daddr.family;
	case MATCH_DPORT:
		return has_ports(p) && (!m->protocol || m->protocol == p->protocol);
	case MATCH_ICMP_TYPE:
		return m->family == p->daddr.family && p->protocol == icmp;
	case MATCH_TCP_SYN:
	case MATCH_TCP_NO_OPENING:
	case MATCH_CLAMP_MSS:
		return p->protocol == IPPROTO_TCP;
	case MATCH_FRAGMENT:
		return p->daddr.family == AF_INET;
	default:
		return true;
	}
}

/* As the first packet of a connection, an IP packet of its own, is seen. */
static bool looks(const struct ruleset *rs, const struct match *m, const struct eval_packet *p)
{
	switch (m->kind) {
	case MATCH_IIFNAME:
		return is_named(m->name, p->iif);
	case MATCH_OIFNAME:
		return is_named(m->name, p->oif);
	case MATCH_SADDR:
		return is_address(rs, m, &p->saddr);
	case MATCH_DADDR:
		return is_address(rs, m, &p->daddr);
	case MATCH_PROTOCOL:
		return m->protocol == p->protocol;
	case MATCH_DPORT:
		return is_port(rs, m, p->dport);
	case MATCH_MARK:
		return (p->mark & m->mask) == m->mark;
	case MATCH_FAMILY:
		return m->family == p->daddr.family;
	case MATCH_ICMP_TYPE:
		return is_icmp_type(rs, m, p->icmp_type);
	case MATCH_FIB_DADDR_LOCAL:
		return p->daddr_local;
	case MATCH_FIB_SADDR_LOCAL:
		return p->saddr_local;
	case MATCH_FIB_BACK:
		return p->answers_leave_by_iif;
	case MATCH_CONCAT:
	case MATCH_DNAT_MAP:
		return look_up(rs, m, p);
	case MATCH_TCP_SYN:
	case MATCH_CLAMP_MSS:
	case MATCH_UPDATE:
		return true;
	case MATCH_ETHER_TYPE:
	case MATCH_ETHER_SADDR:
	case MATCH_ETHER_DADDR:
	case MATCH_ARP_ETHER:
	case MATCH_ARP_SADDR:
	case MATCH_ARP_DADDR:
	case MATCH_ND_TARGET:
	case MATCH_CT_STATE:
	case MATCH_CT_REPLY:
	case MATCH_TCP_NO_OPENING:
	case MATCH_FRAGMENT:
	case MATCH_KINDS:
		break;
	}
	return false;
}

static bool applies(const struct ruleset *rs, const struct rule *rule, const struct eval_packet *p)
{
	for (size_t i = 0; i < rule->n_matches; i++) {
		const struct match *m = &rule->matches[i];

		if (!is_about(m, p) || looks(rs, m, p) == m->negated)
			return false;
	}
	return true;
}

/* True when RULE's map leads P elsewhere: into *OUT. */
static bool translates(const struct ruleset *rs, const struct rule *rule,
		       const struct eval_packet *p, struct eval_result *out)
{
	const struct match *last = rule->n_matches ? &rule->matches[rule->n_matches - 1] : NULL;
	const struct set_element *e;

	if (!last || last->kind != MATCH_DNAT_MAP)
		return false;
	e = look_up(rs, last, p);
	if (!e)
		return false;
	out->to.family = p->daddr.family;
	element_get_target(e, &out->to, &out->port);
	return true;
}

void eval_run(const struct ruleset *rs, const struct chain *chain, const struct eval_packet *p,
	      struct eval_result *out)
{
	*out = (struct eval_result){ .verdict = chain->policy };
	for (size_t i = 0; i < chain->n_rules; i++) {
		const struct rule *rule = &chain->rules[i];

		if (!applies(rs, rule, p))
			continue;
		if (rule->verdict == VERDICT_NONE && !translates(rs, rule, p, out))
			continue;
		out->rule = rule;
		out->verdict = rule->verdict == VERDICT_DROP ? VERDICT_DROP : VERDICT_ACCEPT;
		return;
	}
}
