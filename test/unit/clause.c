/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/clause.c: the reader of words: each kind of error, at each place where it can be. */
#include "vault/read/clause.c"

#include "test/unit/tap.h"

struct request {
	char *owner; /* kept */
	const char *name, *text, *report;
	char **command;
	bool all, flag;
	unsigned int number, last, seen;
	char said[256]; /* all that TAKE was given, a blank between */
};

static const char *take_said(const char *arg, void *request)
{
	struct request *r = request;
	size_t len = strlen(r->said);

	if (!strcmp(arg, "bad"))
		return "is bad";
	if (!strcmp(arg, "huge"))
		return clause_no_memory;
	snprintf(r->said + len, sizeof(r->said) - len, "[%s]", arg);
	return NULL;
}

static const struct clause_choice roles[] = { { "alone", "", 1 }, { "via", "", 2 }, { 0 } };

#define AT(member) .at = offsetof(struct request, member)

static const struct clause rows[] = {
	{ "all", NULL, "", CLAUSE_FOR_NAMES, AT(all) },
	{ "flag", NULL, "", AT(flag) },
	{ "text", "TEXT", "a text", .type = CLAUSE_TEXT, AT(text) },
	{ "number", "N", "", .type = CLAUSE_NUMBER, .min = 5, .max = 70000, AT(number) },
	{ "last", "N", "", CLAUSE_OPTIONAL | CLAUSE_NOT_IN_FILE, CLAUSE_NUMBER, .max = 9,
	  .fallback = 7, AT(last) },
	{ "list", "A[,A]", "", CLAUSE_LIST, CLAUSE_ANY, .take = take_said },
	{ "each", "E", "", CLAUSE_EACH, CLAUSE_TEXT, .take = take_said },
	{ "leg", "A B [alone|via C]", "", .type = CLAUSE_ANY, .words = 2, .choices = roles,
	  .take = take_said },
	{ "hook", "CMD", "", CLAUSE_REPEATS | CLAUSE_LINE, CLAUSE_ANY, .take = take_said },
	{ "way", "A", "", CLAUSE_WAY, CLAUSE_ANY, .take = take_said },
	{ "other-way", "A", "", CLAUSE_WAY, CLAUSE_ANY, .take = take_said },
	{ "report", "LOG", "", CLAUSE_ALONE, CLAUSE_TEXT, AT(report) },
};

static int note(const struct clause *c, const char *arg, void *request)
{
	(void)request;
	return !strcmp(c->name, "hook") && !strcmp(arg, "unkept") ? -1 : 0;
}

/* One name, names, names anywhere, and a command in the end. */
static struct clauses one = { .command = "up",
			      .list = rows,
			      .n = ARRAY_SIZE(rows),
			      .first = { .arg = "NAME", .type = CLAUSE_NAME, AT(name) },
			      .what = "vault",
			      .size = sizeof(struct request),
			      .kept = sizeof(char *),
			      .seen_at = offsetof(struct request, seen),
			      .note = note };
static struct clauses many, any, run;

static void set_up(void)
{
	many = any = run = one;
	many.first.how = CLAUSE_REPEATS;
	any.first.how = CLAUSE_REPEATS | CLAUSE_OPTIONAL;
	many.first.take = any.first.take = take_said;
	run.ends_in_command = true;
	run.command_at = offsetof(struct request, command);
}

static char text_of_line[512], *split[64];
static struct request request;

/* The words of LINE, parted by single blanks, two of which are an empty one. */
static size_t words_of(const char *line)
{
	char *rest = text_of_line;
	size_t n = 0;

	snprintf(text_of_line, sizeof(text_of_line), "%s", line);
	while (*line && rest)
		split[n++] = strsep(&rest, " ");
	return n;
}

/* Whether what is said is exactly the lines of WANTED, each with its number behind a colon where it
 * has one. */
static bool is_said(struct problems *p, const char *wanted)
{
	struct str said cleanup(str_free) = STR_INIT;

	str_add(&said, "");
	for (size_t i = 0; i < p->n; i++) {
		if (p->list[i].line)
			str_addf(&said, "%u: ", p->list[i].line);
		str_addf(&said, "%s%s", p->list[i].text, i + 1 < p->n ? "\n" : "");
	}
	problems_free(p);
	if (!strcmp(said.s, wanted))
		return true;
	printf("# said: %s\n", said.s);
	return false;
}

/* The test's name is one line. */
static void judge(bool good, char *name)
{
	for (char *c = name; *c; c++)
		*c = *c == '\n' ? ';' : *c;
	ok(good, name);
}

/* What is said of LINE; "": nothing. */
static void says(const struct clauses *t, const char *line, const char *wanted)
{
	char name[600];
	struct problems p = { 0 };
	size_t errors;

	memset(&request, 0x55, sizeof(request));
	errors = clauses_read(t, split, words_of(line), &request, &p);
	snprintf(name, sizeof(name), "%s: %s", line, *wanted ? wanted : "nothing said");
	judge(!errors == !*wanted && is_said(&p, wanted), name);
}

