/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/hide.h: takes the host's helpers out of sight: sockets by which a confined program
 * has things done outside. */
#ifndef VAULT_CONFINE_HIDE_H
#define VAULT_CONFINE_HIDE_H

#include <sys/types.h>

#include "lib/base.h"

/*
 * In the caller's own mount namespace, whose mounts must not reach the host's: puts a new folder
 * over /run with all entries of the old one but those of helpers (helpers.h), an empty /run/vault,
 * and of /run/user only UID's; covers the other folders of helpers. 0, or -errno with what it is
 * about in *WHAT (static text): then nothing may be run there.
 */
int must_check hide_helpers(uid_t uid, const char **what);

#endif
