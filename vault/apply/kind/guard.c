/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/kind/guard.c: a vault's elements in a guard: one of the two tables on the host that
 * all vaults share.
 *
 * The constant rules and sets are taken anew with every `up`, in the transaction that adds the
 * elements: what a hand changed in them is mended without looking. What it put beside them is
 * looked for when a vault is made right. The table goes with the last element. All of it under the
 * host's lock.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/nft.h"
#include "lib/rtnl.h"
#include "vault/apply/guard_elements.h"
#include "vault/apply/observed.h"
#include "vault/apply/oldguard.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"
#include "vault/seal/seal.h"

/* What the guard still allows for this vault goes in the transaction that brings what it shall
 * allow. */
static int queue_stale(const struct obj *obj, struct session *w)
{
	struct ruleset rs;
	size_t others;
	int r = guard_elements_find(obj->guard.table, obj->guard.spec, w, &rs, &others);

	if (!r)
		r = session_queue(w, &w->host_nft);
	for (size_t i = 0; !r && i < rs.n_sets; i++)
		nft_queue_elements(&w->batch, &w->host_nft, w->current, &rs, &rs.sets[i], false);
	ruleset_free(&rs);
	return r == -ENOENT ? 0 : r;
}

/* What a hand added to the table, or made otherwise, goes in the same transaction: it is looked for
 * with the host's lock held, so that nobody else takes it away meanwhile. */
static int queue_unexpected(enum seal_guard guard, struct session *w)
{
	struct nftlook seen cleanup(nftlook_free) = { 0 };
	struct nl_error error = { 0 };
	struct ruleset rs;
	int r;

	seal_build_guard(guard, &rs);
	r = rs.err ? rs.err : nftlook_dump(&w->host_nft, NULL, 0, &seen, &error);
	if (!r)
		r = session_queue(w, &w->host_nft);
	if (!r)
		r = nftlook_queue_unexpected(&w->batch, &w->host_nft, w->current, &rs, &seen);
	ruleset_free(&rs);
	return r;
}

/* Looks for one that answers what elements of MINE do. */
struct rival {
	const struct set *mine;
	const struct spec *spec; /* whose they are */
	bool mends; /* what is there of the same vault goes */
	char *why;
	size_t room;
};

/* True when both hold a key, every field of it. */
static bool ranges_meet(const struct set_shape *shape, const struct set_element *a,
			const struct set_element *b)
{
	size_t at = 0;

	for (size_t i = 0; i < shape->n; i++) {
		size_t len = set_field_type(shape->fields[i])->len;

		if (memcmp(a->key + at, b->end + at, len) > 0 ||
		    memcmp(b->key + at, a->end + at, len) > 0)
			return false;
		at += (len + 3) & ~3UL; /* fields begin at whole registers */
	}
	return true;
}

static int find_rival(const struct set_element *e, void *arg)
{
	const struct rival *rival = arg;

	if (guard_elements_is_interface(rival->spec, e->comment) ||
	    (rival->mends && guard_elements_leads_to(rival->spec, rival->mine->type, e)))
		return 0;
	for (size_t i = 0; i < rival->mine->n_elements; i++) {
		const uint8_t *key = rival->mine->elements[i].key; /* protocol . port . address */

		if (!ranges_meet(set_shape(rival->mine->type), e, &rival->mine->elements[i]))
			continue;
		snprintf(rival->why, rival->room,
			 "publish %u/%s: that port of the host leads to another vault, by %.15s",
			 (unsigned int)(key[4] << 8 | key[5]),
			 key[0] == IPPROTO_TCP ? "tcp" : "udp",
			 e->comment[0] ? e->comment : "hand");
		return -EBUSY;
	}
	return 0;
}

