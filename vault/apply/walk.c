/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/walk.c: a plan and a verb: make, remove, print. The only place that words what the
 * kernel answers.
 *
 * Theory of operation. Making goes down the list and queues; requests to one socket travel
 * together, so a whole vault takes eight sends. What was queued may fail only when it is sent: the
 * number of the object travels with each request as its tag, so the message names the right one.
 * Taking back goes up the list from where the failure was: whatever comes earlier may exist, and a
 * thing that does not exist counts as removed. Signals are looked at between objects, so that none
 * ends us half-way; SIGKILL is what the order of the plan is for.
 */
#include "vault/apply/walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vault/apply/expel.h"
#include "vault/apply/observed.h"
#include "vault/proc/signals.h"
#include "vault/report.h"
#include "vault/spec/state.h"

/* What to do about an error, where there is something. */
static const struct remedy *remedy_for(const struct session *w, int err)
{
	static const struct remedy has_name = { .row = REMEDY_WHO_HAS_NAME };
	static const struct remedy has_port = { .row = REMEDY_WHO_HAS_PORT };
	static const struct remedy changes_rules = { .row = REMEDY_WHO_CHANGES_RULES };

	if (w->before.row)
		return &w->before;
	switch (-err) {
	case EEXIST:
		return &has_name;
	case EADDRINUSE:
		return &has_port;
	case EBADE:
		return &changes_rules;
	default:
		return state_remedy(err);
	}
}

static void report_failure(const struct session *w, const struct obj *o, const char *doing, int err)
{
	const char *words = err == -EINTR ? "interrupted" : strerror(-err);

	report_mendable(w->spec->name, remedy_for(w, err), "%s %s: %s%s%s", doing, o->label, words,
			w->why[0] ? ": " : "", w->why);
}

/* True when every object whose requests are queued may be missing on an older kernel. */
static bool only_optional(const struct plan *plan, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (!(plan->objs[i].flags & OBJ_OPTIONAL))
			return false;
	return from < to;
}

static void tell_lacking(const struct obj *o, struct session *w)
{
	if (o->kind == &kind_wall)
		report_warning(
			w->spec->name,
			"this kernel has no filters of tc (cls_bpf): when the host's rules are "
			"flushed, nothing holds root inside but the rules inside");
	else
		report_warning(w->spec->name,
			       "this kernel cannot filter frames on their way out (netdev egress, "
			       "Linux 5.16): packet sockets inside are stopped on the host alone");
	w->why[0] = '\0';
}

/* Sends what the objects FROM..TO queued; an old kernel may lack the filters for frames. */
static int flush_optional(const struct plan *plan, struct session *w, size_t from, size_t to)
{
	int r = session_flush(w);

	if (r != -EOPNOTSUPP || !only_optional(plan, from, to))
		return r;
	tell_lacking(&plan->objs[to - 1], w);
	return 0;
}

/* Makes the objects in order; *AT is the one under way. */
static int make_all(const struct plan *plan, struct session *w, size_t *at)
{
	size_t run = 0; /* the first object of the run of optional ones that is queued */
	int r = 0;

	for (*at = 0; *at < plan->n; ++*at) {
		const struct obj *o = &plan->objs[*at];

		if (!w->unbroken && signals_wait())
			return -EINTR;
		if (!(o->flags & OBJ_OPTIONAL)) {
			if (*at > run)
				r = flush_optional(plan, w, run, *at);
			run = *at + 1;
		} else if (*at == run) {
			r = session_flush(
				w); /* what comes before an optional run is not optional */
		}
		/* The link must be there, not queued, before another `up` looks for free addresses.
		 */
		if (!r && o->flags & OBJ_UNLOCKS)
			r = session_flush(w);
		if (r)
			return r;
		if (o->flags & OBJ_UNLOCKS)
			session_unlock_host(w);
		w->current = (unsigned int)*at;
		report_detail("%s: making %s", w->spec->name, o->label);
		r = o->kind->make(o, w);
		if (r == -EOPNOTSUPP && o->flags & OBJ_OPTIONAL) {
			tell_lacking(o, w);
			r = 0;
		}
		if (r)
			return r;
	}
	return session_flush(w);
}

