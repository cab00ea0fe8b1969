/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/unexpected.h: is this address, this route, this policy rule one that the plan calls
 * for, or the kernel makes? `check` tells what is not, and `up` removes the same ones. Pure. */
#ifndef VAULT_APPLY_UNEXPECTED_H
#define VAULT_APPLY_UNEXPECTED_H

#include "lib/rtnl.h"
#include "vault/plan/obj.h"

struct observed;

/* What the plan calls for, but with something else beside it, is not unexpected: its kind tells. */
bool unexpected_is_address(const struct plan *plan, const struct rtnl_address *a);
bool unexpected_is_route(const struct plan *plan, const struct observed *s,
			 const struct rtnl_route *route);

/* The policy rules that every namespace begins with: *N of FAMILY, in order. */
const struct rtnl_rule *unexpected_first_rules(uint8_t family, size_t *n);
/* True when RULE is none of them, or one that SEEN, a set of their numbers, has already; else it is
 * added there. */
bool unexpected_is_rule(uint8_t family, const struct rtnl_rule *rule, unsigned int *seen);

/* True for one of the kernel's own (spec_is_fallback) that is as it came: down, and no port, it
 * carries nothing. */
bool unexpected_is_idle(const struct rtnl_link *link);

#endif
