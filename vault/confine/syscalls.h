/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/syscalls.h: the system calls by which a command in a vault would have the kernel
 * act outside. */
#ifndef VAULT_CONFINE_SYSCALLS_H
#define VAULT_CONFINE_SYSCALLS_H

#include "lib/base.h"
#include "lib/str.h"

/*
 * Refuses them, as the comment on top of syscalls.c tells, to the caller and all that it starts,
 * for good. no_new_privs must be set (seccomp(2)). 0 or -errno: -EINVAL where the kernel has no
 * filters.
 */
int must_check syscalls_refuse(void);

/* Appends the names of the socket families that are left, each after a blank: " AF_UNIX ...". */
void syscalls_add_families(struct str *out);

#endif
