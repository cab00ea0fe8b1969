/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/walk.h: a plan and a verb: make, remove, print. The only place that words what the kernel answers. */
#ifndef VAULT_WALK_H
#define VAULT_WALK_H

#include "lib/base.h"
#include "vault/obj.h"
#include "vault/world.h"

/*
 * Makes every object of PLAN, in order. 0 when all are there. On the first failure, or when one of the signals that the
 * caller blocked is pending, takes back in reverse what was made, says so, and returns -errno (-EINTR for a signal).
 */
int must_check walk_make(const struct plan *plan, struct world *w);

/*
 * Removes every object of PLAN, in reverse: first those that carry traffic, then the rest. Goes on after a failure and
 * reports each one. Returns the number of failures.
 */
size_t must_check walk_remove(const struct plan *plan, struct world *w);

/* Appends the equivalent commands of making PLAN to OUT. */
void walk_print(const struct plan *plan, const struct spec *spec, struct str *out);

#endif
