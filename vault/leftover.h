/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leftover.h: what is there under a vault's name before `up` begins: a vault, a stranger, or a crash's remains. */
#ifndef VAULT_LEFTOVER_H
#define VAULT_LEFTOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base.h"

/*
 * With the folder DIR of NAME locked, MADE telling whether it was not there before: clears what a killed command left.
 * Returns EXIT_DONE when the way is free, else an exit code, reported: the vault is up, or the name is somebody else's.
 */
int must_check leftover_settle(const char *name, int dir, bool made);

/*
 * With the folder DIR of NAME locked: removes whatever of such a vault is on the host, the name too unless it is a
 * STRANGER's. Returns the number of things that could not be removed, each reported.
 */
size_t must_check leftover_clear(const char *name, int dir, bool stranger);

#endif
