/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/again.c: `vault up` of a vault that is up: the difference of what was and what shall
 * be. */
#include "vault/cmd/again.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/ns.h"
#include "vault/apply/handshake.h"
#include "vault/apply/observed.h"
#include "vault/apply/stale.h"
#include "vault/apply/walk.h"
#include "vault/check/examine.h"
#include "vault/check/vault.h"
#include "vault/cmd/finish.h"
#include "vault/exit.h"
#include "vault/gather/gather.h"
#include "vault/plan/plan.h"
#include "vault/report.h"
#include "vault/spec/state.h"

/* What `up` changed, or would, of a vault that was up, for text and JSON. */
struct changes {
	const char *name;
	json_t *list;
	size_t n;
	bool keeps_keys; /* a handshake from before is one of this tunnel's, too */
};

/* WORD: what asked for it, or NULL: it was not as described. */
static void add_change(struct changes *c, char sign, const char *object, const char *word)
{
	const char text[] = { sign, '\0' };

	c->n++;
	report_line("%s: %c %s", c->name, sign, object);
	if (json_array_append_new(c->list, json_pack("{s:s, s:s, s:s?}", "change", text, "object",
						     object, "word", word)))
		report_error(c->name, "out of memory");
}

static void note_change(char sign, const char *label, void *arg)
{
	add_change(arg, sign, label, NULL);
}

static int note_asked(char sign, const char *word, const char *text, void *arg)
{
	struct str object cleanup(str_free) = STR_INIT;

	str_addf(&object, "%s%s%s", word, *text ? " " : "", text);
	if (!object.err)
		add_change(arg, sign, object.s, word);
	return object.err;
}

static int find_asked(char sign, const char *word, const char *text, void *arg)
{
	(void)sign;
	(void)word;
	(void)text;
	*(bool *)arg = true;
	return 0;
}

/* Whether, of what words and files can ask for, SPEC asks for something else than OLD. 0 or -errno.
 */
static int asks_otherwise(const struct spec *spec, const struct spec *old, bool *differs)
{
	*differs = false;
	return field_changes(&spec_fields, old, spec, find_asked, differs);
}

/* A gateway that is down now has told its resolvers before. */
static void inherit_resolvers(struct spec *spec, const struct spec *old)
{
	if (spec->leg.role != SPEC_VIA || spec->n_dns || old->leg.role != SPEC_VIA ||
	    strcmp(spec->leg.segment, old->leg.segment) ||
	    !addr_equal(&spec->leg.via, &old->leg.via))
		return;
	spec->dns = calloc(old->n_dns ? old->n_dns : 1, sizeof(*spec->dns));
	for (size_t i = 0; spec->dns && i < old->n_dns; i++)
		spec->dns[spec->n_dns++] = old->dns[i];
}

/* The link stays where it is unless words say otherwise. */
static void inherit(struct spec *spec, const struct spec *old)
{
	inherit_resolvers(spec, old);
	if (!spec->has_link || spec->link_given || !old->has_link)
		return;
	spec->link[ADDR_V4] = old->link[ADDR_V4];
	if (spec_tunnel_has(spec, AF_INET6) || spec_reaches(spec, AF_INET6))
		spec->link[ADDR_V6] = old->link[ADDR_V6];
}

/* After changes. False, said, when it cannot be told what there is now. */
static bool look_again(struct session *w, struct observed *observed)
{
	int r;

	observed_free(observed);
	r = observed_take(w, w->spec, observed, w->why);
	if (r)
		report_error(w->spec->name, "%s: %s", strerror(-r), w->why);
	return !r;
}

/* What is there that nobody asked for, and that `up` does not remove, as it may be somebody's:
 * named as `check` names it. How much. */
static size_t name_unexpected(const struct plan *plan, struct session *w)
{
	struct check c = { .n = 0 };
	size_t found = 0;

	snprintf(c.name, sizeof(c.name), "%s", w->spec->name);
	check_unexpected(&c, plan, w);
	check_iptables(&c, w->vault_ns);
	check_tc_xdp(&c, w);
	for (size_t i = 0; i < c.n; i++) {
		const struct finding *f = &c.list[i];

		if (f->verdict != FOUND_FAIL)
			continue;
		report_error(w->spec->name, "%s%s%s%s", f->detail, f->remedy ? " (" : "",
			     f->remedy ? f->remedy : "", f->remedy ? ")" : "");
		found++;
	}
	check_free(&c);
	return found;
}

