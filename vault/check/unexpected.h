/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/unexpected.h: what is in a vault, or in the guard, that the plan does not know. */
#ifndef VAULT_CHECK_UNEXPECTED_H
#define VAULT_CHECK_UNEXPECTED_H

#include "lib/rtnl.h"
#include "vault/apply/session.h"
#include "vault/check/list.h"
#include "vault/plan/obj.h"

/* Adds findings about interfaces, addresses, routes, policy rules, neighbours and tables of rules
 * to C. W->observed is set. */
void check_unexpected(struct check *c, const struct plan *plan, struct session *w);

#endif
