/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ruleset.c: an nftables table as data: sets, counters, chains and rules made of matches. */
#include "lib/ruleset.h"

#include <errno.h>
#include <string.h>

/* Grows the array at *LIST (N elements of SIZE) by one zeroed element; NULL and a sticky error
 * without memory. */
static void *append(struct ruleset *rs, void *list, size_t *n, size_t size)
{
	void *old = *(void **)list;
	char *grown = reallocarray(old, *n + 1, size);

	if (!grown) {
		rs->err = -ENOMEM;
		return NULL;
	}
	*(void **)list = grown;
	return memset(grown + size * (*n)++, 0, size);
}

void ruleset_counter(struct ruleset *rs, const char *name)
{
	const char **slot = append(rs, &rs->counters, &rs->n_counters, sizeof(*slot));

	if (slot)
		*slot = name;
}

struct set *ruleset_set(struct ruleset *rs, const char *name, enum set_type type)
{
	struct set *set = append(rs, &rs->sets, &rs->n_sets, sizeof(*set));

	if (set) {
		set->name = name;
		set->type = type;
	}
	return set;
}

void ruleset_dynamic_set(struct ruleset *rs, const char *name, enum set_type type, uint32_t size)
{
	struct set *set = ruleset_set(rs, name, type);

	if (set)
		set->size = size;
}

struct chain *ruleset_chain(struct ruleset *rs, const char *name, enum chain_hook hook,
			    int priority, enum verdict policy, const char *device)
{
	struct chain *chain = append(rs, &rs->chains, &rs->n_chains, sizeof(*chain));

	if (chain) {
		chain->name = name;
		chain->hook = hook;
		chain->priority = priority;
		chain->policy = policy;
		if (device)
			strncpy(chain->device, device, sizeof(chain->device) - 1);
	}
	return chain;
}

struct set_element *set_add(struct ruleset *rs, struct set *set)
{
	return set ? append(rs, &set->elements, &set->n_elements, sizeof(struct set_element))
		   : NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct set_element *x = a, *y = b;

	return memcmp(x->key, y->key, sizeof(x->key));
}

void set_make_unique(struct set *set)
{
	size_t kept = 0;

	if (set->n_elements)
		qsort(set->elements, set->n_elements, sizeof(*set->elements), compare_keys);
	for (size_t i = 0; i < set->n_elements; i++)
		if (!kept || compare_keys(&set->elements[i], &set->elements[kept - 1]))
			set->elements[kept++] = set->elements[i];
	set->n_elements = kept;
}

void set_add_address(struct ruleset *rs, struct set *set, const struct addr *address)
{
	element_put_address(set_add(rs, set), address);
}

void set_add_number(struct ruleset *rs, struct set *set, uint16_t number)
{
	struct set_element *e = set_add(rs, set);

	if (!e)
		return;
	if (set->type == SET_PORT) { /* network byte order */
		e->key[0] = (uint8_t)(number >> 8);
		e->key[1] = (uint8_t)number;
	} else {
		e->key[0] = (uint8_t)number;
	}
}

void chain_rule(struct ruleset *rs, struct chain *chain, const struct match *matches, size_t n,
		const char *counter, enum verdict verdict, const char *comment)
{
	struct rule *rule =
		chain ? append(rs, &chain->rules, &chain->n_rules, sizeof(*rule)) : NULL;

	if (!rule)
		return;
	if (n >
	    RULE_MATCHES_MAX) { /* a rule that lost a match would match more: refuse the whole */
		rs->err = -E2BIG;
		return;
	}
	memcpy(rule->matches, matches, n * sizeof(*matches));
	rule->n_matches = n;
	rule->counter = counter;
	rule->verdict = verdict;
	rule->comment = comment;
}

static struct match match_named(enum match_kind kind, const char *name)
{
	struct match m = { .kind = kind };

	strncpy(m.name, name, sizeof(m.name) - 1);
	return m;
}

struct match match_iif(const char *name)
{
	return match_named(MATCH_IIFNAME, name);
}

struct match match_oif(const char *name)
{
	return match_named(MATCH_OIFNAME, name);
}

static struct match match_prefix(enum match_kind kind, const struct prefix *prefix)
{
	return (struct match){ .kind = kind, .family = prefix->addr.family, .prefix = *prefix };
}

static struct match match_address(enum match_kind kind, const struct addr *address)
{
	return match_prefix(kind, &(struct prefix){ .addr = *address, .len = addr_bits(address) });
}

