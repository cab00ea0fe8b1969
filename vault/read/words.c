/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/words.c: the vault's words, from the command line or a file: one grammar, one table. */
#include "vault/read/words.h"

#include <errno.h>
#include <string.h>

#include "vault/reach.h"
#include "vault/read/segment.h"

#define MTU_MIN 576
#define MTU_MAX 65535
#define DNS_MAX 16
#define WAIT_MAX 86400

static const char blanks[] = " \t\r";

struct reader {
	struct words *words;
	struct problems *problems;
	unsigned int line; /* 0: the command line */
};

struct clause {
	const char *name;
	const char *arg; /* NULL: none */
	const char *help;
	enum {
		ONCE,
		ONLY_WORDS,
		REPEATS,
		LIST
	} how; /* ONLY_WORDS: means nothing in a file; LIST:
		  REPEATS, and `none` is an empty one */
	void (*parse)(struct reader *r, const char *arg);
};

static void bad(const struct reader *r, const char *clause, const char *arg, const char *why)
{
	problem_error(r->problems, r->line, "%s: \"%.80s\" %s", clause, arg, why);
}

/* An owned copy; NULL counts as an error. */
static char *copy(const struct reader *r, const char *text)
{
	char *out = strdup(text);

	if (!out)
		problem_error(r->problems, r->line, "out of memory");
	return out;
}

static void parse_conf(struct reader *r, const char *arg)
{
	r->words->spec->conf = copy(r, arg);
}

static void parse_adopt(struct reader *r, const char *arg)
{
	if (strlen(arg) >= IFNAMSIZ || strchr(arg, '/'))
		bad(r, "adopt", arg, "is no name of an interface");
	else
		r->words->spec->adopt = copy(r, arg);
}

static void parse_file(struct reader *r, const char *arg)
{
	r->words->file = copy(r, arg);
}

static void parse_userspace(struct reader *r, const char *arg)
{
	if (!strcmp(arg, "auto"))
		return;
	if (!strcmp(arg, "never")) {
		r->words->userspace_never = true;
		return;
	}
	r->words->userspace_given = true;
	r->words->spec->program = copy(r, arg);
}

static void add_dns(struct reader *r, const char *text)
{
	struct spec *spec = r->words->spec;
	struct addr *grown, a;

	if (addr_parse(text, &a)) {
		bad(r, "dns", text, "is not an IP address");
		return;
	}
	for (size_t i = 0; i < spec->n_dns; i++)
		if (addr_equal(&spec->dns[i], &a))
			return;
	grown = spec->n_dns < DNS_MAX ? reallocarray(spec->dns, spec->n_dns + 1, sizeof(*grown))
				      : NULL;
	if (!grown) {
		problem_error(r->problems, r->line, "dns: more than %d resolvers", DNS_MAX);
		return;
	}
	spec->dns = grown;
	spec->dns[spec->n_dns++] = a;
}

static void parse_dns(struct reader *r, const char *arg)
{
	char *list = copy(r, arg), *rest = list, *one;

	while (list && (one = strsep(&rest, ",")))
		add_dns(r, one);
	free(list);
}

static void parse_isolated(struct reader *r, const char *arg)
{
	(void)arg;
	r->words->spec->isolated = true;
}

static void parse_segment(struct reader *r, const char *arg)
{
	const char *why = segment_parse(arg, r->words->spec);

	if (why)
		bad(r, "segment", arg, why);
}

static void parse_mtu(struct reader *r, const char *arg)
{
	uint64_t mtu;

	if (uint_parse(arg, strlen(arg), MTU_MIN, MTU_MAX, &mtu))
		bad(r, "mtu", arg, "is not a number from 576 to 65535");
	else
		r->words->spec->mtu = (uint16_t)mtu;
}