/* LINE is read without an error, and its arguments are SAID. */
static void takes(const struct clauses *t, const char *line, const char *said)
{
	says(t, line, "");
	ok(!strcmp(request.said, said), said);
}

static void test_names(void)
{
	says(&one, "", "which vault? (vault help up)");
	says(&many, "", "which vault? (vault help up)");
	says(&any, "", "");
	says(&one, "a/b", "\"a/b\" " BAD_NAME);
	says(&one, "a/b flag", "\"a/b\" " BAD_NAME);
	says(&many, "a b/c", "\"b/c\" " BAD_NAME);
	says(&any, "flag b/c", "\"b/c\" " BAD_NAME);
	takes(&many, "a b flag", "[a][b]");
	takes(&any, "a flag b", "[a][b]");
	says(&many, "a flag b", "unknown word \"b\" (vault help up)");
	says(&one, "a b", "unknown word \"b\" (vault help up)");
	says(&one, "flag", "");
	ok(!strcmp(request.name, "flag") && !request.flag, "a name may be called as a word is");
	says(&one, "a flag", "");
	ok(!strcmp(request.name, "a") && request.flag, "and the word comes after it");
	says(&any, "flag", "");
	ok(request.flag, "but where there need be none, it is the word");
	says(&many, "all flag", "");
	ok(request.all && request.flag && !*request.said, "all names");
	says(&any, "a all", "all: without names");
	says(&many, "a all", "all: without names");
	says(&any, "all a", "all: without names");
	says(&any, "report x", "");
	says(&any, "a report x", "report: without other words");
	says(&one, "a report x", "");
	says(&one, "a report x flag", "report: without other words");
	says(&one, "a flag report x", "report: without other words");
}

static void test_words(void)
{
	says(&one, "a colour red", "unknown word \"colour\" (vault help up)");
	says(&one, "a flga red", "unknown word \"flga\" (flag?)");
	says(&one, "a flag numbre 7", "unknown word \"numbre\" (number?)");
	says(&one, "a num 7", "unknown word \"num\" (number?)");
	says(&one, "-j a", "options go before the command (vault -j up ...)");
	says(&one, "a --json", "options go before the command (vault --json up ...)");
	says(&many, "a -quiet", "options go before the command (vault -quiet up ...)");
	says(&any, "flag -h", "options go before the command (vault help up)");
	says(&any, "each a -j", "options go before the command (vault -j up ...)");
	says(&one, "a text -j", "");
	says(&one, "a -x", "unknown word \"-x\" (vault help up)");
	says(&one, "a flag flag", "flag: given twice");
	says(&one, "a text x flag text y", "text: given twice");
	says(&one, "a number 9 number 10 text", "number: given twice\ntext: lacks its TEXT");
	says(&one, "a text", "text: lacks its TEXT");
	says(&one, "a text ", "text: lacks its TEXT");
	says(&one, "a text flag", "");
	ok(!strcmp(request.text, "flag") && !request.flag,
	   "an argument may be called as a word is");
}

static void test_arguments(void)
{
	says(&one, "a number 4", "number: \"4\" is not a number from 5 to 70000");
	says(&one, "a number 70001", "number: \"70001\" is not a number from 5 to 70000");
	says(&one, "a number 0x10", "number: \"0x10\" is not a number from 5 to 70000");
	says(&one, "a number ", "number: \"\" is not a number from 5 to 70000");
	says(&one, "a number 70000", "");
	ok(request.number == 70000 && !request.last, "a number");
	says(&one, "a last", "");
	ok(request.last == 7, "none, where one may be left out");
	says(&one, "a last 9 flag", "");
	ok(request.last == 9 && request.flag, "or one");
	says(&one, "a last flag", "");
	ok(request.last == 7 && request.flag, "or the next word");
	says(&one, "a last 10", "last: \"10\" is not a number from 0 to 9");
	says(&one, "a list bad", "list: \"bad\" is bad");
	says(&one, "a list huge", "out of memory");
	says(&one, "a hook unkept", "out of memory");
	takes(&one, "a list x list y,z", "[x][y,z]");
	takes(&one, "a list none", "");
	says(&one, "a list none list x", "list: none, and others besides");
	says(&one, "a list x list none", "list: none, and others besides");
	takes(&one, "a each x y flag each z", "[x][y][z]");
	says(&one, "a each", "each: lacks its E");
	says(&one, "a each flag", "each: lacks its E");
	says(&one, "a each x bad", "each: \"bad\" is bad");
	takes(&any, "each x flag y", "[x][y]");
	takes(&one, "a leg x y flag", "[x y]");
	takes(&one, "a leg x y alone flag", "[x y alone]");
	takes(&one, "a leg x y via z flag", "[x y via z]");
	takes(&one, "a leg x y via", "[x y via]");
	takes(&one, "a leg x", "[x]");
	says(&one, "a leg x y z", "unknown word \"z\" (vault help up)");
	says(&one, "a leg", "leg: lacks its A B [alone|via C]");
}

