/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/clause.c: the one reader of the words of all commands. */
#include "vault/read/clause.h"

#include <string.h>

#include "lib/addr.h"
#include "vault/option.h"
#include "vault/spec/spec.h"

#define BAD_NAME "is no vault's name (1 to 63 of [A-Za-z0-9_.-], not starting with . or -)"
#define REPEATING (CLAUSE_REPEATS | CLAUSE_LIST | CLAUSE_EACH)

const char clause_no_memory[] = "out of memory";

static const char blanks[] = " \t\r";

struct reader {
	const struct clauses *t;
	void *request;
	struct problems *problems;
	unsigned int line; /* 0: the command line */
	unsigned int emptied, filled; /* lists: those of which `none` was said, or anything else */
};

static unsigned int *seen_of(const struct clauses *t, void *request)
{
	void *seen = (char *)request + t->seen_at;

	return seen;
}

const struct clause *clause_find(const struct clauses *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->list[i].name, name))
			return &t->list[i];
	return NULL;
}

unsigned int clause_bit(const struct clauses *t, const struct clause *c)
{
	return 1U << (c - t->list);
}

bool clause_is_given(const struct clauses *t, const void *request, const char *name)
{
	const void *at = (const char *)request + t->seen_at;
	const unsigned int *seen = at;

	return *seen & clause_bit(t, clause_find(t, name));
}

/* ---- the parts of a command line ----------------------------------------------------------- */

bool clause_may_be_first(const struct clauses *t, const struct clause_walk *w)
{
	if (!w->at)
		return true;
	return t->first.how & CLAUSE_REPEATS && !w->open &&
	       (t->first.how & CLAUSE_OPTIONAL || !w->past_names);
}

/* How many of the N words at LIST, which follow it, are C's argument. */
static size_t count_argument(const struct clauses *t, const struct clause *c, char *const *list,
			     size_t n)
{
	size_t words = c->words ? c->words : 1;

	if (!c->arg || !n)
		return 0;
	if (c->how & CLAUSE_OPTIONAL && (list[0][0] < '0' || list[0][0] > '9'))
		return 0;
	if (c->how & CLAUSE_EACH && clause_find(t, list[0]))
		return 0;
	if (n <= words)
		return n;
	for (const struct clause_choice *o = c->choices; words > 1 && o && o->word; o++)
		if (!strcmp(list[words], o->word)) {
			words += o->n;
			break;
		}
	return n < words ? n : words;
}

/* The clause that the next word is, or NULL. A name that must be there is one whatever it is
 * called. */
static const struct clause *find_here(const struct clauses *t, const struct clause_walk *w)
{
	const struct clause *c = clause_find(t, w->list[w->at]);

	if (c && !w->at && !(t->first.how & CLAUSE_OPTIONAL) && !(c->how & CLAUSE_FOR_NAMES))
		return NULL;
	return c;
}

bool clause_next(const struct clauses *t, struct clause_walk *w, struct clause_item *item)
{
	const struct clause *c;

	if (w->at >= w->n)
		return false;
	c = find_here(t, w);
	*item = (struct clause_item){ .what = ITEM_UNKNOWN, .at = w->at, .arg = w->at, .end = w->n };
	if (c) {
		item->what = ITEM_CLAUSE;
		item->clause = c;
		item->arg = w->at + 1;
		item->end = item->arg + count_argument(t, c, w->list + item->arg, w->n - item->arg);
		w->open = c->how & CLAUSE_EACH ? c : NULL;
		w->past_names = true;
	} else if (w->open) {
		item->what = ITEM_MORE;
		item->clause = w->open;
		item->end = w->at + 1;
	} else if (clause_may_be_first(t, w)) {
		item->what = ITEM_FIRST;
		item->clause = &t->first;
		item->end = w->at + 1;
	} else if (t->ends_in_command) {
		item->what = ITEM_COMMAND;
		item->arg += !strcmp(w->list[w->at], "--");
	}
	w->at = item->end;
	return true;
}