/* A unicast address with the length of a link's prefix: room for two hosts at least. */
static void parse_end(struct reader *r, const char *clause, const char *arg, bool host)
{
	struct spec *spec = r->words->spec;
	struct prefix p, *slot;

	if (!strchr(arg, '/') || prefix_parse(arg, &p) || !p.len) {
		bad(r, clause, arg, "is not ADDRESS/LENGTH");
		return;
	}
	if (p.len > addr_bits(&p.addr) - 1 || addr_is_any(&p.addr) || addr_is_multicast(&p.addr) ||
	    addr_is_loopback(&p.addr) || addr_is_linklocal(&p.addr)) {
		bad(r, clause, arg, "cannot be an end of a link");
		return;
	}
	slot = &spec->link[p.addr.family == AF_INET6 ? SPEC_V6 : SPEC_V4].vault;
	if (host)
		slot = &spec->link[p.addr.family == AF_INET6 ? SPEC_V6 : SPEC_V4].host;
	if (slot->addr.family)
		bad(r, clause, arg, "is the second one of its family");
	else
		*slot = p;
}

static void parse_host_address(struct reader *r, const char *arg)
{
	parse_end(r, "host-address", arg, true);
}

static void parse_vault_address(struct reader *r, const char *arg)
{
	parse_end(r, "vault-address", arg, false);
}

static void parse_no_link(struct reader *r, const char *arg)
{
	(void)arg;
	r->words->no_link = true;
}

static void parse_reach(struct reader *r, const char *clause, const char *arg,
			const char *(*add)(const char *, struct spec_reach *))
{
	const char *why = add(arg, &r->words->spec->reach);

	if (why)
		bad(r, clause, arg, why);
}

static void parse_accessible_from(struct reader *r, const char *arg)
{
	parse_reach(r, "accessible-from", arg, reach_add_from);
}

static void parse_publish(struct reader *r, const char *arg)
{
	parse_reach(r, "publish", arg, reach_add_publish);
}

static void parse_open_port(struct reader *r, const char *arg)
{
	parse_reach(r, "open-port", arg, reach_add_open_port);
}

static void parse_allow_host(struct reader *r, const char *arg)
{
	parse_reach(r, "allow-host", arg, reach_add_allow_host);
}

static void parse_allow_to(struct reader *r, const char *arg)
{
	parse_reach(r, "allow-to", arg, reach_add_allow_to);
}

/* The description is JSON, which is UTF-8. */
static bool is_utf8(const char *text)
{
	json_t *value = json_string(text);

	json_decref(value);
	return value != NULL;
}

static void add_command(struct reader *r, const char *clause, enum spec_hook hook, const char *arg)
{
	arg += strspn(arg, " \t");
	if (!*arg || !is_utf8(arg)) {
		bad(r, clause, arg, *arg ? "is no command in UTF-8" : "is no command");
		return;
	}
	if (spec_add_line(&r->words->spec->hooks[hook], arg))
		problem_error(r->problems, r->line, "out of memory");
}

static void parse_post_up(struct reader *r, const char *arg)
{
	add_command(r, "post-up", SPEC_POST_UP, arg);
}

static void parse_pre_down(struct reader *r, const char *arg)
{
	add_command(r, "pre-down", SPEC_PRE_DOWN, arg);
}

static void parse_post_down(struct reader *r, const char *arg)
{
	add_command(r, "post-down", SPEC_POST_DOWN, arg);
}

static void parse_wait_handshake(struct reader *r, const char *arg)
{
	uint64_t seconds;

	if (uint_parse(arg, strlen(arg), 1, WAIT_MAX, &seconds))
		bad(r, "wait-handshake", arg, "is not a number of seconds from 1 to 86400");
	else
		r->words->wait_seconds = (unsigned int)seconds;
}

static void parse_dry_run(struct reader *r, const char *arg)
{
	(void)arg;
	r->words->dry_run = true;
}

static void parse_as_made(struct reader *r, const char *arg)
{
	(void)arg;
	r->words->as_made = true;
}

static void parse_plan(struct reader *r, const char *arg)
{
	(void)arg;
	r->words->only_plan = true;
}

