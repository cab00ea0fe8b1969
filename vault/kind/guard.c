/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/kind/guard.c: a vault's elements in the guard, the one table on the host that all vaults
 * share.
 *
 * The constant rules are taken anew with every `up`, in the transaction that adds the elements:
 * what a hand changed is mended without looking. Elements are found again by the name of the link,
 * not by the state: so a vault whose `up` was killed leaves nothing behind. The table goes with the
 * last element. All of it under the host's lock.
 */
#include <errno.h>
#include <string.h>

#include "lib/nft.h"
#include "vault/obj.h"
#include "vault/seal.h"
#include "vault/sight.h"
#include "vault/world.h"

#define DUMP_TRIES 8

/* The elements of one set: ours are gathered, the others counted. */
struct sift {
	const char *link;
	struct ruleset *owner;
	struct set *ours;
	size_t others;
};

static int sift_element(const uint8_t *key, size_t len, void *arg)
{
	struct sift *sift = arg;
	struct addr a = { .family = len == IFNAMSIZ + 4 ? AF_INET : AF_INET6 };

	if (len != IFNAMSIZ + addr_size(&a))
		return -EBADMSG;
	if (strncmp((const char *)key, sift->link, IFNAMSIZ)) {
		sift->others++;
		return 0;
	}
	memcpy(a.bytes, key + IFNAMSIZ, addr_size(&a));
	set_add_link_address(sift->owner, sift->ours, sift->link, &a);
	return sift->owner->err;
}

/* Fills RS with two sets that hold this vault's elements only, and counts those of other vaults in
 * OTHERS. */
static int find_elements(struct world *w, struct ruleset *rs, size_t *others)
{
	static const struct {
		const char *name;
		enum set_type type;
	} sets[] = { { "vaults4", SET_LINK_IPV4 }, { "vaults6", SET_LINK_IPV6 } };
	struct nl_error error = { 0 };
	int r = 0;

	*rs = (struct ruleset){ .family = RULESET_INET, .table = "vault" };
	*others = 0;
	for (size_t i = 0; !r && i < ARRAY_SIZE(sets); i++) {
		struct sift sift = { .link = w->spec->host_name, .owner = rs };

		sift.ours = ruleset_set(rs, sets[i].name, sets[i].type);
		r = rs->err ? rs->err
			    : nft_dump_elements(&w->host_nft, rs, sets[i].name, sift_element, &sift,
						&error);
		*others += sift.others;
	}
	return r;
}

/* The same, an interrupted dump taken anew; without the table there are none. */
static int find_again(struct world *w, struct ruleset *rs, size_t *others)
{
	int r = -EINTR;

	memset(rs, 0, sizeof(*rs));
	for (int tries = 0; r == -EINTR && tries < DUMP_TRIES; tries++) {
		ruleset_free(rs);
		r = find_elements(w, rs, others);
	}
	return r;
}

/* What the guard still allows for this vault goes in the transaction that brings what it shall
 * allow. */
static int queue_stale(struct world *w)
{
	struct ruleset rs;
	size_t others;
	int r = find_again(w, &rs, &others);

	if (!r)
		r = world_queue(w, &w->host_nft);
	for (size_t i = 0; !r && i < rs.n_sets; i++)
		nft_queue_elements(&w->batch, &w->host_nft, w->current, &rs, &rs.sets[i], false);
	ruleset_free(&rs);
	return r == -ENOENT ? 0 : r;
}

static int guard_make(const struct obj *obj, struct world *w)
{
	struct ruleset rs;
	int r = world_lock_host(w);

	(void)obj;
	if (!r && w->sight)
		r = world_flush(w);
	if (!r && w->sight)
		r = queue_stale(w);
	if (!r)
		r = world_queue(w, &w->host_nft);
	if (r)
		return r;
	seal_build_guard_elements(w->spec, &rs);
	nft_queue_table(&w->batch, &w->host_nft, w->current, &rs, NFT_REFRESH);
	ruleset_free(&rs);
	world_verify(w, WORLD_GUARD_BIT);
	return 0;
}

static bool same_set(const struct set *a, const struct set *b)
{
	return a->n_elements == b->n_elements &&
	       !memcmp(a->elements, b->elements, a->n_elements * sizeof(*a->elements));
}

/* A vault has at most one element in each of the two sets. */
static int look_elements(struct world *w, const struct ruleset *want)
{
	struct ruleset have;
	size_t others;
	int r = find_again(w, &have, &others), same = 0;

	for (size_t i = 0; !r && i < have.n_sets; i++)
		for (size_t j = 0; j < want->n_sets; j++)
			if (!strcmp(have.sets[i].name, want->sets[j].name))
				same += same_set(&have.sets[i], &want->sets[j]);
	if (!r)
		r = same == (int)have.n_sets ? LOOK_SAME : LOOK_OTHER;
	ruleset_free(&have);
	return r == -ENOENT ? LOOK_ABSENT : r;
}

static int guard_look(const struct obj *obj, struct world *w)
{
	struct ruleset want;
	int r;

	(void)obj;
	seal_build_guard_elements(w->spec, &want);
	r = want.err ? want.err : nftlook_compare(&w->sight->guard, &want, NFTLOOK_RULES, w->why);
	if (!r)
		r = look_elements(w, &want);
	ruleset_free(&want);
	return r == -EBADE ? LOOK_OTHER : r;
}

static int queue_removal(struct world *w, const struct ruleset *rs, size_t others)
{
	int r = world_queue(w, &w->host_nft);

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

static int guard_remove(const struct obj *obj, struct world *w)
{
	struct ruleset rs = { 0 };
	size_t others = 0;
	int r = world_flush(w);

	(void)obj;
	if (!r)
		r = world_lock_host(w);
	if (r)
		return r;
	r = find_again(w, &rs, &others);
	if (!r && (!others || rs.sets[0].n_elements || rs.sets[1].n_elements)) {
		r = queue_removal(w, &rs, others);
		if (!r)
			r = world_flush(w);
	}
	ruleset_free(&rs);
	return r == -ENOENT ? 0 : r;
}

static void guard_print(const struct obj *obj, const struct spec *spec, struct str *out)
{
	struct ruleset rs;

	(void)obj;
	seal_build_guard_elements(spec, &rs);
	str_add(out, "nft -f - <<'EOF'\nadd table inet vault\nflush table inet vault\n");
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
