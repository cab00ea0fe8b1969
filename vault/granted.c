/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/granted.c: what a guard's sets hold of one vault. Its elements are found by the names of
 * its interfaces, not by the state: so a vault whose `up` was killed leaves nothing behind.
 */
#include "vault/granted.h"

#include <errno.h>
#include <string.h>

#include "lib/nft.h"
#include "vault/sight.h"

bool granted_to(const struct spec *spec, const char *name)
{
	return !strncmp(name, spec->host_name, IFNAMSIZ) ||
	       !strncmp(name, spec->port_name, IFNAMSIZ);
}

/* The elements of one set: ours are gathered, the others counted. */
struct sift {
	const struct spec *spec;
	struct ruleset *owner;
	struct set *ours;
	size_t others;
	char twin[IFNAMSIZ]; /* whose elements go with the vault's, where a killed leaktest left
				them */
	bool looking; /* and are nobody's else */
};

/* A key begins with the interface's name, or a comment has it. */
static const char *name_of(const struct sift *sift, const struct set_element *e)
{
	bool in_key = set_shape(sift->ours->type)->fields[0] == FIELD_LINK;

	return in_key ? (const char *)e->key : e->comment;
}

static int sift_element(const struct set_element *e, void *arg)
{
	struct sift *sift = arg;
	struct set_element *copy;
	const char *name;
	bool is_twin;

	if (e->len != set_key_len(sift->ours->type))
		return -EBADMSG;
	name = name_of(sift, e);
	is_twin = !strncmp(name, sift->twin, IFNAMSIZ);
	if (is_twin ? sift->looking : !granted_to(sift->spec, name)) {
		sift->others += !is_twin;
		return 0;
	}
	copy = set_add(sift->owner, sift->ours);
	if (copy)
		*copy = *e;
	return sift->owner->err;
}

static bool is_basic(enum set_type type)
{
	return type == SET_LINK_IPV4 || type == SET_LINK_IPV6 || type == SET_ENDPOINT_IPV4 ||
	       type == SET_ENDPOINT_IPV6 || type == SET_IPV4 || type == SET_IPV6 ||
	       type == SET_ETHER || type == SET_LINK_ETHER || type == SET_NETWORK_IPV4 ||
	       type == SET_NETWORK_IPV6 || type == SET_TARGET || type == SET_LINK_TARGET;
}

/* Where an element goes: into OWNER's set. */
struct keeper {
	struct ruleset *owner;
	struct set *set;
};

static int keep_element(const struct set_element *e, void *arg)
{
	const struct keeper *keeper = arg;
	struct set_element *copy = set_add(keeper->owner, keeper->set);

	if (copy)
		*copy = *e;
	return keeper->owner->err;
}

/* All elements of every vault. A set that is not there has none. */
static int dump_grants(enum seal_guard guard, struct world *w, struct ruleset *rs)
{
	struct nl_error error = { 0 };
	int r;

	seal_build_grants(guard, NULL, rs);
	r = rs->err;
	for (size_t i = 0; !r && i < rs->n_sets; i++) {
		struct keeper keeper = { rs, &rs->sets[i] };

		r = nft_dump_elements(&w->host_nft, rs, rs->sets[i].name, keep_element, &keeper,
				      &error);
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}

/* The same, kept for the vaults that are looked at next. */
static int keep_grants(enum seal_guard guard, struct world *w)
{
	struct sight_guard *kept = &w->host->guards[guard];
	int r;

	ruleset_free(&kept->grants);
	r = dump_grants(guard, w, &kept->grants);
	kept->has_grants = !r;
	return r;
}

/* Calls FN for each element of RS's set I, as the kernel has it, or had it when it was kept. */
static int each_element(enum seal_guard guard, struct world *w, const struct ruleset *rs, size_t i,
			nft_element_fn *fn, void *arg)
{
	struct nl_error error = { 0 };
	const struct set *set;
	int r = 0;

	if (!w->host)
		return nft_dump_elements(&w->host_nft, rs, rs->sets[i].name, fn, arg, &error);
	if (!w->host->guards[guard].has_grants)
		r = keep_grants(guard, w);
	if (r)
		return r;
	set = &w->host->guards[guard].grants.sets[i]; /* built in one order */
	for (size_t e = 0; !r && e < set->n_elements; e++)
		r = fn(&set->elements[e], arg);
	return r;
}

/* What the sets that every vault has elements in, or all others, hold of this vault. */
static int find_in(enum seal_guard guard, struct world *w, struct ruleset *rs, bool basic,
		   size_t *others, size_t *missing)
{
	int r = rs->err;

	for (size_t i = 0; !r && i < rs->n_sets; i++) {
		struct set *set = &rs->sets[i];
		struct sift sift = {
			.spec = w->spec, .owner = rs, .ours = set, .looking = w->sight
		};

		spec_twin_link(w->spec, sift.twin);
		if (is_basic(set->type) != basic)
			continue;
		r = each_element(guard, w, rs, i, sift_element, &sift);
		if (r == -ENOENT) {
			++*missing;
			r = 0;
		}
		*others += sift.others;
	}
	return r;
}

int granted_find(enum seal_guard guard, struct world *w, struct ruleset *rs, size_t *others)
{
	size_t missing = 0;
	int r;

	seal_build_grants(guard, NULL, rs);
	*others = 0;
	r = find_in(guard, w, rs, true, others, &missing);
	if (!r && guard == SEAL_HOST && (w->sight || seal_grants_more(rs)))
		r = find_in(guard, w, rs, false, others, &missing);
	return r ? r : missing == rs->n_sets ? -ENOENT : 0;
}
