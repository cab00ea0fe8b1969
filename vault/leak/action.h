/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/action.h: what is done at once about a leak. */
#ifndef VAULT_LEAK_ACTION_H
#define VAULT_LEAK_ACTION_H

#include "vault/leak/result/run.h"

#define ACTION_SECONDS 30 /* for a command */

/*
 * Does WHAT about the leak that RUN has found in the vault SPEC, whose namespace is NS: "down"
 * takes it down as `vault down` does; "kill" sends SIGKILL to all that is inside; anything else is
 * a command, run by sh(1) on the host as hooks are, with VAULT_EVENT=on-leak and the leak as JSON
 * in VAULT_LEAK, and killed after ACTION_SECONDS. Says so, and puts it into RUN's action.
 */
void action_take(const char *what, struct leak_run *run, const struct spec *spec, int ns);

/* True when WHAT leaves no vault to test. */
bool action_ends(const char *what);

#endif
