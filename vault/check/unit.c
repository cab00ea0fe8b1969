/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/unit.c: the processes of a systemd unit, by their control groups; nobody is asked. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "vault/check/process.h"
#include "vault/procs.h"

#define CGROUP_MAX_BYTES (1U << 20)
#define BEGIN_MS	 5000
#define BEGIN_POLL_MS	 5

/* True when one of the folders in the control group PATH is called UNIT. */
static bool has_folder(const char *path, const char *unit)
{
	size_t len = strlen(unit);

	for (const char *at = strchr(path, '/'); at; at = strchr(at + 1, '/'))
		if (!strncmp(at + 1, unit, len) && (at[1 + len] == '/' || !at[1 + len]))
			return true;
	return false;
}

/* 1 when PID is in the unit, 0 when not or it has ended, -errno. */
static int is_in_unit(const char *pid, const char *unit)
{
	char path[64], *text cleanup(free_ptr) = NULL, *rest;
	size_t len = 0;
	int r;

	snprintf(path, sizeof(path), "/proc/%.20s/cgroup", pid);
	r = file_read(path, CGROUP_MAX_BYTES, &text, &len);
	if (r)
		return r == -ENOENT || r == -ESRCH ? 0 : r;
	rest = text;
	for (const char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (has_folder(line, unit))
			return 1;
	return 0;
}

/*
 * Before it begins the unit's program (execve), a new process is systemd's: it is called as that is,
 * and then "(program)", and is not confined yet. systemctl returns before, for a unit of Type=simple.
 */
static bool is_systemds(int proc, const char *pid)
{
	char name[64];

	procs_read_name(proc, pid, name);
	return name[0] == '(' || !strcmp(name, "systemd") || !strcmp(name, "systemd-executo");
}

/* Whoever stays as he is until the END (clock_ms) is looked at as he is. */
static void await_program(int proc, const char *pid, int64_t end)
{
	while (is_systemds(proc, pid) && clock_ms() < end)
		(void)poll(NULL, 0, BEGIN_POLL_MS);
}

static int look_at_all(struct check *c, uint64_t inode, const char *unit, size_t *n)
{
	DIR *dir cleanup(close_dir) = opendir("/proc");
	const int64_t end = clock_ms() + BEGIN_MS;
	const struct dirent *e;
	int r = 0;

	if (!dir)
		return -errno;
	while (r >= 0 && (errno = 0, e = readdir(dir))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		r = is_in_unit(e->d_name, unit);
		if (r == 1) {
			++*n;
			await_program(dirfd(dir), e->d_name, end);
			check_process(c, inode, (pid_t)strtol(e->d_name, NULL, 10));
		}
	}
	return r < 0 ? r : -errno;
}

void check_unit(struct check *c, uint64_t inode, const char *unit)
{
	char name[256];
	size_t n = 0;
	int r;

	snprintf(name, sizeof(name), "%.240s%s", unit, strchr(unit, '.') ? "" : ".service");
	r = look_at_all(c, inode, name, &n);
	if (r)
		check_add(c, "process", FOUND_UNKNOWN, NULL, NULL, "unit %s: its processes: %s",
			  name, strerror(-r));
	else if (!n)
		check_add(c, "process", FOUND_UNKNOWN, NULL, NULL,
			  "unit %s runs no process (systemctl start %s)", name, name);
}
