/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/all.c: `vault up all`: every vault that has a file of words. */
#include "vault/cmd/all.h"

#include <string.h>

#include "vault/cmd/cmd.h"
#include "vault/cmd/request.h"
#include "vault/exit.h"
#include "vault/gather/gather.h"
#include "vault/proc/signals.h"
#include "vault/report.h"
#include "vault/spec/state.h"

/* One of them, read. */
struct member {
	struct spec spec;
	struct words words;
	int code; /* of reading it */
};

/* Only what says how to make a vault, and nothing of what it is: that is in each one's file. */
static int read_how(int argc, char **argv)
{
	struct spec spec = { 0 };
	struct words words = { .spec = &spec };
	struct problems p = { 0 };
	int code;

	(void)!words_parse(argv, (size_t)argc, &words, &p);
	if (words_are_given(&words) || words.file || words.as_made)
		problem_error(&p, 0, "all: with plan, dry-run or wait-handshake alone");
	report_problems_of("up", &p);
	code = p.n_errors || p.overflow ? EXIT_USAGE : EXIT_DONE;
	problems_free(&p);
	words_free(&words);
	spec_free(&spec);
	return code;
}

static void read_member(int argc, char **argv, struct member *m)
{
	m->words.spec = &m->spec;
	m->code = request_read(argc, argv, &m->words);
	if (m->code != EXIT_DONE)
		report_json_failed(argv[0], m->code);
}

/* Nothing is made by a plan: a gateway that is not up then is as its file says. */
static int take_resolvers(struct member *m, const struct member *list, size_t n)
{
	if (m->spec.n_dns || !(m->words.only_plan || m->words.dry_run))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (list[i].code == EXIT_DONE && spec_is_gateway_of(&list[i].spec, &m->spec))
			return gather_copy_resolvers(&m->spec, &list[i].spec);
	return 0;
}

/* Those of PASS 0 that go by nobody, then those that go by a gateway. */
static int up_pass(struct member *list, size_t n, int pass, int (*up)(struct words *words))
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < n; i++) {
		struct member *m = &list[i];
		int one;

		if (m->code != EXIT_DONE || (m->spec.leg.role == SPEC_VIA) != pass)
			continue;
		if (signals_wait()) {
			report_error(m->spec.name, "not begun: interrupted");
			one = EXIT_FAILED;
		} else if (pass && take_resolvers(m, list, n)) {
			report_error(m->spec.name, "out of memory");
			one = EXIT_FAILED;
		} else {
			one = up(&m->words);
		}
		if (one == EXIT_DONE)
			continue;
		report_json_failed(m->spec.name, one);
		code = EXIT_FAILED;
	}
	return code;
}

/* The N vaults of these NAMES; ARGV[0] stands for one after the other. */
static int up_list(int argc, char **argv, char **names, size_t n, int (*up)(struct words *words))
{
	struct member *list cleanup(free_ptr) = calloc(n ? n : 1, sizeof(*list));
	int code = EXIT_DONE;

	if (!list) {
		report_error("up", "out of memory");
		return EXIT_FAILED;
	}
	report_json_array();
	if (!n)
		report_line("no vault has a file in " WORDS_DIR);
	for (size_t i = 0; i < n; i++) {
		argv[0] = names[i];
		read_member(argc, argv, &list[i]);
		code = list[i].code == EXIT_DONE ? code : EXIT_FAILED;
	}
	for (int pass = 0; pass < 2; pass++)
		if (up_pass(list, n, pass, up) != EXIT_DONE)
			code = EXIT_FAILED;
	for (size_t i = 0; i < n; i++) {
		words_free(&list[i].words);
		spec_free(&list[i].spec);
	}
	return code;
}

/* Leaves out the names that `up` refuses. */
static ssize_t leave_out_words(char **names, ssize_t n)
{
	ssize_t kept = 0;

	for (ssize_t i = 0; i < n; i++)
		if (cmd_is_word(names[i]))
			free(names[i]);
		else
			names[kept++] = names[i];
	return n < 0 ? n : kept;
}

int all_up(int argc, char **argv, int (*up)(struct words *words))
{
	char **names = NULL;
	int code = read_how(argc, argv);
	ssize_t n;

	if (code != EXIT_DONE)
		return code;
	n = state_words_names(&names);
	n = leave_out_words(names, n);
	if (n < 0) {
		report_error(WORDS_DIR, "%s", strerror((int)-n));
		return EXIT_FAILED;
	}
	code = up_list(argc, argv, names, (size_t)n, up);
	state_names_free(names, n);
	return code;
}