static const struct clause clauses[] = {
	{ "conf", "FILE", "the tunnel: a wg-quick file (- is stdin)", ONCE, parse_conf },
	{ "adopt", "IFNAME", "the tunnel: a WireGuard interface that is there", ONCE, parse_adopt },
	{ "isolated", NULL, "no tunnel: no way to the internet at all", ONCE, parse_isolated },
	{ "segment", "NAME ADDR/LEN [gateway|via ADDR]",
	  "a leg on a network of vaults alone; gateway: into its tunnel", ONCE, parse_segment },
	{ "userspace", "PROGRAM|never|auto",
	  "the userspace WireGuard to run, where the kernel has none", ONCE, parse_userspace },
	{ "dns", "ADDR[,ADDR...]", "resolvers, instead of the file's", ONCE, parse_dns },
	{ "accessible-from", "PREFIX[,PREFIX...]", "who may connect to it over the link", LIST,
	  parse_accessible_from },
	{ "publish", "[ADDR:]PORT[:PORT][/PROTO]", "a port of the host that leads to one inside",
	  LIST, parse_publish },
	{ "open-port", "PORT[-PORT][/PROTO]", "ports that answer on the tunnel", LIST,
	  parse_open_port },
	{ "allow-host", "PORT[/PROTO]", "a port of the host that it may open connections to", LIST,
	  parse_allow_host },
	{ "allow-to", "PREFIX[:PORT][/PROTO]", "a hole: what it may reach by the link", LIST,
	  parse_allow_to },
	{ "mtu", "N", "the tunnel's MTU", ONCE, parse_mtu },
	{ "host-address", "ADDR/LEN", "the host's end of the link; once a family", REPEATS,
	  parse_host_address },
	{ "vault-address", "ADDR/LEN", "the vault's end of the link; once a family", REPEATS,
	  parse_vault_address },
	{ "no-link", NULL, "no link to the host: only loopback and tunnel", ONCE, parse_no_link },
	{ "post-up", "CMD", "run CMD on the host when it is up; any number of times", REPEATS,
	  parse_post_up },
	{ "pre-down", "CMD", "run CMD before it is taken down; any number of times", REPEATS,
	  parse_pre_down },
	{ "post-down", "CMD", "run CMD after it was taken down; any number of times", REPEATS,
	  parse_post_down },
	{ "wait-handshake", "SECONDS", "wait until a peer has answered", ONCE,
	  parse_wait_handshake },
	{ "file", "PATH", "read words from PATH instead of /etc/vault/NAME.conf", ONLY_WORDS,
	  parse_file },
	{ "as-made", NULL, "by the words that it was made with, whatever the file says now",
	  ONLY_WORDS, parse_as_made },
	{ "plan", NULL, "change nothing: print what would change", ONLY_WORDS, parse_plan },
	{ "dry-run", NULL, "change nothing: print the equivalent commands", ONLY_WORDS,
	  parse_dry_run },
};

static unsigned int bit_of(const struct clause *c)
{
	return 1U << (c - clauses);
}

/* Of these a vault has one. */
static bool is_way(const struct clause *c)
{
	return c->parse == parse_conf || c->parse == parse_adopt || c->parse == parse_isolated;
}

static bool is_repeated(const struct clause *c)
{
	return c->how == REPEATS || c->how == LIST;
}

/* The bits of C and of those that go with it: one that the command line has leaves out the file's. */
static unsigned int group_of(const struct clause *c)
{
	unsigned int bits = bit_of(c);

	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (is_way(c) && is_way(&clauses[i]))
			bits |= bit_of(&clauses[i]);
	return bits;
}

int words_ask(struct words *words, const char *clause, const char *arg)
{
	struct str line = STR_INIT;
	int r;

	str_add(&line, clause);
	str_add(&line, arg ? " " : "");
	str_add(&line, arg ? arg : "");
	r = line.err ? line.err : spec_add_line(&words->spec->asked, line.s);
	str_free(&line);
	return r;
}

/* What a clause says, done; and noted. */
static void apply(struct reader *r, const struct clause *c, const char *arg)
{
	struct words *words = r->words;

	if (c->how == LIST && arg && !strcmp(arg, "none")) {
		words->emptied |= bit_of(c);
		return;
	}
	c->parse(r, arg);
	if (c->how != ONLY_WORDS && c->parse != parse_conf && c->parse != parse_userspace &&
	    c->parse != parse_wait_handshake && words_ask(words, c->name, arg))
		problem_error(r->problems, r->line, "out of memory");
}

