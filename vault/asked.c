/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/asked.c: what a vault is asked to be: the words, the file of words, the file of the tunnel.
 */
#include "vault/asked.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "vault/adopt.h"
#include "vault/cmd.h"
#include "vault/describe.h"
#include "vault/read/conffile.h"
#include "vault/report.h"

#define WORDS_DIR "/etc/vault"
#define WORDS_MAX_BYTES (1U << 20)

/* Prints what P holds under NAME and says whether there were errors. */
static bool report_and_clear(const char *name, struct problems *p)
{
	bool failed = p->n_errors || p->overflow;

	if (p->n || p->overflow)
		report_problems(name, p);
	problems_free(p);
	return failed;
}

/* Reads the words of a file. 0 or EXIT_USAGE, reported. */
static int read_words_file(const char *path, struct words *words)
{
	struct problems p = { 0 };
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;
	int r = file_read(path, WORDS_MAX_BYTES, &text, &len);

	if (r) {
		report_error(path, "%s", strerror(-r));
		return EXIT_USAGE;
	}
	(void)!words_parse_text(text, len, words, &p);
	return report_and_clear(path, &p) ? EXIT_USAGE : EXIT_DONE;
}

/* Words of the command line; and of a file, where they name one or name no tunnel. */
static int read_words(int argc, char **argv, struct words *words)
{
	struct problems p = { 0 };
	char path[sizeof(WORDS_DIR) + SPEC_NAME_MAX + 8];

	(void)!words_parse(argv, (size_t)argc, words, &p);
	for (size_t i = 0; i < p.n; i++)
		report_error(words->spec->name, "%s", p.list[i].text);
	if (p.n || p.overflow) {
		problems_free(&p);
		return EXIT_USAGE;
	}
	snprintf(path, sizeof(path), "%s/%s.conf", WORDS_DIR, words->spec->name);
	if (words->file)
		return read_words_file(words->file, words);
	return spec_has_way(words->spec) ? EXIT_DONE : read_words_file(path, words);
}

/* Only such a path can stand in JSON as it is. */
static bool is_printable(const char *path)
{
	char *shown cleanup(free_ptr) = strdup(path);

	if (shown)
		str_make_printable(shown);
	return shown && !strcmp(shown, path);
}

/* The description outlives the working folder. */
static int absolute_conf(struct spec *spec)
{
	char *path;

	if (!strcmp(spec->conf, "-"))
		return EXIT_DONE;
	path = realpath(spec->conf, NULL);
	if (!path) {
		report_error(spec->conf, "%s", strerror(errno));
		return EXIT_USAGE;
	}
	if (!is_printable(path)) {
		report_error(path, "a path of printable UTF-8, please (name the file another way)");
		free(path);
		return EXIT_USAGE;
	}
	free(spec->conf);
	spec->conf = path;
	return EXIT_DONE;
}

/* The interface that is there into the description, as if a file said it. */
static int read_adopted(struct words *words)
{
	struct spec *spec = words->spec;
	struct wgconf conf = { 0 };
	struct problems p = { 0 };
	size_t errors;

	if (spec->conf || words->userspace_given) {
		report_error(spec->name,
			     "adopt: the tunnel is there, so neither conf nor userspace "
			     "goes with it");
		return EXIT_USAGE;
	}
	errors = adopt_read(spec, &conf, &p);
	if (!errors)
		errors = describe(words, &conf, &p);
	wgconf_free(&conf);
	report_problems_of(spec->name, &p);
	problems_free(&p);
	return errors ? EXIT_USAGE : EXIT_DONE;
}

/* The wg-quick file into the description. */
static int read_conf(struct words *words)
{
	struct spec *spec = words->spec;
	struct wgconf conf = { 0 };
	struct problems p = { 0 };
	size_t errors;
	int r;

	if (spec->adopt)
		return read_adopted(words);
	if (!spec_has_way(spec)) {
		report_error(spec->name, "no tunnel: name its wg-quick file with `conf FILE` (or "
					 "adopt, isolated, segment ... via)");
		return EXIT_USAGE;
	}
	r = spec->conf ? conffile_read(spec->conf, &conf, &p) : 0;
	if (report_and_clear(spec->conf, &p) || r) {
		wgconf_free(&conf);
		return EXIT_USAGE;
	}
	errors = describe(words, &conf, &p);
	wgconf_free(&conf);
	report_problems_of(spec->name, &p);
	problems_free(&p);
	return errors ? EXIT_USAGE : spec->conf ? absolute_conf(spec) : EXIT_DONE;
}

int asked_read(int argc, char **argv, struct words *words)
{
	int code = read_words(argc, argv, words);

	return code ? code : read_conf(words);
}
