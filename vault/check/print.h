/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/print.h: what checks found: for people, for programs, for Prometheus. */
#ifndef VAULT_CHECK_PRINT_H
#define VAULT_CHECK_PRINT_H

#include <jansson.h>

#include "lib/str.h"
#include "vault/check/list.h"

/*
 * Appends C to OUT: a line a finding, those inside, and the verdict. BRIEF leaves out what is fine;
 * COLOUR puts verdicts in colours of ECMA-48.
 */
void check_print(const struct check *c, bool brief, bool colour, struct str *out);

/* C as a JSON object: a new reference, or NULL without memory. */
json_t *check_json(const struct check *c);

/* Appends the N checks at LIST to OUT in Prometheus' text exposition format, each metric once. */
void check_metrics(const struct check *list, size_t n, struct str *out);

#endif