/* `none` is no element among others. */
static void check_emptied(const struct reader *r)
{
	const struct spec_reach *reach = &r->words->spec->reach;
	const struct {
		void (*parse)(struct reader *r, const char *arg);
		size_t n;
	} lists[] = { { parse_accessible_from, reach->n_from },
		      { parse_publish, reach->n_publish },
		      { parse_open_port, reach->n_open_ports },
		      { parse_allow_host, reach->n_host_ports },
		      { parse_allow_to, reach->n_holes } };

	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		for (size_t j = 0; j < ARRAY_SIZE(lists); j++)
			if (r->words->emptied & bit_of(&clauses[i]) &&
			    lists[j].parse == clauses[i].parse && lists[j].n)
				problem_error(r->problems, 0, "%s: none, and others besides",
					      clauses[i].name);
}

bool words_are_given(const struct words *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (words->seen & bit_of(&clauses[i]) && clauses[i].how != ONLY_WORDS &&
		    clauses[i].parse != parse_wait_handshake)
			return true;
	return false;
}

static const struct clause *find_clause(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (!strcmp(clauses[i].name, name))
			return &clauses[i];
	return NULL;
}

/* Its argument in a file is the rest of the line as it stands, '#' too: that is the shell's to
 * read. */
static bool takes_line(const struct clause *c)
{
	return c->parse == parse_post_up || c->parse == parse_pre_down ||
	       c->parse == parse_post_down;
}

/* How many words of a segment's clause begin LIST, of N. */
static size_t count_segment(char *const *list, size_t n)
{
	size_t words = n < 2 ? n : 2;

	if (n > 2 && !strcmp(list[2], "gateway"))
		words = 3;
	else if (n > 2 && !strcmp(list[2], "via"))
		words = n < 4 ? n : 4;
	return words;
}

/* The argument of C, which begins LIST, of N words; *TAKEN are its. Owned; NULL counts as an error.
 */
static char *join_words(const struct reader *r, const struct clause *c, char *const *list, size_t n,
			size_t *taken)
{
	struct str joined = STR_INIT;

	*taken = c->parse == parse_segment ? count_segment(list, n) : 1;
	for (size_t i = 0; i < *taken; i++) {
		str_add(&joined, i ? " " : "");
		str_add(&joined, list[i]);
	}
	if (!joined.err)
		return joined.s;
	str_free(&joined);
	problem_error(r->problems, r->line, "out of memory");
	return NULL;
}

/* Names the nearest clause, where one is near: a letter or two away, and not all of it. */
static void refuse_word(const struct reader *r, const char *word)
{
	const char *nearest = NULL;
	size_t distance = strlen(word) > 4 ? 3 : 2;

	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (str_distance(word, clauses[i].name) < distance) {
			distance = str_distance(word, clauses[i].name);
			nearest = clauses[i].name;
		}
	problem_error(r->problems, r->line, "unknown word \"%.80s\" (%s%s)", word,
		      nearest ? nearest : "vault help up", nearest ? "?" : "");
}

size_t words_parse(char *const *list, size_t n, struct words *out, struct problems *p)
{
	struct reader r = { .words = out, .problems = p };
	size_t before = p->n_errors;

	for (size_t i = 0; i < n; i++) {
		const struct clause *c = find_clause(list[i]);
		unsigned int bit;
		size_t taken;
		bool twice;

		if (!c) {
			refuse_word(&r, list[i]);
			break; /* what follows may be its argument */
		}
		bit = bit_of(c);
		twice = out->seen & bit && !is_repeated(c);
		if (twice)
			problem_error(p, 0, "%s: given twice", c->name);
		out->seen |= bit;
		if (c->arg && ++i == n) {
			problem_error(p, 0, "%s: lacks its %s", c->name, c->arg);
			break;
		}
		if (c->arg) {
			char *arg = join_words(&r, c, list + i, n - i, &taken);

			if (arg && !twice)
				apply(&r, c, arg);
			free(arg);
			i += taken - 1;
		} else if (!twice) {
			apply(&r, c, NULL);
		}
	}
	check_emptied(&r);
	if (out->only_plan && out->dry_run)
		problem_error(p, 0, "plan, dry-run: one of them");
	return p->n_errors - before;
}

