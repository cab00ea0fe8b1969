/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/reword.h: a description back into the clauses of words that it can be made of. Pure. */
#ifndef VAULT_READ_REWORD_H
#define VAULT_READ_REWORD_H

#include "lib/base.h"
#include "vault/spec/spec.h"

/*
 * Appends to OUT the clauses that make a vault as SPEC describes it, for a description of an older
 * vault, which did not keep those it was asked with. What may have come from the tunnel's file or
 * from words is pinned to what it is. 0 or -ENOMEM.
 */
int must_check reword_spec(const struct spec *spec, struct spec_lines *out);

#endif
