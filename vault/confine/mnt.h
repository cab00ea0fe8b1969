/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/mnt.h: the mount namespace of `exec`: the vault's names and addresses in, the
 * host's helpers out of sight. */
#ifndef VAULT_CONFINE_MNT_H
#define VAULT_CONFINE_MNT_H

#include <sys/types.h>

#include "lib/base.h"

#define MNT_WHY_LEN 256

/*
 * Puts the calling process into a mount namespace of its own, as the comment on top of mnt.c tells,
 * for the vault NAME and a command that will run as UID. The caller must be in the vault's network
 * namespace already (/sys shows that one), must have a single thread, and must enter its working
 * folder anew. 0; or -errno with what could not be done in WHY (never empty): the process then sees
 * neither tree whole and must end.
 */
int must_check mnt_enter(const char *name, uid_t uid, char why[static MNT_WHY_LEN]);

#endif
