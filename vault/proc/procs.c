/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/proc/procs.c: which processes are in a network namespace. */
#include "vault/proc/procs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/str.h"
#include "vault/spec/state.h"

/* Links of /proc/PID/task when there is one thread: the folder's own two, and one a thread. */
#define LINKS_OF_ONE_THREAD 3

struct asker {
	int (*fn)(uint64_t inode, void *arg);
	void *arg;
};

/* Asks FN about TASK, a number in the folder FOLDER. */
static int ask(int folder, const char *task, const struct asker *asker)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%.20s/ns/net", task);
	if (fstatat(folder, path, &st, 0))
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	return asker->fn(st.st_ino, asker->arg);
}

/* An error is told only when nobody said more. */
static int ask_other_threads(int tasks, const char *pid, const struct asker *asker)
{
	DIR *dir cleanup(close_dir) = fdopendir(tasks);
	const struct dirent *entry;
	int r = 0, err = 0;

	if (!dir) {
		err = -errno;
		close_fd(&tasks);
		return err;
	}
	while (r <= 0 && (errno = 0, entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !strcmp(entry->d_name, pid))
			continue;
		r = ask(tasks, entry->d_name, asker);
		err = err ? err : r;
	}
	return r > 0 ? r : err ? err : -errno;
}

int procs_each_netns(int proc, const char *pid, int (*fn)(uint64_t inode, void *arg), void *arg)
{
	const struct asker asker = { fn, arg };
	int r = ask(proc, pid, &asker), others;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%.20s/task", pid);
	/* Nearly all processes have one thread, which asks for nothing more. */
	if (r > 0 || fstatat(proc, path, &st, 0) || st.st_nlink <= LINKS_OF_ONE_THREAD)
		return r;
	others = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (others < 0)
		others = errno == ENOENT || errno == ESRCH ? 0 : -errno;
	else
		others = ask_other_threads(others, pid, &asker);
	return others > 0 || !r ? others : r;
}

static int is_equal(uint64_t inode, void *arg)
{
	return inode == *(const uint64_t *)arg;
}

/* One that may not be looked at is left out. */
static bool is_inside(int proc, const char *pid, uint64_t inode)
{
	return procs_each_netns(proc, pid, is_equal, &inode) == 1;
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
	if (n > 0 && out[n - 1] == '\n')
		n--; /* the kernel's; any other is the process' */
	out[n > 0 ? n : 0] = '\0';
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

/* That namespace, by whichever thread of PID is in it. */
static int open_by_thread(const struct spec *spec, pid_t pid)
{
	char path[sizeof("/proc//task") + 3 * sizeof(pid_t)], file[64];
	DIR *tasks cleanup(close_dir) = NULL;
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		int ns cleanup(close_fd) = -1;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(file, sizeof(file), "%.20s/ns/net", entry->d_name);
		ns = openat(dirfd(tasks), file, O_RDONLY | O_CLOEXEC);
		if (ns >= 0 && state_is_sealed(spec, ns) > 0)
			return steal_fd(&ns);
	}
	return -ENOENT;
}

int procs_open_left(const struct spec *spec)
{
	struct proc *list cleanup(free_ptr) = NULL;
	ssize_t n = procs_in_netns(spec->netns_inode, &list);
	int ns = n < 0 ? (int)n : -ENOENT;

	for (ssize_t i = 0; list && ns < 0 && i < n; i++)
		ns = open_by_thread(spec, list[i].pid);
	return ns;
}
