/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/read/clause.h: the words of a command: a table of them, a row each, and the one reader of
 * such tables, for the command line and for files. No system calls.
 */
#ifndef VAULT_READ_CLAUSE_H
#define VAULT_READ_CLAUSE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "vault/problem.h"

/* How often a clause may stand, and where. */
enum {
	CLAUSE_REPEATS = 1, /* any number of times */
	CLAUSE_LIST = 2, /* it repeats, and `none` is an empty one */
	CLAUSE_EACH = 4, /* it repeats, and every word up to the next clause is one of its */
	CLAUSE_OPTIONAL = 8, /* its argument, a number, may be left out; of names: all of them */
	CLAUSE_LINE = 16, /* in a file its argument is the rest of the line as it stands, '#' too */
	CLAUSE_NOT_IN_FILE = 32,
	CLAUSE_FOR_NAMES = 64, /* it stands in the place of names */
	CLAUSE_ALONE = 128, /* no other clause, nor more names than a command must have */
	CLAUSE_WAY = 256, /* one on the command line leaves out all such of a file */
	CLAUSE_COMMAS = 512, /* its argument may be several, with commas between */
};

enum clause_type {
	CLAUSE_FLAG, /* no argument; a bool at AT, if there is no TAKE */
	CLAUSE_TEXT, /* not empty; a borrowed const char * at AT */
	CLAUSE_NAME, /* of a vault, likewise */
	CLAUSE_NUMBER, /* from MIN to MAX; an unsigned int at AT */
	CLAUSE_ANY, /* what TAKE makes of it */
};

/* What a shell may offer for an argument. */
enum clause_offer {
	OFFER_NOTHING,
	OFFER_FILES,
	OFFER_FOLDERS,
	OFFER_PROGRAMS,
	OFFER_USERS,
	OFFER_INTERFACES,
	OFFER_UNITS,
	OFFER_PROBES,
	OFFER_VAULTS, /* that are up */
	OFFER_VAULTS_TO_BE, /* and those that have a file of words */
};

/* A word that an argument may be; of an argument of several words, one that may follow these. */
struct clause_choice {
	const char *word, *help;
	size_t n; /* how many words it comes to, itself among them */
};

struct clause {
	const char *name; /* NULL in the row of a command's names */
	const char *arg; /* NULL: none */
	const char *help; /* one line */
	unsigned int how;
	enum clause_type type;
	enum clause_offer offer;
	uint32_t min, max, fallback; /* of a number; where it is left out, that */
	size_t at; /* where its value lies in the request */
	size_t words; /* of its argument; 0: one */
	const struct clause_choice *choices; /* ended by one without a word; NULL: none */
	/* Instead of storing it: ARG, of the row's type, into the request. NULL, clause_no_memory,
	   or what is wrong with it: "is not ...". */
	const char *(*take)(const char *arg, void *request);
};

struct clauses {
	const char *command; /* "down": for `vault help down` */
	const struct clause *list;
	size_t n; /* no more than bits in an unsigned int */
	/* What comes first: a vault's name, a file. With CLAUSE_REPEATS there may be more of them;
	   with CLAUSE_OPTIONAL, too, none, and they may stand anywhere. */
	struct clause first;
	const char *what; /* it is: "vault" */
	size_t size; /* of the request */
	size_t kept; /* so many bytes, its first, are the caller's: not zeroed */
	size_t seen_at; /* an unsigned int of it: a bit for each clause that was given */
	bool ends_in_command; /* what is no clause, or follows `--`, is a command with arguments */
	size_t command_at; /* its char ** */
	/* Told of each clause that was taken, and its argument or NULL; may be NULL. 0 or -ENOMEM. */
	int (*note)(const struct clause *c, const char *arg, void *request);
};

extern const char clause_no_memory[];

/* The row of that name, or NULL. */
const struct clause *clause_find(const struct clauses *t, const char *name);

/* The name of the clause nearest to WORD, where one is near: begun with WORD, or a letter or two
 * away and not all of it. Or NULL. */
const char *clause_nearest(const struct clauses *t, const char *word);
/* Its bit, as it stands in the request. */
unsigned int clause_bit(const struct clauses *t, const struct clause *c);
/* True when the clause NAME, which must be one of T, was given. */
bool clause_is_given(const struct clauses *t, const void *request, const char *name);

/*
 * Zeroes REQUEST and reads into it the N words at LIST, which must live as long. Errors go to P
 * with line 0. Returns the number of errors.
 */
size_t must_check clauses_read(const struct clauses *t, char *const *list, size_t n, void *request,
			       struct problems *p);

/*
 * Adds to REQUEST the text of a file (LEN bytes): one clause a line, '#' comments; words of a line
 * are parted by blanks. Clauses that REQUEST has already seen, on the command line, go before: all
 * of the file's are left out, and of the ways each goes before the others. Nothing of the text is
 * kept: no row that stores its argument may stand in a file. Errors carry their lines.
 */
size_t must_check clauses_read_text(const struct clauses *t, const char *text, size_t len,
				    void *request, struct problems *p);

/* Adds to REQUEST the clauses at LIST, each with its argument behind a blank, as `note` was told of
 * them. */
size_t must_check clauses_read_kept(const struct clauses *t, char *const *list, size_t n,
				    void *request, struct problems *p);

/* One part of a command line: the words AT to END, its argument from ARG on. */
struct clause_item {
	enum {
		ITEM_FIRST, /* a vault's name, a file */
		ITEM_CLAUSE,
		ITEM_MORE, /* one more word of a clause that takes each */
		ITEM_COMMAND, /* that, and all its arguments */
		ITEM_UNKNOWN
	} what;
	const struct clause *clause; /* ITEM_FIRST: that row; ITEM_COMMAND, ITEM_UNKNOWN: NULL */
	size_t at, arg, end;
};

/* Zero-initialise but for the words. */
struct clause_walk {
	char *const *list;
	size_t n;
	size_t at; /* the next word */
	const struct clause *open; /* the clause whose words go on */
	bool past_names;
};

/* The next part into *ITEM, without a look at whether it is right. False at the end. */
bool clause_next(const struct clauses *t, struct clause_walk *w, struct clause_item *item);

/* True when a name or file may stand at W. */
bool clause_may_be_first(const struct clauses *t, const struct clause_walk *w);

/* Appends how the command is called, the line ABOUT it, and one for each word, to OUT. */
void clauses_usage(const struct clauses *t, const char *about, struct str *out);

#endif
