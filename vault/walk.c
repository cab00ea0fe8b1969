/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/walk.c: a plan and a verb: make, remove, print. The only place that words what the kernel
 * answers.
 *
 * Theory of operation. Making goes down the list and queues; requests to one socket travel
 * together, so a whole vault takes eight sends. What was queued may fail only when it is sent: the
 * number of the object travels with each request as its tag, so the message names the right one.
 * Taking back goes up the list from where the failure was: whatever comes earlier may exist, and a
 * thing that does not exist counts as removed. Signals are looked at between objects, so that none
 * ends us half-way; SIGKILL is what the order of the plan is for.
 */
#include "vault/walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vault/expel.h"
#include "vault/report.h"
#include "vault/sight.h"
#include "vault/signals.h"

/* What to do about an error, where there is something; "" else. */
static const char *mend(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return " (run it as root)";
	case EEXIST:
		return " (something else has this name: look with `ip link` and `ip netns`)";
	case EADDRINUSE:
		return " (another program has the port, or serves an interface of this name)";
	case EBADE:
		return " (the kernel has other rules than it was given: is another program changing them?)";
	default:
		return "";
	}
}

static void report_failure(const struct world *w, const struct obj *o, const char *doing, int err)
{
	const char *words = err == -EINTR ? "interrupted" : strerror(-err);

	if (w->before[0])
		report_error(w->spec->name, "%s %s: %s: %s (%s)", doing, o->label, words, w->why,
			     w->before);
	else if (w->why[0])
		report_error(w->spec->name, "%s %s: %s: %s%s", doing, o->label, words, w->why,
			     mend(err));
	else
		report_error(w->spec->name, "%s %s: %s%s", doing, o->label, words, mend(err));
}

/* True when every object whose requests are queued may be missing on an older kernel. */
static bool only_optional(const struct plan *plan, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (!(plan->objs[i].flags & OBJ_OPTIONAL))
			return false;
	return from < to;
}

static void tell_lacking(const struct obj *o, struct world *w)
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
static int flush_optional(const struct plan *plan, struct world *w, size_t from, size_t to)
{
	int r = world_flush(w);

	if (r != -EOPNOTSUPP || !only_optional(plan, from, to))
		return r;
	tell_lacking(&plan->objs[to - 1], w);
	return 0;
}

/* Makes the objects in order; *AT is the one under way. */
static int make_all(const struct plan *plan, struct world *w, size_t *at)
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
			r = world_flush(w); /* what comes before an optional run is not optional */
		}
		/* The link must be there, not queued, before another `up` looks for free addresses.
		 */
		if (!r && o->flags & OBJ_UNLOCKS)
			r = world_flush(w);
		if (r)
			return r;
		if (o->flags & OBJ_UNLOCKS)
			world_unlock_host(w);
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
	return world_flush(w);
}

static size_t remove_object(const struct obj *o, struct world *w, const char *doing)
{
	int r;

	if (!o->kind->remove)
		return 0;
	w->why[0] = w->before[0] = '\0';
	report_detail("%s: %s %s", w->spec->name, doing, o->label);
	r = o->kind->remove(o, w);
	if (!r)
		return 0;
	report_failure(w, o, doing, r);
	world_forget(w);
	return 1;
}

/* What was made, from FROM on upwards; KEEP (or plan->n) was there before, under its name, and is
 * somebody else's. */
static void take_back(const struct plan *plan, struct world *w, size_t from, size_t keep)
{
	size_t failures = 0;

	world_forget(w);
	for (size_t i = from + 1; i-- > 0;)
		if (i != keep)
			failures += remove_object(&plan->objs[i], w, "taking back");
	if (failures)
		report_error(
			w->spec->name,
			"not all could be taken back: nothing is open, `vault down %s` clears it up",
			w->spec->name);
	world_unlock_host(w);
}

