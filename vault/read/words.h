/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/words.h: the vault's words, from the command line or a file: one grammar, one table.
 * No system calls. */
#ifndef VAULT_READ_WORDS_H
#define VAULT_READ_WORDS_H

#include "lib/base.h"
#include "lib/str.h"
#include "vault/problem.h"
#include "vault/read/clause.h"
#include "vault/read/wgconf.h"
#include "vault/spec/spec.h"

/* What words ask for: the description as far as they give it, and what `up` is to do with it. */
struct words {
	struct spec *spec; /* the caller's, zeroed */
	char *file; /* owned: `file PATH`, else NULL */
	bool all; /* every vault that has a file of words */
	bool as_made; /* by the words that the vault was made with */
	bool mends; /* and that was said: nothing is accepted that was not then */
	bool keyless; /* the tunnel's file was standard input: its secret keys are the tunnel's
			 alone */
	bool userspace_never; /* `userspace never` */
	bool userspace_given; /* `userspace PROGRAM`: the program is in spec->program */
	bool no_link, dry_run;
	bool only_plan; /* `plan` */
	unsigned int wait_seconds; /* `wait-handshake`; 0: not to wait */
	unsigned int seen; /* bit per clause */
};

extern const struct clauses words_clauses;

/*
 * Reads the N words at LIST, the vault's name and then clauses, into *OUT, whose spec the caller
 * has set. Errors go to P with line 0. Returns the number of errors. Free with words_free.
 */
size_t must_check words_parse(char *const *list, size_t n, struct words *out, struct problems *p);

/* Adds the text of a file of words (LEN bytes), as clauses_read_text does. */
size_t must_check words_parse_text(const char *text, size_t len, struct words *out,
				   struct problems *p);

/* Reads the clauses that a vault was made with, as words_parse left them in its description. */
size_t must_check words_parse_asked(const struct spec_lines *asked, struct words *out,
				    struct problems *p);

/*
 * Every clause that was read goes to the description's `asked`, but for `wait-handshake`, which
 * says nothing of the vault, and for `conf` and `userspace`, whose paths are to be made whole
 * before: this adds one of them. 0 or -ENOMEM.
 */
int must_check words_ask(struct words *words, const char *clause, const char *arg);

/* True when words say more than how and from where to read them. */
bool words_are_given(const struct words *words);

void words_free(struct words *words);

/*
 * Takes the tunnel out of CONF (its parts change owner; wgconf_free it all the same) into the spec
 * of WORDS, where words do not say otherwise. What the file asks for and a vault does not do, or
 * does otherwise, is warned of in P; what cannot be a vault is an error there. Returns the number
 * of errors.
 */
size_t must_check validate(struct words *words, struct wgconf *conf, struct problems *p);

/*
 * Appends to OUT the clauses that make a vault as SPEC describes it, for a description of an older
 * vault, which did not keep those it was asked with. What may have come from the tunnel's file or
 * from words is pinned to what it is. 0 or -ENOMEM.
 */
int must_check reword_spec(const struct spec *spec, struct spec_lines *out);

#endif