/* ---- what they say ---------------------------------------------------------------------------- */

const char *clause_nearest(const struct clauses *t, const char *word)
{
	size_t len = strlen(word), distance = len > 4 ? 3 : 2;
	const char *nearest = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const char *name = t->list[i].name;

		if (len > 2 && !strncmp(word, name, len))
			return name;
		if (str_distance(word, name) < distance) {
			distance = str_distance(word, name);
			nearest = name;
		}
	}
	return nearest;
}

/* True, said, for a clause and its argument in one word. */
static bool refuse_assignment(const struct reader *r, const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; word[len] && i < r->t->n; i++) {
		const char *name = r->t->list[i].name;

		if (strlen(name) != len || strncmp(name, word, len) != 0)
			continue;
		problem_error(r->problems, r->line, "unknown word \"%.80s\" (%s %.80s?)", word,
			      name, word + len + 1);
		return true;
	}
	return false;
}

static bool is_file_of_wg_quick(const char *word)
{
	size_t len = strlen(word);

	return len > strlen(".conf") && !strcmp(word + len - strlen(".conf"), ".conf");
}

static void refuse_word(const struct reader *r, const char *word)
{
	const char *nearest = clause_nearest(r->t, word);

	if (refuse_assignment(r, word))
		return;
	if (is_file_of_wg_quick(word) && clause_find(r->t, "conf"))
		problem_error(r->problems, r->line, "unknown word \"%.80s\" (conf %.80s?)", word,
			      word);
	else if (nearest)
		problem_error(r->problems, r->line, "unknown word \"%.80s\" (%s?)", word, nearest);
	else
		problem_error(r->problems, r->line, "unknown word \"%.80s\" (vault help %s)", word,
			      r->t->command);
}

/* True, said, for an option: it is none of the words. */
static bool refuse_option(const struct reader *r, const char *word)
{
	const struct option *option = option_find(word);

	if (!option)
		return false;
	if (option->letter == 'h')
		problem_error(r->problems, 0, "options go before the command (vault help %s)",
			      r->t->command);
	else
		problem_error(r->problems, 0, "options go before the command (vault %s %s ...)",
			      word, r->t->command);
	return true;
}

static void refuse_argument(const struct reader *r, const struct clause *c, const char *arg,
			    const char *why)
{
	if (why == clause_no_memory)
		problem_error(r->problems, r->line, "%s", why);
	else
		problem_error(r->problems, r->line, "%s%s\"%.80s\" %s%s", c->name ? c->name : "",
			      c->name ? ": " : "", arg, why,
			      c->how & CLAUSE_COMMAS && *arg && arg[strlen(arg) - 1] == ','
				      ? " (a list has no blanks)"
				      : "");
}

static void refuse_lack(const struct reader *r, const struct clause *c)
{
	problem_error(r->problems, r->line, "%s: lacks its %s", c->name, c->arg);
}

static void ask_which(const struct reader *r)
{
	problem_error(r->problems, 0, "which %s? (vault help %s)", r->t->what, r->t->command);
}

/* Whether ARG is of C's type; what it is not, said. */
static bool check_type(const struct reader *r, const struct clause *c, const char *arg, uint64_t *n)
{
	switch (c->type) {
	case CLAUSE_NAME:
		if (spec_name_is_valid(arg))
			return true;
		refuse_argument(r, c, arg, BAD_NAME);
		return false;
	case CLAUSE_NUMBER:
		if (!arg || !uint_parse(arg, strlen(arg), c->min, c->max, n))
			return true;
		problem_error(r->problems, r->line, "%s: \"%.80s\" is not a number from %u to %u",
			      c->name, arg, c->min, c->max);
		return false;
	case CLAUSE_TEXT:
		if (!*arg && c->name)
			refuse_lack(r, c);
		else if (!*arg)
			ask_which(r);
		return *arg;
	case CLAUSE_FLAG:
	case CLAUSE_ANY:
		break;
	}
	return true;
}