/* The secret keys of the tunnel that is there, where it is SPEC's. */
static bool borrow_keys(struct spec *spec, const struct observed *observed)
{
	if (!observed->has_wg || !key_equal(&observed->wg.public_key, &spec->wg.public_key))
		return false;
	spec->wg.private_key = observed->wg.private_key;
	for (size_t i = 0; i < spec->wg.n_peers; i++)
		for (size_t j = 0; j < observed->wg.n_peers; j++)
			if (key_equal(&spec->wg.peers[i].public_key,
				      &observed->wg.peers[j].public_key))
				spec->wg.peers[i].preshared_key =
					observed->wg.peers[j].preshared_key;
	return true;
}

/*
 * The secret keys of a tunnel whose file was standard input are the tunnel's alone. Without it the
 * rest is put right, and the tunnel left out of PLAN. False, said, then.
 */
static bool take_keys(struct spec *spec, const struct observed *observed, struct plan *plan)
{
	size_t kept = 0;

	if (borrow_keys(spec, observed))
		return true;
	for (size_t i = 0; i < plan->n; i++)
		if (plan_interface(&plan->objs[i]) != spec->tunnel_index)
			plan->objs[kept++] = plan->objs[i];
	plan->n = kept;
	if (spec->conf && strcmp(spec->conf, "-") != 0)
		report_error(spec->name, "its tunnel is gone, and is not made without all of %s",
			     spec->conf);
	else
		report_mendable(spec->name, REMEDY(CONF_FILE, spec->name),
				"its tunnel's keys came from standard input, and are gone with the "
				"tunnel");
	return false;
}

/* What is not asked for, and what only the host knows, as OLD has it. */
static int complete(struct spec *spec, const struct spec *old, struct session *w)
{
	inherit(spec, old);
	if (gather_host(spec, old, old->has_link ? old->link_host_index : 0, w))
		return -EINVAL;
	if (old->has_link) { /* an interface that is there keeps its index */
		spec->link_host_index = old->link_host_index;
		spec->link_index = old->link_index;
	}
	if (old->has_tunnel)
		spec->tunnel_index = old->tunnel_index;
	if (spec_has_leg(old)) {
		spec->leg_host_index = old->leg_host_index;
		spec->leg_index = old->leg_index;
	}
	return 0;
}

/* What was, and what shall be, of a vault that is up. */
struct change_plans {
	struct plan had, plan;
	struct observed observed;
	struct problems ways; /* that are shut, to be told */
	bool asks; /* for something else than it was made with */
	bool has_keys; /* not so: the tunnel is left out */
};

/* Completes what is asked for, and fills *C (free_change it, also on error) and W->observed. 0, or
 * -errno, reported. */
static int plan_change(const struct words *words, struct spec *old, struct session *w,
		       struct change_plans *c)
{
	struct spec *spec = words->spec;
	int r = complete(spec, old, w);

	if (r)
		return r;
	r = gather_ways(spec, words->mends ? &old->in_the_way : NULL, w, &c->ways);
	if (!r)
		r = observed_take(w, spec, &c->observed, w->why);
	if (!r)
		r = asks_otherwise(spec, old, &c->asks);
	if (r) {
		report_error(spec->name, "%s%s%s", strerror(-r), w->why[0] ? ": " : "", w->why);
		return r;
	}
	w->observed = &c->observed;
	plan_build(spec, &c->plan);
	c->has_keys = !words->keyless || take_keys(spec, &c->observed, &c->plan);
	if (c->asks) {
		(void)borrow_keys(old, &c->observed);
		plan_build(old, &c->had);
	}
	return 0;
}

static void free_change(struct change_plans *c, struct session *w)
{
	w->observed = NULL;
	observed_free(&c->observed);
	problems_free(&c->ways);
}

/* Makes it as C has it. 0, or EXIT_FAILED, reported. */
static int make_change(struct change_plans *c, const struct spec *old, struct session *w,
		       struct changes *changes)
{
	const struct spec *spec = c->plan.spec;
	size_t failures = 0;
	int r;

	changes->keeps_keys = c->observed.has_wg && handshake_has_keys(&spec->wg, &c->observed.wg);
	r = walk_mend(&c->plan, c->asks ? &c->had : NULL, w, note_change, changes);
	if (!r)
		r = field_changes(&spec_fields, old, spec, note_asked, changes);
	if ((r || changes->n) && !look_again(w, &c->observed))
		failures++;
	else
		failures += name_unexpected(&c->plan, w);
	return r || failures ? EXIT_FAILED : EXIT_DONE;
}

