/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/pids.h: a PID namespace for a command, and those who wait for it. */
#ifndef VAULT_CONFINE_PIDS_H
#define VAULT_CONFINE_PIDS_H

#include <signal.h>
#include <sys/types.h>

#include "lib/base.h"

/* What the processes of one command share. Zero-initialise. */
struct pids {
	sigset_t mask; /* the caller's */
	struct sigaction child; /* the caller's SIGCHLD */
	int ready; /* a pipe's end: the first process writes to it, the outer one reads */
	int tty; /* the outer one's: the terminal whose foreground it is in; -1: none */
};

/*
 * Makes a PID namespace and its first process, a child of the caller's; signals wait from here on
 * in both. Returns that child, 0 in it, or -errno.
 */
pid_t must_check pids_begin(struct pids *p);

/*
 * For the caller of pids_begin: waits until its child FIRST has gone as far as pids_start, or has
 * ended. What it does after that it may do without privileges.
 */
void pids_await_start(const struct pids *p);

/*
 * In the first process, when all was given up: it ends when the outer process does, from here on.
 * Then makes the command's, as the caller's signals were. Returns that child, 0 in it, or -errno.
 */
pid_t must_check pids_start(const struct pids *p);

/*
 * Waits for CHILD, passes signals on to it, and reaps whatever else ends; holds no descriptor of
 * the caller's meanwhile. Returns CHILD's exit status, 128+N when signal N ended it.
 */
int pids_wait(const struct pids *p, pid_t child);

#endif
