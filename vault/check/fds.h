/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/fds.h: the sockets that a process holds, and which network namespaces they belong to.
 */
#ifndef VAULT_CHECK_FDS_H
#define VAULT_CHECK_FDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base.h"

/* Of sockets other than AF_UNIX, which carry nothing between machines. */
struct fds {
	size_t inside, foreign; /* born in the namespace asked about; in another */
	size_t udp; /* of those inside: UDP ones */
	int first_foreign; /* its number, when there is one */
};

/*
 * Duplicates every socket of every thread of PID (pidfd_getfd(2), Linux 5.6) and asks the kernel
 * where it was born (SIOCGSKNS), against the network namespace INODE. A socket belongs to that
 * namespace for good, wherever its holder goes (L24). 0 with *OUT filled; or -errno: not all could
 * be asked, *OUT tells of the rest.
 */
int must_check fds_look(pid_t pid, uint64_t inode, struct fds *out);

#endif
