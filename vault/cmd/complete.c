/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/cmd/complete.c: `vault complete WORDS...`: what may follow on a command line, for shells.
 *
 * WORDS are those of the line so far, the command's own name among them and the word under the
 * cursor, maybe empty, last. Each candidate is a line, WORD <tab> HELP. What the shell knows better
 * is a line with a colon: ":files", ":folders", and ":command N": the word N of WORDS, counted from
 * 0, begins a command. Whatever is wrong, nothing is said, and the exit status is 0. Nothing is
 * looked at but folders: no lock, no socket.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "vault/cmd/cmd.h"
#include "vault/exit.h"
#include "vault/leak/probe/list.h"
#include "vault/option.h"
#include "vault/read/clause.h"
#include "vault/report.h"
#include "vault/spec/state.h"

#define UNITS_DIR "/sys/fs/cgroup/system.slice"
#define INTERFACES_DIR "/sys/class/net"

struct line {
	char *const *words;
	size_t n; /* the last, which is empty here, is the one under the cursor: */
	const char *begun;
	size_t from; /* the first that no more is said of, such as a command's name */
	struct str out;
};

/* PREFIX and WORD in one, if that is what the word under the cursor can become. */
static void offer_with(struct line *l, const char *prefix, const char *word, const char *help)
{
	const char *begun = l->begun;
	size_t len = strlen(prefix);

	if (strncmp(begun, prefix, strlen(begun) < len ? strlen(begun) : len) != 0 ||
	    (strlen(begun) > len && strncmp(begun + len, word, strlen(begun + len)) != 0))
		return;
	str_addf(&l->out, "%s%s\t%s\n", prefix, word, help);
}

static void offer(struct line *l, const char *word, const char *help)
{
	offer_with(l, "", word, help);
}

static bool is_said(const struct line *l, const char *word)
{
	for (size_t i = l->from; i + 1 < l->n; i++)
		if (!strcmp(l->words[i], word))
			return true;
	return false;
}

/* What is in a folder and ends in SUFFIX. */
static void offer_entries(struct line *l, const char *dir, const char *suffix, const char *help)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t len = strlen(e->d_name), tail = strlen(suffix);

		if (e->d_name[0] != '.' && len > tail && !strcmp(e->d_name + len - tail, suffix) &&
		    !is_said(l, e->d_name))
			offer(l, e->d_name, help);
	}
	if (d)
		closedir(d);
}

static void offer_vaults(struct line *l)
{
	char **names = NULL;
	ssize_t n = state_names(&names);

	for (ssize_t i = 0; i < n; i++)
		if (!is_said(l, names[i]))
			offer(l, names[i], "a vault that is up");
	state_names_free(names, n);
}

/* Those that are not up, and can be. */
static void offer_vaults_to_be(struct line *l)
{
	char path[sizeof(STATE_DIR) + SPEC_NAME_MAX + 1];
	char **names = NULL;
	ssize_t n = state_words_names(&names);

	for (ssize_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", STATE_DIR, names[i]);
		if (access(path, F_OK) && !is_said(l, names[i]))
			offer(l, names[i], "a vault that is not up");
	}
	state_names_free(names, n);
}

/* The names in a file of users or groups, with PREFIX. Those of a directory in the network are not
 * asked for. */
static void offer_accounts(struct line *l, const char *path, const char *prefix, const char *help)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t cap = 0;

	while (file && getline(&text, &cap, file) > 0) {
		text[strcspn(text, ":\n")] = '\0';
		offer_with(l, prefix, text, help);
	}
	free(text);
	if (file)
		fclose(file); /* was only read */
}

/* USER, or USER:GROUP. */
static void offer_users(struct line *l)
{
	size_t len = strcspn(l->begun, ":");
	char user[64];

	if (!l->begun[len]) {
		offer_accounts(l, "/etc/passwd", "", "a user");
	} else if (len + 1 < sizeof(user)) {
		snprintf(user, sizeof(user), "%.*s", (int)len + 1, l->begun);
		offer_accounts(l, "/etc/group", user, "a group");
	}
}

static void offer_choices(struct line *l, const struct clause *c)
{
	for (const struct clause_choice *o = c->choices; o && o->word; o++)
		offer(l, o->word, o->help);
}

static void offer_argument(struct line *l, const struct clause *c)
{
	if (c->words < 2)
		offer_choices(l, c);
	switch (c->offer) {
	case OFFER_NOTHING:
		break;
	case OFFER_FILES:
		str_add(&l->out, ":files\n");
		break;
	case OFFER_FOLDERS:
		str_add(&l->out, ":folders\n");
		break;
	case OFFER_PROGRAMS:
		str_addf(&l->out, ":command %zu\n", l->n - 1);
		break;
	case OFFER_USERS:
		offer_users(l);
		break;
	case OFFER_INTERFACES:
		offer_entries(l, INTERFACES_DIR, "", "an interface");
		break;
	case OFFER_UNITS:
		offer_entries(l, UNITS_DIR, ".service", "a service that runs");
		break;
	case OFFER_PROBES:
		for (size_t i = 0; i < probe_count; i++)
			if (!is_said(l, probe_list[i].id))
				offer(l, probe_list[i].id, probe_list[i].about);
		break;
	case OFFER_VAULTS_TO_BE:
		offer_vaults_to_be(l);
		offer_vaults(l);
		break;
	case OFFER_VAULTS:
		offer_vaults(l);
		break;
	}
}