struct match match_saddr(const struct addr *address)
{
	return match_address(MATCH_SADDR, address);
}

struct match match_daddr(const struct addr *address)
{
	return match_address(MATCH_DADDR, address);
}

struct match match_arp_saddr(const struct addr *address)
{
	return match_address(MATCH_ARP_SADDR, address);
}

struct match match_arp_daddr(const struct addr *address)
{
	return match_address(MATCH_ARP_DADDR, address);
}

struct match match_saddr_prefix(const struct prefix *prefix)
{
	return match_prefix(MATCH_SADDR, prefix);
}

struct match match_daddr_prefix(const struct prefix *prefix)
{
	return match_prefix(MATCH_DADDR, prefix);
}

struct match match_daddr_text(const char *prefix)
{
	struct prefix p = { .len = 0 };

	if (prefix_parse(prefix, &p))
		p.len = 255; /* a constant of ours that does not parse: nft_build refuses the rule */
	return match_prefix(MATCH_DADDR, &p);
}

static struct match match_in_set(enum match_kind kind, uint8_t family, const char *set)
{
	struct match m = match_named(kind, set);

	m.in_set = true;
	m.family = family;
	return m;
}

struct match match_saddr_set(uint8_t family, const char *set)
{
	return match_in_set(MATCH_SADDR, family, set);
}

struct match match_daddr_set(uint8_t family, const char *set)
{
	return match_in_set(MATCH_DADDR, family, set);
}

struct match match_icmp_set(uint8_t family, const char *set)
{
	return match_in_set(MATCH_ICMP_TYPE, family, set);
}

struct match match_dport_set(uint8_t protocol, const char *set)
{
	struct match m = match_in_set(MATCH_DPORT, AF_UNSPEC, set);

	m.protocol = protocol;
	return m;
}

static struct match match_key(enum match_kind kind, uint8_t family, const char *set,
			      const struct concat *concat)
{
	struct match m = match_named(kind, set);

	m.family = family;
	m.concat = *concat;
	return m;
}

struct match match_concat_set(uint8_t family, const char *set, const struct concat *concat)
{
	return match_key(MATCH_CONCAT, family, set, concat);
}

struct match match_dnat_map(uint8_t family, const char *map, const struct concat *concat)
{
	return match_key(MATCH_DNAT_MAP, family, map, concat);
}

struct match match_update(const char *set, const struct concat *concat, uint32_t rate,
			  uint32_t burst)
{
	struct match m = match_key(MATCH_UPDATE, AF_UNSPEC, set, concat);

	m.rate = rate;
	m.burst = burst;
	return m;
}

struct match match_protocol(uint8_t protocol)
{
	return (struct match){ .kind = MATCH_PROTOCOL, .protocol = protocol };
}

struct match match_mark(uint32_t mark, uint32_t mask)
{
	return (struct match){ .kind = MATCH_MARK, .mark = mark, .mask = mask };
}

struct match match_dport(uint8_t protocol, uint16_t first, uint16_t last)
{
	return (struct match){
		.kind = MATCH_DPORT, .protocol = protocol, .first = first, .last = last
	};
}

struct match match_ether_type(uint16_t type)
{
	return (struct match){ .kind = MATCH_ETHER_TYPE, .first = type };
}

struct match match_ether_daddr(const struct ether_bits *bits)
{
	return (struct match){ .kind = MATCH_ETHER_DADDR, .ether = *bits };
}

struct match match_ether_saddr(const struct ether_bits *bits)
{
	return (struct match){ .kind = MATCH_ETHER_SADDR, .ether = *bits };
}

struct match match_family(uint8_t family)
{
	return (struct match){ .kind = MATCH_FAMILY, .family = family };
}

struct match match_ct(uint32_t states)
{
	return (struct match){ .kind = MATCH_CT_STATE, .states = states };
}

struct match match_simple(enum match_kind kind)
{
	return (struct match){ .kind = kind };
}

struct match match_not(struct match match)
{
	match.negated = !match.negated;
	return match;
}

void ruleset_free(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->n_sets; i++)
		free(rs->sets[i].elements);
	for (size_t i = 0; i < rs->n_chains; i++)
		free(rs->chains[i].rules);
	free(rs->sets);
	free(rs->chains);
	free(rs->counters);
	memset(rs, 0, sizeof(*rs));
}