static void store(const struct clause *c, const char *arg, uint64_t n, void *request)
{
	char *at = (char *)request + c->at;

	switch (c->type) {
	case CLAUSE_FLAG:
		*(bool *)at = true;
		break;
	case CLAUSE_TEXT:
	case CLAUSE_NAME:
		memcpy(at, &arg, sizeof(arg));
		break;
	case CLAUSE_NUMBER:
		*(unsigned int *)(void *)at = arg ? (unsigned int)n : c->fallback;
		break;
	case CLAUSE_ANY:
		break;
	}
}

/* What C says with ARG (NULL: nothing), into the request. */
static void take(struct reader *r, const struct clause *c, const char *arg)
{
	const char *why = NULL;
	uint64_t n = 0;

	if (c->how & CLAUSE_LIST && !strcmp(arg, "none")) {
		r->emptied |= clause_bit(r->t, c);
		return;
	}
	if (c->how & CLAUSE_LIST)
		r->filled |= clause_bit(r->t, c);
	if (!check_type(r, c, arg, &n))
		return;
	if (c->take)
		why = c->take(arg, r->request);
	else
		store(c, arg, n, r->request);
	if (why)
		refuse_argument(r, c, arg, why);
	if (c->name && r->t->note && r->t->note(c, arg, r->request))
		problem_error(r->problems, r->line, "%s", clause_no_memory);
}

/* The N words at LIST in one. Owned; NULL counts as an error. */
static char *join(const struct reader *r, char *const *list, size_t n)
{
	struct str joined = STR_INIT;

	for (size_t i = 0; i < n; i++) {
		str_add(&joined, i ? " " : "");
		str_add(&joined, list[i]);
	}
	if (!joined.err)
		return joined.s;
	str_free(&joined);
	problem_error(r->problems, r->line, "%s", clause_no_memory);
	return NULL;
}

static void read_clause(struct reader *r, const struct clause *c, char *const *arg, size_t n)
{
	unsigned int *seen = seen_of(r->t, r->request), bit = clause_bit(r->t, c);
	bool twice = *seen & bit && !(c->how & REPEATING);
	char *joined;

	*seen |= bit;
	if (twice)
		problem_error(r->problems, 0, "%s: given twice", c->name);
	if (c->arg && !n && !(c->how & CLAUSE_OPTIONAL)) {
		refuse_lack(r, c);
	} else if (!twice && n < 2) {
		take(r, c, n ? arg[0] : NULL);
	} else if (!twice) {
		joined = join(r, arg, n);
		if (joined)
			take(r, c, joined);
		free(joined);
	}
}

/* False when what follows cannot be told. */
static bool read_item(struct reader *r, char *const *list, const struct clause_item *item)
{
	char *const *arg = list + item->arg;

	switch (item->what) {
	case ITEM_CLAUSE:
		read_clause(r, item->clause, arg, item->end - item->arg);
		return true;
	case ITEM_FIRST:
	case ITEM_MORE:
		if (refuse_option(r, *arg))
			return false;
		take(r, item->clause, *arg);
		return true;
	case ITEM_COMMAND:
		if (item->arg < item->end)
			memcpy((char *)r->request + r->t->command_at, &arg, sizeof(arg));
		return true;
	case ITEM_UNKNOWN:
		break;
	}
	if (!refuse_option(r, *arg))
		refuse_word(r, *arg);
	return false;
}

/* `none` is no element among others. */
static void check_emptied(const struct reader *r)
{
	for (size_t i = 0; i < r->t->n; i++)
		if (r->emptied & r->filled & clause_bit(r->t, &r->t->list[i]))
			problem_error(r->problems, 0, "%s: none, and others besides",
				      r->t->list[i].name);
}

