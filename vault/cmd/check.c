/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/check.c: `vault check`: are these vaults what they claim to be? */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "lib/addr.h"
#include "lib/list.h"
#include "lib/str.h"
#include "vault/check/json.h"
#include "vault/check/list.h"
#include "vault/check/orphan.h"
#include "vault/check/prom.h"
#include "vault/check/system.h"
#include "vault/check/text.h"
#include "vault/check/vault.h"
#include "vault/cmd.h"
#include "vault/report.h"
#include "vault/state.h"

struct names {
	char (*list)[SPEC_NAME_MAX + 1]; /* owned */
	size_t n;
};

struct request {
	struct names names;
	bool all, system, prometheus;
	pid_t *pids; /* owned; options.pids */
	struct check_options options; /* its units are owned, their names are the command line's */
};

/* The results of one run: of the command as a whole, and of each vault for JSON. */
struct results {
	bool brief, colour, prometheus;
	json_t *json;
	struct check *kept; /* owned, with prometheus: its metrics are of all vaults at once */
	size_t n_kept;
	bool broken, unknown;
};

/* Each once: metrics must be. */
static int add_name(const char *name, void *arg)
{
	struct names *names = arg;
	char text[SPEC_NAME_MAX + 1] = "";

	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->list[i], name))
			return 0;
	memcpy(text, name, strnlen(name, SPEC_NAME_MAX));
	return list_append(&names->list, &names->n, sizeof(text), text);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* 0 or -errno. */
static int find_described(struct names *names)
{
	char **list = NULL;
	ssize_t n = state_names(&list);
	int r = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; !r && i < n; i++)
		r = add_name(list[i], names);
	state_names_free(list, n);
	return r;
}

/* Also those that lost their description. 0, or an exit code, said why: not to know of one is not
 * to know of all. */
static int find_all(struct names *names)
{
	const char *what = STATE_DIR;
	int r = find_described(names);

	if (!r) {
		what = "the host's links";
		r = orphans_find(add_name, names);
	}
	if (r) {
		report_error(what, "%s%s", strerror(-r), r == -EACCES ? " (run it as root)" : "");
		return EXIT_UNDECIDED;
	}
	if (names->n)
		qsort(names->list, names->n, sizeof(*names->list), compare_names);
	return EXIT_DONE;
}

static int parse_age(const char *text, int64_t *out)
{
	uint64_t n;

	if (*out >= 0 || !text || uint_parse(text, strlen(text), 0, INT32_MAX, &n)) {
		report_error("check", *out >= 0 ? "max-handshake-age is given twice"
						: "max-handshake-age needs a number of seconds");
		return EXIT_USAGE;
	}
	*out = (int64_t)n;
	return EXIT_DONE;
}

static int parse_name(const char *name, struct names *names)
{
	if (!spec_name_is_valid(name)) {
		report_error("check", "\"%.80s\" is no vault's name", name);
		return EXIT_USAGE;
	}
	if (add_name(name, names)) {
		report_error("check", "out of memory");
		return EXIT_UNDECIDED;
	}
	return EXIT_DONE;
}

static int parse_pid(const char *text, struct request *r)
{
	uint64_t n;
	pid_t pid;

	if (uint_parse(text, strlen(text), 1, INT32_MAX, &n)) {
		report_error("check", "\"%.80s\" is no process's number", text);
		return EXIT_USAGE;
	}
	pid = (pid_t)n;
	if (list_append(&r->pids, &r->options.n_pids, sizeof(pid), &pid)) {
		report_error("check", "out of memory");
		return EXIT_UNDECIDED;
	}
	return EXIT_DONE;
}

static int parse_unit(const char *name, struct request *r)
{
	if (!*name || strchr(name, '/')) {
		report_error("check", "\"%.80s\" is no unit's name", name);
		return EXIT_USAGE;
	}
	if (list_append(&r->options.units, &r->options.n_units, sizeof(name), &name)) {
		report_error("check", "out of memory");
		return EXIT_UNDECIDED;
	}
	return EXIT_DONE;
}

/* After `unit` or `pid` every word is one of these, up to the next clause. */
enum place { IN_NAMES, IN_UNITS, IN_PIDS };

static int parse_word(const char *word, enum place place, struct request *r)
{
	switch (place) {
	case IN_UNITS:
		return parse_unit(word, r);
	case IN_PIDS:
		return parse_pid(word, r);
	case IN_NAMES:
		break;
	}
	return parse_name(word, &r->names);
}

/* What the words together must be. */
static int judge_words(const struct request *r, enum place last)
{
	const char *wrong = NULL;
	bool processes = r->options.n_pids || r->options.n_units;

	if (r->all && r->names.n)
		wrong = "\"all\" or names, not both";
	else if (r->system && (r->all || r->names.n || processes || r->prometheus ||
			       r->options.max_handshake_age >= 0))
		wrong = "\"system\" stands alone";
	else if (last == IN_UNITS && !r->options.n_units)
		wrong = "which unit?";
	else if (last == IN_PIDS && !r->options.n_pids)
		wrong = "which process?";
	else if (processes && r->names.n != 1)
		wrong = "units and processes are those of one vault: give its name";
	else if (r->prometheus && report_is_json())
		wrong = "prometheus or -json, not both";
	if (wrong)
		report_error("check", "%s (vault help check)", wrong);
	return wrong ? EXIT_USAGE : EXIT_DONE;
}

