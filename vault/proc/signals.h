/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/proc/signals.h: the signals that end a command, which wait until what was begun is whole or
 * gone.
 */
#ifndef VAULT_PROC_SIGNALS_H
#define VAULT_PROC_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "lib/base.h"

/* SIGINT, SIGTERM, SIGHUP, SIGQUIT. */
sigset_t signals_ending(void);

/* Blocks them: from here on they wait, and signals_wait tells. 0 or -errno (sigprocmask(2)). */
int must_check signals_block(void);

/* True when one of them waits, blocked; also when that cannot be told. */
bool signals_wait(void);

#endif
