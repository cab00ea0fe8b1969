/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/down.c: `vault down`: the tunnel first, then everything else; every failing step is
 * told and none stops it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/nft.h"
#include "lib/ns.h"
#include "vault/cmd.h"
#include "vault/leftover.h"
#include "vault/plan.h"
#include "vault/procs.h"
#include "vault/report.h"
#include "vault/state.h"
#include "vault/walk.h"

#define DUMP_TRIES 8

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
	report_line("%s: dropped %llu packets, %llu bytes: %s", drops->vault,
		    (unsigned long long)packets, (unsigned long long)bytes, meaning);
	return json_array_append_new(drops->json,
				     json_pack("{s:s, s:s, s:I, s:I}", "table", table, "reason",
					       name, "packets", (json_int_t)packets, "bytes",
					       (json_int_t)bytes))
		       ? -ENOMEM
		       : 0;
}

/* Tells what was dropped; not to know is a failure, but none that keeps anything up. */
static size_t report_drops(struct world *w, json_t *json)
{
	struct drops drops = { .vault = w->spec->name, .json = json_array() };
	struct nl_error error = { 0 };
	int r = drops.json ? nft_dump_counters(&w->vault_nft, add_drops, &drops, &error) : -ENOMEM;

	if (r)
		report_error(w->spec->name, "reading the counters: %s %s", strerror(-r),
			     error.text);
	if (json_object_set_new(json, "dropped", drops.json))
		return 1;
	return r ? 1 : 0;
}

/* Lists who is inside: they keep running, with no network. */
static size_t report_processes(const struct world *w, json_t *json)
{
	struct proc *list cleanup(free_ptr) = NULL;
	json_t *array = json_array();
	uint64_t inode = 0;
	int r = ns_inode(w->vault_ns, &inode);
	ssize_t n = r ? r : procs_in_netns(inode, &list);

	for (ssize_t i = 0; list && i < n; i++) {
		report_warning(w->spec->name, "process %d (%s) goes on inside, with no network",
			       (int)list[i].pid, list[i].name);
		if (json_array_append_new(array, json_pack("{s:i, s:s}", "pid", (int)list[i].pid,
							   "name", list[i].name)))
			n = -ENOMEM;
	}
	if (n < 0)
		report_error(w->spec->name, "looking for processes inside: %s", strerror((int)-n));
	return json_object_set_new(json, "processes", array) || n < 0 ? 1 : 0;
}

/* The vault is there: SPEC describes it, NS is its namespace. */
static size_t take_down(const struct spec *spec, int dir, int ns, json_t *json)
{
	struct world w;
	struct plan plan;
	size_t failures = 0;
	int r = world_open(&w, spec);

	if (!r)
		r = world_enter_vault(&w, ns);
	if (r) {
		report_error(spec->name, "opening the namespaces: %s", strerror(-r));
		world_close(&w);
		return 1;
	}
	w.dir = dir;
	plan_build(spec, &plan);
	failures += walk_remove(&plan, &w);
	failures += report_drops(&w, json);
	failures += report_processes(&w, json);
	w.dir = -1; /* the caller's */
	world_close(&w);
	return failures;
}

/* With the vault's lock held: 0 when a vault was taken down, else the number of failures. */
static size_t down_locked(const char *name, int dir, json_t *json)
{
	int ns cleanup(close_fd) = ns_open_name(name);
	struct spec spec;
	int r = state_load(name, &spec);
	uint64_t inode = 0;
	size_t failures = 1;

	if (!r && ns >= 0)
		r = ns_inode(ns, &inode);
	/* What could not be read may be a vault: nothing is touched, and the next `down` finds it
	 * as it is. */
	if (ns < 0 && ns != -ENOENT && ns != -EINVAL) {
		report_error(name, "opening %s/%s: %s", NS_DIR, name, strerror(-ns));
	} else if (ns >= 0 && r && r != -ENOENT && r != -EINVAL && r != -EPROTONOSUPPORT) {
		report_error(name, "reading %s/%s: %s", STATE_DIR, name, strerror(-r));
	} else if (!r && ns >= 0 && inode == spec.netns_inode) {
		spec.has_link = true; /* also one that a failed change left, which the description
					 does not know */
		spec_name_interfaces(&spec);
		failures = take_down(&spec, dir, steal_fd(&ns), json);
	} else if (ns >= 0) {
		report_error(
			name,
			"not up: the namespace of this name is not a vault's; it is left alone");
		failures += leftover_clear(name, dir, true);
	} else {
		report_error(name, "not up");
		failures += leftover_clear(name, dir, false);
	}
	spec_free(&spec);
	return failures;
}

static bool down_one(const char *name, json_t *json)
{
	int dir cleanup(close_fd) = state_lock(name, NULL);
	size_t failures;
	int r;

	if (dir < 0) {
		report_error(name, "locking %s/%s: %s%s", STATE_DIR, name, strerror(-dir),
			     dir == -EACCES ? " (run it as root)" : "");
		return false;
	}
	failures = down_locked(name, dir, json);
	r = state_remove_dir(name);
	if (r) {
		report_error(name, "removing %s/%s: %s", STATE_DIR, name, strerror(-r));
		failures++;
	}
	if (!failures)
		report_line("%s: down", name);
	return !failures;
}

static int down_run(int argc, char **argv, const struct options *options)
{
	json_t *list = json_array();
	bool good = list != NULL;

	(void)options;
	for (int i = 0; i < argc; i++)
		if (!spec_name_is_valid(argv[i])) {
			json_decref(list);
			report_error("down", "\"%.80s\" is no vault's name", argv[i]);
			return EXIT_USAGE;
		}
	if (argc < 1) {
		json_decref(list);
		report_error("down", "which vault? (`vault help down`)");
		return EXIT_USAGE;
	}
	for (int i = 0; i < argc; i++) {
		json_t *one = json_pack("{s:s}", "name", argv[i]);
		bool down = down_one(argv[i], one);

		good = good && down;
		if (json_object_set_new(one, "down", json_boolean(down)) ||
		    json_array_append_new(list, one))
			good = false;
	}
	if (good)
		report_json(list);
	else
		json_decref(list); /* the first error is the answer */
	return good ? EXIT_DONE : EXIT_FAILED;
}

const struct cmd cmd_down = {
	.name = "down",
	.args = "NAME...",
	.help = "take vaults down, and say what they dropped",
	.run = down_run,
};