static size_t remove_object(const struct obj *o, struct session *w, const char *doing)
{
	int r;

	if (!o->kind->remove)
		return 0;
	session_clear_words(w);
	report_detail("%s: %s %s", w->spec->name, doing, o->label);
	r = o->kind->remove(o, w);
	if (!r)
		return 0;
	report_failure(w, o, doing, r);
	session_forget(w);
	return 1;
}

/* What was made, from FROM on upwards; KEEP (or plan->n) was there before, under its name, and is
 * somebody else's. */
static void take_back(const struct plan *plan, struct session *w, size_t from, size_t keep)
{
	size_t failures = 0;

	session_forget(w);
	for (size_t i = from + 1; i-- > 0;)
		if (i != keep)
			failures += remove_object(&plan->objs[i], w, "taking back");
	if (failures)
		report_mendable(w->spec->name, REMEDY(DOWN, w->spec->name),
				"rollback incomplete; the vault stays sealed");
	session_unlock_host(w);
}

int walk_make(const struct plan *plan, struct session *w)
{
	size_t at = 0, failed;
	int r;

	if (plan->overflow) {
		report_error(w->spec->name, "more than %d objects: too many addresses", PLAN_MAX);
		return -E2BIG;
	}
	w->failed = PLAN_MAX;
	r = make_all(plan, w, &at);
	session_unlock_host(w);
	if (!r)
		return 0;
	if (at >= plan->n)
		at = plan->n - 1;
	failed = w->failed < plan->n ? w->failed : at;
	report_failure(w, &plan->objs[failed], "making", r);
	take_back(plan, w, at, r == -EEXIST ? failed : plan->n);
	return r;
}

/* The mending under way. */
struct mending {
	const struct plan *plan, *had;
	bool was_right[PLAN_MAX]; /* objects of HAD */
	int first_look[PLAN_MAX]; /* at objects of PLAN, before what they hang on was touched */
	walk_change_fn *fn;
	void *arg;
	size_t told, made;
	bool follows; /* of the files, the description alone is another one */
	bool is_sealed;
	int first; /* failure, 0 so far */
};

/* What O is, compared with what there is; W tells why only of what cannot be told. */
static int look_at(struct mending *m, const struct obj *o, struct session *w)
{
	int look;

	w->part = NULL;
	look = o->kind->look(o, w);
	if (o->kind == &kind_files)
		m->follows = w->part && !strcmp(w->part, STATE_FILE);
	if (look >= 0)
		session_clear_words(w);
	return look;
}

/* The description goes with what it describes: that it is another one is told only when nothing
 * else is. */
static bool follows(const struct mending *m, const struct obj *o)
{
	return o->kind == &kind_files && m->follows;
}

/* Which objects are as they were asked to be, before anything is touched. What cannot be told is
 * not: then it is told as a drift. */
static void look_back(struct mending *m, struct session *w)
{
	struct observed was, *now = w->observed;

	if (!m->had)
		return;
	if (!observed_take(w, m->had->spec, &was, w->why)) {
		w->observed = &was;
		for (size_t i = 0; i < m->had->n; i++) {
			const struct obj *o = &m->had->objs[i];

			m->was_right[i] = look_at(m, o, w) == LOOK_SAME || follows(m, o);
		}
		observed_free(&was);
	}
	session_clear_words(w);
	w->observed = now;
}

/* True when O changes as what was asked for does: it is new with that, or was as it was asked to
 * be. */
static bool is_asked(const struct mending *m, const struct obj *o)
{
	for (size_t i = 0; m->had && i < m->had->n; i++)
		if (m->had->objs[i].kind == o->kind && !strcmp(m->had->objs[i].label, o->label))
			return m->was_right[i];
	return m->had;
}

/* An object that was right goes with another that was made anew: that one is told. */
static void tell_change(struct mending *m, const struct obj *o, int look)
{
	if (m->first_look[o - m->plan->objs] == LOOK_SAME || is_asked(m, o) ||
	    (m->told && follows(m, o)))
		return;
	m->told++;
	m->fn(look == LOOK_ABSENT ? '+' : '~', o->label, m->arg);
}

