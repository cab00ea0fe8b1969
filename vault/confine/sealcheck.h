/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/sealcheck.h: is the kill switch of a vault in place, whole and unchanged, in the
 * kernel? Reads only. */
#ifndef VAULT_CONFINE_SEALCHECK_H
#define VAULT_CONFINE_SEALCHECK_H

#include "lib/base.h"
#include "vault/spec/spec.h"

/*
 * Compares every rule, set, chain and policy of the kill switch that SPEC calls for with what the
 * namespace NS (a descriptor) has. 0 when it is in place; else -errno with the difference, or the
 * kernel's words, in WHY (never empty).
 */
int must_check sealcheck(const struct spec *spec, int ns, char why[static 256]);

#endif
