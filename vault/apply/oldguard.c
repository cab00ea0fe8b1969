/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/oldguard.c: the guard as earlier versions made it, without a mark, and what becomes
 * of it. */
#include "vault/apply/oldguard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/nft.h"

/* What 49d34d2 had, before the guard had a name and a mark of its own: never to be changed. */
static const struct {
	const char *name;
	enum set_type type;
} host_sets[] = {
	{ "vaults4", SET_LINK_IPV4 },       { "services4", SET_SERVICE_IPV4 },
	{ "entrants4", SET_PEER_IPV4 },     { "holes4", SET_HOLE_IPV4 },
	{ "endpoints4", SET_ENDPOINT_IPV4 }, { "self4", MAP_SELF_IPV4 },
	{ "published4", MAP_PUBLISH_IPV4 }, { "vaults6", SET_LINK_IPV6 },
	{ "services6", SET_SERVICE_IPV6 },  { "entrants6", SET_PEER_IPV6 },
	{ "holes6", SET_HOLE_IPV6 },	    { "endpoints6", SET_ENDPOINT_IPV6 },
	{ "self6", MAP_SELF_IPV6 },	    { "published6", MAP_PUBLISH_IPV6 },
	{ "name_ports", SET_PORT },	    { "neighbour", SET_ICMPV6 },
	{ "routine", SET_ICMPV6 },
}, segment_sets[] = {
	{ "ports", SET_LINK_ETHER },	    { "macs", SET_ETHER },
	{ "gateways", SET_LINK_ETHER },	    { "ways", SET_LINK_ETHER },
	{ "legs4", SET_LINK_IPV4 },	    { "networks4", SET_NETWORK_IPV4 },
	{ "addresses4", SET_IPV4 },	    { "legs6", SET_LINK_IPV6 },
	{ "networks6", SET_NETWORK_IPV6 },  { "addresses6", SET_IPV6 },
	{ "locals6", SET_LINK_IPV6 },	    { "targets6", SET_LINK_TARGET },
	{ "claims6", SET_TARGET },	    { "dhcp_clients", SET_PORT },
	{ "routers", SET_ICMPV6 },	    { "neighbour", SET_ICMPV6 },
	{ "adverts", SET_ICMPV6 },
};
static const char *const host_counters[] = { "dropped_from_vaults", "dropped_to_vaults",
					     "dropped_endpoint" };
static const char *const segment_counters[] = { "dropped_forged", "dropped_segment" };

/* Its sets, empty, and its counters. */
static void build(enum seal_guard guard, struct ruleset *rs)
{
	bool segments = guard == SEAL_SEGMENTS;
	const size_t n = segments ? ARRAY_SIZE(segment_sets) : ARRAY_SIZE(host_sets);
	const char *const *counters = segments ? segment_counters : host_counters;

	*rs = (struct ruleset){ .family = segments ? RULESET_BRIDGE : RULESET_INET,
				.table = "vault" };
	for (size_t i = 0; i < n; i++)
		(void)ruleset_set(rs, segments ? segment_sets[i].name : host_sets[i].name,
				  segments ? segment_sets[i].type : host_sets[i].type);
	for (size_t i = 0;
	     i < (segments ? ARRAY_SIZE(segment_counters) : ARRAY_SIZE(host_counters)); i++)
		ruleset_counter(rs, counters[i]);
}

int oldguard_is_there(enum seal_guard guard, const struct nftlook *seen)
{
	struct ruleset old;
	int r;

	build(guard, &old);
	r = old.err;
	if (!r)
		r = nftlook_find_table(seen, &old) == NFTLOOK_OURS ? nftlook_has_sets(seen, &old)
								   : 0;
	ruleset_free(&old);
	return r;
}

/* Asks for the one table first: most hosts have none of that name. */
static int look_for(enum seal_guard guard, struct session *w, const struct ruleset *old)
{
	struct nftlook seen cleanup(nftlook_free) = { 0 };
	struct nl_error error = { 0 };
	int r = nftlook_ask_table(&w->host_nft, old, &seen, &error);

	if (!r)
		r = nftlook_dump(&w->host_nft, NULL, 0, &seen, &error);
	if (!r)
		return oldguard_is_there(guard, &seen);
	if (r != -ENOENT)
		snprintf(w->why, sizeof(w->why), "table %s: %.180s", old->table, error.text);
	return r == -ENOENT ? 0 : r;
}

struct keeper {
	struct ruleset *owner;
	struct set *set;
};

static int keep(const struct set_element *e, void *arg)
{
	const struct keeper *keeper = arg;
	struct set_element *copy = set_add(keeper->owner, keeper->set);

	if (copy)
		*copy = *e;
	return keeper->owner->err;
}

/* The elements of the old SET, which today's set of that name takes if it is of the same kind. */
static int carry_set(struct session *w, const struct ruleset *old, const struct set *set,
		     struct ruleset *new)
{
	struct nl_error error = { 0 };

	for (size_t i = 0; i < new->n_sets; i++) {
		struct keeper keeper = { new, &new->sets[i] };

		if (strcmp(new->sets[i].name, set->name) || new->sets[i].type != set->type)
			continue;
		return nft_dump_elements(&w->host_nft, old, set->name, keep, &keeper, &error);
	}
	return 0;
}

/* Each vault's address, which the old guard had behind its link only, into the set of TYPE. */
static void derive(const struct set *vaults, enum set_type type, struct ruleset *new)
{
	for (size_t i = 0; i < new->n_sets; i++)
		for (size_t e = 0; new->sets[i].type == type &&e < vaults->n_elements; e++) {
			const struct set_element *from = &vaults->elements[e];
			struct set_element *to = set_add(new, &new->sets[i]);

			if (!to)
				return;
			to->len = set_key_len(type);
			memcpy(to->key, from->key + IFNAMSIZ, to->len);
			memcpy(to->comment, from->key, IFNAMSIZ - 1);
		}
}

static void derive_addresses(struct ruleset *new)
{
	for (size_t i = 0; i < new->n_sets; i++) {
		if (new->sets[i].type == SET_LINK_IPV4)
			derive(&new->sets[i], SET_IPV4, new);
		if (new->sets[i].type == SET_LINK_IPV6)
			derive(&new->sets[i], SET_IPV6, new);
	}
}

static int carry(struct session *w, const struct ruleset *old, struct ruleset *new)
{
	int r = new->err;

	for (size_t i = 0; !r && i < old->n_sets; i++)
		r = carry_set(w, old, &old->sets[i], new);
	return r ? r : new->err;
}

static int replace(enum seal_guard guard, struct session *w, const struct ruleset *old)
{
	struct ruleset new;
	int r = session_flush(w);

	seal_build_guard(guard, &new);
	if (!r)
		r = carry(w, old, &new);
	if (!r && guard == SEAL_HOST)
		derive_addresses(&new);
	if (!r)
		r = new.err ? new.err : session_queue(w, &w->host_nft);
	if (!r) {
		nft_queue_table(&w->batch, &w->host_nft, w->current, &new, NFT_REFRESH);
		nft_queue_del_table(&w->batch, &w->host_nft, w->current, old);
		session_verify(w, NULL, SESSION_GUARD_BIT + guard);
		r = session_flush(w);
	}
	ruleset_free(&new);
	return r;
}

int oldguard_take_over(enum seal_guard guard, struct session *w)
{
	struct ruleset old;
	int r;

	build(guard, &old);
	r = old.err ? old.err : look_for(guard, w, &old);
	if (r > 0)
		r = replace(guard, w, &old);
	ruleset_free(&old);
	return r;
}
