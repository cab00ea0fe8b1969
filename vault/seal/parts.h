/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/seal/parts.h: what the kill switch and the guard have for a vault's leg on a segment. */
#ifndef VAULT_SEAL_PARTS_H
#define VAULT_SEAL_PARTS_H

#include "lib/ruleset.h"
#include "vault/spec/spec.h"

/*
 * Each appends to the chain, or the ruleset, what SPEC's leg asks for; nothing when it has none.
 * Names are asked before `output`, and before other queries are dropped: `names`.
 */
void sealleg_input(const struct spec *spec, struct ruleset *rs, struct chain *c);
void sealleg_names(const struct spec *spec, struct ruleset *rs, struct chain *c);
void sealleg_output(const struct spec *spec, struct ruleset *rs, struct chain *c);
void sealleg_forward(const struct spec *spec, struct ruleset *rs, struct chain *c);
void sealleg_nat(const struct spec *spec, struct ruleset *rs);

/* Fills *RS with the table of every frame that leaves by the leg. SPEC has one. */
void sealleg_build(const struct spec *spec, struct ruleset *rs);

/* Appends the sets, with what SPEC's leg is allowed (NULL: empty), to RS, its table set. */
void sealsegment_grants(const struct spec *spec, struct ruleset *rs);
/* Appends the constant rules, and the sets that are theirs. */
void sealsegment_rules(struct ruleset *rs);

#endif
