/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/environment.h: what of the caller's environment is true inside. */
#ifndef VAULT_CONFINE_ENVIRONMENT_H
#define VAULT_CONFINE_ENVIRONMENT_H

#include "lib/base.h"

/*
 * Inside the vault NAME, its mounts in place: sets VAULT_NAME, and takes each variable away that
 * names a socket or file which is out of reach there: one below /run that is not to be seen, and an
 * abstract socket (unix(7)), which is of the network namespace outside. 0 or -ENOMEM.
 */
int must_check environment_set(const char *name);

#endif
