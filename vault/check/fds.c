/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/fds.c: the sockets that a process holds, and which network namespaces they belong to.
 */
#include "vault/check/fds.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "vault/check/isolated_netns.h"

/* A thread's own descriptors, not its process' (Linux 6.9). */
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

/* Our duplicate of a socket: where was it born? A closed one's number may be another's by now. */
static int look_at_socket(int fd, int number, uint64_t inode, struct fds *out)
{
	int ns cleanup(close_fd) = -1, domain = 0, protocol = 0, r;
	socklen_t size = sizeof(domain);
	uint64_t born = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size))
		return errno == ENOTSOCK ? 0 : -errno;
	if (domain == AF_UNIX)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size))
		return -errno;
	ns = ioctl(fd, SIOCGSKNS);
	if (ns < 0)
		return -errno;
	r = ns_inode(ns, &born);
	if (r)
		return r;
	if (born !=
	    inode) { /* who makes a namespace of his own has no more by it than by the vault */
		r = isolated_netns_is(ns);
		if (r < 0)
			return r;
		if (!r && !out->foreign++)
			out->first_foreign = number;
	}
	out->inside += born == inode;
	out->udp += born == inode && (domain == AF_INET || domain == AF_INET6) &&
		    protocol == IPPROTO_UDP;
	return 0;
}

/* 1, 0, or -errno. What is closed by now is none. */
static int is_socket(int dir, const char *name)
{
	char target[16] = "";

	if (readlinkat(dir, name, target, sizeof(target) - 1) < 0)
		return errno == ENOENT ? 0 : -errno;
	return !strncmp(target, "socket:", 7);
}

/* The descriptor NAME of the folder DIR, which is PIDFD's. */
static int look_at_fd(int pidfd, int dir, const char *name, uint64_t inode, struct fds *out)
{
	int number = (int)strtol(name, NULL, 10), r = is_socket(dir, name);
	int fd cleanup(close_fd) = -1;

	if (r <= 0)
		return r;
	fd = pidfd_getfd(pidfd, number, 0);
	if (fd >= 0)
		return look_at_socket(fd, number, inode, out);
	return errno == EBADF || errno == ESRCH ? 0 : -errno;
}

/* All sockets of the thread TID, by PIDFD. What is closed meanwhile is none. */
static int look_at_thread(int pidfd, pid_t tid, uint64_t inode, struct fds *out)
{
	DIR *dir cleanup(close_dir) = NULL;
	const struct dirent *e;
	char path[64];
	int first = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)tid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((errno = 0, e = readdir(dir))) {
		int r = 0;

		if (isdigit((unsigned char)e->d_name[0]))
			r = look_at_fd(pidfd, dirfd(dir), e->d_name, inode, out);
		first = first ? first : r;
	}
	return first ? first : -errno;
}

/* A thread that shares its descriptors with the first one, as nearly all do, has been looked at. */
static int look_at_other(pid_t pid, pid_t tid, uint64_t inode, struct fds *out)
{
	int pidfd cleanup(close_fd) = -1;
	long order = syscall(SYS_kcmp, pid, tid, KCMP_FILES, 0, 0);

	if (order == 0 || (order < 0 && errno == ESRCH))
		return 0;
	if (order < 0)
		return -errno;
	pidfd = pidfd_open(tid, PIDFD_THREAD);
	return pidfd < 0 ? -errno : look_at_thread(pidfd, tid, inode, out);
}

int fds_look(pid_t pid, uint64_t inode, struct fds *out)
{
	int pidfd cleanup(close_fd) = pidfd_open(pid, 0), first;
	DIR *dir cleanup(close_dir) = NULL;
	const struct dirent *e;
	char path[64];

	memset(out, 0, sizeof(*out));
	if (pidfd < 0)
		return -errno;
	first = look_at_thread(pidfd, pid, inode, out);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((errno = 0, e = readdir(dir))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
		int r = tid > 0 && tid != pid ? look_at_other(pid, tid, inode, out) : 0;

		first = first ? first : r;
	}
	return first ? first : -errno;
}
