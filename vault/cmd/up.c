/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/up.c: `vault up`: read, gather, plan, make. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "lib/ns.h"
#include "vault/apply/handshake.h"
#include "vault/apply/observed.h"
#include "vault/apply/stale.h"
#include "vault/apply/walk.h"
#include "vault/check/iptables.h"
#include "vault/check/tc_xdp.h"
#include "vault/check/unexpected.h"
#include "vault/check/vault.h"
#include "vault/cmd/cmd.h"
#include "vault/cmd/request.h"
#include "vault/exit.h"
#include "vault/gather/forwarding.h"
#include "vault/gather/gather.h"
#include "vault/gather/listeners.h"
#include "vault/plan/plan.h"
#include "vault/proc/evict.h"
#include "vault/proc/hook.h"
#include "vault/proc/signals.h"
#include "vault/report.h"
#include "vault/spec/reach.h"
#include "vault/spec/state.h"

/* True when words give the link other ends than it has. */
static bool moves_link(const struct spec *spec, const struct spec *old)
{
	for (int f = 0; spec->link_given && f < ADDR_FAMILIES; f++)
		if (!prefix_equal(&spec->link[f].host, &old->link[f].host) ||
		    !prefix_equal(&spec->link[f].vault, &old->link[f].vault))
			return true;
	return false;
}

struct taking {
	const struct spec *old; /* NULL: none */
	struct problems *p;
};

static bool is_published(const struct spec *spec, const struct spec_publish *publish)
{
	for (size_t i = 0; spec && i < spec->reach.n_publish; i++) {
		const struct spec_publish *had = &spec->reach.publish[i];

		if (had->protocol == publish->protocol && had->host_port == publish->host_port &&
		    (!had->address.family || addr_equal(&had->address, &publish->address)))
			return true;
	}
	return false;
}

/* What a program of the host has is not taken from it; what it has been taken already stays so. */
static void judge_listener(const struct spec_publish *publish, const char *who, void *arg)
{
	const struct taking *taking = arg;
	char text[REACH_STRLEN];

	reach_tell_publish(publish, text);
	if (is_published(taking->old, publish))
		problem_warn(taking->p, 0,
			     "publish %s: %s listens there, too: who may enter gets the vault",
			     text, who);
	else
		problem_error(taking->p, 0,
			      "publish %s: %s listens there: who may enter would get the vault "
			      "(another port, or ADDRESS:PORT of an address where it does not)",
			      text, who);
}

static bool takes_no_more(const struct spec *spec, const struct spec *old)
{
	for (size_t i = 0; i < spec->reach.n_publish; i++)
		if (!is_published(old, &spec->reach.publish[i]))
			return false;
	return true;
}

static int refuse_taken(const struct spec *spec, const struct spec *old, struct problems *p)
{
	struct taking taking = { old, p };
	size_t before = p->n_errors;
	int r = listeners_find(&spec->reach, judge_listener, &taking);

	if (r && old && takes_no_more(spec, old)) {
		problem_warn(p, 0, "publish: which ports programs of the host have: %s",
			     strerror(-r));
		return 0; /* what is there is put right all the same */
	}
	if (r)
		problem_error(p, 0, "publish: which ports programs of the host have: %s",
			      strerror(-r));
	return r ? r : p->n_errors > before ? -EADDRINUSE : 0;
}

/* What is to be known of the host; OLD (or NULL) is the vault that is there, OWN the index of its
 * link on the host (or 0). What is in the way is said here. */
static int gather(struct spec *spec, const struct spec *old, uint32_t own, struct session *w)
{
	bool wants_link = !old || !old->has_link || moves_link(spec, old) ||
			  (spec_has_leg(spec) && !spec_has_leg(old));
	struct problems p = { 0 };
	int r = ns_inode(w->host_ns, &spec->host_inode);

	gather_families(spec, &p);
	wants_link = wants_link || gather_wants_link(spec);
	if (!r && spec->leg.role == SPEC_VIA && !spec->n_dns)
		r = gather_resolvers(spec, &p);
	if (!r && wants_link)
		r = gather_link(spec, own, w, &p);
	if (!r)
		r = refuse_taken(spec, old, &p);
	if (r && !p.n_errors)
		report_error(spec->name, "%s", strerror(-r));
	report_problems_of(spec->name, &p);
	problems_free(&p);
	return r;
}

