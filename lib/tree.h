/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/tree.h: copies of mounts, by open_tree(2) and move_mount(2): no path is looked up twice, no
 * link is followed. */
#ifndef LIB_TREE_H
#define LIB_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "lib/base.h"

/* musl and glibc before 2.36 have neither the calls nor the names; sys/mount.h and linux/mount.h
 * exclude each other. */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* A detached copy of what NAME is in DIR, mounts below it and all; links are not followed. A
 * descriptor or -errno. */
static inline int must_check tree_clone(int dir, const char *name)
{
	long fd = syscall(SYS_open_tree, dir, name,
			  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);

	return fd < 0 ? -errno : (int)fd;
}

/*
 * Makes every mount nosuid (Linux 5.12): programs' file capabilities then count for nothing, instead
 * of stopping a program that lacks them from starting. 0 or -errno; -ENOSYS on older kernels.
 */
static inline int must_check tree_set_nosuid(void)
{
	/* struct mount_attr of linux/mount.h: set, clear, propagation, user namespace */
	const unsigned long long attr[4] = { MS_NOSUID };

	return syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, attr, sizeof(attr)) ? -errno : 0;
}

/* Mounts such a copy over the entry NAME of DIR. 0 or -errno. */
static inline int must_check tree_attach(int tree, int dir, const char *name)
{
	return syscall(SYS_move_mount, tree, "", dir, name, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno
											 : 0;
}

#endif
