/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/unit.c: the processes of a systemd unit, by their control groups; nobody is asked. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "vault/check/process.h"
#include "vault/proc/procs.h"

#define CGROUP_MAX_BYTES (1U << 20)
#define BEGIN_MS 60000
#define BEGIN_POLL_MS 5
#define COMMAND_MAX 256

/*
 * Of all the hierarchies of control groups one is systemd's, which alone says what is a unit's:
 * that called so, or where there is none, the unified one. In it the unit's group lies in slices
 * alone, below the group that systemd itself is in init.scope of: who has been given a part to
 * rule, as users are, can call groups there what he likes (L36).
 */

/* The group in systemd's hierarchy, of TEXT, a cgroup file (cgroups(7)), which is cut up. NULL:
 * none. */
static char *group_of(char *text)
{
	char *unified = NULL;

	for (char *line = strsep(&text, "\n"); line; line = strsep(&text, "\n")) {
		char *group = line, *number = strsep(&group, ":"), *names = strsep(&group, ":");

		if (group && !strcmp(names, "name=systemd"))
			return group;
		if (group && !strcmp(number, "0") && !*names)
			unified = group;
	}
	return unified;
}

/* 0 with the group of the process PID in *TEXT at *GROUP; -errno. */
static int read_group(const char *pid, char **text, char **group)
{
	char path[64];
	size_t len = 0;
	int r;

	snprintf(path, sizeof(path), "/proc/%.20s/cgroup", pid);
	r = file_read(path, CGROUP_MAX_BYTES, text, &len);
	if (r)
		return r;
	*group = group_of(*text);
	return *group ? 0 : -ENODATA;
}

/* Stores the length of the part of all groups' names that is above systemd's own in *LEN. */
static int find_root(size_t *len)
{
	static const char scope[] = "/init.scope";
	char *text cleanup(free_ptr) = NULL, *group;
	int r = read_group("1", &text, &group);
	size_t whole = r ? 0 : strlen(group), end = strlen(scope);

	*len = whole >= end && !strcmp(group + whole - end, scope) ? whole - end : 0;
	return r;
}

static bool is_slice(const char *name, size_t len)
{
	static const char end[] = ".slice";

	return len >= strlen(end) && !strncmp(name + len - strlen(end), end, strlen(end));
}

/* True when GROUP, below systemd's own, is the unit's or below it: slices, then UNIT. */
static bool is_of_unit(const char *group, const char *unit)
{
	while (*group == '/') {
		size_t len = strcspn(++group, "/");

		if (strlen(unit) == len && !strncmp(group, unit, len))
			return true;
		if (!is_slice(group, len))
			return false;
		group += len;
	}
	return false;
}

/* 1 when PID is in the unit, 0 when not or it has ended, -errno. ROOT: find_root's. */
static int is_in_unit(const char *pid, const char *unit, size_t root)
{
	char *text cleanup(free_ptr) = NULL, *group;
	int r = read_group(pid, &text, &group);

	if (r)
		return r == -ENOENT || r == -ESRCH ? 0 : r;
	return strlen(group) >= root && is_of_unit(group + root, unit);
}

/* The command line of PID, as one text; "" where it has none. */
static void read_command(const char *pid, char out[static COMMAND_MAX])
{
	char path[64];
	int fd cleanup(close_fd) = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, out, COMMAND_MAX - 1);
	for (ssize_t i = 0; i < n; i++)
		out[i] = out[i] ? out[i] : ' ';
	out[n > 0 ? n : 0] = '\0';
}

/* True when PID runs systemd's own program, or the one by which that starts others. */
static bool runs_systemd(const char *pid)
{
	static const char executor[] = "/systemd-executor";
	char path[64], its[PATH_MAX] = "", first[PATH_MAX] = "";
	size_t len;

	snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	if (readlink(path, its, sizeof(its) - 1) <= 0)
		return false;
	len = strlen(its);
	if (len > strlen(executor) && !strcmp(its + len - strlen(executor), executor))
		return true;
	return readlink("/proc/1/exe", first, sizeof(first) - 1) > 0 && !strcmp(its, first);
}

/*
 * Before it begins the unit's program (execve), a new process is systemd's: a copy of it, then
 * called "(program)", and not confined yet. systemctl returns before, for a unit of Type=simple.
 * "(sd-pam)" is called so for as long as it lives; a user's systemd has another command line. What
 * a program calls itself says nothing.
 */
static bool is_systemds(int proc, const char *pid)
{
	char name[64], its[COMMAND_MAX], systemds[COMMAND_MAX];

	if (!runs_systemd(pid))
		return false;
	procs_read_name(proc, pid, name);
	if (strcmp(name, "systemd"))
		return strcmp(name, "(sd-pam)");
	read_command(pid, its);
	read_command("1", systemds);
	return !strcmp(its, systemds);
}

/* False where it has not begun its program by END (clock_ms). */
static bool await_program(int proc, const char *pid, int64_t end)
{
	while (is_systemds(proc, pid)) {
		if (clock_ms() >= end)
			return false;
		(void)poll(NULL, 0, BEGIN_POLL_MS);
	}
	return true;
}

struct unit {
	const char *name;
	uint64_t inode; /* of the vault's network namespace */
	int64_t end; /* clock_ms: until then its processes have to begin their programs */
	size_t n; /* those that were looked at */
};

static void look_at(struct check *c, struct unit *unit, int proc, const char *pid)
{
	bool began = await_program(proc, pid, unit->end);

	if (began)
		unit->n += check_process(c, unit->inode, (pid_t)strtol(pid, NULL, 10));
	else
		check_add(c, "process", FOUND_UNKNOWN, NULL, NULL,
			  "unit %s: process %s has not begun its program within %d s", unit->name,
			  pid, BEGIN_MS / 1000);
	unit->n += !began;
}

static int look_at_all(struct check *c, struct unit *unit)
{
	DIR *dir cleanup(close_dir) = opendir("/proc");
	const struct dirent *e;
	size_t root = 0;
	int first = dir ? find_root(&root) : -errno;

	while (dir && (errno = 0, e = readdir(dir))) {
		int r;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		r = is_in_unit(e->d_name, unit->name, root);
		first = first ? first : r < 0 ? r : 0;
		if (r == 1)
			look_at(c, unit, dirfd(dir), e->d_name);
	}
	return first ? first : -errno;
}

void check_unit(struct check *c, uint64_t inode, const char *unit)
{
	char name[256];
	struct unit u = { .name = name, .inode = inode, .end = clock_ms() + BEGIN_MS };
	int r;

	snprintf(name, sizeof(name), "%.240s%s", unit, strchr(unit, '.') ? "" : ".service");
	r = look_at_all(c, &u);
	if (r)
		check_add(c, "process", FOUND_UNKNOWN, NULL, NULL, "unit %s: its processes: %s",
			  name, strerror(-r));
	else if (!u.n)
		check_tell(c, "process", FOUND_UNKNOWN, REMEDY(START_UNIT, name), NULL, NULL,
			   "unit %s runs no process", name);
}
