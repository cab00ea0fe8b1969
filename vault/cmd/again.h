/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/again.h: `vault up` of a vault that is up: the difference of what was and what shall
 * be. Each reports what there is to say. */
#ifndef VAULT_CMD_AGAIN_H
#define VAULT_CMD_AGAIN_H

#include <time.h>

#include "vault/apply/session.h"
#include "vault/read/words.h"

/* The vault is up, in the namespace NS, which is taken over, as OLD describes, its lock held in
 * W->dir: what drifted is put back, what words changed is changed. An exit code. */
int must_check again_up(const struct words *words, struct spec *old, struct session *w, int ns,
			struct timespec since);

/*
 * What was asked cannot be done, as the host cannot tell all that it takes: the vault NAME, up
 * likewise, is put back to what it was described as, with the keys that its tunnel has.
 */
void again_as_it_was(const char *name, struct spec *old, struct session *w, int ns);

/* `plan`: what `up` would change, also of one that is down; nothing is changed. An exit code. */
int must_check again_plan(const struct words *words, struct session *w);

#endif