static void tell_expelled(char sign, const char *label, void *arg)
{
	struct mending *m = arg;

	m->told++;
	m->fn(sign, label, m->arg);
}

static int mend_object(struct mending *m, const struct obj *o, struct session *w)
{
	int look, r;

	if (signals_wait())
		return -EINTR;
	look = m->first_look[o - m->plan->objs];
	if (look < 0 || m->made)
		look = look_at(m, o, w);
	if (look <= LOOK_SAME)
		return look;
	m->made++;
	r = o->kind->make(o, w);
	if (!r)
		r = session_flush(w);
	if (r == -EOPNOTSUPP && o->flags & OBJ_OPTIONAL)
		return 0; /* as when it was made */
	if (!r)
		tell_change(m, o, look);
	return r;
}

/* What the seal is made of: while any of it is wrong, nothing that would carry packets is made. */
static bool is_seal(const struct obj *o)
{
	return o->kind == &kind_netns || o->kind == &kind_seal || o->kind == &kind_sysctl ||
	       o->kind == &kind_guard;
}

static bool opens_way(const struct obj *o)
{
	return o->flags & OBJ_TRAFFIC || o->kind == &kind_up;
}

static void look_ahead(struct mending *m, struct session *w, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		m->first_look[i] = look_at(m, &m->plan->objs[i], w);
	m->made = 0;
}

/* Mends the objects FROM..TO; a failure of one is told, and does not keep the others from being
 * mended. False when a signal came. */
static bool mend_range(struct mending *m, struct session *w, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct obj *o = &m->plan->objs[i];
		int r;

		if (!m->is_sealed && opens_way(o))
			continue;
		w->current = (unsigned int)i;
		r = mend_object(m, o, w);
		if (!r)
			continue;
		report_failure(w, o, "putting right", r);
		session_forget(w);
		m->first = m->first ? m->first : r;
		m->is_sealed = m->is_sealed && !is_seal(o);
		w->keeps_description = true;
		if (r == -EINTR)
			return false;
	}
	return true;
}

/* A tunnel that is asked for no longer goes before anything else, and alone: the link stays until
 * the rest is right. */
static size_t drop_tunnel(const struct mending *m, struct session *w)
{
	const struct plan *had = m->had;
	size_t failures;

	if (!had || !had->spec->has_tunnel || m->plan->spec->has_tunnel)
		return 0;
	w->keeps_link = true;
	failures = walk_remove_kind(had, w, &kind_tunnel);
	w->keeps_link = false;
	if (!failures)
		observed_forget_link(w->observed, had->spec->tunnel_index, SEAL_TUNNEL_TABLE);
	return failures;
}

/* Of objects of one kind: an address or a route is looked for by those that are unexpected. */
static bool is_such(const struct obj *a, const struct obj *b)
{
	if (a->kind == &kind_guard)
		return a->guard.table == b->guard.table;
	if (a->kind == &kind_seal)
		return a->seal.table == b->seal.table;
	if (a->kind == &kind_bridge)
		return !strcmp(a->bridge.name, b->bridge.name);
	return a->kind != &kind_veth || !strcmp(a->veth.name, b->veth.name);
}

/* True when PLAN has an object that stands in for O. */
static bool has_such(const struct plan *plan, const struct obj *o)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->objs[i].kind == o->kind && is_such(&plan->objs[i], o))
			return true;
	return false;
}

/* Removes, in reverse, what GONE has and KEPT has none of: what carries packets before the filters
 * on it. */
static size_t drop(const struct plan *gone, const struct plan *kept, struct session *w)
{
	size_t failures = 0;

	w->keeps_link = true; /* the tunnel goes alone: of the link, KEPT says */
	for (unsigned int what = 0; what < 2; what++)
		for (size_t i = gone->n; i-- > 0;) {
			const struct obj *o = &gone->objs[i];

			if ((o->flags & OBJ_TRAFFIC) == (what ? 0 : OBJ_TRAFFIC) &&
			    !has_such(kept, o))
				failures += remove_object(o, w, "removing");
		}
	w->keeps_link = false;
	return failures;
}

