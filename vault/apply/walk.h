/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/walk.h: a plan and a verb: make, remove, print. The only place that words what the
 * kernel answers. */
#ifndef VAULT_APPLY_WALK_H
#define VAULT_APPLY_WALK_H

#include "lib/base.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

/*
 * Makes every object of PLAN, in order. 0 when all are there. On the first failure, or when a
 * signal waits (signals_wait, but for W->unbroken), takes back in reverse what was made, says so,
 * and returns -errno (-EINTR for a signal).
 */
int must_check walk_make(const struct plan *plan, struct session *w);

/* Told of each thing that was not as described, and is put right: SIGN is '+' for made, '-' for
 * taken away, '~' for put right. */
typedef void walk_change_fn(char sign, const char *label, void *arg);

/*
 * Makes a vault that is there, W->observed telling what of it, into PLAN: takes away what is not in
 * it (expel.h), makes what is missing, replaces what differs; leaves alone what is right. HAD is
 * the plan of what it was asked to be, NULL when nothing else is asked for now: objects that were
 * as HAD has them change as that does, and FN is not told of them; what PLAN has none of goes, the
 * tunnel first, all else once the rest is right. What cannot be put right is reported, and keeps
 * nothing else from being put right, but: while the seal is not whole, no interface is made or
 * brought up; and what HAD has none of goes again then. 0, or -errno of the first failure.
 */
int must_check walk_mend(const struct plan *plan, const struct plan *had, struct session *w,
			 walk_change_fn *fn, void *arg);

/*
 * Tells FN what walk_mend would, and changes nothing. MAY_LACK tells the objects that this kernel
 * may know nothing of: walk_mend would try in vain. 0, or -errno, reported, when it cannot be told.
 */
int must_check walk_compare(const struct plan *plan, const struct plan *had, struct session *w,
			    bool (*may_lack)(const struct obj *obj), walk_change_fn *fn, void *arg);

/*
 * Removes every object of PLAN, in reverse: first those that carry traffic, then the rest. Goes on
 * after a failure and reports each one. Returns the number of failures.
 */
size_t must_check walk_remove(const struct plan *plan, struct session *w);

/* Removes the objects of one KIND only. Returns the number of failures, each reported. */
size_t must_check walk_remove_kind(const struct plan *plan, struct session *w,
				   const struct kind *kind);

/* Appends the equivalent commands of making PLAN to OUT. */
void walk_print(const struct plan *plan, struct str *out);

#endif
