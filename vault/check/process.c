/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/process.c: is this process confined to the vault? It is looked at by way of /proc, as
 * its own eyes see things: /proc/PID/root leads into its mounts.
 */
#include "vault/check/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/file.h"
#include "vault/check/apart.h"
#include "vault/check/fds.h"
#include "vault/check/views.h"
#include "vault/drop.h"
#include "vault/state.h"

#define FILE_MAX_BYTES (1U << 20)

struct process {
	struct check *c;
	pid_t pid;
	char label[96]; /* "123 (name)" */
	uint64_t inode; /* of the vault's network namespace */
	int dir, root; /* /proc/PID, and the root of the view that is looked at */
};

/* Opens PATH as the process sees it: links, also absolute ones, are followed below its own root.
 * Chromium and Firefox take the folder of a process that has ended for theirs: nothing is there. */
static int open_seen(const struct process *p, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd = (int)syscall(SYS_openat2, p->root, path, &how, sizeof(how));

	if (fd < 0 && errno == ESRCH && !faccessat(p->dir, "status", F_OK, 0))
		return -ENOENT;
	return fd < 0 ? -errno : fd;
}

/* Reads /proc/PID/NAME, or the file PATH as the process sees it. */
static int read_fd(int fd, char **text)
{
	size_t len = 0;
	int r = fd < 0 ? fd : file_read_fd(fd, FILE_MAX_BYTES, text, &len);

	if (fd >= 0)
		close(fd);
	return r;
}

static int read_proc(const struct process *p, const char *name, char **text)
{
	int fd = openat(p->dir, name, O_RDONLY | O_CLOEXEC);

	return read_fd(fd < 0 ? -errno : fd, text);
}

static void add_unknown(const struct process *p, const char *id, int err)
{
	check_add(p->c, id, FOUND_UNKNOWN, NULL, NULL, "%s: %s%s", p->label, strerror(-err),
		  err == -EACCES || err == -EPERM ? " (run it as root)" : "");
}

struct threads {
	size_t n, outside; /* all, and those that are elsewhere and not apart */
	size_t apart; /* in a network namespace that leads nowhere */
	pid_t stray; /* one of those outside */
	uint64_t apart_inode; /* such a namespace; 0: none is known yet */
};

/* Counts the thread whose network namespace PATH is, with the inode INODE, from the folder DIR. */
static int count_stray(struct threads *t, int dir, const char *path, uint64_t inode)
{
	int ns cleanup(close_fd) = -1, apart = inode == t->apart_inode;

	if (!apart) {
		ns = openat(dir, path, O_RDONLY | O_CLOEXEC);
		apart = ns < 0 ? -errno : apart_leads_nowhere(ns);
	}
	if (apart < 0)
		return apart == -ENOENT || apart == -ESRCH ? 0 : apart;
	if (apart) {
		t->apart_inode = inode;
		t->apart++;
	} else {
		t->outside++;
		t->stray = (pid_t)strtol(path, NULL, 10);
	}
	return 0;
}

static int count_threads(const struct process *p, struct threads *t)
{
	int fd = openat(p->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir cleanup(close_dir) = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	char path[64];
	struct stat st;

	if (!dir)
		return -errno;
	while (!r && (errno = 0, e = readdir(dir))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%.20s/ns/net", e->d_name);
		if (fstatat(dirfd(dir), path, &st, 0)) {
			if (errno == ENOENT || errno == ESRCH)
				continue; /* it has ended */
			return -errno;
		}
		t->n++;
		if (st.st_ino != p->inode)
			r = count_stray(t, dirfd(dir), path, st.st_ino);
	}
	return r ? r : -errno;
}

/* True when the process is in the vault with a thread at least, and so can ask for names. */
static bool look_at_threads(const struct process *p)
{
	struct threads t = { 0 };
	int r = count_threads(p, &t);

	if (t.outside)
		check_add(p->c, "process-netns", FOUND_FAIL, NULL, NULL,
			  "%s: %zu of %zu threads are not in the vault, such as %d (vault exec %s, "
			  "or NetworkNamespacePath=/run/netns/%s; restart it)",
			  p->label, t.outside, t.n, (int)t.stray, p->c->name, p->c->name);
	else if (r || !t.n)
		add_unknown(p, "process-netns", r ? r : -ESRCH);
	else if (t.apart)
		check_add(p->c, "process-netns", FOUND_OK, NULL, NULL,
			  "%s: %zu of %zu threads are in a network namespace that leads nowhere",
			  p->label, t.apart, t.n);
	else
		check_add(p->c, "process-netns", FOUND_OK, NULL, NULL,
			  "%s: all %zu threads are in the vault", p->label, t.n);
	return !t.apart || t.apart < t.n;
}

static void look_at_resolv_conf(const struct process *p)
{
	char path[sizeof(STATE_DIR "//resolv.conf") + SPEC_NAME_MAX];
	char *want cleanup(free_ptr) = NULL, *have cleanup(free_ptr) = NULL;
	size_t len = 0;
	int r;

	snprintf(path, sizeof(path), "%s/%s/resolv.conf", STATE_DIR, p->c->name);
	r = file_read(path, FILE_MAX_BYTES, &want, &len);
	if (!r)
		r = read_fd(open_seen(p, "etc/resolv.conf", O_RDONLY | O_NONBLOCK), &have);
	if (r && (r != -ENOENT || !want))
		add_unknown(p, "process-resolv.conf", r);
	else if (r || strcmp(want, have))
		check_add(p->c, "process-resolv.conf", FOUND_FAIL, NULL, NULL,
			  "%s: its /etc/resolv.conf is not the vault's (start it by vault exec %s)",
			  p->label, p->c->name);
	else
		check_add(p->c, "process-resolv.conf", FOUND_OK, NULL, NULL,
			  "%s: its /etc/resolv.conf is the vault's", p->label);
}

/* True when names are looked up by files and DNS alone. LINE is what follows "hosts:". */
static bool is_plain(char *line)
{
	for (const char *word = strsep(&line, " \t"); word; word = strsep(&line, " \t"))
		if (*word && *word != '[' && strcmp(word, "files") && strcmp(word, "dns"))
			return false;
	return true;
}

static void look_at_nsswitch(const struct process *p)
{
	char *text cleanup(free_ptr) = NULL, *rest;
	int r = read_fd(open_seen(p, "etc/nsswitch.conf", O_RDONLY | O_NONBLOCK), &text);
	bool plain = true;

	if (r && r != -ENOENT) { /* without one: "dns files" */
		add_unknown(p, "process-nsswitch.conf", r);
		return;
	}
	rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t");
		if (!strncmp(line, "hosts:", 6))
			plain = plain && is_plain(line + 6);
	}
	check_add(
		p->c, "process-nsswitch.conf", plain ? FOUND_OK : FOUND_FAIL, NULL, NULL,
		plain ? "%s: it looks names up by files and DNS"
		      : "%s: it asks others than files and DNS for names (start it by vault exec)",
		p->label);
}

