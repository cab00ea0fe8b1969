/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/unit.c: the processes of a systemd unit, by their control groups; nobody is asked. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "vault/check/process.h"

#define CGROUP_MAX_BYTES (1U << 20)

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

static int look_at_all(struct check *c, uint64_t inode, const char *unit, size_t *n)
{
	DIR *dir cleanup(close_dir) = opendir("/proc");
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
