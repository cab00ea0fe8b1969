/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/request.c: what a vault is asked to be: the words, the file of words, the file of the
 * tunnel.
 */
#include "vault/cmd/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"
#include "lib/trust.h"
#include "vault/exit.h"
#include "vault/gather/adopt.h"
#include "vault/read/words.h"
#include "vault/read/conffile.h"
#include "vault/report.h"
#include "vault/spec/state.h"

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

/* A file of words that is not read. */
struct refusal {
	const char *path;
	bool told;
};

static int refuse(const struct trust_fault *fault, void *arg)
{
	struct refusal *refusal = arg;
	struct remedy remedy;

	remedy_for_file(fault, &remedy);
	report_mendable(refusal->path, &remedy, "not read: %s", fault->text);
	refusal->told = true;
	return -EPERM;
}

/* Words have commands for root to run: none but root can have written them. Where nothing is done
 * (dry-run), anybody. 0 or -errno, reported. */
static int read_trusted(const char *path, bool dry_run, char **text, size_t *len)
{
	const struct trust root = { .other = 0 };
	struct refusal refusal = { .path = path };
	int fd cleanup(close_fd) = -1, r;

	if (!dry_run)
		fd = trust_open(path, &root, refuse, &refusal);
	r = dry_run  ? file_read(path, WORDS_MAX_BYTES, text, len)
	    : fd < 0 ? fd
		     : file_read_fd(fd, WORDS_MAX_BYTES, text, len);
	if (r && !refusal.told)
		report_error(path, "%s", strerror(-r));
	return r;
}

/* Reads the words of a file. 0 or EXIT_USAGE, reported. */
static int read_words_file(const char *path, struct words *words)
{
	struct problems p = { 0 };
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;

	if (read_trusted(path, words->dry_run, &text, &len))
		return EXIT_USAGE;
	(void)!words_parse_text(text, len, words, &p);
	return report_and_clear(path, &p) ? EXIT_USAGE : EXIT_DONE;
}

/*
 * The words that the vault, which is up, was made with; what it is goes to OLD. NO_FILE is the file
 * that could have said it and is not there, or NULL.
 */
static int read_as_made(struct words *words, struct spec *old, const char *no_file)
{
	const char *name = words->spec->name;
	struct problems p = { 0 };
	struct state_why why;
	int r = state_load(name, old);

	words->as_made = true;
	if (r)
		state_explain(name, r, &why);
	if (r == -ENOENT && no_file) {
		report_mendable(name, &why.remedy, "%s, and there is no %s", why.text, no_file);
		return EXIT_USAGE;
	}
	if (r) {
		report_mendable(name, &why.remedy, "%s", why.text);
		return EXIT_FAILED;
	}
	r = old->asked.n ? 0 : reword_spec(old, &old->asked);
	if (r) {
		report_error(name, "%s", strerror(-r));
		return EXIT_FAILED;
	}
	(void)!words_parse_asked(&old->asked, words, &p);
	return report_and_clear(name, &p) ? EXIT_FAILED : EXIT_DONE;
}

/* The vault's own file; where there is none and no words, what it was made with. */
static int read_default(struct words *words, struct spec *old)
{
	char path[sizeof(WORDS_DIR) + SPEC_NAME_MAX + 8];

	snprintf(path, sizeof(path), "%s/%s.conf", WORDS_DIR, words->spec->name);
	if (!access(path, F_OK) || errno != ENOENT)
		return read_words_file(path, words);
	return words_are_given(words) ? EXIT_DONE : read_as_made(words, old, path);
}

/* Words of the command line, and those of a file for what they do not say. */
static int read_words(int argc, char **argv, struct words *words, struct spec *old)
{
	struct problems p = { 0 };

	(void)!words_parse(argv, (size_t)argc, words, &p);
	if (words->as_made && (words_are_given(words) || words->file))
		problem_error(&p, 0, "as-made: without other words and file");
	report_problems_of(*words->spec->name ? words->spec->name : "up", &p);
	if (p.n || p.overflow) {
		problems_free(&p);
		return EXIT_USAGE;
	}
	words->mends = words->as_made;
	if (words->as_made)
		return read_as_made(words, old, NULL);
	if (!words->file)
		return read_default(words, old);
	return strcmp(words->file, "none") ? read_words_file(words->file, words) : EXIT_DONE;
}

/* Only such a path can stand in JSON as it is. */
static bool is_printable(const char *path)
{
	char *shown cleanup(free_ptr) = strdup(path);

	if (shown)
		str_make_printable(shown);
	return shown && !strcmp(shown, path);
}

