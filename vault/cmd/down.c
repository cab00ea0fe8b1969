/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/down.c: `vault down`: which vaults, and how. */
#include <errno.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/list.h"
#include "vault/check/orphan.h"
#include "vault/cmd.h"
#include "vault/inside.h"
#include "vault/report.h"
#include "vault/state.h"
#include "vault/takedown.h"

#define SECONDS_MAX 86400

/* FOUND: all the names there are, and not only some. */
static int down_list(const struct takedown *q, char *const *names, size_t n, bool found)
{
	json_t *list = json_array();
	bool good = list && found;

	for (size_t i = 0; i < n; i++) {
		json_t *one = json_pack("{s:s}", "name", names[i]);
		bool down = takedown_run(q, names[i], one);

		good = good && down;
		if (json_object_set_new(one, "down", json_boolean(down)) ||
		    json_array_append_new(list, one))
			good = false;
	}
	if (good)
		report_json(list);
	else
		json_decref(list); /* the first error is the answer */
	return good ? EXIT_DONE : EXIT_FAILED;
}

struct names {
	char **list;
	size_t n;
};

static int add_name(const char *name, void *arg)
{
	struct names *names = arg;
	char *copy;
	int r;

	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->list[i], name))
			return 0;
	copy = strdup(name);
	r = copy ? list_append(&names->list, &names->n, sizeof(copy), &copy) : -ENOMEM;
	if (r)
		free(copy);
	return r;
}

/* Those that are described, and those whose description was lost. */
static int down_all(const struct takedown *q)
{
	struct names names = { 0 };
	ssize_t n = state_names(&names.list);
	int r, code;

	if (n < 0) {
		report_error("down", "reading %s: %s", STATE_DIR, strerror((int)-n));
		return EXIT_FAILED;
	}
	names.n = (size_t)n;
	r = orphans_find(add_name, &names);
	if (r)
		report_error("down", "looking for links of vaults that are not described: %s",
			     strerror(-r));
	if (!names.n && !r)
		report_line("no vault is up");
	code = down_list(q, names.list, names.n, !r);
	state_names_free(names.list, (ssize_t)names.n);
	return code;
}

/* `kill` and the number after it, at ARGV[*I]. 0 or EXIT_USAGE, reported. */
static int take_kill(int argc, char **argv, int *i, struct takedown *q)
{
	const char *next = *i + 1 < argc ? argv[*i + 1] : "";
	uint64_t seconds = INSIDE_SECONDS;

	q->kill = true;
	if (next[0] >= '0' && next[0] <= '9') {
		++*i;
		if (uint_parse(next, strlen(next), 0, SECONDS_MAX, &seconds)) {
			report_error("down",
				     "kill: \"%.80s\" is not a number of seconds from 0 to 86400",
				     next);
			return EXIT_USAGE;
		}
	}
	q->seconds = (unsigned int)seconds;
	return 0;
}

/* The words after the N names. 0 or EXIT_USAGE, reported. */
static int take_words(int argc, char **argv, int n, struct takedown *q)
{
	for (int i = n; i < argc; i++) {
		bool kill = !strcmp(argv[i], "kill"), keep_ns = !strcmp(argv[i], "keep-ns");

		if ((kill && q->kill) || (keep_ns && q->keep_ns)) {
			report_error("down", "%s: given twice", argv[i]);
			return EXIT_USAGE;
		}
		if (!kill && !keep_ns) {
			report_error("down",
				     "unknown word \"%.80s\" (names come first; `vault help down`)",
				     argv[i]);
			return EXIT_USAGE;
		}
		q->keep_ns = q->keep_ns || keep_ns;
		if (kill && take_kill(argc, argv, &i, q))
			return EXIT_USAGE;
	}
	return 0;
}

/* How many of the words are names: the first always, so that a vault called "kill" can go. */
static int count_names(int argc, char **argv)
{
	int n = 1;

	while (n < argc && strcmp(argv[n], "kill") != 0 && strcmp(argv[n], "keep-ns") != 0)
		n++;
	return n;
}

static int down_run(int argc, char **argv, const struct options *options)
{
	struct takedown q = { 0 };
	int n;

	(void)options;
	if (argc < 1) {
		report_error("down", "which vault? (`vault help down`)");
		return EXIT_USAGE;
	}
	q.all = !strcmp(argv[0], "all");
	n = q.all ? 1 : count_names(argc, argv);
	for (int i = 0; i < n && !q.all; i++)
		if (!spec_name_is_valid(argv[i])) {
			report_error("down", "\"%.80s\" is no vault's name", argv[i]);
			return EXIT_USAGE;
		}
	if (take_words(argc, argv, n, &q))
		return EXIT_USAGE;
	return q.all ? down_all(&q) : down_list(&q, argv, (size_t)n, true);
}

const struct cmd cmd_down = {
	.name = "down",
	.args = "NAME... | all [ kill [ SECONDS ] ] [ keep-ns ]",
	.help = "take vaults down, and say what they dropped",
	.run = down_run,
	.outlives_readers = true,
};