/* The kernel would say no more than that something is there already. */
static int refuse_published(const struct obj *obj, struct session *w)
{
	struct nl_error error = { 0 };
	struct ruleset rs;
	int r = 0;

	seal_build_grants(SEAL_HOST, obj->guard.spec, &rs);
	r = rs.err;
	for (size_t i = 0; !r && i < rs.n_sets; i++) {
		struct rival rival = { .mine = &rs.sets[i],
				       .spec = obj->guard.spec,
				       .mends = w->observed,
				       .why = w->why,
				       .room = sizeof(w->why) };

		if (rs.sets[i].n_elements &&
		    (rs.sets[i].type == MAP_SELF_IPV4 || rs.sets[i].type == MAP_SELF_IPV6))
			r = nft_dump_elements(&w->host_nft, &rs, rs.sets[i].name, find_rival,
					      &rival, &error);
		if (r == -ENOENT) /* no table yet */
			r = 0;
	}
	ruleset_free(&rs);
	return r;
}

struct claim {
	const struct spec *spec; /* whose it is */
	const struct addr *address;
	bool mends;
};

static int find_address(const struct set_element *e, void *arg)
{
	const struct claim *claim = arg;
	const struct addr *own = claim->address;

	return e->len != addr_size(own) || memcmp(e->key, own->bytes, e->len) ||
			       guard_elements_is_interface(claim->spec, e->comment) ||
			       (claim->mends && !e->comment[0])
		       ? 0
		       : -EADDRINUSE;
}

/* A leg's address is one of the whole host: who has it in ARP is known by it alone. */
static int refuse_address(const struct obj *obj, struct session *w)
{
	const struct addr *own = &obj->guard.leg;
	struct claim claim = { obj->guard.spec, own, w->observed };
	struct nl_error error = { 0 };
	struct ruleset rs;
	char text[ADDR_STRLEN];
	int r = 0;

	seal_build_grants(SEAL_SEGMENTS, NULL, &rs);
	for (size_t i = 0; !r && i < rs.n_sets; i++)
		if (rs.sets[i].type == (own->family == AF_INET6 ? SET_IPV6 : SET_IPV4))
			r = nft_dump_elements(&w->host_nft, &rs, rs.sets[i].name, find_address,
					      &claim, &error);
	ruleset_free(&rs);
	if (r == -EADDRINUSE) {
		snprintf(w->why, sizeof(w->why), "another vault's leg has the address %s",
			 addr_format(own, text));
		w->before = *REMEDY(OTHER_ADDRESS, NULL);
	}
	return r == -ENOENT ? 0 : r; /* no table yet */
}

/* Another's table: what it is there for is not known, and a guard in it would be half a guard. */
static void tell_foreign(const struct ruleset *rs, struct session *w)
{
	snprintf(w->why, sizeof(w->why),
		 "table %s %s is there and was not made by vault: it lacks the comment",
		 ruleset_family_word(rs->family), rs->table);
	w->before = *REMEDY(DEL_TABLE, ruleset_family_word(rs->family), SEAL_GUARD_TABLE);
}

/* An older version's guard becomes ours. 1 when ours is there then, 0 when there is none, -EEXIST
 * for somebody else's, or another -errno. */
static int settle_table(enum seal_guard guard, struct session *w)
{
	struct nftlook seen cleanup(nftlook_free) = { 0 };
	struct nl_error error = { 0 };
	struct ruleset rs;
	int r = oldguard_take_over(guard, w);

	if (r)
		return r;
	seal_build_grants(guard, NULL, &rs);
	r = rs.err ? rs.err : nftlook_ask_table(&w->host_nft, &rs, &seen, &error);
	if (!r && nftlook_find_table(&seen, &rs) != NFTLOOK_OURS) {
		tell_foreign(&rs, w);
		r = -EEXIST;
	}
	ruleset_free(&rs);
	return r == -ENOENT ? 0 : r ? r : 1;
}

