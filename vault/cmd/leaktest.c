/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/leaktest.c: `vault leaktest`: does anything get out of this vault? */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"
#include "lib/str.h"
#include "vault/cmd.h"
#include "vault/leak/echo.h"
#include "vault/leak/history.h"
#include "vault/leak/watch.h"
#include "vault/probe/list.h"
#include "vault/report.h"
#include "vault/signals.h"

struct request {
	struct watch watch; /* its probes are owned, their ids are the command line's */
	struct echo_target echoes[ECHO_TARGETS_MAX];
	size_t n_echoes;
	const char *report; /* a log to tell of; NULL: test */
};

static bool is_probe(const char *id)
{
	for (size_t i = 0; i < probe_count; i++)
		if (!strcmp(probe_list[i].id, id))
			return true;
	return false;
}

static int add_probe(struct leak_request *q, const char *id)
{
	if (!is_probe(id)) {
		report_error("leaktest", "no probe \"%.80s\" (vault help leaktest)", id);
		return EXIT_USAGE;
	}
	if (!list_append(&q->probes, &q->n_probes, sizeof(id), &id))
		return 0;
	report_error("leaktest", "out of memory");
	return EXIT_UNDECIDED;
}

static int add_echo(struct request *r, const char *url)
{
	const char *why = "no more than 8 servers";

	if (r->n_echoes < ECHO_TARGETS_MAX &&
	    !echo_target_parse(url, &r->echoes[r->n_echoes], &why)) {
		r->n_echoes++;
		return 0;
	}
	report_error("leaktest", "echo: \"%.80s\": %s", url, why);
	return EXIT_USAGE;
}

static int take_span(const char *word, const char *value, int64_t *out)
{
	if (!*out && value && !tally_parse_span(value, out))
		return 0;
	report_error("leaktest", "%s %s", word,
		     *out ? "is given twice" : "needs a time such as 30s, 5m or 24h");
	return EXIT_USAGE;
}

/* What is no UTF-8 could not be told of in JSON, when it counts. */
static bool is_text(const char *value)
{
	json_t *json = json_string(value);

	json_decref(json);
	return json;
}

static int take_text(const char *word, const char *value, const char **out)
{
	if (value && !is_text(value)) {
		report_error("leaktest", "%s \"%.80s\" is no text in UTF-8", word, value);
		return EXIT_USAGE;
	}
	if (!*out && value && *value) {
		*out = value;
		return 0;
	}
	report_error("leaktest", "%s %s", word,
		     *out                   ? "is given twice"
		     : !strcmp(word, "log") ? "needs a file"
					    : "needs down, kill or a command");
	return EXIT_USAGE;
}

/* After `probe` and `echo` every word is one of these, up to the next clause. */
enum place { IN_WORDS, IN_PROBES, IN_ECHOES };

static int take_listed(const char *word, enum place place, struct request *r)
{
	switch (place) {
	case IN_PROBES:
		return add_probe(&r->watch.test, word);
	case IN_ECHOES:
		return add_echo(r, word);
	case IN_WORDS:
		break;
	}
	report_error("leaktest", "unknown word \"%.80s\" (vault help leaktest)", word);
	return EXIT_USAGE;
}

/* What the words together must be. */
static int judge_words(const struct request *r, bool probes, bool echoes)
{
	const char *wrong = NULL;

	if (probes && !r->watch.test.n_probes)
		wrong = "which probe?";
	else if (echoes && !r->n_echoes)
		wrong = "echo: which server?";
	else if (r->watch.duration && !r->watch.interval)
		wrong = "duration goes with interval";
	if (wrong)
		report_error("leaktest", "%s (vault help leaktest)", wrong);
	return wrong ? EXIT_USAGE : 0;
}

/* The words after NAME. */
static int parse_clauses(int argc, char **argv, struct request *r)
{
	enum place place = IN_WORDS;
	bool probes = false, echoes = false;
	int code = 0;

	for (int i = 0; !code && i < argc; i++) {
		const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
		enum place before = place;

		place = IN_WORDS;
		if (!strcmp(word, "probe")) {
			place = IN_PROBES;
			probes = true;
		} else if (!strcmp(word, "echo")) {
			place = IN_ECHOES;
			echoes = true;
		} else if (!strcmp(word, "disrupt")) {
			r->watch.test.disrupt = true;
		} else if (!strcmp(word, "interval")) {
			code = take_span(word, value, &r->watch.interval);
			i++;
		} else if (!strcmp(word, "duration")) {
			code = take_span(word, value, &r->watch.duration);
			i++;
		} else if (!strcmp(word, "log")) {
			code = take_text(word, value, &r->watch.log);
			i++;
		} else if (!strcmp(word, "on-leak")) {
			code = take_text(word, value, &r->watch.on_leak);
			i++;
		} else {
			place = before;
			code = take_listed(word, place, r);
		}
	}
	return code ? code : judge_words(r, probes, echoes);
}

static int parse_words(int argc, char **argv, struct request *r)
{
	if (argc < 1 || !spec_name_is_valid(argv[0])) {
		report_error("leaktest",
			     argc < 1 ? "which vault? (vault help leaktest)"
				      : "\"%.80s\" is no vault's name",
			     argv[0]);
		return EXIT_USAGE;
	}
	r->watch.test.name = argv[0];
	if (argc < 2 || strcmp(argv[1], "report") != 0)
		return parse_clauses(argc - 1, argv + 1, r);
	if (argc == 3)
		r->report = argv[2];
	else
		report_error("leaktest", "report takes one log (vault help leaktest)");
	return argc == 3 ? 0 : EXIT_USAGE;
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
	struct request r = { 0 };
	int code = parse_words(argc, argv, &r), err;

	r.watch.brief = options->quiet;
	r.watch.test.echoes = r.echoes;
	r.watch.test.n_echoes = r.n_echoes;
	if (!code && r.report) {
		code = report_log(r.watch.test.name, r.report);
	} else if (!code) {
		err = signals_block(); /* what a run made must be taken away again */
		if (err)
			report_error("leaktest", "blocking signals: %s", strerror(-err));
		code = err ? EXIT_UNDECIDED : watch_run(&r.watch);
	}
	free(r.watch.test.probes);
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
	.args = "NAME [ probe ID... ] [ echo URL... ] [ interval T [ duration T ] ] [ log FILE ] "
		"[ on-leak { down | kill | CMD } ] [ disrupt ] | NAME report LOG",
	.help = "try every way out of a vault, and say what was seen outside",
	.usage = leaktest_usage,
	.run = leaktest_run,
	.outlives_readers = true,
	.unsaid = EXIT_UNDECIDED,
};