/* The description outlives the working folder: *PATH made whole. */
static int make_whole(char **path)
{
	char *whole = realpath(*path, NULL);

	if (!whole) {
		report_error(*path, "%s", strerror(errno));
		return EXIT_USAGE;
	}
	if (!is_printable(whole)) {
		report_error(whole,
			     "a path of printable UTF-8, please (name the file another way)");
		free(whole);
		return EXIT_USAGE;
	}
	free(*path);
	*path = whole;
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
		errors = validate(words, &conf, &p);
	wgconf_free(&conf);
	report_problems_of(spec->name, &p);
	problems_free(&p);
	return errors ? EXIT_USAGE : EXIT_DONE;
}

/* The clauses whose arguments are paths, made whole. */
static int ask_paths(struct words *words)
{
	struct spec *spec = words->spec;
	int code = EXIT_DONE, r = 0;

	if (spec->conf && strcmp(spec->conf, "-") != 0)
		code = make_whole(&spec->conf);
	if (!code && words->userspace_given && strchr(spec->program, '/'))
		code = make_whole(&spec->program);
	if (code)
		return code;
	if (spec->conf)
		r = words_ask(words, "conf", spec->conf);
	if (!r && (words->userspace_given || words->userspace_never))
		r = words_ask(words, "userspace", words->userspace_never ? "never" : spec->program);
	if (r)
		report_error(spec->name, "%s", strerror(-r));
	return r ? EXIT_FAILED : EXIT_DONE;
}

/* What the tunnel's file said, out of the description OLD: it came from standard input. */
static void recall(struct spec *old, struct wgconf *conf)
{
	conf->device = old->wg;
	memset(&old->wg, 0, sizeof(old->wg));
	if (conf->device.fwmark != spec_mark(old))
		conf->device.flags |= WG_DEVICE_GIVES_FWMARK;
	conf->addresses = steal_ptr(&old->addresses);
	conf->n_addresses = old->n_addresses;
	conf->dns = steal_ptr(&old->dns);
	conf->n_dns = old->n_dns;
	conf->search.list = steal_ptr(&old->search);
	conf->search.n = old->n_search;
	conf->mtu = old->mtu;
	old->n_addresses = old->n_dns = old->n_search = 0;
}

/* Who may have written the file of a tunnel: root, whoever asks, and who asks by sudo(8). */
static struct trust trust_caller(void)
{
	struct trust trust = { .other = geteuid(), .sticky = true, .mode = true };
	const char *sudo = getenv("SUDO_UID");
	uint64_t uid;

	if (!trust.other && sudo && !uint_parse(sudo, strlen(sudo), 0, UINT32_MAX, &uid))
		trust.other = (uid_t)uid;
	return trust;
}

static void refuse_no_way(const char *name)
{
	struct spec there cleanup(spec_free) = { 0 };

	if (state_load(name, &there))
		report_error(name, "no tunnel: name its wg-quick file with `conf FILE` (or adopt, "
				   "isolated, segment ... via)");
	else
		report_error(name,
			     "no tunnel: words stand in place of those it was made with, not "
			     "beside them: say `conf FILE` again, or write all to " WORDS_DIR
			     "/%s.conf",
			     name);
}

/* The wg-quick file into the description. */
static int read_conf(struct words *words, struct spec *old)
{
	struct spec *spec = words->spec;
	const struct trust caller = trust_caller();
	struct wgconf conf = { 0 };
	struct problems p = { 0 };
	struct remedy again;
	size_t errors;
	int r;

	if (spec->adopt)
		return read_adopted(words);
	if (!spec_has_way(spec)) {
		refuse_no_way(spec->name);
		return EXIT_USAGE;
	}
	again = remedy_as_made(spec->name, spec->conf, NULL);
	if (words->as_made && again.row != REMEDY_AS_MADE) {
		report_mendable(spec->name, &again, "%s, which it was made with, is gone",
				spec->conf);
		return EXIT_FAILED;
	}
	words->keyless = words->as_made && spec->conf && !strcmp(spec->conf, "-");
	r = 0;
	if (words->keyless)
		recall(old, &conf);
	else if (spec->conf)
		r = conffile_read(spec->conf, words->dry_run ? NULL : &caller, &conf, &p);
	if (report_and_clear(spec->conf, &p) || r) {
		wgconf_free(&conf);
		return EXIT_USAGE;
	}
	errors = validate(words, &conf, &p);
	wgconf_free(&conf);
	report_problems_of(spec->name, &p);
	problems_free(&p);
	return errors ? EXIT_USAGE : ask_paths(words);
}

int request_read(int argc, char **argv, struct words *words)
{
	struct spec old cleanup(spec_free) = { 0 };
	int code = read_words(argc, argv, words, &old);

	return code ? code : read_conf(words, &old);
}