/* True when the line is of a clause that takes it as it stands. */
static bool has_no_comment(const char *line)
{
	size_t at = strspn(line, blanks), len = strcspn(line + at, blanks);

	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (takes_line(&clauses[i]) && strlen(clauses[i].name) == len &&
		    !memcmp(clauses[i].name, line + at, len))
			return true;
	return false;
}

/* One line of a file, without its comment. SAID holds the clauses of the command line, IN_FILE
 * those of lines before. */
static void parse_line(struct reader *r, char *line, unsigned int said, unsigned int *in_file)
{
	char *rest = NULL, *name = strtok_r(line, blanks, &rest), *arg = NULL;
	const struct clause *c;
	unsigned int bit;

	if (!name)
		return;
	c = find_clause(name);
	if (!c || c->how == ONLY_WORDS) {
		refuse_word(r, name);
		return;
	}
	bit = bit_of(c);
	if (c->arg)
		arg = strtok_r(NULL, takes_line(c) || c->parse == parse_segment ? "\r" : blanks,
			       &rest);
	if (c->arg && !arg)
		problem_error(r->problems, r->line, "%s: lacks its %s", c->name, c->arg);
	else if (strtok_r(NULL, blanks, &rest))
		problem_error(r->problems, r->line, "%s: more words than it takes", c->name);
	else if (*in_file & bit && !is_repeated(c))
		problem_error(r->problems, r->line, "%s: given twice", c->name);
	else if (!(said & group_of(c)))
		apply(r, c, arg);
	*in_file |= bit;
}

size_t words_parse_text(const char *text, size_t len, struct words *out, struct problems *p)
{
	struct reader r = { .words = out, .problems = p };
	unsigned int said = out->seen, in_file = 0;
	char *copy_of_text, *rest, *line;
	size_t before = p->n_errors;

	if (memchr(text, '\0', len)) {
		problem_error(p, 0, "a NUL byte: not a text file");
		return 1;
	}
	copy_of_text = rest = strndup(text, len);
	if (!copy_of_text)
		problem_error(p, 0, "out of memory");
	while (rest && (line = strsep(&rest, "\n"))) {
		r.line++;
		if (!has_no_comment(line))
			line[strcspn(line, "#")] = '\0';
		parse_line(&r, line, said, &in_file);
	}
	out->seen |= in_file;
	free(copy_of_text);
	check_emptied(&r);
	return p->n_errors - before;
}

size_t words_parse_asked(const struct spec_lines *asked, struct words *out, struct problems *p)
{
	struct reader r = { .words = out, .problems = p };
	size_t before = p->n_errors;

	for (size_t i = 0; i < asked->n; i++) {
		size_t len = strcspn(asked->list[i], " ");
		char *name = strndup(asked->list[i], len);
		const char *arg = asked->list[i][len] ? asked->list[i] + len + 1 : NULL;
		const struct clause *c = name ? find_clause(name) : NULL;

		free(name);
		if (!c || c->how == ONLY_WORDS || !c->arg != !arg)
			problem_error(p, 0, "its description: unknown word \"%.80s\"",
				      asked->list[i]);
		else if (!(out->seen & bit_of(c)) || is_repeated(c))
			apply(&r, c, arg);
		if (c)
			out->seen |= bit_of(c);
	}
	return p->n_errors - before;
}

void words_usage(struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++) {
		const struct clause *c = &clauses[i];
		int pad = 42 - (int)strlen(c->name) - (c->arg ? (int)strlen(c->arg) + 1 : 0);

		str_addf(out, "  %s%s%s%*s%s\n", c->name, c->arg ? " " : "", c->arg ? c->arg : "",
			 pad, "", c->help);
	}
}

void words_free(struct words *words)
{
	free(words->file);
	words->file = NULL;
}
