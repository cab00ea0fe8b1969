/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/privileges.h: who a command in a vault runs as, and what it may never have. */
#ifndef VAULT_CONFINE_PRIVILEGES_H
#define VAULT_CONFINE_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base.h"
#include "lib/str.h"

struct identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned; the supplementary ones */
	int n_groups;
	char *name, *home, *shell; /* owned; NULL for a user without an entry */
};

void identity_free(struct identity *id);

/* The capabilities that privileges_drop takes away, a bit each (1 << CAP_...). */
uint64_t privileges_mask(void);

/* Appends the names of those of them that are in MASK, each after a blank. */
void privileges_add_names(uint64_t mask, struct str *out);

/*
 * Looks up TEXT, `USER[:GROUP]`, names or numbers, in the caller's namespaces: the answer may come
 * by a socket that is hidden inside. A user without an entry needs GROUP and is in that one alone.
 * 0; -ENOENT no such user, -ESRCH no such group, -EDESTADDRREQ a number that needs a group,
 * -ENOMEM, -E2BIG.
 */
int must_check identity_look_up(const char *text, struct identity *id);

/*
 * Sets HOME, USER, LOGNAME and SHELL to those of ID's entry, if it has one, and XDG_RUNTIME_DIR to
 * the folder of its own in /run, or takes it out where there is none: the caller's is for another
 * user. 0 or -ENOMEM.
 */
int must_check identity_set_environment(const struct identity *id);

/*
 * Gives away for good: the capabilities listed in privileges.c, from every set, and the right to
 * gain any by execve(2) (no_new_privs), unless KEEP_CAPS; and becomes ID, if any (NULL: stays). 0,
 * or -errno with what failed in *WHAT (static text): the process then has no more than before, and
 * must end.
 */
int must_check privileges_drop(const struct identity *id, bool keep_caps, const char **what);

#endif