static int dry_run(struct spec *spec, struct session *w)
{
	struct str out cleanup(str_free) = STR_INIT;
	struct plan plan;

	if (gather(spec, NULL, if_nametoindex(spec->link_host_if), w))
		return EXIT_FAILED;
	plan_build(spec, &plan);
	walk_print(&plan, spec, &out);
	hook_print(spec, &out);
	if (out.err || plan.overflow) {
		report_error(spec->name, "out of memory");
		return EXIT_FAILED;
	}
	report_result(out.s);
	if (report_is_json())
		report_json(json_pack("{s:s, s:s}", "name", spec->name, "commands", out.s));
	return EXIT_DONE;
}

static void report_up(const struct spec *spec)
{
	char text[PREFIX_STRLEN], other[PREFIX_STRLEN];

	report_line("%s: up, sealed", spec->name);
	for (size_t i = 0; i < spec->n_addresses; i++)
		report_line("  tunnel %s %s (%s)", spec->tunnel_if,
			    prefix_format(&spec->addresses[i], text),
			    spec->backend == SPEC_BACKEND_KERNEL ? "kernel" : spec->program);
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (spec->link[f].host.addr.family)
			report_line("  link %s %s to %s", spec->link_host_if,
				    addr_format(&spec->link[f].host.addr, text),
				    addr_format(&spec->link[f].vault.addr, other));
	if (spec_has_leg(spec))
		report_line("  segment %s %s%s%s", spec->leg.segment,
			    prefix_format(&spec->leg.address, text),
			    spec->leg.role == SPEC_GATEWAY ? " gateway"
			    : spec->leg.role == SPEC_VIA   ? " via "
							   : "",
			    addr_format(&spec->leg.via, other));
	for (size_t i = 0; i < spec->n_dns; i++)
		report_line("  resolver %s", addr_format(&spec->dns[i], text));
}

/* `wait-handshake`: since SINCE, or from now on. The vault stays up, whatever comes of it. */
static int wait_for_peer(const struct words *words, struct session *w, const struct timespec *since)
{
	if (!words->wait_seconds)
		return EXIT_DONE;
	close_fd(&w->dir); /* a `down` need not wait, too */
	fflush(stdout); /* what was said is true already */
	return handshake_wait(w, since, words->wait_seconds) ? EXIT_FAILED : EXIT_DONE;
}

static void add_warning(const struct forwarding_fault *fault, void *arg)
{
	struct str hint cleanup(str_free) = STR_INIT;

	remedy_add_hint(fault->remedy, &hint);
	problem_warn(arg, 0, "%s%s", fault->text, hint.s ? hint.s : "");
}

static void warn_path(struct session *w)
{
	struct problems p = { 0 };

	forwarding_check_link(w, add_warning, &p);
	forwarding_check(w, add_warning, &p);
	report_problems_of(w->spec->name, &p);
	problems_free(&p);
}

/* A command after `up` has failed: all of the vault goes again. */
static int undo(const struct plan *plan, struct session *w)
{
	json_t *json = json_object();
	size_t failures = walk_remove(plan, w);

	failures += evict_report(w->spec->name, w->vault_ns, json);
	failures += hook_run(w->spec, SPEC_POST_DOWN);
	json_decref(json);
	report_mendable(w->spec->name, failures ? REMEDY(DOWN, w->spec->name) : NULL, "%s",
			failures ? "rollback incomplete; the vault stays sealed" : "taken back");
	return EXIT_FAILED;
}

/* Makes the vault, its lock held in W->dir. */
static int make(struct spec *spec, struct session *w)
{
	struct ns_id id = { 0 };
	struct plan plan;
	int r = session_lock_host(w);

	if (r)
		report_error(spec->name, "%s", strerror(-r));
	if (r || gather(spec, NULL, 0, w))
		return EXIT_FAILED;
	plan_build(spec, &plan);
	if (walk_make(&plan, w))
		return EXIT_FAILED;
	if (!ns_identify(w->vault_ns, &id)) { /* here it is only shown */
		spec->netns_inode = id.inode;
		spec->netns_cookie = id.cookie;
	}
	spec->seal_generation = w->generation;
	if (hook_run(spec, SPEC_POST_UP))
		return undo(&plan, w);
	report_up(spec);
	warn_path(w);
	return EXIT_DONE;
}

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
	r = observed_take(w, observed, w->why);
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