static int add_grants(const struct obj *obj, struct session *w)
{
	struct ruleset rs;
	int r = session_queue(w, &w->host_nft);

	if (r)
		return r;
	seal_build_grants(obj->guard.table, obj->guard.spec, &rs);
	for (size_t i = 0; i < rs.n_sets; i++)
		nft_queue_elements(&w->batch, &w->host_nft, w->current, &rs, &rs.sets[i], true);
	r = rs.err;
	ruleset_free(&rs);
	return r ? r : session_flush(w);
}

static int guard_make(const struct obj *obj, struct session *w)
{
	struct ruleset rs;
	int r = session_lock_host(w);

	if (!r && obj->guard.grants_alone)
		return add_grants(obj, w);
	if (!r)
		r = settle_table(obj->guard.table, w);
	if (r > 0)
		r = obj->guard.table == SEAL_HOST ? refuse_published(obj, w)
						  : refuse_address(obj, w);
	if (!r && w->observed)
		r = session_flush(w);
	if (!r && w->observed)
		r = queue_stale(obj, w);
	if (!r && w->observed)
		r = queue_unexpected(obj->guard.table, w);
	if (!r)
		r = session_queue(w, &w->host_nft);
	if (r)
		return r;
	seal_build_guard_elements(obj->guard.table, obj->guard.spec, &rs);
	nft_queue_table(&w->batch, &w->host_nft, w->current, &rs, NFT_REFRESH);
	ruleset_free(&rs);
	session_verify(w, NULL, SESSION_GUARD_BIT + obj->guard.table);
	return 0;
}

static bool has_element(const struct set *set, const struct set_element *e)
{
	const size_t len = set_key_len(set->type);
	const bool ranges = set_shape(set->type)->ranges;

	for (size_t i = 0; i < set->n_elements; i++)
		if (!memcmp(set->elements[i].key, e->key, len) &&
		    (!ranges || !memcmp(set->elements[i].end, e->end, len)) &&
		    !memcmp(set->elements[i].data, e->data, sizeof(e->data)))
			return true;
	return false;
}

/* The kernel keeps no order, and no element twice. */
static bool same_set(const struct set *a, const struct set *b)
{
	for (size_t i = 0; i < a->n_elements; i++)
		if (!has_element(b, &a->elements[i]))
			return false;
	return a->n_elements == b->n_elements;
}

static int look_elements(const struct obj *obj, struct session *w)
{
	struct ruleset have, want;
	size_t others;
	bool same = true;
	int r = guard_elements_find(obj->guard.table, obj->guard.spec, w, &have, &others);

	seal_build_grants(obj->guard.table, obj->guard.spec, &want);
	if (want.err)
		r = want.err;
	for (size_t i = 0; !r && i < have.n_sets; i++) /* both built in one order */
		same = same && same_set(&have.sets[i], &want.sets[i]);
	if (!r)
		r = same ? LOOK_SAME : LOOK_OTHER;
	ruleset_free(&want);
	ruleset_free(&have);
	return r == -ENOENT ? LOOK_ABSENT : r;
}

#define OLD_WORDS "it is as an older version of vault made it"

/* Compares all that vaults share: the table, awake, its chains and their policies, sets and rules;
 * once for all that are looked at. */
static int compare_shared(enum seal_guard guard, struct session *w)
{
	struct observed_guard *seen = &w->observed->host->guards[guard];
	struct ruleset rs;

	seal_build_guard(guard, &rs);
	if (!seen->has_verdict) {
		seen->verdict =
			rs.err ? rs.err
			       : nftlook_compare(&seen->rules, &rs, NFTLOOK_WHOLE, seen->why);
		if (!seen->verdict || seen->verdict == -EBADE)
			seen->old = oldguard_is_there(guard, &seen->rules);
		seen->has_verdict = true;
	}
	snprintf(w->why, sizeof(w->why), "%s", seen->old > 0 ? OLD_WORDS : seen->why);
	if (nftlook_find_table(&seen->rules, &rs) == NFTLOOK_FOREIGN)
		tell_foreign(&rs, w);
	ruleset_free(&rs);
	return seen->verdict ? seen->verdict : seen->old > 0 ? -EBADE : seen->old;
}

