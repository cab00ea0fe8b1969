/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/all.c: `vault up all`: every vault that has a file of words. */
#include "vault/cmd/all.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vault/cmd/cmd.h"
#include "vault/cmd/request.h"
#include "vault/exit.h"
#include "vault/proc/signals.h"
#include "vault/report.h"
#include "vault/spec/state.h"

/* One of them, read. */
struct member {
	struct spec spec;
	struct words words;
	int code; /* of reading it */
};

static const char ending[] = ".conf";

/* The length of the name that FILE is of, or 0: `up` would refuse it. */
static size_t name_len(const char *file)
{
	char name[SPEC_NAME_MAX + 1];
	size_t len = strlen(file);

	if (len <= strlen(ending) || strcmp(file + len - strlen(ending), ending) != 0)
		return 0;
	len -= strlen(ending);
	if (len > SPEC_NAME_MAX)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)len, file);
	return spec_name_is_valid(name) && !cmd_is_word(name) ? len : 0;
}

static int is_file_of_vault(const struct dirent *entry)
{
	return name_len(entry->d_name) != 0;
}

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

static void read_member(int argc, char **argv, const char *file, struct member *m)
{
	char name[SPEC_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%.*s", (int)name_len(file), file);
	argv[0] = name;
	m->words.spec = &m->spec;
	m->code = request_read(argc, argv, &m->words);
	if (m->code != EXIT_DONE)
		report_json_failed(name, m->code);
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

static int up_list(int argc, char **argv, struct dirent **files, size_t n,
		   int (*up)(struct words *words))
{
	struct member *list cleanup(free_ptr) = calloc(n ? n : 1, sizeof(*list));
	char *const all = argv[0];
	int code = EXIT_DONE;

	if (!list) {
		report_error("up", "out of memory");
		return EXIT_FAILED;
	}
	if (!n)
		report_line("no vault has a file in " WORDS_DIR);
	for (size_t i = 0; i < n; i++) {
		read_member(argc, argv, files[i]->d_name, &list[i]);
		code = list[i].code == EXIT_DONE ? code : EXIT_FAILED;
	}
	argv[0] = all;
	for (int pass = 0; pass < 2; pass++)
		if (up_pass(list, n, pass, up) != EXIT_DONE)
			code = EXIT_FAILED;
	for (size_t i = 0; i < n; i++) {
		words_free(&list[i].words);
		spec_free(&list[i].spec);
	}
	return code;
}

int all_up(int argc, char **argv, int (*up)(struct words *words))
{
	struct dirent **files = NULL;
	int code = read_how(argc, argv), n;

	if (code != EXIT_DONE)
		return code;
	report_json_array();
	n = scandir(WORDS_DIR, &files, is_file_of_vault, alphasort);
	if (n < 0 && errno != ENOENT) {
		report_error(WORDS_DIR, "%s", strerror(errno));
		return EXIT_FAILED;
	}
	code = up_list(argc, argv, files, n < 0 ? 0 : (size_t)n, up);
	for (int i = 0; i < n; i++)
		free(files[i]);
	free(files);
	return code;
}