static int parse_words(int argc, char **argv, struct request *r)
{
	enum place place = IN_NAMES;
	int code = EXIT_DONE;

	for (int i = 0; !code && i < argc; i++)
		if (!strcmp(argv[i], "max-handshake-age"))
			code = parse_age(++i < argc ? argv[i] : NULL,
					 &r->options.max_handshake_age);
		else if (!strcmp(argv[i], "all"))
			r->all = true;
		else if (!strcmp(argv[i], "system"))
			r->system = true;
		else if (!strcmp(argv[i], "prometheus"))
			r->prometheus = true;
		else if (!strcmp(argv[i], "unit"))
			place = IN_UNITS;
		else if (!strcmp(argv[i], "pid"))
			place = IN_PIDS;
		else
			code = parse_word(argv[i], place, r);
	return code ? code : judge_words(r, place);
}

/* Prints what was found and takes it into account. */
static void conclude(const struct check *c, struct results *results)
{
	struct str out cleanup(str_free) = STR_INIT;
	enum found verdict = check_verdict(c);

	results->broken = results->broken || verdict == FOUND_FAIL;
	results->unknown = results->unknown || verdict == FOUND_UNKNOWN;
	if (report_is_json()) {
		if (json_array_append_new(results->json, check_json(c)))
			results->unknown = true;
		return;
	}
	if (results->prometheus)
		return;
	check_print(c, results->brief, results->colour, &out);
	if (out.err)
		results->unknown = true;
	else if (out.s)
		report_result(out.s);
}

static void examine(struct check *c, const char *name, const struct check_options *options)
{
	snprintf(c->name, sizeof(c->name), "%s", name);
	check_vault(c, options);
	options->host->is_used = true;
}

static void check_one(const char *name, const struct request *r, struct results *results)
{
	bool kept = r->options.host->is_used;
	struct check c = { 0 };

	examine(&c, name, &r->options);
	/* What is wrong by what was read for an earlier vault may have been made right since. */
	if (kept && check_verdict(&c) != FOUND_OK) {
		check_free(&c);
		check_host_free(r->options.host);
		examine(&c, name, &r->options);
	}
	conclude(&c, results);
	if (results->prometheus && !list_append(&results->kept, &results->n_kept, sizeof(c), &c))
		return; /* with all that it owns */
	results->unknown = results->unknown || results->prometheus;
	check_free(&c);
}

static void check_host(struct results *results)
{
	struct check c = { .name = "system" };

	check_system(&c);
	conclude(&c, results);
	check_free(&c);
}

static void print_metrics(struct results *results)
{
	struct str out cleanup(str_free) = STR_INIT;

	check_metrics(results->kept, results->n_kept, &out);
	if (out.err)
		results->unknown = true;
	else
		report_result(out.s);
	for (size_t i = 0; i < results->n_kept; i++)
		check_free(&results->kept[i]);
	free(results->kept);
}

/* Broken is known; short of that, what is not known is not fine. */
static int exit_code(const struct results *results)
{
	if (results->broken)
		return EXIT_FAILED;
	return results->unknown ? EXIT_UNDECIDED : EXIT_DONE;
}

static int check_names(const struct request *r, const struct options *options)
{
	struct results results = { .brief = options->quiet,
				   .prometheus = r->prometheus,
				   .colour = report_is_coloured(),
				   .json = json_array() };

	if (r->system)
		check_host(&results);
	for (size_t i = 0; i < r->names.n; i++)
		check_one(r->names.list[i], r, &results);
	if (results.prometheus)
		print_metrics(&results);
	else if (!r->names.n && !r->system)
		report_line("no vault is up");
	report_json(results.json);
	return exit_code(&results);
}

static int check_run(int argc, char **argv, const struct options *options)
{
	struct check_host host = { 0 };
	struct request r = { .options = { .max_handshake_age = -1, .host = &host } };
	int code = parse_words(argc, argv, &r);

	r.options.pids = r.pids;
	if (code == EXIT_DONE && !r.names.n && !r.system)
		code = find_all(&r.names);
	if (code == EXIT_DONE && prctl(PR_SET_DUMPABLE, 0)) { /* keys are about to be in memory */
		report_error("check", "%s", strerror(errno));
		code = EXIT_UNDECIDED;
	}
	if (code == EXIT_DONE)
		code = check_names(&r, options);
	check_host_free(&host);
	free(r.names.list);
	free(r.pids);
	free(r.options.units);
	return code;
}

static void check_usage(struct str *out)
{
	str_add(out, "\nWhat it looks at:\n");
	for (size_t i = 0; i < check_n_ids; i++)
		str_addf(out, "  %-20s  %s\n", check_ids[i].id, check_ids[i].about);
}

const struct cmd cmd_check = {
	.name = "check",
	.args = "[ NAME... | all ] [ max-handshake-age SECONDS ] [ unit UNIT... ] [ pid PID... ] [ prometheus ] | system",
	.help = "prove that vaults are what they claim to be",
	.usage = check_usage,
	.run = check_run,
	.unsaid = EXIT_UNDECIDED,
};
