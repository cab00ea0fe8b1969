/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/check.c: `vault check`: are these vaults what they claim to be? */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "lib/list.h"
#include "lib/str.h"
#include "vault/check/print.h"
#include "vault/check/list.h"
#include "vault/check/orphan.h"
#include "vault/check/system.h"
#include "vault/check/vault.h"
#include "vault/check/why.h"
#include "vault/cmd/cmd.h"
#include "vault/exit.h"
#include "vault/option.h"
#include "vault/read/clause.h"
#include "vault/report.h"
#include "vault/spec/reach.h"
#include "vault/spec/state.h"

struct names {
	char (*list)[SPEC_NAME_MAX + 1]; /* owned */
	size_t n;
};

struct request {
	struct names names;
	bool all, system, prometheus, remedy;
	struct why_question why;
	bool is_of_all; /* no name was given */
	unsigned int age, seen;
	pid_t *pids; /* owned; options.pids */
	struct check_options options; /* its units are owned, their names are the command line's */
};

/* The results of one run: of the command as a whole, and of each vault for JSON. */
struct results {
	enum check_detail detail;
	bool colour, prometheus, remedy;
	bool table; /* of all vaults */
	json_t *json;
	struct check *kept; /* owned, for metrics and the table, which are of all at once */
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
		report_mendable(what, state_remedy(r), "%s", strerror(-r));
		return EXIT_UNDECIDED;
	}
	if (names->n)
		qsort(names->list, names->n, sizeof(*names->list), compare_names);
	return EXIT_DONE;
}

static const char *take_name(const char *arg, void *request)
{
	return add_name(arg, &((struct request *)request)->names) ? clause_no_memory : NULL;
}

static const char *take_pid(const char *arg, void *request)
{
	struct request *r = request;
	pid_t pid = (pid_t)strtoul(arg, NULL, 10);

	return list_append(&r->pids, &r->options.n_pids, sizeof(pid), &pid) ? clause_no_memory
									    : NULL;
}

static const char *take_unit(const char *arg, void *request)
{
	struct check_options *options = &((struct request *)request)->options;

	if (strchr(arg, '/'))
		return "is no unit's name";
	return list_append(&options->units, &options->n_units, sizeof(arg), &arg) ? clause_no_memory
										  : NULL;
}

static const char *take_why(const char *arg, void *request)
{
	return reach_parse_target(arg, &((struct request *)request)->why.to);
}

static const char *take_from(const char *arg, void *request)
{
	return addr_parse(arg, &((struct request *)request)->why.from) ? "is no IP address" : NULL;
}

#define AT(member) .at = offsetof(struct request, member)

static const struct clause clauses[] = {
	{ "all", NULL, "every vault; the same without any name", CLAUSE_FOR_NAMES, AT(all) },
	{ "max-handshake-age", "SECONDS", "a peer must have answered since then",
	  .type = CLAUSE_NUMBER, .max = INT32_MAX, AT(age) },
	{ "unit", "UNIT", "the processes of these units must be inside", CLAUSE_EACH, CLAUSE_TEXT,
	  OFFER_UNITS, .take = take_unit },
	{ "pid", "PID", "these processes must be inside", CLAUSE_EACH, CLAUSE_NUMBER, .min = 1,
	  .max = INT32_MAX, .take = take_pid },
	{ "prometheus", NULL, "metrics, for node_exporter's textfile collector", AT(prometheus) },
	{ "why", "ADDR[:PORT][/PROTO]", "no check: whether such a packet gets through, and why",
	  .type = CLAUSE_TEXT, .take = take_why },
	{ "from", "ADDR", "with why: from that address; else from inside", .type = CLAUSE_TEXT,
	  .take = take_from },
	{ "remedy", NULL, "just the commands that mend it, one a line", AT(remedy) },
	{ "system", NULL, "no vault: what this host and its kernel offer", CLAUSE_ALONE,
	  AT(system) },
};