/* A path-bound socket connects from any network namespace (L3). */
static void look_at_resolvers(const struct process *p)
{
	static const char *const sockets[] = {
		"run/nscd/socket",
		"run/systemd/resolve/io.systemd.Resolve",
		"run/dbus/system_bus_socket",
		"run/avahi-daemon/socket",
		"run/nslcd/socket",
		"var/lib/sss/pipes/nss",
		"run/samba/winbindd/pipe",
		"run/docker.sock",
		"run/podman/podman.sock",
	};
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		int fd cleanup(close_fd) = open_seen(p, sockets[i], O_PATH);
		struct stat st;

		if (fd == -ENOENT || fd == -ENOTDIR)
			continue;
		if (fd < 0 || fstat(fd, &st)) {
			add_unknown(p, "process-resolvers", fd < 0 ? fd : -errno);
			return;
		}
		if (!S_ISSOCK(st.st_mode))
			continue;
		found++;
		check_add(p->c, "process-resolvers", FOUND_FAIL, NULL, sockets[i],
			  "%s: it sees /%s, by which others can act outside for it (vault exec "
			  "hides it; in a unit: InaccessiblePaths=-/%s)",
			  p->label, sockets[i], sockets[i]);
	}
	if (!found)
		check_add(p->c, "process-resolvers", FOUND_OK, NULL, NULL,
			  "%s: it sees no socket that resolves names outside", p->label);
}

static void look_at_files(const struct process *p, bool asks)
{
	if (asks) {
		look_at_resolv_conf(p);
		look_at_nsswitch(p);
	}
	look_at_resolvers(p);
}

