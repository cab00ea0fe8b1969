/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/processes.c: who is inside a vault. */
#include "vault/check/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/list.h"
#include "lib/str.h"
#include "vault/check/caps.h"
#include "vault/confine/privileges.h"
#include "vault/proc/procs.h"

struct looking {
	struct check_host *host;
	pid_t pid;
	size_t first; /* of this process in the list */
};

/* A process is listed once for each namespace that a thread of it is in. */
static int note_namespace(uint64_t inode, void *arg)
{
	struct looking *l = arg;
	struct check_task task = { .pid = l->pid, .netns = inode };

	for (size_t i = l->first; i < l->host->n_tasks; i++)
		if (l->host->tasks[i].netns == inode)
			return 0;
	return list_append(&l->host->tasks, &l->host->n_tasks, sizeof(task), &task);
}

static int look_at(struct check_host *host, int proc, const char *pid)
{
	struct looking l = { host, (pid_t)strtol(pid, NULL, 10), host->n_tasks };
	int r = procs_each_netns(proc, pid, note_namespace, &l);

	if (r == -ENOMEM)
		return r;
	host->n_hidden += r < 0;
	host->has_first = host->has_first || (l.pid == 1 && host->n_tasks > l.first);
	return 0;
}

static int look_at_all(struct check_host *host, int proc)
{
	int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir cleanup(close_dir) = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	int r = 0;

	if (!dir)
		return -errno;
	host->n_tasks = host->n_hidden = 0;
	host->has_first = false;
	while (!r && (errno = 0, e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]))
			r = look_at(host, proc, e->d_name);
	r = r ? r : -errno;
	host->has_tasks = !r;
	return r;
}

static int list_inside(struct check *c, uint64_t inode, const struct check_host *host, int proc)
{
	int r = 0;

	for (size_t i = 0; !r && i < host->n_tasks; i++) {
		struct check_process p = { .pid = host->tasks[i].pid };
		char pid[16];

		if (host->tasks[i].netns != inode)
			continue;
		snprintf(pid, sizeof(pid), "%d", (int)p.pid);
		procs_read_name(proc, pid, p.name);
		r = list_append(&c->processes, &c->n_processes, sizeof(p), &p);
	}
	return r;
}

/* One by such a capability is no fault that a vault could mend; but whoever looks shall see it. */
static void tell_capabilities(struct check *c, int proc)
{
	size_t found = 0;

	for (size_t i = 0; i < c->n_processes; i++) {
		struct str names cleanup(str_free) = STR_INIT;
		int dir cleanup(close_fd) = -1;
		struct caps caps;
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", (int)c->processes[i].pid);
		dir = openat(proc, pid, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0 || caps_read(dir, &caps) || !caps.had)
			continue; /* it has ended, or is one of those that may not be looked at */
		found++;
		privileges_add_names(caps.had, &names);
		check_tell(c, "capabilities", FOUND_SKIP, REMEDY(EXEC, c->name), "none", names.s,
			   "%s (%s) could open the vault, by%s", pid, c->processes[i].name,
			   names.s ? names.s : "");
	}
	if (!found)
		check_add(c, "capabilities", FOUND_OK, NULL, NULL,
			  "nobody inside has one that opens the vault");
}

void check_processes(struct check *c, uint64_t inode, struct check_host *host)
{
	int proc cleanup(close_fd) = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = proc < 0 ? -errno : host->has_tasks ? 0 : look_at_all(host, proc);

	if (!r)
		r = list_inside(c, inode, host, proc);
	if (r)
		check_add(c, "processes", FOUND_UNKNOWN, NULL, NULL, "who is inside: /proc: %s",
			  strerror(-r));
	else if (host->n_hidden)
		/* A security module, or another user namespace, may keep them from root, too. */
		check_add(c, "processes", FOUND_SKIP, NULL, NULL,
			  "%zu inside that may be looked at; %zu of all processes may not be, so "
			  "whether one of those is inside cannot be told",
			  c->n_processes, host->n_hidden);
	else if (!host->has_first) /* it is always there: with hidepid=2 others are not */
		check_tell(c, "processes", FOUND_UNKNOWN, REMEDY(AS_ROOT, NULL), NULL, NULL,
			   "who is inside: /proc does not show all processes");
	else
		check_add(c, "processes", FOUND_OK, NULL, NULL, "%zu inside", c->n_processes);
	if (!r)
		tell_capabilities(c, proc);
}
