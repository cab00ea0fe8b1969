/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/stranger.h: is this address, this route, one that the plan calls for? Pure. */
#ifndef VAULT_STRANGER_H
#define VAULT_STRANGER_H

#include "lib/rtnl.h"
#include "vault/obj.h"

bool stranger_is_address(const struct plan *plan, const struct rtnl_address *a);
bool stranger_is_route(const struct plan *plan, const struct rtnl_route *route);

#endif