static int guard_look(const struct obj *obj, struct session *w)
{
	int r = compare_shared(obj->guard.table, w);

	if (!r)
		r = look_elements(obj, w);
	return r == -EBADE ? LOOK_OTHER : r;
}

static int queue_removal(struct session *w, const struct ruleset *rs, size_t others)
{
	int r = session_queue(w, &w->host_nft);

	if (r)
		return r;
	if (!others) {
		nft_queue_del_table(&w->batch, &w->host_nft, w->current, rs);
		return 0;
	}
	for (size_t i = 0; i < rs->n_sets; i++)
		nft_queue_elements(&w->batch, &w->host_nft, w->current, rs, &rs->sets[i], false);
	return 0;
}

static size_t count_elements(const struct ruleset *rs)
{
	size_t n = 0;

	for (size_t i = 0; i < rs->n_sets; i++)
		n += rs->sets[i].n_elements;
	return n;
}

struct others {
	const struct spec *spec;
	enum seal_guard guard;
};

static bool has_prefix(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

static int note_link(const struct rtnl_link *link, void *arg)
{
	const struct others *others = arg;
	char twin[IFNAMSIZ];

	spec_twin_link(others->spec, twin);
	if (guard_elements_is_interface(others->spec, link->name) || !strcmp(link->name, twin))
		return 0;
	if (has_prefix(link->name, SPEC_LEG_PREFIX) || has_prefix(link->name, SPEC_BRIDGE_PREFIX))
		return -EBUSY;
	return others->guard == SEAL_HOST && has_prefix(link->name, SPEC_LINK_PREFIX) ? -EBUSY : 0;
}

/*
 * 1 when another vault's link is there, whose elements a hand may have taken, or a segment: the
 * table stays, as without it that would be open. 0 or -errno.
 */
static int has_other_link(const struct obj *obj, struct session *w)
{
	struct others others = { obj->guard.spec, obj->guard.table };
	struct nl_error error = { 0 };
	int r = rtnl_dump_links(&w->host_route, note_link, &others, &error);

	return r == -EBUSY ? 1 : r;
}

static int guard_remove(const struct obj *obj, struct session *w)
{
	struct ruleset rs = { 0 };
	size_t others = 0;
	int r = session_flush(w);

	if (!r)
		r = session_lock_host(w);
	if (r)
		return r;
	r = settle_table(obj->guard.table, w);
	if (r <= 0) /* somebody else's table stays as it is; `check` names it */
		return r == -EEXIST ? 0 : r;
	r = guard_elements_find(obj->guard.table, obj->guard.spec, w, &rs, &others);
	if (!r && !others) {
		r = has_other_link(obj, w);
		others = r > 0;
		r = r < 0 ? r : 0;
	}
	if (!r && (!others || count_elements(&rs))) {
		r = queue_removal(w, &rs, others);
		if (!r)
			r = session_flush(w);
	}
	ruleset_free(&rs);
	return r == -ENOENT ? 0 : r;
}

static void guard_print(const struct obj *obj, struct str *out)
{
	struct ruleset rs;

	seal_build_guard_elements(obj->guard.table, obj->guard.spec, &rs);
	str_addf(out, "nft -f - <<'EOF'\nadd table %s %s { comment \"%s\"; }\nflush table %s %s\n",
		 ruleset_family_word(rs.family), rs.table, rs.comment,
		 ruleset_family_word(rs.family), rs.table);
	ruleset_print(&rs, out);
	str_add(out, "EOF\n");
	if (rs.err)
		out->err = rs.err;
	ruleset_free(&rs);
}

const struct kind kind_guard = { .name = "guard",
				 .make = guard_make,
				 .remove = guard_remove,
				 .look = guard_look,
				 .print = guard_print };
