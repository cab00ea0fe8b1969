/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/oldguard.h: the guard as earlier versions made it, without a mark: `table inet vault`
 * and `table bridge vault`. */
#ifndef VAULT_APPLY_OLDGUARD_H
#define VAULT_APPLY_OLDGUARD_H

#include "vault/apply/session.h"
#include "vault/seal/seal.h"

/*
 * Is there one among what was SEEN of the host's tables? It is told from another's table of that
 * name by its sets and counters, every one of theirs, of the same keys. 1, 0 or -errno.
 */
int must_check oldguard_is_there(enum seal_guard guard, const struct nftlook *seen);

/*
 * Where one is there, makes today's guard of it, with the elements of all vaults, and takes it away
 * in the same transaction: so there is no moment without. Call it with the host's lock held. 0,
 * also when there is none, or -errno with W->why set.
 */
int must_check oldguard_take_over(enum seal_guard guard, struct session *w);

#endif