static void test_command(void)
{
	says(&run, "a", "which command? (vault help up)");
	says(&run, "a flag --", "which command? (vault help up)");
	says(&run, "a/b ls", "\"a/b\" " BAD_NAME);
	says(&run, "a flag ls -j", "");
	ok(request.flag && request.command == split + 2, "a command is what is no word");
	says(&run, "a -- flag", "");
	ok(!request.flag && request.command == split + 2, "or follows two dashes");
	says(&run, "-q a ls", "options go before the command (vault -q up ...)");
}

/* What is said of TEXT as a file, behind LINE. */
static void file_says(const char *line, const char *text, const char *wanted, const char *said)
{
	char name[600];
	struct problems p = { 0 };
	size_t errors = clauses_read(&one, split, words_of(line), &request, &p);

	errors += clauses_read_text(&one, text, strlen(text), &request, &p);
	snprintf(name, sizeof(name), "%s + file: %s%s", line, wanted, said);
	judge(!errors == !*wanted && is_said(&p, wanted) && !strcmp(request.said, said), name);
}

static void test_file(void)
{
	file_says("a", "flag # on\n\n list x\r\n\tlist y", "", "[x][y]");
	ok(request.flag, "a flag");
	file_says("a", "hook echo # 'x'  y\n", "", "[echo # 'x'  y]");
	file_says("a", "leg x y via z # leg\n", "", "[x y via z ]");
	file_says("a", "flag\ncolour\nflg\n",
		  "2: unknown word \"colour\" (vault help up)\n3: unknown word \"flg\" (flag?)",
		  "");
	file_says("a", "last 3\n", "1: last: means nothing in a file", "");
	file_says("a", "-j\n", "1: unknown word \"-j\" (vault help up)", "");
	file_says("a", "flag\nflag\n", "2: flag: given twice", "");
	file_says("a", "\nnumber\n", "2: number: lacks its N", "");
	file_says("a", "\nnumber 9 8\n", "2: number: more words than it takes", "");
	file_says("a", "flag on\n", "1: flag: more words than it takes", "");
	file_says("a", "number 4\n", "1: number: \"4\" is not a number from 5 to 70000", "");
	file_says("a", "list ok\nlist bad\n", "2: list: \"bad\" is bad", "[ok]");
	file_says("a", "list none\nlist x\n", "list: none, and others besides", "[x]");
	file_says("a list x", "list y\nway w\n", "", "[x][w]");
	file_says("a list none", "list y\n", "", "");
	file_says("a way x", "other-way y\n", "", "[x]");
	file_says("a", "way x\nother-way y\n", "", "[x][y]");
}

static void test_kept(void)
{
	static char hook[] = "hook echo  a", list[] = "list x", last[] = "last 3", lone[] = "text",
		    flag[] = "flag";
	char *good[] = { flag, hook, list, list }, *bad[] = { last, lone };
	struct problems p = { 0 };

	memset(&request, 0, sizeof(request));
	ok(!clauses_read_kept(&one, good, ARRAY_SIZE(good), &request, &p) && request.flag &&
		   !strcmp(request.said, "[echo  a][x][x]"),
	   "what is kept is read as it stands");
	ok(clauses_read_kept(&one, bad, ARRAY_SIZE(bad), &request, &p) == 2 &&
		   is_said(&p, "its description: unknown word \"last 3\"\n"
			       "its description: unknown word \"text\""),
	   "what cannot be kept is refused");
}

static void test_request(void)
{
	struct problems p = { 0 };
	char owner[] = "owner";

	memset(&request, 0x55, sizeof(request));
	request.owner = owner;
	ok(!clauses_read(&one, split, words_of("a number 5"), &request, &p) &&
		   request.owner == owner && !request.text && !request.flag && !*request.said,
	   "the request is zeroed but for what is the caller's");
	ok(clause_is_given(&one, &request, "number") && !clause_is_given(&one, &request, "text"),
	   "what was given can be asked for");
}

static void test_usage(void)
{
	struct clauses few = run;
	struct str out cleanup(str_free) = STR_INIT;

	few.n = 7;
	few.first.how = CLAUSE_REPEATS | CLAUSE_OPTIONAL;
	clauses_usage(&few, "do it", &out);
	ok(!strcmp(out.s, "usage: vault up [ NAME... | all ] [ WORDS ] [--] COMMAND [ARG...]\n"
			  "do it\n"
			  "  all         \n"
			  "  flag        \n"
			  "  text TEXT   a text\n"
			  "  number N    \n"
			  "  last [N]    \n"
			  "  list A[,A]  \n"
			  "  each E...   \n"),
	   "usage");
}

int main(void)
{
	set_up();
	test_names();
	test_words();
	test_arguments();
	test_command();
	test_file();
	test_kept();
	test_request();
	test_usage();
	return tap_done();
}
