/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/views.h: the different files that the threads of a process see. */
#ifndef VAULT_CHECK_VIEWS_H
#define VAULT_CHECK_VIEWS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base.h"

/* A mount namespace and a root in it, with one of the threads that see by them. */
struct view {
	pid_t thread;
	uint64_t mounts; /* inode of the namespace */
	bool apart; /* that is of another user namespace than ours: no file in it was touched, as a
		       mount of whoever made it may keep us waiting; the rest is not set */
	uint64_t device, inode; /* where the root is */
	uint64_t mount; /* which mount that is in: it may be one of another namespace's */
	char *path; /* owned: the root's: the same folder may be mounted twice */
};

/*
 * Lists each view that any thread of the process has whose folder in /proc is DIR into *LIST, of *N
 * (views_free it, also on error). 0 or -errno: not all threads could be looked at.
 */
int must_check views_list(int dir, struct view **list, size_t *n);
void views_free(struct view *list, size_t n);

#endif
