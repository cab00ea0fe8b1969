/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/down.c: `vault down`: which vaults, and how. */
#include <errno.h>
#include <string.h>

#include "lib/list.h"
#include "lib/ns.h"
#include "vault/apply/takedown.h"
#include "vault/check/orphan.h"
#include "vault/cmd/cmd.h"
#include "vault/exit.h"
#include "vault/proc/evict.h"
#include "vault/read/clause.h"
#include "vault/report.h"
#include "vault/spec/state.h"

#define SECONDS_MAX 86400

struct names {
	char **list;
	size_t n;
};

struct request {
	struct takedown how;
	struct names names; /* owned, each once */
	unsigned int seen;
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

/* FOUND: all the names there are, and not only some. */
static int down_list(const struct takedown *q, const struct names *names, bool found)
{
	json_t *list = json_array();
	bool good = list && found;

	for (size_t i = 0; i < names->n; i++) {
		json_t *one = json_pack("{s:s}", "name", names->list[i]);
		bool down = takedown_run(q, names->list[i], one);

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

/* Those that are described, and those whose description was lost. */
static int down_all(struct request *q)
{
	ssize_t n = state_names(&q->names.list);
	int r;

	if (n < 0) {
		report_error("down", "reading %s: %s", STATE_DIR, strerror((int)-n));
		return EXIT_FAILED;
	}
	q->names.n = (size_t)n;
	r = orphans_find(add_name, &q->names);
	if (r)
		report_error("down", "looking for links of vaults that are not described: %s",
			     strerror(-r));
	if (!q->names.n && !r)
		report_line("no vault is up");
	return down_list(&q->how, &q->names, !r);
}

/* True when there is something that NAME may be the name of. */
static bool is_there(const char *name)
{
	int dir cleanup(close_fd) = state_open(name), ns cleanup(close_fd) = ns_open_name(name);

	return dir != -ENOENT || ns >= 0;
}

static const char *take_name(const char *arg, void *request)
{
	return add_name(arg, &((struct request *)request)->names) ? clause_no_memory : NULL;
}

#define AT(member) .at = offsetof(struct request, member)

static const struct clause clauses[] = {
	{ "all", NULL, "every vault that is up, and what is left of others", CLAUSE_FOR_NAMES,
	  AT(how.all) },
	{ "kill", "SECONDS", "end what runs inside, the hard way after SECONDS (5)",
	  CLAUSE_OPTIONAL, CLAUSE_NUMBER, .max = SECONDS_MAX, .fallback = EVICT_SECONDS,
	  AT(how.seconds) },
	{ "keep-ns", NULL, "the tunnel alone: what runs inside keeps its namespace",
	  AT(how.keep_ns) },
};

static const struct clauses words = {
	.command = "down",
	.list = clauses,
	.n = ARRAY_SIZE(clauses),
	.first = { .arg = "NAME",
		   .how = CLAUSE_REPEATS,
		   .type = CLAUSE_NAME,
		   .offer = OFFER_VAULTS,
		   .take = take_name },
	.what = "vault",
	.size = sizeof(struct request),
	.seen_at = offsetof(struct request, seen),
};

/* The word of down's that NAME was meant for, or NULL. */
static const char *word_meant(const char *name)
{
	const char *word = clause_nearest(&words, name);

	return word && strcmp(word, "all") != 0 ? word : NULL;
}

/* A word of another command, such as `plan`, or a number: who says it behind a name wants something
 * else than two vaults down. */
static bool is_no_name(const char *name)
{
	return !name[strspn(name, "0123456789")] || !strcmp(name, "help") ||
	       clause_find(cmd_up.words, name) || clause_find(cmd_check.words, name) ||
	       clause_find(cmd_exec.words, name);
}

/* A word behind the first name that is mistyped is read as a name, and one before it always: what
 * was meant would be left out. */
static bool refuse_mistyped(const char *name, bool is_first)
{
	const char *meant = word_meant(name);

	if (is_there(name))
		return false;
	if (is_first && meant && !strcmp(name, meant))
		report_error(name, "not up: the names come first, then %s", meant);
	else if (!is_first && meant)
		report_error(name, "not up, and nothing was taken down (%s?)", meant);
	else if (!is_first && is_no_name(name))
		report_error(name, "not up, and nothing was taken down (vault help down)");
	else
		return false;
	return true;
}

static int look_up(const struct names *names)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < names->n; i++)
		if (refuse_mistyped(names->list[i], !i))
			code = EXIT_USAGE;
	return code;
}

static int down_run(int argc, char **argv, const struct options *options)
{
	struct request q;
	int code = cmd_read(&words, argc, argv, &q);

	(void)options;
	q.how.kill = clause_is_given(&words, &q, "kill");
	if (!code)
		code = look_up(&q.names);
	if (!code && q.how.all)
		code = down_all(&q);
	else if (!code)
		code = down_list(&q.how, &q.names, true);
	state_names_free(q.names.list, (ssize_t)q.names.n);
	return code;
}

const struct cmd cmd_down = {
	.name = "down",
	.help = "take vaults down, and say what they dropped",
	.words = &words,
	.run = down_run,
	.on_host = true,
	.outlives_readers = true,
};