static const struct clauses words = {
	.command = "check",
	.list = clauses,
	.n = ARRAY_SIZE(clauses),
	.first = { .arg = "NAME",
		   .how = CLAUSE_REPEATS | CLAUSE_OPTIONAL,
		   .type = CLAUSE_NAME,
		   .offer = OFFER_VAULTS,
		   .take = take_name },
	.what = "vault",
	.size = sizeof(struct request),
	.seen_at = offsetof(struct request, seen),
};

static bool asks_why(const struct request *r)
{
	return clause_is_given(&words, r, "why");
}

/* `why from A B` is `why B from A`. */
static void put_from_behind(int argc, char **argv)
{
	for (int i = 0; i + 3 < argc; i++) {
		char *to = argv[i + 3];

		if (strcmp(argv[i], "why") != 0 || strcmp(argv[i + 1], "from") != 0)
			continue;
		memmove(&argv[i + 2], &argv[i + 1], 2 * sizeof(*argv));
		argv[i + 1] = to;
	}
}

/* 0 or an exit code, said why. */
static int parse_words(int argc, char **argv, struct check_host *host, struct request *r)
{
	const char *wrong = NULL;
	int code;

	put_from_behind(argc, argv);
	code = cmd_read(&words, argc, argv, r);

	r->options.host = host;
	r->options.pids = r->pids;
	r->options.max_handshake_age =
		clause_is_given(&words, r, "max-handshake-age") ? (int64_t)r->age : -1;
	if (code)
		return code;
	if (clause_is_given(&words, r, "from") && !asks_why(r))
		wrong = "from goes with why";
	else if (asks_why(r) &&
		 (r->names.n != 1 || r->prometheus || r->remedy || r->options.n_pids ||
		  r->options.n_units || r->options.max_handshake_age >= 0))
		wrong = "why is asked of one vault, and by itself: give its name";
	else if (asks_why(r) && r->why.from.family &&
		 r->why.from.family != r->why.to.to.addr.family)
		wrong = "why: both addresses are of one family";
	else if ((r->options.n_pids || r->options.n_units) && r->names.n != 1)
		wrong = "units and processes are those of one vault: give its name";
	else if (r->prometheus && (report_is_json() || r->remedy))
		wrong = r->remedy ? "prometheus or remedy, not both"
				  : "prometheus or -json, not both";
	if (wrong)
		report_error("check", "%s (vault help check)", wrong);
	return wrong ? EXIT_USAGE : EXIT_DONE;
}

/* One may mend several vaults, as a gateway's. */
static bool is_printed(const struct results *results, const char *remedy)
{
	const json_t *one;
	size_t i;

	json_array_foreach(results->json, i, one)
		if (!strcmp(json_string_value(one), remedy))
			return true;
	return false;
}

/* What mends C, a command a line: those that have others before them, and what takes away, come
 * before those that vault-heal may run, which put back. */
static void print_remedies(const struct check *c, struct results *results)
{
	const char **list = NULL;
	struct str out cleanup(str_free) = STR_INIT;
	size_t n = 0;

	if (check_remedies(c, &list, &n))
		results->unknown = true;
	for (size_t i = 0; i < n; i++) {
		if (is_printed(results, list[i]))
			continue;
		str_addf(&out, "%s\n", list[i]);
		if (json_array_append_new(results->json, json_string(list[i])))
			results->unknown = true;
	}
	if (out.err)
		results->unknown = true;
	else if (out.s)
		report_result(out.s);
	free(list);
}

/* Prints what was found and takes it into account. */
static void conclude(const struct check *c, struct results *results)
{
	struct str out cleanup(str_free) = STR_INIT;
	enum found verdict = check_verdict(c);

	results->broken = results->broken || (verdict == FOUND_FAIL && !results->remedy);
	results->unknown = results->unknown || verdict == FOUND_UNKNOWN;
	if (results->remedy) {
		print_remedies(c, results);
		return;
	}
	if (report_is_json()) {
		if (json_array_append_new(results->json, check_json(c)))
			results->unknown = true;
		return;
	}
	if (results->prometheus || results->table)
		return;
	check_print(c, results->detail, results->colour, &out);
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
	if (results->prometheus || results->table) {
		if (!list_append(&results->kept, &results->n_kept, sizeof(c), &c))
			return; /* with all that it owns */
		results->unknown = true;
	}
	check_free(&c);
}

