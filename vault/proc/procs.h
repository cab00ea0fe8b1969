/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/proc/procs.h: which processes are in a network namespace. */
#ifndef VAULT_PROC_PROCS_H
#define VAULT_PROC_PROCS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base.h"
#include "vault/spec/spec.h"

struct proc {
	pid_t pid;
	char name[64]; /* comm */
};

/* True when any thread of the process PID is in the network namespace INODE. False also for one
 * that has ended, or may not be read. */
bool procs_is_inside(pid_t pid, uint64_t inode);

/*
 * Lists the processes of which any thread is in the network namespace INODE (proc(5)) into *LIST,
 * owned by the caller. Returns their number or -errno. A process that ends meanwhile, or that may
 * not be read, is left out.
 */
ssize_t must_check procs_in_netns(uint64_t inode, struct proc **list);

/*
 * Opens the network namespace of SPEC's vault, which lost its name, by a process that is still in
 * it, with any of its threads. A descriptor; -ENOENT when there is none; -errno.
 */
int must_check procs_open_left(const struct spec *spec);

/*
 * Calls FN(INODE, ARG) for the network namespace of each thread of the process PID, a folder in PROC
 * (/proc, open), the first one's first; until FN returns more than 0. Returns that; else the first
 * -errno of FN, or of a thread that may not be looked at; else 0. A thread that has ended is in
 * none.
 */
int must_check procs_each_netns(int proc, const char *pid, int (*fn)(uint64_t inode, void *arg),
				void *arg);

/*
 * The name that the process PID, a folder in PROC (/proc, open), calls itself by, fit to be printed:
 * proc_pid_comm(5), which may hold any byte (str_make_printable). "" when it is gone, or has none.
 */
void procs_read_name(int proc, const char *pid, char out[static 64]);

#endif
