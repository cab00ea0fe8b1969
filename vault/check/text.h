/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/text.h: what a check found, for people. */
#ifndef VAULT_CHECK_TEXT_H
#define VAULT_CHECK_TEXT_H

#include "lib/str.h"
#include "vault/check/list.h"

/*
 * Appends C to OUT: a line a finding, those inside, and the verdict. BRIEF leaves out what is fine;
 * COLOUR puts verdicts in colours of ECMA-48.
 */
void check_print(const struct check *c, bool brief, bool colour, struct str *out);

#endif