/* True for what is, or hangs on, the tunnel's interface. */
static bool is_of_tunnel(const struct obj *o, uint32_t index)
{
	if (o->kind == &kind_seal)
		return o->table == SEAL_TUNNEL;
	if (o->kind == &kind_address)
		return o->address.index == index;
	if (o->kind == &kind_route)
		return o->route.index == index;
	if (o->kind == &kind_up || o->kind == &kind_forward)
		return o->up_index == index;
	return o->kind == &kind_tunnel || o->kind == &kind_peers;
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
		if (!is_of_tunnel(&plan->objs[i], spec->tunnel_index))
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
	if (gather(spec, old, old->has_link ? old->link_host_index : 0, w))
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
	bool asks; /* for something else than it was made with */
	bool has_keys; /* not so: the tunnel is left out */
};

/* Fills *C (free what it observed, also on error), and W->observed. 0, or -errno, reported. */
static int plan_change(const struct words *words, struct spec *old, struct session *w,
		       struct change_plans *c)
{
	struct spec *spec = words->spec;
	int r = observed_take(w, &c->observed, w->why);

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
		r = complete(words->spec, old, w);
	if (!r)
		r = plan_change(words, old, w, &c);
	if (!r)
		code = make_change(&c, old, w, changes);
	w->observed = NULL;
	observed_free(&c.observed);
	if (code == EXIT_DONE)
		warn_path(w);
	return code == EXIT_DONE && !c.has_keys ? EXIT_FAILED : code;
}

/* The vault is up, in the namespace NS, as OLD describes: what drifted is put back, what words
 * changed is changed. */
static int up_again(const struct words *words, struct spec *old, struct session *w, int ns,
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
		code = wait_for_peer(words, w, &since);
	if (code == EXIT_DONE)
		report_json(json_pack("{s:s, s:O}", "name", spec->name, "changes", changes.list));
	json_decref(changes.list);
	return code;
}

/*
 * What was asked cannot be done, as the host cannot tell all that it takes: the vault, up in the
 * namespace NS, is put back to what it was described as, with the keys that its tunnel has.
 */
static void up_as_it_was(const char *name, struct spec *old, struct session *w, int ns)
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

/* Makes the vault anew; on failure nothing of it is left, its folder neither. */
static int up_anew(const struct words *words, struct session *w, const struct timespec *since)
{
	struct spec *spec = words->spec;
	int code = make(spec, w), r;

	if (code == EXIT_DONE) {
		code = wait_for_peer(words, w, since);
		if (code == EXIT_DONE && report_is_json())
			report_json(spec_to_json(spec));
		return code;
	}
	r = state_remove_files(w->dir);
	if (!r)
		r = state_remove_dir(spec->name);
	if (r)
		report_error(spec->name, "removing %s/%s: %s", STATE_DIR, spec->name, strerror(-r));
	return code;
}

/* Takes the vault's lock, clears what a crash left, and makes the vault, or makes it right.
 * IS_KNOWN is false when the host could not tell what the tunnel takes, which was said. */
static int up(const struct words *words, struct session *w, bool is_known)
{
	struct spec *spec = words->spec, old cleanup(spec_free) = { 0 };
	struct timespec since;
	bool made = false;
	int code, ns = -1, r = signals_block();

	if (r) {
		report_error(spec->name, "blocking signals: %s", strerror(-r));
		return EXIT_FAILED;
	}
	if (hook_refuses(spec->name))
		return EXIT_FAILED;
	w->dir = state_lock(spec->name, true, &made);
	if (w->dir < 0) {
		report_mendable(spec->name, state_remedy(w->dir), "locking %s/%s: %s", STATE_DIR,
				spec->name, strerror(-w->dir));
		return EXIT_FAILED;
	}
	clock_gettime(CLOCK_REALTIME, &since);
	code = stale_settle(spec->name, w->dir, made, &old, &ns);
	if (code == EXIT_DONE && ns < 0 && words->keyless) {
		report_mendable(spec->name, REMEDY(CONF_FILE, spec->name),
				"its keys came from standard input, and are gone with it");
		code = EXIT_FAILED;
	}
	if (code == EXIT_DONE && is_known)
		return ns >= 0 ? up_again(words, &old, w, ns, since) : up_anew(words, w, &since);
	if (code == EXIT_DONE && ns >= 0) {
		up_as_it_was(spec->name, &old, w, ns);
		return EXIT_FAILED;
	}
	if (code == EXIT_DONE)
		code = EXIT_FAILED;
	r = made ? state_remove_dir(spec->name)
		 : 0; /* what is there is not ours to remove, but for this folder */
	if (r)
		report_error(spec->name, "removing %s/%s: %s", STATE_DIR, spec->name, strerror(-r));
	return code;
}