static int mend(const struct words *words, struct spec *old, struct session *w,
		struct changes *changes)
{
	struct change_plans c = { .observed = { 0 } };
	int r = session_lock_host(w), code = EXIT_FAILED;

	if (r)
		report_error(words->spec->name, "%s", strerror(-r));
	if (!r)
		r = plan_change(words, old, w, &c);
	if (!r)
		code = make_change(&c, old, w, changes);
	if (code == EXIT_DONE)
		finish_warn(w, &c.ways);
	free_change(&c, w);
	return code == EXIT_DONE && !c.has_keys ? EXIT_FAILED : code;
}

int again_up(const struct words *words, struct spec *old, struct session *w, int ns,
	     struct timespec since)
{
	struct spec *spec = words->spec;
	struct changes changes = { .name = spec->name, .list = json_array() };
	int r = session_enter_vault(w, ns), code;

	if (r) {
		report_error(spec->name, "opening its namespace: %s", strerror(-r));
		json_decref(changes.list);
		return EXIT_FAILED;
	}
	code = mend(words, old, w, &changes);
	if (code == EXIT_DONE && !changes.n)
		report_line("%s: up, sealed, as described", spec->name);
	if (changes.keeps_keys)
		since.tv_sec -= HANDSHAKE_FRESH_SECONDS;
	if (code == EXIT_DONE)
		code = finish_wait(words, w, &since);
	if (code == EXIT_DONE)
		report_json(json_pack("{s:s, s:O}", "name", spec->name, "changes", changes.list));
	json_decref(changes.list);
	return code;
}

void again_as_it_was(const char *name, struct spec *old, struct session *w, int ns)
{
	struct spec spec cleanup(spec_free) = { 0 };
	const struct words as_it_was = { .spec = &spec, .keyless = true };
	struct changes changes = { .name = name, .list = json_array() };
	struct problems p = { 0 };
	int r = state_load(name, &spec);

	if (r)
		close_fd(&ns);
	else
		r = session_enter_vault(w, ns);
	w->spec = &spec;
	if (!r && spec.has_tunnel)
		r = gather_backend(&spec, w, &p);
	report_problems_of(name, &p);
	problems_free(&p);
	if (r || mend(&as_it_was, old, w, &changes) != EXIT_DONE)
		report_error(name, "nor could all of it be put back to what it was%s%s",
			     r ? ": " : "", r ? strerror(-r) : "");
	w->spec = NULL;
	json_decref(changes.list);
}

static int compare(const struct words *words, struct spec *old, struct session *w, int ns,
		   struct changes *changes)
{
	struct change_plans c = { .observed = { 0 } };
	int r = session_enter_vault(w, ns);

	if (!r)
		w->dir = state_open(words->spec->name);
	if (!r && w->dir < 0)
		r = w->dir;
	if (r)
		report_error(words->spec->name, "opening its namespace: %s", strerror(-r));
	if (!r)
		r = plan_change(words, old, w, &c);
	if (!r)
		r = walk_compare(&c.plan, c.asks ? &c.had : NULL, w, check_may_lack, note_change,
				 changes);
	if (!r)
		r = field_changes(&spec_fields, old, words->spec, note_asked, changes);
	free_change(&c, w);
	return r || !c.has_keys ? EXIT_FAILED : EXIT_DONE;
}

int again_plan(const struct words *words, struct session *w)
{
	struct spec *spec = words->spec, old cleanup(spec_free) = { 0 };
	struct changes changes = { .name = spec->name, .list = json_array() };
	int ns cleanup(close_fd) = ns_open_name(spec->name), code = EXIT_DONE;

	if (ns >= 0)
		code = stale_judge(spec->name, ns, &old);
	else if (ns == -ENOENT || ns == -EINVAL)
		ns = stale_open_nameless(spec->name, &old);
	if (ns < 0) {
		spec_free(&old); /* of one that is no more */
		old = (struct spec){ 0 };
	}
	if (code == EXIT_DONE && ns >= 0)
		code = compare(words, &old, w, steal_fd(&ns), &changes);
	else if (code == EXIT_DONE &&
		 (gather_host(spec, NULL, 0, w) ||
		  field_changes(&spec_fields, &old, spec, note_asked, &changes)))
		code = EXIT_FAILED;
	if (code == EXIT_DONE && !changes.n)
		report_line("%s: nothing to change", spec->name);
	if (code == EXIT_DONE)
		report_json(json_pack("{s:s, s:O}", "name", spec->name, "changes", changes.list));
	json_decref(changes.list);
	return code;
}
