/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/proc/program.h: the userspace WireGuard of a vault: start it, find it, end it. */
#ifndef VAULT_PROC_PROGRAM_H
#define VAULT_PROC_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base.h"

/*
 * Finds the program to run: NAME as it stands when it holds a slash, else on PATH; with NAME NULL
 * the first of those known. Stores its path, owned by the caller, in *PATH. 0, -ENOENT when there
 * is none, -ENOMEM.
 */
int must_check program_find(const char *name, char **path);

/*
 * Starts PATH in the caller's network namespace with a TUN interface IFNAME, and waits until it
 * answers on its control socket. It goes on by itself, with an environment of its own and no other
 * descriptor of ours. 0, or -errno with the program's last words in WHY; nothing of it runs then.
 */
int must_check program_start(const char *path, const char *ifname, char why[static 256]);

/*
 * Ends the program that serves IFNAME, by SIGTERM, after two seconds by SIGKILL, and removes its
 * socket. 0, also when there is none; -EADDRINUSE when a program that is not ours serves that name,
 * which is left alone; or -errno.
 */
int must_check program_end(const char *ifname);

/*
 * Stores the process that serves IFNAME in *PID. 0 when we started it; -EADDRINUSE when we did not;
 * -ENOENT, -ECONNREFUSED, -ESRCH when there is none; -EXDEV when it is in another PID namespace; or
 * -errno.
 */
int must_check program_look(const char *ifname, pid_t *pid);

#endif
