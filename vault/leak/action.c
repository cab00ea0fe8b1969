/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/action.c: what is done at once about a leak. */
#include "vault/leak/action.h"

#include <string.h>

#include "vault/apply/takedown.h"
#include "vault/proc/evict.h"
#include "vault/proc/hook.h"
#include "vault/report.h"

#define VALUE_MAX 100000 /* execve(2) takes 128 KiB of one variable */

/* Takes out of RUN's list KEY what is no leak. */
static void keep_leaks(json_t *run, const char *key, bool evidence)
{
	json_t *list = json_object_get(run, key);

	for (size_t i = json_array_size(list); i-- > 0;) {
		json_t *one = json_array_get(list, i);
		const char *verdict = json_string_value(json_object_get(one, "verdict"));

		if (!verdict || strcmp(verdict, leak_verdict_text(LEAK_LEAK)) != 0)
			json_array_remove(list, i);
		else if (!evidence)
			json_object_del(one, "evidence");
	}
}

/* The run with its leaks alone; without their evidence where there is too much of it. Owned by the
 * caller; NULL without memory. */
static char *leak_text(const struct leak_run *run)
{
	json_t *json = leak_run_json(run);
	char *text;

	json_object_del(json, "action");
	keep_leaks(json, "probes", true);
	keep_leaks(json, "addresses", true);
	text = json_dumps(json, JSON_COMPACT);
	if (text && strlen(text) > VALUE_MAX) {
		free(text);
		keep_leaks(json, "probes", false);
		text = json_dumps(json, JSON_COMPACT);
	}
	json_decref(json);
	return text;
}

static bool run_command(const char *command, const struct leak_run *run, const struct spec *spec)
{
	char *text cleanup(free_ptr) = leak_text(run);
	const struct hook h = { .spec = spec,
				.event = HOOK_ON_LEAK,
				.command = command,
				.variable = "VAULT_LEAK",
				.value = text ? text : "{}",
				.seconds = ACTION_SECONDS };

	return hook_run_one(&h);
}

static bool act(const char *what, const struct leak_run *run, const struct spec *spec, int ns)
{
	const struct takedown takedown = { .kill = false };
	json_t *told = json_object(), *signals = json_array();
	bool done;

	if (!strcmp(what, "down"))
		done = takedown_run(&takedown, spec->name, told);
	else if (!strcmp(what, "kill"))
		done = !evict_kill(spec->name, ns, signals);
	else
		done = run_command(what, run, spec);
	json_decref(told);
	json_decref(signals);
	return done;
}

/* The first packet that was seen outside; where the leak is an address, now. */
static struct timespec first_sighting(const struct leak_run *run)
{
	struct timespec first;

	clock_gettime(CLOCK_REALTIME, &first);
	for (size_t i = 0; i < run->n_probes; i++)
		for (size_t j = 0; j < run->probes[i].n_evidence; j++) {
			const struct timespec *t = &run->probes[i].evidence[j].time;

			if (t->tv_sec && (t->tv_sec < first.tv_sec || (t->tv_sec == first.tv_sec &&
								       t->tv_nsec < first.tv_nsec)))
				first = *t;
		}
	return first;
}

void action_take(const char *what, struct leak_run *run, const struct spec *spec, int ns)
{
	struct timespec first = first_sighting(run), now;

	run->action.what = what;
	run->action.done = act(what, run, spec, ns);
	clock_gettime(CLOCK_REALTIME, &now);
	run->action.delay_ms =
		(now.tv_sec - first.tv_sec) * 1000 + (now.tv_nsec - first.tv_nsec) / 1000000;
	if (run->action.done)
		report_line("%s: on-leak %s: done", spec->name, what);
	else
		report_error(spec->name, "on-leak %s: it failed", what);
}

bool action_ends(const char *what)
{
	return !strcmp(what, "down");
}
