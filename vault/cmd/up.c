/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/up.c: `vault up`: read, gather, plan, make. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "lib/ns.h"
#include "vault/apply/stale.h"
#include "vault/apply/walk.h"
#include "vault/cmd/again.h"
#include "vault/cmd/all.h"
#include "vault/cmd/cmd.h"
#include "vault/cmd/finish.h"
#include "vault/cmd/request.h"
#include "vault/exit.h"
#include "vault/gather/gather.h"
#include "vault/plan/plan.h"
#include "vault/proc/evict.h"
#include "vault/proc/hook.h"
#include "vault/proc/signals.h"
#include "vault/report.h"
#include "vault/spec/reach.h"
#include "vault/spec/state.h"

static int dry_run(struct spec *spec, struct session *w)
{
	struct str out cleanup(str_free) = STR_INIT;
	struct plan plan;

	if (gather_host(spec, NULL, if_nametoindex(spec->link_host_if), w))
		return EXIT_FAILED;
	plan_build(spec, &plan);
	walk_print(&plan, &out);
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

/* What others may come in by, and what is reached outside the tunnel. */
static void report_ports(const struct spec *spec)
{
	struct str text cleanup(str_free) = STR_INIT;
	char buf[REACH_STRLEN];

	for (size_t i = 0; i < spec->reach.n_from; i++)
		report_line("  accessible-from %s", prefix_format(&spec->reach.from[i], buf));
	reach_add_published(&spec->reach, &text);
	if (text.len && !spec->reach.n_from)
		report_line("  accessible-from nobody but this host");
	if (text.len)
		report_line("  publish %s", text.s);
	for (size_t i = 0; i < spec->reach.n_open_ports; i++)
		report_line("  open-port %s", reach_format_ports(&spec->reach.open_ports[i], buf));
	for (size_t i = 0; i < spec->reach.n_host_ports; i++)
		report_line("  allow-host %s", reach_format_ports(&spec->reach.host_ports[i], buf));
	for (size_t i = 0; i < spec->reach.n_holes; i++)
		report_line("  allow-to %s, outside the tunnel",
			    reach_format_hole(&spec->reach.holes[i], buf));
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
	report_ports(spec);
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
	struct problems ways cleanup(problems_free) = { 0 };
	struct ns_id id = { 0 };
	struct plan plan;
	int r = session_lock_host(w);

	if (r)
		report_error(spec->name, "%s", strerror(-r));
	if (r || gather_host(spec, NULL, 0, w))
		return EXIT_FAILED;
	r = gather_ways(spec, NULL, w, &ways);
	if (r) {
		report_error(spec->name, "%s", strerror(-r));
		return EXIT_FAILED;
	}
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
	finish_warn(w, &ways);
	return EXIT_DONE;
}

/* Makes the vault anew; on failure nothing of it is left, its folder neither. */
static int up_anew(const struct words *words, struct session *w, const struct timespec *since)
{
	struct spec *spec = words->spec;
	int code = make(spec, w), r;

	if (code == EXIT_DONE) {
		code = finish_wait(words, w, since);
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
		return ns >= 0 ? again_up(words, &old, w, ns, since) : up_anew(words, w, &since);
	if (code == EXIT_DONE && ns >= 0) {
		again_as_it_was(spec->name, &old, w, ns);
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
		code = again_plan(words, &w);
	else if (words->only_plan)
		code = EXIT_FAILED;
	else if (!r || (is_open && is_up))
		code = up(words, &w, !r);
	session_close(&w);
	return code;
}

static int up_one(int argc, char **argv)
{
	struct spec spec = { 0 };
	struct words words = { .spec = &spec };
	int code = request_read(argc, argv, &words);

	if (code == EXIT_DONE)
		code = run_words(&words);
	words_free(&words);
	spec_free(&spec);
	return code;
}

static int up_run(int argc, char **argv, const struct options *options)
{
	const bool all = argc && !strcmp(argv[0], "all");

	(void)options;
	if (argc && !all && cmd_is_word(argv[0])) {
		report_error(argv[0], "is a word of vault's, and no name for one (another name)");
		return EXIT_USAGE;
	}
	if (prctl(PR_SET_DUMPABLE,
		  0)) { /* keys are about to be in memory: none of it into a core file */
		report_error("up", "prctl: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return all ? all_up(argc, argv, run_words) : up_one(argc, argv);
}

const struct cmd cmd_up = {
	.name = "up",
	.help = "create a vault",
	.words = &words_clauses,
	.run = up_run,
	.on_host = true,
	.outlives_readers = true,
};
