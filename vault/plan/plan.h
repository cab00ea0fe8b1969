/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/plan/plan.h: the complete description of a vault -> the ordered list of its objects. Pure. */
#ifndef VAULT_PLAN_PLAN_H
#define VAULT_PLAN_PLAN_H

#include "vault/plan/obj.h"

/*
 * Fills *PLAN from SPEC, which gather has completed. The order is the safety: at every point of it
 * what can leave is a subset of what the finished vault allows (see plan.c). The objects point into
 * SPEC, which outlives the plan.
 */
void plan_build(const struct spec *spec, struct plan *plan);

/* The index of the interface inside the vault that O is, or hangs on; 0: of none. */
uint32_t plan_interface(const struct obj *o);

#endif