/* ASKS: it can ask for names. Each thread may have mounts and a root of its own. */
static void look_at_views(const struct process *p, bool asks)
{
	struct view *views = NULL;
	size_t n = 0, looked = 0;
	int r = views_list(p->dir, &views, &n);

	for (size_t i = 0; i < n; i++) {
		struct process its = *p;
		char path[64];

		snprintf(path, sizeof(path), "task/%d/root", (int)views[i].thread);
		if (views[i].thread != p->pid)
			snprintf(its.label + strlen(p->label), sizeof(its.label) - strlen(p->label),
				 ", thread %d", (int)views[i].thread);
		its.root = openat(p->dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (its.root < 0) { /* also when it has ended: others may share its view */
			r = r ? r : -errno;
			continue;
		}
		looked++;
		look_at_files(&its, asks);
		close_fd(&its.root);
	}
	if (!r && !looked)
		r = -ESRCH;
	if (r && asks) {
		add_unknown(p, "process-resolv.conf", r);
		add_unknown(p, "process-nsswitch.conf", r);
	}
	if (r)
		add_unknown(p, "process-resolvers", r);
	views_free(views, n);
}

/* The number after "NAME:" in a status file, in BASE. False when it is not there. */
static bool status_number(const char *text, const char *name, int base, uint64_t *out)
{
	const char *at = strstr(text, name);

	if (!at || (at != text && at[-1] != '\n'))
		return false;
	*out = strtoull(at + strlen(name), NULL, base);
	return true;
}

/* Capabilities of another user namespace than ours count there only, not over the vault. */
static int is_of_our_users(const struct process *p)
{
	struct stat ours, its;

	if (stat("/proc/thread-self/ns/user", &ours) || fstatat(p->dir, "ns/user", &its, 0))
		return -errno;
	return ours.st_ino == its.st_ino;
}

/* Those that open the vault: what any thread has, and what one can gain by a set-user-ID program. */
struct caps {
	uint64_t had, to_gain;
};

/* Adds those of a thread by its status file. */
static int add_capabilities(const char *status, struct caps *caps)
{
	uint64_t effective, permitted, inheritable, bounding, frozen;

	if (!status_number(status, "CapEff:", 16, &effective) ||
	    !status_number(status, "CapPrm:", 16, &permitted) ||
	    !status_number(status, "CapInh:", 16, &inheritable) ||
	    !status_number(status, "CapBnd:", 16, &bounding) ||
	    !status_number(status, "NoNewPrivs:", 10, &frozen))
		return -EBADMSG;
	caps->had |= (effective | permitted) & drop_mask();
	caps->to_gain |= frozen ? 0 : (bounding | inheritable) & drop_mask();
	return 0;
}

/* Each thread has its own. */
static int read_capabilities(const struct process *p, struct caps *caps)
{
	int fd = openat(p->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir cleanup(close_dir) = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	size_t n = 0;

	if (!dir)
		return -errno;
	while (!r && (errno = 0, e = readdir(dir))) {
		char *status cleanup(free_ptr) = NULL, path[64];

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "task/%.20s/status", e->d_name);
		r = read_proc(p, path, &status);
		n += !r;
		if (!r)
			r = add_capabilities(status, caps);
		else if (r == -ENOENT || r == -ESRCH)
			r = 0; /* it has ended */
	}
	r = r ? r : -errno;
	return r ? r : n ? 0 : -ESRCH;
}

static void look_at_capabilities(const struct process *p)
{
	struct caps caps = { 0 };
	int ours = is_of_our_users(p), r = ours < 0 ? ours : read_capabilities(p, &caps);

	if (r)
		add_unknown(p, "process-caps", r);
	else if (!ours)
		check_add(p->c, "process-caps", FOUND_OK, NULL, NULL,
			  "%s: its capabilities are those of a user namespace of its own",
			  p->label);
	else if (caps.had)
		check_add(p->c, "process-caps", FOUND_FAIL, "0", NULL,
			  "%s: it has capabilities that open the vault, %#llx (vault exec, or "
			  "CapabilityBoundingSet= in its unit)",
			  p->label, (unsigned long long)caps.had);
	else if (caps.to_gain)
		check_add(p->c, "process-caps", FOUND_FAIL, "0", NULL,
			  "%s: by a set-user-ID program it can gain capabilities that open the "
			  "vault, %#llx (vault exec, or NoNewPrivileges=yes in its unit)",
			  p->label, (unsigned long long)caps.to_gain);
	else
		check_add(p->c, "process-caps", FOUND_OK, NULL, NULL,
			  "%s: it has, and can gain, no capability that opens the vault", p->label);
}

/* A socket stays in the namespace it was born in, whoever holds it (L24). */
static void look_at_sockets(const struct process *p)
{
	struct fds fds;
	int r = fds_look(p->pid, p->inode, &fds);

	if (fds.foreign)
		check_add(p->c, "process-sockets", FOUND_FAIL, NULL, NULL,
			  "%s: %zu of its sockets, such as descriptor %d, were born outside the "
			  "vault (restart it inside, and let nobody pass it sockets)",
			  p->label, fds.foreign, fds.first_foreign);
	else if (r)
		add_unknown(p, "process-sockets", r);
	else
		check_add(p->c, "process-sockets", FOUND_OK, NULL, NULL,
			  "%s: none of its sockets was born outside the vault", p->label);
}

static int open_process(struct process *p)
{
	char path[32], *name cleanup(free_ptr) = NULL;
	int r;

	snprintf(path, sizeof(path), "/proc/%d", (int)p->pid);
	snprintf(p->label, sizeof(p->label), "%d", (int)p->pid);
	p->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0)
		return -errno;
	r = read_proc(p, "comm", &name);
	if (r)
		return r;
	name[strcspn(name, "\n")] = '\0';
	snprintf(p->label, sizeof(p->label), "%d (%.64s)", (int)p->pid, name);
	return 0;
}

void check_process(struct check *c, uint64_t inode, pid_t pid)
{
	struct process p = { .c = c, .pid = pid, .inode = inode, .dir = -1 };
	int r = open_process(&p);

	if (r == -ENOENT) {
		check_add(c, "process", FOUND_UNKNOWN, NULL, NULL, "%d: there is no such process",
			  (int)pid);
	} else if (r) {
		add_unknown(&p, "process", r);
	} else {
		look_at_views(&p, look_at_threads(&p));
		look_at_capabilities(&p);
		look_at_sockets(&p);
	}
	close_fd(&p.dir);
}
