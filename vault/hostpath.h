/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/hostpath.h: does the host let pass what a vault's words allow? */
#ifndef VAULT_HOSTPATH_H
#define VAULT_HOSTPATH_H

#include "vault/read/problem.h"
#include "vault/world.h"

/*
 * Looks for what stands in the way of accessible-from, publish, allow-host and allow-to on the
 * host: a missing route, an interface that does not forward, a firewall that drops by policy and
 * does not name W->spec's link. Each becomes a warning in P with the command that mends it; so does
 * what could not be read. Changes nothing.
 */
void hostpath_check(struct world *w, struct problems *p);

#endif
