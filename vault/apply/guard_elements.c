/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/guard_elements.c: what a guard's sets hold of one vault. Its elements are found by
 * the names of its interfaces, not by the state: so a vault whose `up` was killed leaves nothing
 * behind. Where that name is a comment only, also by what they are about: a hand writes any
 * comment, or none.
 */
#include "vault/apply/guard_elements.h"

#include <errno.h>
#include <string.h>

#include "lib/nft.h"
#include "vault/apply/observed.h"

bool guard_elements_is_interface(const struct spec *spec, const char *name)
{
	return !strncmp(name, spec->link_host_if, IFNAMSIZ) ||
	       !strncmp(name, spec->leg_host_if, IFNAMSIZ);
}

/* The elements of one set: ours are gathered, the others counted. */
struct sift {
	const struct spec *spec;
	const struct set *wanted; /* what it should hold */
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

bool guard_elements_leads_to(const struct spec *spec, enum set_type map,
			     const struct set_element *e)
{
	enum addr_family f = set_shape(map)->fields[2] == FIELD_IPV6 ? ADDR_V6 : ADDR_V4;
	const struct addr *own = &spec->link[f].vault.addr;

	return own->family && !memcmp(e->data, own->bytes, addr_size(own));
}

/* True when one of SET has the key of E. */
static bool has_key(const struct set *set, const struct set_element *e)
{
	for (size_t i = 0; i < set->n_elements; i++)
		if (!memcmp(set->elements[i].key, e->key, set_key_len(set->type)))
			return true;
	return false;
}

/* Marks of two vaults may be the same: one that has another's name is that one's. */
static bool is_about(const struct sift *sift, const struct set_element *e)
{
	const struct set_shape *shape = set_shape(sift->ours->type);
	const uint32_t mark = spec_mark(sift->spec);

	if (shape->map)
		return guard_elements_leads_to(sift->spec, sift->ours->type, e);
	if (shape->fields[0] == FIELD_MARK)
		return !e->comment[0] && !memcmp(e->key, &mark, sizeof(mark));
	return shape->fields[0] != FIELD_LINK && has_key(sift->wanted, e);
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
	if (is_twin ? sift->looking
		    : !guard_elements_is_interface(sift->spec, name) && !is_about(sift, e)) {
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
static int dump_grants(enum seal_guard guard, struct session *w, struct ruleset *rs)
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
static int keep_grants(enum seal_guard guard, struct session *w)
{
	struct observed_guard *kept = &w->host->guards[guard];
	int r;

	ruleset_free(&kept->grants);
	r = dump_grants(guard, w, &kept->grants);
	kept->has_grants = !r;
	return r;
}

/* Calls FN for each element of RS's set I, as the kernel has it, or had it when it was kept. */
static int each_element(enum seal_guard guard, struct session *w, const struct ruleset *rs,
			size_t i, nft_element_fn *fn, void *arg)
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

struct search {
	enum seal_guard guard;
	const struct spec *spec;
	struct session *w;
	struct ruleset *found;
	const struct ruleset *wanted; /* built in one order */
	size_t others, missing;
};

/* What the sets that every vault has elements in, or all others, hold of this vault. */
static int find_in(struct search *search, bool basic)
{
	struct ruleset *rs = search->found;
	int r = rs->err ? rs->err : search->wanted->err;

	for (size_t i = 0; !r && i < rs->n_sets; i++) {
		struct set *set = &rs->sets[i];
		struct sift sift = { .spec = search->spec,
				     .wanted = &search->wanted->sets[i],
				     .owner = rs,
				     .ours = set,
				     .looking = search->w->observed };

		spec_twin_link(sift.spec, sift.twin);
		if (is_basic(set->type) != basic)
			continue;
		r = each_element(search->guard, search->w, rs, i, sift_element, &sift);
		if (r == -ENOENT) {
			search->missing++;
			r = 0;
		}
		search->others += sift.others;
	}
	return r;
}

int guard_elements_find(enum seal_guard guard, const struct spec *spec, struct session *w,
			struct ruleset *rs, size_t *others)
{
	struct ruleset wanted;
	struct search search = {
		.guard = guard, .spec = spec, .w = w, .found = rs, .wanted = &wanted
	};
	int r;

	seal_build_grants(guard, NULL, rs);
	seal_build_grants(guard, spec, &wanted);
	r = find_in(&search, true);
	if (!r && guard == SEAL_HOST && (w->observed || seal_grants_more(rs)))
		r = find_in(&search, false);
	*others = search.others;
	ruleset_free(&wanted);
	return r ? r : search.missing == rs->n_sets ? -ENOENT : 0;
}