static void check_host(struct results *results)
{
	struct check c = { .name = "system", .is_host = true };

	check_system(&c);
	conclude(&c, results);
	check_free(&c);
}

/* What is of all vaults at once; below the table what is not fine, as with -quiet. */
static void print_kept(struct results *results)
{
	struct str out cleanup(str_free) = STR_INIT;

	if (results->prometheus)
		check_metrics(results->kept, results->n_kept, &out);
	else if (results->n_kept)
		check_table(results->kept, results->n_kept, report_width(), results->colour, &out);
	for (size_t i = 0; results->table && i < results->n_kept; i++)
		check_print(&results->kept[i], CHECK_BRIEF, results->colour, &out);
	if (out.err)
		results->unknown = true;
	else if (out.s)
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
	struct results results = { .detail = options->quiet     ? CHECK_BRIEF
					     : options->verbose ? CHECK_ALL
								: CHECK_CARD,
				   .prometheus = r->prometheus,
				   .remedy = r->remedy,
				   .colour = report_is_coloured(),
				   .json = json_array() };

	results.table = r->is_of_all && results.detail == CHECK_CARD && !r->prometheus &&
			!r->remedy && !report_is_json();

	if (r->system)
		check_host(&results);
	for (size_t i = 0; i < r->names.n; i++)
		check_one(r->names.list[i], r, &results);
	print_kept(&results);
	if (!r->names.n && !r->system && !r->remedy && !r->prometheus)
		report_line("no vault is up");
	report_json(results.json);
	return exit_code(&results);
}

/* What keeps NAME from being asked, as the error that it is. */
static void report_closed(const struct check *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct finding *f = &c->list[i];

		if (f->verdict == FOUND_FAIL || f->verdict == FOUND_UNKNOWN)
			report_error(c->name, "%s%s%s%s", f->detail, f->remedy ? " (" : "",
				     f->remedy ? f->remedy : "", f->remedy ? ")" : "");
	}
}

static int tell_why(const struct request *r)
{
	static const int codes[] = {
		[WHY_PASSES] = EXIT_DONE, [WHY_DROPPED] = EXIT_FAILED, [WHY_UNKNOWN] = EXIT_UNDECIDED
	};
	struct str text cleanup(str_free) = STR_INIT;
	json_t *json = json_pack("{s:s}", "name", r->names.list[0]);
	int code = EXIT_UNDECIDED;
	struct check c = { 0 };
	struct session w;

	snprintf(c.name, sizeof(c.name), "%s", r->names.list[0]);
	if (!check_open(&c, &w)) {
		report_closed(&c);
	} else {
		code = codes[why_tell(&c, &w, &r->why, &text, json)];
		if (!text.err && json) {
			report_result(text.s);
			report_json(json_incref(json));
		} else {
			report_error(c.name, "out of memory");
			code = EXIT_UNDECIDED;
		}
	}
	json_decref(json);
	session_close(&w);
	check_free(&c);
	return code;
}

static int check_run(int argc, char **argv, const struct options *options)
{
	struct check_host host = { 0 };
	struct request r;
	int code = parse_words(argc, argv, &host, &r);

	if (code == EXIT_DONE && !r.names.n && !r.system) {
		r.is_of_all = true;
		code = find_all(&r.names);
	}
	if (code == EXIT_DONE && prctl(PR_SET_DUMPABLE, 0)) { /* keys are about to be in memory */
		report_error("check", "%s", strerror(errno));
		code = EXIT_UNDECIDED;
	}
	if (code == EXIT_DONE)
		code = asks_why(&r) ? tell_why(&r) : check_names(&r, options);
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
	.help = "prove that vaults are what they claim to be",
	.words = &words,
	.usage = check_usage,
	.run = check_run,
	.on_host = true,
	.unsaid = EXIT_UNDECIDED,
};