/* What there must be, and what goes with what; FIRST names or files were given. */
static void check_whole(const struct reader *r, size_t first, bool has_command)
{
	const struct clauses *t = r->t;
	unsigned int seen = *seen_of(t, r->request);
	bool for_names = false;

	for (size_t i = 0; i < t->n; i++) {
		const struct clause *c = &t->list[i];
		bool given = seen & clause_bit(t, c);

		if (given && c->how & CLAUSE_FOR_NAMES) {
			for_names = true;
			if (first)
				problem_error(r->problems, 0, "%s: without names", c->name);
		}
		if (given && c->how & CLAUSE_ALONE &&
		    (seen != clause_bit(t, c) || (first && t->first.how & CLAUSE_OPTIONAL)))
			problem_error(r->problems, 0, "%s: without other words", c->name);
	}
	if (!first && !for_names && !(t->first.how & CLAUSE_OPTIONAL))
		ask_which(r);
	else if (t->ends_in_command && !has_command)
		problem_error(r->problems, 0, "which command? (vault help %s)", t->command);
}

size_t clauses_read(const struct clauses *t, char *const *list, size_t n, void *request,
		    struct problems *p)
{
	struct reader r = { .t = t, .request = request, .problems = p };
	struct clause_walk w = { .list = list, .n = n };
	struct clause_item item;
	size_t before = p->n_errors, first = 0;
	bool has_command = false;

	memset((char *)request + t->kept, 0, t->size - t->kept);
	while (clause_next(t, &w, &item)) {
		first += item.what == ITEM_FIRST;
		has_command = has_command || (item.what == ITEM_COMMAND && item.arg < item.end);
		if (!read_item(&r, list, &item))
			break; /* what follows may be its argument */
	}
	check_emptied(&r);
	if (p->n_errors == before)
		check_whole(&r, first, has_command);
	return p->n_errors - before;
}

/* ---- files ------------------------------------------------------------------------------------ */

/* True when the line is of a clause that takes it as it stands. */
static bool has_no_comment(const struct clauses *t, const char *line)
{
	size_t at = strspn(line, blanks), len = strcspn(line + at, blanks);

	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].how & CLAUSE_LINE && strlen(t->list[i].name) == len &&
		    !memcmp(t->list[i].name, line + at, len))
			return true;
	return false;
}

/* The bits of C and of those that go with it: one that the command line has leaves out the file's. */
static unsigned int group_of(const struct clauses *t, const struct clause *c)
{
	unsigned int bits = clause_bit(t, c);

	for (size_t i = 0; i < t->n; i++)
		if (c->how & t->list[i].how & CLAUSE_WAY)
			bits |= clause_bit(t, &t->list[i]);
	return bits;
}

/* One line of a file, without its comment. SAID holds the clauses of the command line, IN_FILE
 * those of lines before. */
static void read_line(struct reader *r, char *line, unsigned int said, unsigned int *in_file)
{
	char *rest = NULL, *name = strtok_r(line, blanks, &rest), *arg = NULL;
	const struct clause *c = name ? clause_find(r->t, name) : NULL;
	unsigned int bit;

	if (!name)
		return;
	if (!c)
		refuse_word(r, name);
	else if (c->how & CLAUSE_NOT_IN_FILE)
		problem_error(r->problems, r->line, "%s: means nothing in a file", name);
	if (!c || c->how & CLAUSE_NOT_IN_FILE)
		return;
	bit = clause_bit(r->t, c);
	if (c->arg)
		arg = strtok_r(NULL, c->how & CLAUSE_LINE || c->words > 1 ? "\r" : blanks, &rest);
	if (c->arg && !arg)
		refuse_lack(r, c);
	else if (strtok_r(NULL, blanks, &rest))
		problem_error(r->problems, r->line, "%s: more words than it takes%s", c->name,
			      arg && !strcmp(arg, "=") ? " (there is no = behind it)"
			      : c->how & CLAUSE_COMMAS ? " (commas join them, without blanks)"
						       : "");
	else if (*in_file & bit && !(c->how & REPEATING))
		problem_error(r->problems, r->line, "%s: given twice", c->name);
	else if (!(said & group_of(r->t, c)))
		take(r, c, arg);
	*in_file |= bit;
}

