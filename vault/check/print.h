/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/print.h: what checks found: for people, for programs, for Prometheus. */
#ifndef VAULT_CHECK_PRINT_H
#define VAULT_CHECK_PRINT_H

#include <jansson.h>

#include "lib/str.h"
#include "vault/check/list.h"

enum check_detail {
	CHECK_BRIEF, /* what is not fine, and the verdict where it is not sound */
	CHECK_CARD, /* what the vault is and does, what is not fine, the verdict */
	CHECK_ALL, /* every finding, those inside, the verdict */
};

/* Appends C to OUT: a line a finding. COLOUR puts verdicts in colours of ECMA-48. */
void check_print(const struct check *c, enum check_detail detail, bool colour, struct str *out);

/* Appends the N checks at LIST to OUT, a line each below one of heads, no wider than WIDTH columns
 * (0: as wide as they are). */
void check_table(const struct check *list, size_t n, size_t width, bool colour, struct str *out);

/* Appends WORD in the colour of V, in WIDTH columns. */
void check_add_word(enum found v, const char *word, int width, bool colour, struct str *out);

/* C as a JSON object: a new reference, or NULL without memory. */
json_t *check_json(const struct check *c);

/* Appends the N checks at LIST to OUT in Prometheus' text exposition format, each metric once. */
void check_metrics(const struct check *list, size_t n, struct str *out);

#endif
