/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/takedown.c: one vault taken down: the tunnel first, then everything else, or nothing
 * else; every failing step is told and none stops it. */
#include "vault/apply/takedown.h"

#include <errno.h>
#include <string.h>

#include "lib/nft.h"
#include "lib/ns.h"
#include "vault/apply/stale.h"
#include "vault/apply/walk.h"
#include "vault/plan/plan.h"
#include "vault/proc/evict.h"
#include "vault/proc/hook.h"
#include "vault/proc/procs.h"
#include "vault/report.h"
#include "vault/spec/state.h"

/* What the kill switch dropped, by reason, for text and JSON. */
struct drops {
	const char *vault;
	json_t *json;
};

static int add_drops(const char *table, const char *name, uint64_t packets, uint64_t bytes,
		     void *arg)
{
	const struct drops *drops = arg;
	const char *meaning = seal_counter_meaning(name);

	if (!packets || !meaning)
		return 0;
	report_line("%s: dropped %llu packets, %llu bytes: %s%s", drops->vault,
		    (unsigned long long)packets, (unsigned long long)bytes, meaning,
		    seal_counter_place(table));
	return json_array_append_new(drops->json,
				     json_pack("{s:s, s:s, s:I, s:I}", "table", table, "reason",
					       name, "packets", (json_int_t)packets, "bytes",
					       (json_int_t)bytes))
		       ? -ENOMEM
		       : 0;
}

/* Tells what was dropped; not to know is a failure, but none that keeps anything up. */
static size_t report_drops(struct session *w, const struct state_test *test, json_t *json)
{
	struct drops drops = { .vault = w->spec->name, .json = json_array() };
	struct nl_error error = { 0 };
	int r = drops.json ? nft_dump_counters(&w->vault_nft, add_drops, &drops, &error) : -ENOMEM;

	if (r)
		report_error(w->spec->name, "reading the counters: %s %s", strerror(-r),
			     error.text);
	if (test->dropped && test->generation == w->spec->seal_generation)
		report_line("%s: of these %llu packets while leak tests ran", w->spec->name,
			    (unsigned long long)test->dropped);
	if (json_object_set_new(json, "dropped", drops.json))
		return 1;
	return r ? 1 : 0;
}

static int open_session(struct session *w, const struct spec *spec, int ns)
{
	int r = session_open(w, spec);

	if (!r)
		r = session_enter_vault(w, ns);
	else
		close_fd(&ns);
	if (r)
		report_error(spec->name, "opening the namespaces: %s", strerror(-r));
	return r;
}

/* The list of signals sent, where any shall be, in JSON, which owns it. */
static json_t *add_signals(const struct takedown *q, json_t *json)
{
	json_t *signals = q->kill ? json_array() : NULL;

	return signals && !json_object_set_new(json, "signals", signals) ? signals : NULL;
}

/* Takes all of the vault down, and tells what became of it. */
static size_t take_all(const struct takedown *q, struct session *w, json_t *json)
{
	json_t *signals = add_signals(q, json);
	struct plan plan;
	struct state_test test;
	size_t failures = hook_run(w->spec, SPEC_PRE_DOWN);

	state_load_test(w->dir, &test); /* its file goes with the vault's */
	plan_build(w->spec, &plan);
	if (q->kill) { /* the long wait while the name still leads to them: we may be ended, too */
		failures += walk_remove_kind(&plan, w, &kind_tunnel);
		failures += evict_ask(w->spec->name, w->vault_ns, q->seconds, signals);
	}
	failures += walk_remove(&plan, w);
	if (q->kill) /* nobody can come in any more */
		failures += evict_kill(w->spec->name, w->vault_ns, signals);
	failures += report_drops(w, &test, json);
	failures += evict_report(w->spec->name, w->vault_ns, json);
	failures += hook_run(w->spec, SPEC_POST_DOWN);
	return failures;
}

/* Takes the tunnel alone away: the namespace stays, sealed, for the next `up`. */
static size_t take_tunnel(const struct takedown *q, struct spec *spec, struct session *w,
			  json_t *json)
{
	json_t *signals = add_signals(q, json);
	struct plan plan;
	struct state_test test;
	size_t failures;
	int r;

	state_load_test(w->dir, &test);
	if (!spec->has_tunnel) {
		report_error(spec->name, "keep-ns: it has no tunnel to be taken away");
		return 1;
	}
	plan_build(spec, &plan);
	w->keeps_link = true;
	failures = walk_remove_kind(&plan, w, &kind_tunnel);
	if (q->kill) {
		failures += evict_ask(spec->name, w->vault_ns, q->seconds, signals);
		failures += evict_kill(spec->name, w->vault_ns, signals);
	}
	failures += report_drops(w, &test, json);
	spec->without_tunnel = true;
	r = state_save(w->dir, spec, &(struct ns_id){ spec->netns_inode, spec->netns_cookie },
		       spec->seal_generation);
	if (r)
		report_error(spec->name, "writing %s/%s/" STATE_FILE ": %s", STATE_DIR, spec->name,
			     strerror(-r));
	return failures + (r ? 1 : 0);
}