/* A vault that is up, in the namespace NS, as OLD describes: what `up` would change of it. */
static int tell_again(const struct words *words, struct spec *old, struct session *w, int ns,
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
		r = complete(words->spec, old, w);
	if (!r)
		r = plan_change(words, old, w, &c);
	if (!r)
		r = walk_compare(&c.plan, c.asks ? &c.had : NULL, w, check_may_lack, note_change,
				 changes);
	if (!r)
		r = field_changes(&spec_fields, old, words->spec, note_asked, changes);
	w->observed = NULL;
	observed_free(&c.observed);
	return r || !c.has_keys ? EXIT_FAILED : EXIT_DONE;
}

/* `plan`: what `up` would change, and nothing is changed. */
static int tell_plan(const struct words *words, struct session *w)
{
	struct spec *spec = words->spec, old cleanup(spec_free) = { 0 };
	struct changes changes = { .name = spec->name, .list = json_array() };
	int ns cleanup(close_fd) = ns_open_name(spec->name), code = EXIT_DONE;

	if (ns >= 0)
		code = stale_judge(spec->name, ns, &old);
	if (code == EXIT_DONE && ns >= 0)
		code = tell_again(words, &old, w, steal_fd(&ns), &changes);
	else if (code == EXIT_DONE &&
		 (gather(spec, NULL, 0, w) ||
		  field_changes(&spec_fields, &old, spec, note_asked, &changes)))
		code = EXIT_FAILED;
	if (code == EXIT_DONE && !changes.n)
		report_line("%s: nothing to change", spec->name);
	if (code == EXIT_DONE)
		report_json(json_pack("{s:s, s:O}", "name", spec->name, "changes", changes.list));
	json_decref(changes.list);
	return code;
}

/* Whether this kernel is new enough: then a vault's namespace is known from any other. */
static bool has_cookies(const char *name)
{
	uint64_t cookie;
	int r = ns_own_cookie(&cookie);

	if (r == -ENOPROTOOPT)
		report_error(name, "this kernel is too old: vault needs Linux 5.14");
	else if (r)
		report_error(name, "asking for the network namespace's cookie: %s", strerror(-r));
	return !r;
}

static int run_words(struct words *words)
{
	struct spec *spec = words->spec, old cleanup(spec_free) = { 0 };
	struct problems p = { 0 };
	struct session w;
	int code = EXIT_FAILED, r;
	bool is_open, is_up = !words->dry_run && !state_load(spec->name, &old);

	if (!has_cookies(spec->name))
		return EXIT_FAILED;
	r = session_open(&w, spec);
	is_open = !r;
	if (!r)
		r = gather_tunnel(spec, is_up ? &old : NULL, &w, &p);
	if (r && !p.n_errors)
		report_error(spec->name, "%s", strerror(-r));
	report_problems_of(spec->name, &p);
	problems_free(&p);
	if (!r && words->dry_run)
		code = dry_run(spec, &w);
	else if (!r && words->only_plan)
		code = tell_plan(words, &w);
	else if (words->only_plan)
		code = EXIT_FAILED;
	else if (!r || (is_open && is_up))
		code = up(words, &w, !r);
	session_close(&w);
	return code;
}

/* A vault of such a name could not be asked for: check would look at something else, and say that
 * that is fine. */
static bool is_word(const char *name)
{
	return !strcmp(name, "help") ||
	       (spec_name_is_valid(name) && clause_find(cmd_check.words, name));
}

static int up_run(int argc, char **argv, const struct options *options)
{
	struct spec spec = { 0 };
	struct words words = { .spec = &spec };
	int code;

	(void)options;
	if (argc && is_word(argv[0])) {
		report_error(argv[0], "is a word of vault's, and no name for one (another name)");
		return EXIT_USAGE;
	}
	if (prctl(PR_SET_DUMPABLE,
		  0)) { /* keys are about to be in memory: none of it into a core file */
		report_error("up", "prctl: %s", strerror(errno));
		return EXIT_FAILED;
	}
	code = request_read(argc, argv, &words);
	if (code == EXIT_DONE)
		code = run_words(&words);
	words_free(&words);
	spec_free(&spec);
	return code;
}

const struct cmd cmd_up = {
	.name = "up",
	.help = "create a vault",
	.words = &words_clauses,
	.run = up_run,
	.outlives_readers = true,
};
