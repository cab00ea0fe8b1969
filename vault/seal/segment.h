/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/seal/segment.h: the guard of all segments, on the host's bridges. */
#ifndef VAULT_SEAL_SEGMENT_H
#define VAULT_SEAL_SEGMENT_H

#include "lib/ruleset.h"
#include "vault/spec/spec.h"

/* Appends the sets, with what SPEC's leg is allowed (NULL: empty), to RS, its table set. */
void sealsegment_grants(const struct spec *spec, struct ruleset *rs);
/* Appends the constant rules, and the sets that are theirs. */
void sealsegment_rules(struct ruleset *rs);

#endif
