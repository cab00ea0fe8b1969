/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/stale.h: what is there under a vault's name before `up` begins: a vault, a stranger,
 * or a crash's remains. */
#ifndef VAULT_APPLY_STALE_H
#define VAULT_APPLY_STALE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base.h"
#include "vault/spec/spec.h"

/*
 * With the folder DIR of NAME locked, MADE telling whether it was not there before. A vault that is
 * up, be it that its namespace lost its name: its description goes to *OLD (spec_free it in any
 * case), its namespace to *OUT. Else *OUT is
 * -1 and what a killed command left is cleared. Returns EXIT_DONE, or an exit code, reported: the
 * name is somebody else's, or not all could be cleared.
 */
int must_check stale_settle(const char *name, int dir, bool made, struct spec *old, int *out);

/*
 * The vault NAME, whose namespace lost its name, is up all the same as long as somebody is inside:
 * its description goes to *OLD (spec_free it in any case). Its namespace, or -errno.
 */
int must_check stale_open_nameless(const char *name, struct spec *old);

/*
 * NS is bound to NAME. EXIT_DONE when it is the vault's that is described: its description goes to
 * *OLD (spec_free it in any case); else an exit code, reported.
 */
int must_check stale_judge(const char *name, int ns, struct spec *old);

/*
 * With the folder DIR of NAME locked: removes whatever of such a vault is on the host, the name too
 * unless it is a STRANGER's. Returns the number of things that could not be removed, each reported.
 */
size_t must_check stale_clear(const char *name, int dir, bool stranger);

#endif