int walk_make(const struct plan *plan, struct world *w)
{
	size_t at = 0, failed;
	int r;

	if (plan->overflow) {
		report_error(w->spec->name, "more than %d objects: too many addresses", PLAN_MAX);
		return -E2BIG;
	}
	w->failed = PLAN_MAX;
	r = make_all(plan, w, &at);
	world_unlock_host(w);
	if (!r)
		return 0;
	if (at >= plan->n)
		at = plan->n - 1;
	failed = w->failed < plan->n ? w->failed : at;
	report_failure(w, &plan->objs[failed], "making", r);
	take_back(plan, w, at, r == -EEXIST ? failed : plan->n);
	return r;
}

static int mend_object(const struct obj *o, struct world *w, walk_change_fn *fn, void *arg)
{
	int look, r;

	if (signals_wait())
		return -EINTR;
	look = o->kind->look(o, w);
	w->why[0] = w->before[0] = '\0';
	if (look <= LOOK_SAME)
		return look;
	r = o->kind->make(o, w);
	if (!r)
		r = world_flush(w);
	if (r == -EOPNOTSUPP && o->flags & OBJ_OPTIONAL)
		return 0; /* as when it was made */
	if (!r)
		fn(look == LOOK_ABSENT ? '+' : '~', o->label, arg);
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

/* The mending under way. */
struct mending {
	const struct plan *plan;
	walk_change_fn *fn;
	void *arg;
	bool is_sealed;
	int first; /* failure, 0 so far */
};

/* Mends the objects FROM..TO; a failure of one is told, and does not keep the others from being
 * mended. False when a signal came. */
static bool mend_range(struct mending *m, struct world *w, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct obj *o = &m->plan->objs[i];
		int r;

		if (!m->is_sealed && opens_way(o))
			continue;
		w->current = (unsigned int)i;
		r = mend_object(o, w, m->fn, m->arg);
		if (!r)
			continue;
		report_failure(w, o, "putting right", r);
		world_forget(w);
		m->first = m->first ? m->first : r;
		m->is_sealed = m->is_sealed && !is_seal(o);
		w->keeps_description = true;
		if (r == -EINTR)
			return false;
	}
	return true;
}

int walk_mend(const struct plan *plan, struct world *w, walk_change_fn *fn, void *arg)
{
	struct mending m = { .plan = plan, .fn = fn, .arg = arg, .is_sealed = true };
	size_t inner = 0;
	int r = 0;

	if (plan->overflow) {
		report_error(w->spec->name, "more than %d objects: too many addresses", PLAN_MAX);
		w->keeps_description = true;
		return -E2BIG;
	}
	while (inner < plan->n && plan->objs[inner].kind != &kind_sysctl)
		inner++;
	/* The kill switch before anything else, so that what follows is never more than it allows. */
	if (mend_range(&m, w, 0, inner)) {
		r = expel(plan, w, fn, arg);
		(void)mend_range(&m, w, inner, plan->n);
	}
	world_unlock_host(w);
	return m.first ? m.first : r;
}

size_t walk_remove(const struct plan *plan, struct world *w)
{
	size_t failures = 0;

	for (size_t i = plan->n; i-- > 0;)
		if (plan->objs[i].flags & OBJ_TRAFFIC)
			failures += remove_object(&plan->objs[i], w, "removing");
	for (size_t i = plan->n; i-- > 0;)
		if (!(plan->objs[i].flags & OBJ_TRAFFIC))
			failures += remove_object(&plan->objs[i], w, "removing");
	world_unlock_host(w);
	return failures;
}

size_t walk_remove_kind(const struct plan *plan, struct world *w, const struct kind *kind)
{
	size_t failures = 0;

	for (size_t i = plan->n; i-- > 0;)
		if (plan->objs[i].kind == kind)
			failures += remove_object(&plan->objs[i], w, "removing");
	return failures;
}

void walk_print(const struct plan *plan, const struct spec *spec, struct str *out)
{
	for (size_t i = 0; i < plan->n; i++)
		plan->objs[i].kind->print(&plan->objs[i], spec, out);
}