/* The clauses that may stand where W is, after those in SEEN. */
static void offer_clauses(struct line *l, const struct clauses *t, const struct clause_walk *w,
			  unsigned int seen)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct clause *c = &t->list[i];

		if (seen & clause_bit(t, c) &&
		    !(c->how & (CLAUSE_REPEATS | CLAUSE_LIST | CLAUSE_EACH)))
			continue;
		if (c->how & CLAUSE_FOR_NAMES ? w->at > 0
					      : !w->at && !(t->first.how & CLAUSE_OPTIONAL))
			continue;
		if (c->how & CLAUSE_ALONE && (seen || (w->at && t->first.how & CLAUSE_OPTIONAL)))
			continue;
		if (c != w->open)
			offer(l, c->name, c->help);
	}
}

/* What may begin at the cursor, behind the part LAST (of no clause: there is none). */
static void offer_next(struct line *l, const struct clauses *t, const struct clause_walk *w,
		       const struct clause_item *last, unsigned int seen)
{
	bool names_end = false;

	for (size_t i = 0; i < t->n; i++) {
		unsigned int how = seen & clause_bit(t, &t->list[i]) ? t->list[i].how : 0;

		if (how & CLAUSE_ALONE)
			return;
		names_end = names_end || how & CLAUSE_FOR_NAMES;
	}
	if (last->clause && last->clause->words > 1 && last->end - last->arg == last->clause->words)
		offer_choices(l, last->clause);
	offer_clauses(l, t, w, seen);
	if (w->open)
		offer_argument(l, w->open);
	else if (clause_may_be_first(t, w) && !names_end)
		offer_argument(l, &t->first);
	if (w->at && t->ends_in_command)
		str_addf(&l->out, ":command %zu\n", l->n - 1);
}

/* The words from l->from on are those of T's command. */
static void complete(struct line *l, const struct clauses *t)
{
	struct clause_walk w = { .list = l->words + l->from, .n = l->n - l->from };
	struct clause_item item = { .clause = NULL };
	unsigned int seen = 0;

	while (w.at + 1 < w.n && clause_next(t, &w, &item)) {
		if (item.what == ITEM_UNKNOWN)
			return;
		if (item.what == ITEM_CLAUSE)
			seen |= clause_bit(t, item.clause);
	}
	if (w.at + 1 == w.n)
		offer_next(l, t, &w, &item, seen);
	else if (item.what == ITEM_COMMAND)
		str_addf(&l->out, ":command %zu\n", l->from + item.arg);
	else if (item.clause->words < 2)
		offer_argument(l, item.clause);
}

static void offer_commands(struct line *l, bool help_too)
{
	for (size_t i = 0; i < cmd_count; i++)
		if (cmd_list[i]->help)
			offer(l, cmd_list[i]->name, cmd_list[i]->help);
	if (help_too)
		offer(l, "help", "print a command's usage");
}

static void offer_options(struct line *l)
{
	for (size_t i = 0; i < option_count; i++)
		offer_with(l, "-", option_list[i].name, option_list[i].help);
}

static void complete_line(struct line *l)
{
	const struct cmd *cmd = cmd_of_link(l->words[0]);
	size_t at = 1, last = l->n - 1;

	while (at < last && l->words[at][0] == '-')
		at++;
	if (at == last && l->begun[0] == '-') {
		offer_options(l);
	} else if (!cmd && at == last) {
		offer_commands(l, true);
	} else if (!cmd && !strcmp(l->words[at], "help")) {
		if (at + 1 == last)
			offer_commands(l, false);
	} else {
		l->from = cmd ? at : at + 1;
		cmd = cmd ? cmd : cmd_find(l->words[at]);
		if (cmd && cmd->words)
			complete(l, cmd->words);
	}
}

static int run(int argc, char **argv, const struct options *options)
{
	struct line l = { .words = argv, .n = (size_t)argc, .out = STR_INIT };
	char empty[] = "";

	(void)options;
	if (argc > 1) {
		l.begun = argv[argc - 1];
		argv[argc - 1] = empty;
		complete_line(&l);
	}
	report_result(l.out.err || !l.out.s ? "" : l.out.s);
	report_json(json_string(l.out.err || !l.out.s ? "" : l.out.s));
	str_free(&l.out);
	return EXIT_DONE;
}

const struct cmd cmd_complete = { .name = "complete", .run = run };
