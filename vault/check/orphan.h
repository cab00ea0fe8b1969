/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/orphan.h: links of vaults that nothing in STATE_DIR describes. */
#ifndef VAULT_CHECK_ORPHAN_H
#define VAULT_CHECK_ORPHAN_H

#include "vault/check/list.h"

/*
 * Calls FN(NAME, ARG) for every vault that the caller's namespace has a link, or a leg's port, of
 * and that has no folder in STATE_DIR; more than once where it has both. A name that was cut to fit
 * its link is found again in NS_DIR; when it is not there, NAME is what the link shows of it, which
 * `vault down` finds the link by, too. 0, what FN returned when that is not 0, or -errno: then not
 * all were found.
 */
int must_check orphans_find(int (*fn)(const char *name, void *arg), void *arg);

/* Adds a finding to C for each link that the caller's namespace has of the vault C->name, which has
 * no description. True when there was any. */
bool orphan_tell(struct check *c);

#endif