/* The vault is there: SPEC describes it, NS is its namespace. */
static size_t take_down(const struct takedown *q, struct spec *spec, int dir, int ns, json_t *json)
{
	struct session w;
	size_t failures = 1;

	if (!q->keep_ns) {
		spec->has_link = true; /* also one that a failed change left, which the description
					  does not know */
		spec_name_interfaces(spec);
	}
	if (!open_session(&w, spec, ns)) {
		w.dir = dir;
		failures = q->keep_ns ? take_tunnel(q, spec, &w, json) : take_all(q, &w, json);
		w.dir = -1; /* the caller's */
	}
	session_close(&w);
	return failures;
}

/* No vault is there, but what a crash or a hand has left may be. */
static size_t clear(const struct takedown *q, const char *name, int dir)
{
	struct state_why why;

	if (!q->all) {
		state_explain(name, -ENOENT, &why);
		report_error(name, "%s", why.text);
		return 1 + stale_clear(name, dir, false);
	}
	report_line("%s: not up, clearing what is left of it", name);
	return stale_clear(name, dir, false);
}

/* With the vault's lock held: 0 when a vault was taken down, else the number of failures. *KEPT
 * tells whether its namespace stays. */
static size_t down_locked(const struct takedown *q, const char *name, int dir, json_t *json,
			  bool *kept)
{
	int ns cleanup(close_fd) = ns_open_name(name);
	struct spec spec;
	int r = state_load(name, &spec);
	int sealed = r || ns < 0 ? 0 : state_is_sealed(&spec, ns);
	int left cleanup(close_fd) = r || sealed ? -ENOENT : procs_open_left(&spec);
	struct state_why why;
	size_t failures = 1;

	if (left >= 0) { /* the vault's own, whatever has its name by now, which stays */
		close_fd(&ns);
		ns = steal_fd(&left);
		sealed = 1;
	}
	r = sealed < 0 ? sealed : r;
	/* What could not be read may be a vault: nothing is touched, and the next `down` finds it
	 * as it is. */
	if (ns == -ELOOP || ns == -EMEDIUMTYPE) {
		report_error(name, "not up: %s/%s is %s and not vault's: left alone", NS_DIR, name,
			     ns == -ELOOP ? "a symbolic link" : "no network namespace");
		failures += stale_clear(name, dir, true);
	} else if (ns < 0 && ns != -ENOENT && ns != -EINVAL) {
		report_error(name, "opening %s/%s: %s", NS_DIR, name, strerror(-ns));
	} else if (ns >= 0 && r && r != -ENOENT && r != -EINVAL) {
		state_explain(name, r, &why);
		report_mendable(name, &why.remedy, "%s", why.text);
	} else if (!r && state_is_host(&spec) == -EXDEV) {
		report_mendable(name, state_remedy(-EXDEV), "%s", state_error(-EXDEV));
		*kept = true;
	} else if (!r && sealed) {
		*kept = q->keep_ns;
		failures = take_down(q, &spec, dir, steal_fd(&ns), json);
	} else if (ns >= 0) {
		report_error(
			name,
			"not up: the namespace of this name is not a vault's; it is left alone");
		failures += stale_clear(name, dir, true);
	} else {
		failures = clear(q, name, dir);
	}
	spec_free(&spec);
	return failures;
}

bool takedown_run(const struct takedown *q, const char *name, json_t *json)
{
	int dir cleanup(close_fd) = -1;
	struct state_why why;
	bool kept = false;
	size_t failures;
	int r;

	if (hook_refuses(name))
		return false;
	dir = state_lock(name, false, NULL);
	if (dir < 0) {
		report_mendable(name, state_remedy(dir), "locking %s/%s: %s", STATE_DIR, name,
				strerror(-dir));
		return false;
	}
	r = state_judge(dir);
	if (r) {
		state_explain(name, r, &why);
		report_mendable(name, &why.remedy, "%s", why.text);
		return false;
	}
	failures = down_locked(q, name, dir, json, &kept);
	r = kept ? 0 : state_remove_dir(name);
	if (r) {
		report_error(name, "removing %s/%s: %s", STATE_DIR, name, strerror(-r));
		failures++;
	}
	if (json_object_set_new(json, "kept", json_boolean(kept)))
		failures++;
	if (!failures)
		report_line(kept ? "%s: sealed, without a tunnel" : "%s: down", name);
	return !failures;
}