size_t clauses_read_text(const struct clauses *t, const char *text, size_t len, void *request,
			 struct problems *p)
{
	struct reader r = { .t = t, .request = request, .problems = p };
	unsigned int said = *seen_of(t, request), in_file = 0;
	char *copy_of_text, *rest, *line;
	size_t before = p->n_errors;

	if (memchr(text, '\0', len)) {
		problem_error(p, 0, "a NUL byte: not a text file");
		return 1;
	}
	copy_of_text = rest = strndup(text, len);
	if (!copy_of_text)
		problem_error(p, 0, "%s", clause_no_memory);
	while (rest && (line = strsep(&rest, "\n"))) {
		r.line++;
		if (!has_no_comment(t, line))
			line[strcspn(line, "#")] = '\0';
		read_line(&r, line, said, &in_file);
	}
	*seen_of(t, request) |= in_file;
	free(copy_of_text);
	check_emptied(&r);
	return p->n_errors - before;
}

size_t clauses_read_kept(const struct clauses *t, char *const *list, size_t n, void *request,
			 struct problems *p)
{
	struct reader r = { .t = t, .request = request, .problems = p };
	unsigned int *seen = seen_of(t, request);
	size_t before = p->n_errors;

	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(list[i], " ");
		char *name = strndup(list[i], len);
		const char *arg = list[i][len] ? list[i] + len + 1 : NULL;
		const struct clause *c = name ? clause_find(t, name) : NULL;

		free(name);
		if (!c || c->how & CLAUSE_NOT_IN_FILE || !c->arg != !arg)
			problem_error(p, 0, "its description: unknown word \"%.80s\"", list[i]);
		else if (!(*seen & clause_bit(t, c)) || c->how & REPEATING)
			take(&r, c, arg);
		if (c)
			*seen |= clause_bit(t, c);
	}
	return p->n_errors - before;
}

/* ---- help ------------------------------------------------------------------------------------- */

/* The name of C and its argument. */
static void add_clause(const struct clause *c, struct str *out)
{
	bool optional = c->how & CLAUSE_OPTIONAL;

	str_add(out, c->name);
	if (c->arg)
		str_addf(out, " %s%s%s%s", optional ? "[" : "", c->arg,
			 c->how & CLAUSE_EACH ? "..." : "", optional ? "]" : "");
}

static void add_synopsis(const struct clauses *t, struct str *out)
{
	bool optional = t->first.how & CLAUSE_OPTIONAL;

	str_addf(out, "usage: vault %s %s%s%s", t->command, optional ? "[ " : "", t->first.arg,
		 t->first.how & CLAUSE_REPEATS ? "..." : "");
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].how & CLAUSE_FOR_NAMES)
			str_addf(out, " | %s", t->list[i].name);
	str_addf(out, "%s [ WORDS ]%s\n", optional ? " ]" : "",
		 t->ends_in_command ? " [--] COMMAND [ARG...]" : "");
}

void clauses_usage(const struct clauses *t, const char *about, struct str *out)
{
	struct str left cleanup(str_free) = STR_INIT;
	int width = 0;

	add_synopsis(t, out);
	str_addf(out, "%s\n", about);
	for (size_t i = 0; i < t->n; i++) {
		str_clear(&left);
		add_clause(&t->list[i], &left);
		width = (int)left.len > width ? (int)left.len : width;
	}
	for (size_t i = 0; i < t->n; i++) {
		str_clear(&left);
		add_clause(&t->list[i], &left);
		str_addf(out, "  %-*s  %s\n", width, left.err ? "" : left.s, t->list[i].help);
	}
}
