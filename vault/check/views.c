/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/views.c: the different files that the threads of a process see: each may have mounts
 * and a root of its own (unshare(2), CLONE_FS).
 */
#include "vault/check/views.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/list.h"
#include "vault/check/list.h"

#define FDINFO_MAX_BYTES 65536

/* Stores the number of the mount that the folder NAME of TASKS is in: proc_pid_fdinfo(5). */
static int read_mount(int tasks, const char *name, uint64_t *out)
{
	int fd cleanup(close_fd) = openat(tasks, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[64], *text cleanup(free_ptr) = NULL;
	const char *at;
	size_t len = 0;
	int r;

	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	r = file_read(path, FDINFO_MAX_BYTES, &text, &len);
	at = r ? NULL : strstr(text, "mnt_id:");
	if (!r && !at)
		return -EBADMSG;
	*out = r ? 0 : strtoull(at + strlen("mnt_id:"), NULL, 10);
	return r;
}

/* Is the mount namespace NAME, below TASKS, of another user namespace than ours (ioctl_ns(2))?
 * -EPERM is for one above ours. */
static int is_apart(int tasks, const char *name, bool *apart)
{
	int ns cleanup(close_fd) = openat(tasks, name, O_RDONLY | O_CLOEXEC),
	       owner cleanup(close_fd) = -1;
	struct stat its, ours;

	if (ns < 0 || stat("/proc/self/ns/user", &ours))
		return -errno;
	owner = ioctl(ns, NS_GET_USERNS);
	if (owner < 0)
		return errno == EPERM ? 0 : -errno;
	if (fstat(owner, &its))
		return -errno;
	*apart = its.st_ino != ours.st_ino || its.st_dev != ours.st_dev;
	return 0;
}

/* The view of the thread TASK, a number in the folder TASKS; its path is TEXT. */
static int read_view(int tasks, const char *task, struct view *out, char text[static PATH_MAX])
{
	char name[64];
	struct stat mounts, root;
	uint64_t mount = 0;
	bool apart = false;
	ssize_t len;
	int r;

	snprintf(name, sizeof(name), "%.20s/ns/mnt", task);
	if (fstatat(tasks, name, &mounts, 0))
		return -errno;
	r = is_apart(tasks, name, &apart);
	*out = (struct view){ .thread = (pid_t)strtol(task, NULL, 10),
			      .mounts = mounts.st_ino,
			      .apart = apart,
			      .path = text };
	if (r || apart)
		return r;
	snprintf(name, sizeof(name), "%.20s/root", task);
	if (fstatat(tasks, name, &root, 0))
		return -errno;
	r = read_mount(tasks, name, &mount);
	if (r)
		return r;
	len = readlinkat(tasks, name, text, PATH_MAX - 1);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	out->mount = mount;
	out->device = root.st_dev;
	out->inode = root.st_ino;
	return 0;
}

static bool is_equal(const struct view *a, const struct view *b)
{
	return a->mounts == b->mounts && a->apart == b->apart && a->mount == b->mount &&
	       a->device == b->device && a->inode == b->inode && !strcmp(a->path, b->path);
}

static int note_view(struct view *view, struct view **list, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (is_equal(&(*list)[i], view))
			return 0;
	view->path = strdup(view->path);
	if (view->path && !list_append(list, n, sizeof(*view), view))
		return 0;
	free(view->path);
	return -ENOMEM;
}

int views_list(int dir, struct view **list, size_t *n)
{
	int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *tasks cleanup(close_dir) = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!tasks)
		return -errno;
	while (!r && (errno = 0, e = readdir(tasks))) {
		char path[PATH_MAX] = "";
		struct view view = { .path = path };

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		r = read_view(dirfd(tasks), e->d_name, &view, path);
		if (!r)
			r = note_view(&view, list, n);
		else if (r == -ENOENT || r == -ESRCH)
			r = 0; /* it has ended */
	}
	return r ? r : -errno;
}

void views_free(struct view *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].path);
	free(list);
}
