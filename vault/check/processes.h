/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/processes.h: who is inside a vault. */
#ifndef VAULT_CHECK_PROCESSES_H
#define VAULT_CHECK_PROCESSES_H

#include "vault/check/host.h"
#include "vault/check/list.h"

/*
 * Lists the processes of which any thread is in the network namespace INODE into C->processes; a
 * finding says how many they are, or that not all could be seen. HOST keeps what was read of all.
 */
void check_processes(struct check *c, uint64_t inode, struct check_host *host);

#endif
