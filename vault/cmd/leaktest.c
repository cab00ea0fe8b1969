/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/leaktest.c: `vault leaktest`: does anything get out of this vault? */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "lib/str.h"
#include "vault/cmd.h"
#include "vault/leak/test.h"
#include "vault/probe/list.h"
#include "vault/report.h"

struct request {
	struct leak_request test; /* its probes are owned, their ids are the command line's */
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
	const char **grown;

	if (!is_probe(id)) {
		report_error("leaktest", "no probe \"%.80s\" (vault help leaktest)", id);
		return EXIT_USAGE;
	}
	grown = reallocarray(q->probes, q->n_probes + 1, sizeof(*grown));
	if (!grown) {
		report_error("leaktest", "out of memory");
		return EXIT_UNDECIDED;
	}
	q->probes = grown;
	grown[q->n_probes++] = id;
	return 0;
}

/* After `probe` every word is an id, up to the next clause. */
static int parse_words(int argc, char **argv, struct request *r)
{
	bool in_probes = false;
	int code = 0;

	if (argc < 1 || !spec_name_is_valid(argv[0])) {
		report_error("leaktest",
			     argc < 1 ? "which vault? (vault help leaktest)"
				      : "\"%.80s\" is no vault's name",
			     argv[0]);
		return EXIT_USAGE;
	}
	r->test.name = argv[0];
	for (int i = 1; !code && i < argc; i++)
		if (!strcmp(argv[i], "probe")) {
			in_probes = true;
		} else if (!strcmp(argv[i], "disrupt")) {
			in_probes = false;
			r->test.disrupt = true;
		} else if (in_probes) {
			code = add_probe(&r->test, argv[i]);
		} else {
			report_error("leaktest", "unknown word \"%.80s\" (vault help leaktest)",
				     argv[i]);
			code = EXIT_USAGE;
		}
	if (!code && in_probes && !r->test.n_probes) {
		report_error("leaktest", "which probe? (vault help leaktest)");
		code = EXIT_USAGE;
	}
	return code;
}

/* Signals wait: what a run made must be taken away again. */
static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	return sigprocmask(SIG_BLOCK, &set, NULL) ? -errno : 0;
}

static int exit_code(const struct leak_run *run)
{
	switch (run->verdict) {
	case LEAK_SEALED:
		return EXIT_DONE;
	case LEAK_LEAK:
		return EXIT_FAILED;
	case LEAK_SKIP:
	case LEAK_UNKNOWN:
	case LEAK_VERDICTS:
		break;
	}
	return EXIT_UNDECIDED;
}

static int print(const struct leak_run *run, bool brief)
{
	const char *no_color = getenv("NO_COLOR");
	struct str out cleanup(str_free) = STR_INIT;

	if (report_is_json()) {
		report_json(leak_run_json(run));
		return exit_code(run);
	}
	leak_run_print(run, brief, isatty(STDOUT_FILENO) && !(no_color && *no_color), &out);
	if (out.err) {
		report_error(run->name, "out of memory");
		return EXIT_UNDECIDED;
	}
	if (out.s)
		report_result(out.s);
	return exit_code(run);
}

static int leaktest_run(int argc, char **argv, const struct options *options)
{
	struct request r = { 0 };
	struct leak_run run = { 0 };
	int code = parse_words(argc, argv, &r), err;

	if (!code) {
		err = block_signals();
		if (err) {
			report_error("leaktest", "blocking signals: %s", strerror(-err));
			code = EXIT_UNDECIDED;
		}
	}
	if (!code)
		code = leak_test(&r.test, &run);
	if (!code)
		code = print(&run, options->quiet);
	leak_run_free(&run);
	free(r.test.probes);
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
	.args = "NAME [ probe ID... ] [ disrupt ]",
	.help = "try every way out of a vault, and say what was seen outside",
	.usage = leaktest_usage,
	.run = leaktest_run,
};