/* The number of the first object of KIND. */
static size_t find_first(const struct plan *plan, const struct kind *kind)
{
	size_t first = 0;

	while (first < plan->n && plan->objs[first].kind != kind)
		first++;
	return first;
}

static int refuse_overflow(struct session *w)
{
	report_error(w->spec->name, "more than %d objects: too many addresses", PLAN_MAX);
	w->keeps_description = true;
	return -E2BIG;
}

/* All but the kill switch, which is right or was told not to be. What words took away goes when
 * what they brought is there, and before the description, which is of the rules as they are then.
 * Returns how many could not be removed. */
static size_t mend_rest(struct mending *m, struct session *w, size_t inner)
{
	const struct plan *plan = m->plan, *had = m->had;
	const size_t files = find_first(plan, &kind_files);
	size_t failures = 0;
	bool goes_on;

	look_ahead(m, w, inner, plan->n);
	goes_on = mend_range(m, w, inner, files);
	if (had && !w->keeps_description) {
		failures = drop(had, plan, w);
		look_ahead(m, w, files, plan->n);
	}
	if (goes_on)
		(void)mend_range(m, w, files, plan->n);
	return failures;
}

int walk_mend(const struct plan *plan, const struct plan *had, struct session *w,
	      walk_change_fn *fn, void *arg)
{
	struct mending m = { .plan = plan, .had = had, .fn = fn, .arg = arg, .is_sealed = true };
	const size_t inner = find_first(plan, &kind_sysctl);
	size_t failures;
	int r = 0;

	if (plan->overflow)
		return refuse_overflow(w);
	look_back(&m, w);
	failures = drop_tunnel(&m, w);
	/* The kill switch before anything else, so that what follows is never more than it allows. */
	look_ahead(&m, w, 0, inner);
	if (mend_range(&m, w, 0, inner)) {
		r = expel(plan, had, w, tell_expelled, &m);
		failures += mend_rest(&m, w, inner);
	}
	if (had && w->keeps_description) /* which does not know what is new */
		failures += drop(plan, had, w);
	session_unlock_host(w);
	if (m.first || r)
		return m.first ? m.first : r;
	return failures ? -EIO : 0;
}

int walk_compare(const struct plan *plan, const struct plan *had, struct session *w,
		 bool (*may_lack)(const struct obj *obj), walk_change_fn *fn, void *arg)
{
	struct mending m = { .plan = plan, .had = had, .fn = fn, .arg = arg };
	const size_t inner = find_first(plan, &kind_sysctl);
	int r = 0;

	if (plan->overflow)
		return refuse_overflow(w);
	look_back(&m, w);
	for (size_t i = 0; !r && i < plan->n; i++) {
		const struct obj *o = &plan->objs[i];
		int look;

		if (i == inner)
			r = expel_tell(plan, had, w, tell_expelled, &m);
		if (r)
			break;
		look = m.first_look[i] = look_at(&m, o, w);
		if (look > LOOK_SAME && !may_lack(o))
			tell_change(&m, o, look);
		else if (look < 0)
			report_failure(w, o, "looking at", r = look);
	}
	return r;
}

size_t walk_remove(const struct plan *plan, struct session *w)
{
	size_t failures = 0;

	for (size_t i = plan->n; i-- > 0;)
		if (plan->objs[i].flags & OBJ_TRAFFIC)
			failures += remove_object(&plan->objs[i], w, "removing");
	for (size_t i = plan->n; i-- > 0;)
		if (!(plan->objs[i].flags & OBJ_TRAFFIC))
			failures += remove_object(&plan->objs[i], w, "removing");
	session_unlock_host(w);
	return failures;
}

size_t walk_remove_kind(const struct plan *plan, struct session *w, const struct kind *kind)
{
	size_t failures = 0;

	for (size_t i = plan->n; i-- > 0;)
		if (plan->objs[i].kind == kind)
			failures += remove_object(&plan->objs[i], w, "removing");
	return failures;
}

void walk_print(const struct plan *plan, struct str *out)
{
	for (size_t i = 0; i < plan->n; i++)
		plan->objs[i].kind->print(&plan->objs[i], out);
}
