/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/leaktest.c: `vault leaktest`: does anything get out of this vault? */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"
#include "lib/str.h"
#include "vault/cmd/cmd.h"
#include "vault/exit.h"
#include "vault/proc/program.h"
#include "vault/leak/echo/echo.h"
#include "vault/leak/monitor.h"
#include "vault/leak/probe/list.h"
#include "vault/leak/result/history.h"
#include "vault/option.h"
#include "vault/proc/signals.h"
#include "vault/read/clause.h"
#include "vault/report.h"

struct request {
	struct monitor monitor; /* its probes are owned, their ids are the command line's */
	struct echo_target echoes[ECHO_TARGETS_MAX];
	size_t n_echoes;
	const char *report; /* a log to tell of; NULL: test */
	unsigned int seen;
};

static bool is_probe(const char *id)
{
	for (size_t i = 0; i < probe_count; i++)
		if (!strcmp(probe_list[i].id, id))
			return true;
	return false;
}

static const char *take_probe(const char *arg, void *request)
{
	struct leak_request *q = &((struct request *)request)->monitor.test;

	if (!is_probe(arg))
		return "is no probe (vault help leaktest lists them)";
	return list_append(&q->probes, &q->n_probes, sizeof(arg), &arg) ? clause_no_memory : NULL;
}

static const char *take_echo(const char *arg, void *request)
{
	struct request *r = request;
	const char *why = "is one too many: 8 servers at most";

	if (r->n_echoes < ECHO_TARGETS_MAX &&
	    !echo_target_parse(arg, &r->echoes[r->n_echoes], &why))
		r->n_echoes++;
	else
		return why;
	return NULL;
}

static const char *take_span(const char *arg, int64_t *out)
{
	return summary_parse_span(arg, out) ? "is not a time such as 30s, 5m or 24h" : NULL;
}

static const char *take_interval(const char *arg, void *request)
{
	return take_span(arg, &((struct request *)request)->monitor.interval);
}

static const char *take_duration(const char *arg, void *request)
{
	return take_span(arg, &((struct request *)request)->monitor.duration);
}

/* What is no UTF-8 could not be told of in JSON, when it counts. */
static const char *take_text(const char *arg, const char **out)
{
	json_t *json = json_string(arg);

	*out = arg;
	json_decref(json);
	return json ? NULL : "is no text in UTF-8";
}

static const char *take_log(const char *arg, void *request)
{
	return take_text(arg, &((struct request *)request)->monitor.log);
}

/* A word alone that is no action is a program; else it would be found out when something leaks. */
static bool is_no_action(const char *arg)
{
	char *path cleanup(free_ptr) = NULL;

	if (!*arg || arg[strspn(arg, "abcdefghijklmnopqrstuvwxyz")] || !strcmp(arg, "down") ||
	    !strcmp(arg, "kill"))
		return false;
	return program_find(arg, &path) == -ENOENT;
}

static const char *take_on_leak(const char *arg, void *request)
{
	if (is_no_action(arg))
		return "is neither \"down\" nor \"kill\", nor a program";
	return take_text(arg, &((struct request *)request)->monitor.on_leak);
}

static const struct clause_choice actions[] = {
	{ "down", "take the vault down", 1 },
	{ "kill", "end what runs inside", 1 },
	{ NULL, NULL, 0 },
};

#define AT(member) .at = offsetof(struct request, member)

static const struct clause clauses[] = {
	{ "probe", "ID", "these probes alone", CLAUSE_EACH, CLAUSE_TEXT, OFFER_PROBES,
	  .take = take_probe },
	{ "echo", "URL", "ask these servers which address they see", CLAUSE_EACH, CLAUSE_TEXT,
	  .take = take_echo },
	{ "interval", "T", "again and again, every T: 30s, 5m, 24h", .type = CLAUSE_TEXT,
	  .take = take_interval },
	{ "duration", "T", "with interval: for so long", .type = CLAUSE_TEXT,
	  .take = take_duration },
	{ "log", "FILE", "append what was found, a line of JSON a run", .type = CLAUSE_TEXT,
	  .offer = OFFER_FILES, .take = take_log },
	{ "on-leak", "down|kill|CMD", "what to do when something leaks", .type = CLAUSE_TEXT,
	  .offer = OFFER_PROGRAMS, .choices = actions, .take = take_on_leak },
	{ "disrupt", NULL, "take the real tunnel down, too, for a moment",
	  AT(monitor.test.disrupt) },
	{ "report", "LOG", "no test: tell what is in such a log", CLAUSE_ALONE, CLAUSE_TEXT,
	  OFFER_FILES, AT(report) },
};

static const struct clauses words = {
	.command = "leaktest",
	.list = clauses,
	.n = ARRAY_SIZE(clauses),
	.first = { .arg = "NAME",
		   .type = CLAUSE_NAME,
		   .offer = OFFER_VAULTS,
		   AT(monitor.test.name) },
	.what = "vault",
	.size = sizeof(struct request),
	.seen_at = offsetof(struct request, seen),
};

/* 0 or EXIT_USAGE, said why. */
static int parse_words(int argc, char **argv, struct request *r)
{
	int code = cmd_read(&words, argc, argv, r);

	if (code || !r->monitor.duration || r->monitor.interval)
		return code;
	report_error("leaktest", "duration goes with interval (vault help leaktest)");
	return EXIT_USAGE;
}

static int report_log(const char *name, const char *path)
{
	struct history h = { .name = name };
	struct str out cleanup(str_free) = STR_INIT;
	FILE *file = fopen(path, "re");
	int r = file ? history_read(&h, file) : -errno, code;

	if (file)
		fclose(file); /* was only read */
	if (r) {
		report_error(path, "%s", strerror(-r));
	} else {
		history_print(&h, &out);
		if (!out.err)
			report_result(out.s);
		report_json(history_json(&h));
	}
	code = r || out.err ? EXIT_USAGE : history_exit_code(&h);
	history_free(&h);
	return code;
}

static int leaktest_run(int argc, char **argv, const struct options *options)
{
	struct request r;
	int code = parse_words(argc, argv, &r), err;

	r.monitor.brief = options->quiet;
	r.monitor.test.echoes = r.echoes;
	r.monitor.test.n_echoes = r.n_echoes;
	if (!code && r.report) {
		code = report_log(r.monitor.test.name, r.report);
	} else if (!code) {
		err = signals_block(); /* what a run made must be taken away again */
		if (err)
			report_error("leaktest", "blocking signals: %s", strerror(-err));
		code = err ? EXIT_UNDECIDED : monitor_run(&r.monitor);
	}
	free(r.monitor.test.probes);
	return code;
}

static void leaktest_usage(struct str *out)
{
	str_add(out, "\nThe probes:\n");
	for (size_t i = 0; i < probe_count; i++)
		str_addf(out, "  %-18s  %s\n", probe_list[i].id, probe_list[i].about);
}

const struct cmd cmd_leaktest = {
	.name = "leaktest",
	.help = "try every way out of a vault, and say what was seen outside",
	.words = &words,
	.usage = leaktest_usage,
	.run = leaktest_run,
	.on_host = true,
	.outlives_readers = true,
	.unsaid = EXIT_UNDECIDED,
};
