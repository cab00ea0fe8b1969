/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/expel.h: takes out of a vault what nobody asked for. */
#ifndef VAULT_APPLY_EXPEL_H
#define VAULT_APPLY_EXPEL_H

#include "vault/apply/session.h"
#include "vault/apply/walk.h"
#include "vault/plan/obj.h"

/*
 * Removes the addresses, routes, policy rules and neighbours inside that neither PLAN nor the
 * kernel has made, brings the kernel's own tunnel devices down, and puts missing first policy rules
 * back; FN is called for each but those that HAD (or NULL), the plan of what was asked for before,
 * has. W->observed, which must be set, is taken anew when anything was done. What cannot be removed
 * is reported, and stops nothing else. 0, -EIO when something is left, or -errno when it cannot be
 * told what there is, reported too.
 */
int must_check expel(const struct plan *plan, const struct plan *had, struct session *w,
		     walk_change_fn *fn, void *arg);

/* Tells FN of the same, and changes nothing. 0, or -errno, reported. */
int must_check expel_tell(const struct plan *plan, const struct plan *had, struct session *w,
			  walk_change_fn *fn, void *arg);

#endif
