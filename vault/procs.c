/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/procs.c: which processes are in a network namespace. */
#include "vault/procs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/str.h"

/* Links of /proc/PID/task when there is one thread: the folder's own two, and one a thread. */
#define LINKS_OF_ONE_THREAD 3

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* True when TASK, a number in the folder FOLDER, is in the namespace. One that has ended is in
 * none. */
static bool task_is_inside(int folder, const char *task, uint64_t inode)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%.20s/ns/net", task);
	return !fstatat(folder, path, &st, 0) && st.st_ino == inode;
}

/* The namespace is each thread's own; nearly all processes have one thread, which asks for nothing
 * more. */
static bool other_thread_is_inside(int proc, const char *pid, uint64_t inode)
{
	DIR *dir cleanup(close_dir) = NULL;
	struct dirent *entry;
	char path[64];
	struct stat st;
	bool found = false;
	int fd;

	snprintf(path, sizeof(path), "%.20s/task", pid);
	if (fstatat(proc, path, &st, 0) || st.st_nlink <= LINKS_OF_ONE_THREAD)
		return false;
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		close_fd(&fd);
		return false;
	}
	while (!found && (entry = readdir(dir)))
		found = isdigit((unsigned char)entry->d_name[0]) &&
			task_is_inside(dirfd(dir), entry->d_name, inode);
	return found;
}

static bool is_inside(int proc, const char *pid, uint64_t inode)
{
	return task_is_inside(proc, pid, inode) || other_thread_is_inside(proc, pid, inode);
}

bool procs_is_inside(pid_t pid, uint64_t inode)
{
	int proc cleanup(close_fd) = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)pid);
	return proc >= 0 && is_inside(proc, number, inode);
}

void procs_read_name(int proc, const char *pid, char out[static 64])
{
	char path[64];
	int fd cleanup(close_fd) = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, out, 63);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	str_make_printable(out);
}

ssize_t procs_in_netns(uint64_t inode, struct proc **list)
{
	DIR *dir cleanup(close_dir) = opendir("/proc");
	struct proc *procs cleanup(free_ptr) = NULL, *grown;
	struct dirent *entry;
	ssize_t n = 0;

	if (!dir)
		return -errno;
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !is_inside(dirfd(dir), entry->d_name, inode))
			continue;
		grown = reallocarray(procs, (size_t)n + 1, sizeof(*procs));
		if (!grown)
			return -ENOMEM;
		procs = grown;
		procs[n].pid = (pid_t)strtol(entry->d_name, NULL, 10);
		procs_read_name(dirfd(dir), entry->d_name, procs[n].name);
		n++;
	}
	if (errno)
		return -errno; /* not all were seen */
	*list = steal_ptr(&procs);
	return n;
}
