/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/finish.h: what `up` does once the vault stands. */
#ifndef VAULT_CMD_FINISH_H
#define VAULT_CMD_FINISH_H

#include <time.h>

#include "vault/apply/session.h"
#include "vault/problem.h"
#include "vault/read/words.h"

/* Warns of what stands between the vault and the host, and of WAYS besides: of gather_ways. */
void finish_warn(struct session *w, struct problems *ways);

/* `wait-handshake`: waits for one since SINCE. The vault's lock is given up, and it stays up,
 * whatever comes of it. An exit code, reported. */
int must_check finish_wait(const struct words *words, struct session *w,
			   const struct timespec *since);

#endif
