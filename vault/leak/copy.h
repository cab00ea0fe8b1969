/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/copy.h: the rules that a vault really has, into its twin. */
#ifndef VAULT_LEAK_COPY_H
#define VAULT_LEAK_COPY_H

#include "lib/base.h"
#include "vault/spec/spec.h"

/*
 * When the rules in the namespace REAL_NS are not those that REAL calls for, gives the namespace
 * NS, whose vault is TWIN, what is there instead, the link's addresses replaced by TWIN's. 0, also
 * when there was nothing to do; or -errno with the reason in WHY.
 */
int must_check copy_rules(const struct spec *twin, int ns, const struct spec *real, int real_ns,
			  char why[static 256]);

#endif
