/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/all.h: `vault up all`: every vault that has a file of words. */
#ifndef VAULT_CMD_ALL_H
#define VAULT_CMD_ALL_H

#include "vault/read/words.h"

/*
 * Reads the ARGC words of ARGV, `all` and clauses that say how to make vaults, and the words of each
 * vault that has a file of its own; calls UP, which returns an exit code, for one after the other,
 * members of segments last: what they go by may be among the others. An exit code, all reported:
 * EXIT_FAILED when that of one was another than EXIT_DONE.
 */
int must_check all_up(int argc, char **argv, int (*up)(struct words *words));

#endif
