/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/system.h: what this kernel and host have for vaults. Reads only. */
#ifndef VAULT_CHECK_SYSTEM_H
#define VAULT_CHECK_SYSTEM_H

#include "vault/check/list.h"

/* Looks at the host, the caller's namespace, and adds findings, each with its mend, to C. No module
 * is loaded for it. */
void check_system(struct check *c);

/* False when this kernel has no filters of tc that are programs (cls_bpf), built in, loaded or on
 * disk; true also when it cannot be told. */
bool system_has_wall(void);

#endif
