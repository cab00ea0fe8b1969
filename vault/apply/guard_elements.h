/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/guard_elements.h: what a guard's sets hold of one vault. */
#ifndef VAULT_APPLY_GUARD_ELEMENTS_H
#define VAULT_APPLY_GUARD_ELEMENTS_H

#include "lib/ruleset.h"
#include "vault/apply/session.h"
#include "vault/seal/seal.h"

/* True when NAME is an interface of SPEC's on the host. */
bool guard_elements_is_interface(const struct spec *spec, const char *name);

/* True when E, of the type MAP, leads to SPEC's address, whatever its comment says. */
bool guard_elements_leads_to(const struct spec *spec, enum set_type map,
			     const struct set_element *e);

/*
 * Fills RS (ruleset_free it, also on error) with GUARD's sets as the kernel has them, the elements
 * of SPEC's vault only, and counts those of other vaults in *OTHERS. 0, -ENOENT when none of the
 * sets is there, or another -errno.
 */
int must_check guard_elements_find(enum seal_guard guard, const struct spec *spec,
				   struct session *w, struct ruleset *rs, size_t *others);

#endif
