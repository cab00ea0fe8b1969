/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/process.h: is this process confined to the vault? */
#ifndef VAULT_CHECK_PROCESS_H
#define VAULT_CHECK_PROCESS_H

#include "vault/check/list.h"

/*
 * Looks at the process PID, with all its threads, and adds findings to C: whether it is in the
 * network namespace INODE, what it sees, may do and holds. It is only looked at. False when it has
 * ended, before that or meanwhile: what is wrong with it is told, what could not be seen is not.
 */
bool check_process(struct check *c, uint64_t inode, pid_t pid);

/*
 * The same for every process in the control group of the systemd unit UNIT (".service" is added to
 * a name without a dot). A unit that runs nothing cannot be judged: a finding says so.
 */
void check_unit(struct check *c, uint64_t inode, const char *unit);

#endif
