/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/inside.c: who is inside a vault. */
#include "vault/check/inside.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "vault/procs.h"

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* What one look through /proc counts. */
struct tally {
	size_t seen, hidden;
};

static int look_at(struct check *c, int proc, const char *pid, uint64_t inode, struct tally *tally)
{
	struct check_process p = { .pid = (pid_t)strtol(pid, NULL, 10) };
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%.20s/ns/net", pid);
	if (fstatat(proc, path, &st, 0)) {
		tally->hidden += errno != ENOENT && errno != ESRCH; /* else it has ended */
		return 0;
	}
	tally->seen++;
	if (st.st_ino != inode)
		return 0;
	procs_read_name(proc, pid, p.name);
	return check_append(&c->processes, &c->n_processes, sizeof(p), &p);
}

static int look_at_all(struct check *c, uint64_t inode, struct tally *tally)
{
	DIR *dir cleanup(close_dir) = opendir("/proc");
	const struct dirent *e;
	int r = 0;

	if (!dir)
		return -errno;
	while (!r && (errno = 0, e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]))
			r = look_at(c, dirfd(dir), e->d_name, inode, tally);
	return r ? r : -errno;
}

void check_processes(struct check *c, uint64_t inode)
{
	struct tally tally = { 0 };
	int r = look_at_all(c, inode, &tally);

	if (r || !tally.seen)
		check_add(c, "processes", FOUND_UNKNOWN, NULL, NULL, "who is inside: /proc: %s",
			  r ? strerror(-r) : "no process in it");
	else if (tally.hidden)
		check_add(c, "processes", FOUND_UNKNOWN, NULL, NULL,
			  "who is inside: %zu processes may not be looked at (run it as root)",
			  tally.hidden);
	else
		check_add(c, "processes", FOUND_OK, NULL, NULL, "%zu inside", c->n_processes);
}
