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
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/file.h"
#include "lib/list.h"
#include "lib/str.h"
#include "vault/check/caps.h"
#include "vault/check/fds.h"
#include "vault/check/isolated_netns.h"
#include "vault/check/views.h"
#include "vault/confine/helpers.h"
#include "vault/confine/privileges.h"
#include "vault/proc/procs.h"
#include "vault/spec/state.h"

#define FILE_MAX_BYTES (1U << 20)
#define SOCKETS_TOLD 8
#define UPCALL "/sbin/request-key"

struct process {
	struct check *c;
	pid_t pid;
	char label[96]; /* "123 (name)" */
	uint64_t inode; /* of the vault's network namespace */
	int dir, pidfd; /* /proc/PID, and what tells when it has ended */
	int root; /* of the view that is looked at */
	struct sockets {
		struct socket_id {
			dev_t device;
			ino_t inode;
		} * list; /* owned */
		size_t n;
	} hosts; /* of helpers, as we see them */
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

/* Reads FD, which may be an error, and closes it. */
static int read_fd(int fd, char **text)
{
	size_t len = 0;
	int r = fd < 0 ? fd : file_read_fd(fd, FILE_MAX_BYTES, text, &len);

	if (fd >= 0)
		close(fd);
	return r;
}

static void add_unknown(const struct process *p, const char *id, int err)
{
	check_tell(p->c, id, FOUND_UNKNOWN,
		   err == -EACCES || err == -EPERM ? REMEDY(AS_ROOT, NULL) : NULL, NULL, NULL,
		   "%s: %s", p->label, strerror(-err));
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
		apart = ns < 0 ? -errno : isolated_netns_is(ns);
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
		check_tell(p->c, "process-netns", FOUND_FAIL, REMEDY(ENTER, p->c->name), "inside",
			   "outside", "%s: %zu of %zu threads are not in the vault, such as %d",
			   p->label, t.outside, t.n, (int)t.stray);
	else if (r || !t.n)
		add_unknown(p, "process-netns", r ? r : -ESRCH);
	else if (t.apart)
		check_add(p->c, "process-netns", FOUND_OK, NULL, NULL,
			  "%s: %zu of %zu threads are in a network namespace that leads nowhere",
			  p->label, t.apart, t.n);
	else
		check_add(p->c, "process-netns", FOUND_OK, "inside", "inside",
			  "%s: all %zu threads are in the vault", p->label, t.n);
	return !t.apart || t.apart < t.n;
}

/* True when FD, which may be an error, is the host's own file PATH. */
static bool is_the_hosts(int fd, const char *path)
{
	struct stat its, hosts;

	return fd >= 0 && !fstat(fd, &its) && !stat(path, &hosts) && its.st_dev == hosts.st_dev &&
	       its.st_ino == hosts.st_ino;
}

/*
 * A process can put whatever it likes over its files, in mounts of its own (L36), and asks nobody
 * outside by it: the kill switch knows the vault's resolvers. One that has the host's is not
 * confined.
 */
static void look_at_resolv_conf(const struct process *p)
{
	char path[sizeof(STATE_DIR "//resolv.conf") + SPEC_NAME_MAX];
	char *want cleanup(free_ptr) = NULL, *have cleanup(free_ptr) = NULL;
	int fd = open_seen(p, "etc/resolv.conf", O_RDONLY | O_NONBLOCK), r;
	bool hosts = is_the_hosts(fd, "/etc/resolv.conf");
	size_t len = 0;

	r = read_fd(fd, &have);
	if (r == -ENOENT) {
		check_add(p->c, "process-resolv.conf", FOUND_OK, NULL, NULL,
			  "%s: it has no /etc/resolv.conf, and so asks its own loopback", p->label);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s/resolv.conf", STATE_DIR, p->c->name);
	if (!r)
		r = file_read(path, FILE_MAX_BYTES, &want, &len);
	if (r)
		add_unknown(p, "process-resolv.conf", r);
	else if (!strcmp(want, have))
		check_add(p->c, "process-resolv.conf", FOUND_OK, "the vault's", "the vault's",
			  "%s: its /etc/resolv.conf is the vault's", p->label);
	else if (hosts)
		check_tell(p->c, "process-resolv.conf", FOUND_FAIL, REMEDY(EXEC, p->c->name),
			   "the vault's", "the host's",
			   "%s: its /etc/resolv.conf is not the vault's but the host's", p->label);
	else
		check_add(p->c, "process-resolv.conf", FOUND_OK, NULL, NULL,
			  "%s: its /etc/resolv.conf is one of its own; others than the vault's "
			  "resolvers it cannot ask",
			  p->label);
}

/* True when names are looked up by files and DNS alone. LINE is what follows "hosts:". */
static bool is_plain_line(char *line)
{
	for (const char *word = strsep(&line, " \t"); word; word = strsep(&line, " \t"))
		if (*word && *word != '[' && strcmp(word, "files") && strcmp(word, "dns"))
			return false;
	return true;
}

static bool is_plain(char *text)
{
	bool plain = true;

	for (char *line = strsep(&text, "\n"); line; line = strsep(&text, "\n")) {
		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t");
		if (!strncmp(line, "hosts:", 6))
			plain = plain && is_plain_line(line + 6);
	}
	return plain;
}

/* Those whom one of its own names it could only ask by their sockets. */
static void look_at_nsswitch(const struct process *p)
{
	char *text cleanup(free_ptr) = NULL;
	int fd = open_seen(p, "etc/nsswitch.conf", O_RDONLY | O_NONBLOCK), r;
	bool hosts = is_the_hosts(fd, "/etc/nsswitch.conf");

	r = read_fd(fd, &text);
	if (r && r != -ENOENT) /* without one: "dns files" */
		add_unknown(p, "process-nsswitch.conf", r);
	else if (r || is_plain(text))
		check_add(p->c, "process-nsswitch.conf", FOUND_OK, NULL, NULL,
			  "%s: it looks names up by files and DNS", p->label);
	else if (hosts)
		check_tell(p->c, "process-nsswitch.conf", FOUND_FAIL, REMEDY(EXEC, p->c->name),
			   "the vault's", "the host's",
			   "%s: by the host's nsswitch.conf it asks others than files and DNS for "
			   "names",
			   p->label);
	else
		check_add(p->c, "process-nsswitch.conf", FOUND_OK, NULL, NULL,
			  "%s: its /etc/nsswitch.conf is one of its own", p->label);
}

static int note_socket(const struct helper *h, const char *path, const struct stat *st, void *arg)
{
	struct sockets *sockets = arg;
	struct socket_id id = { st->st_dev, st->st_ino };

	(void)h;
	(void)path;
	return list_append(&sockets->list, &sockets->n, sizeof(id), &id);
}

static bool is_on_the_host(const struct sockets *sockets, const struct stat *st)
{
	for (size_t i = 0; i < sockets->n; i++)
		if (sockets->list[i].device == st->st_dev && sockets->list[i].inode == st->st_ino)
			return true;
	return false;
}

/* Who looks names up for it lets its queries out; who carries or starts for it acts outside. */
enum help { HELP_NAMES, HELP_ACTS, HELPS };

static const struct {
	const char *id, *none;
} help_texts[HELPS] = {
	[HELP_NAMES] = { "process-resolvers", "by which others look names up for it" },
	[HELP_ACTS] = { "process-helpers", "by which others act outside for it" },
};

struct seen {
	const struct process *p;
	size_t n[HELPS]; /* of the host's sockets that it sees */
};

/* One of its own, in mounts of its own, leads to nobody outside (L36). */
static int tell_socket(const struct helper *h, const char *path, const struct stat *st, void *arg)
{
	enum help help = h->does == HELPER_RESOLVES ? HELP_NAMES : HELP_ACTS;
	struct seen *seen = arg;
	const struct process *p = seen->p;

	if (is_on_the_host(&p->hosts, st) && seen->n[help]++ < SOCKETS_TOLD)
		check_tell(p->c, help_texts[help].id, FOUND_FAIL, REMEDY(HIDE, path), "none", path,
			   "%s: it sees /%s: who listens there %s outside for it", p->label, path,
			   helper_does_text(h));
	return 0;
}

/* A path-bound socket connects from any network namespace (L3). */
static void look_at_helpers(const struct process *p)
{
	struct seen seen = { .p = p };
	int r = helpers_each_socket(p->root, tell_socket, &seen);

	if (r == -ESRCH && !faccessat(p->dir, "status", F_OK, 0))
		r = 0; /* its root is the folder of a process that has ended: see open_seen */
	for (int h = 0; h < HELPS; h++) {
		if (seen.n[h] > SOCKETS_TOLD)
			check_add(p->c, help_texts[h].id, FOUND_FAIL, NULL, NULL,
				  "%s: it sees %zu more such sockets", p->label,
				  seen.n[h] - SOCKETS_TOLD);
		if (r)
			add_unknown(p, help_texts[h].id, r);
		else if (!seen.n[h])
			check_add(p->c, help_texts[h].id, FOUND_OK, NULL, NULL,
				  "%s: it sees no socket %s", p->label, help_texts[h].none);
	}
}

static void look_at_files(const struct process *p, bool asks)
{
	if (asks) {
		look_at_resolv_conf(p);
		look_at_nsswitch(p);
	}
	look_at_helpers(p);
}

/* In mounts of a user namespace of its own a program sees what it could see without them, or has
 * made itself; and can make whoever looks wait for it (L36). */
static void tell_apart(const struct process *p, bool asks)
{
	static const char *const ids[] = { "process-resolv.conf", "process-nsswitch.conf" };
	static const char text[] =
		"its mounts are of a user namespace of its own, and not looked at";

	for (size_t i = 0; asks && i < ARRAY_SIZE(ids); i++)
		check_add(p->c, ids[i], FOUND_OK, NULL, NULL, "%s: %s", p->label, text);
	for (int h = 0; h < HELPS; h++)
		check_add(p->c, help_texts[h].id, FOUND_OK, NULL, NULL, "%s: %s", p->label, text);
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
		if (views[i].apart) {
			tell_apart(&its, asks);
			looked++;
			continue;
		}
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
	for (int h = 0; r && h < HELPS; h++)
		add_unknown(p, help_texts[h].id, r);
	views_free(views, n);
}

/* request_key(2) has the kernel start that program, which asks the host's resolvers (L31). */
static void look_at_calls(const struct process *p, const struct caps *caps)
{
	bool starts = !access(UPCALL, X_OK);

	check_tell(p->c, "process-calls", caps->calls_all && starts ? FOUND_FAIL : FOUND_OK,
		   caps->calls_all && starts ? REMEDY(FILTER_CALLS, NULL) : NULL, "filtered",
		   caps->calls_all ? "not filtered" : "filtered",
		   !caps->calls_all ? "%s: its system calls are filtered"
		   : starts
			   ? "%s: by request_key(2) it can have the host look names up, as none of "
			     "its system calls is filtered"
			   : "%s: its system calls are not filtered; the host has no " UPCALL,
		   p->label);
}

static void look_at_capabilities(const struct process *p)
{
	struct str names cleanup(str_free) = STR_INIT;
	struct caps caps;
	int r = caps_read(p->dir, &caps);

	privileges_add_names(caps.had ? caps.had : caps.to_gain, &names);
	if (r)
		add_unknown(p, "process-caps", r);
	else if (caps.had)
		check_tell(p->c, "process-caps", FOUND_FAIL, REMEDY(BOUND, NULL), "none", names.s,
			   "%s: it has capabilities that open the vault:%s", p->label, names.s);
	else if (caps.to_gain)
		check_tell(p->c, "process-caps", FOUND_FAIL, REMEDY(NO_NEW_PRIVILEGES, NULL),
			   "none", names.s,
			   "%s: by a set-user-ID program it can gain capabilities that open the "
			   "vault:%s",
			   p->label, names.s);
	else
		check_add(p->c, "process-caps", FOUND_OK, NULL, NULL,
			  "%s: it has, and can gain, no capability that opens the vault", p->label);
	if (!r)
		look_at_calls(p, &caps);
}

/* A socket stays in the namespace it was born in, whoever holds it (L24). */
static void look_at_sockets(const struct process *p)
{
	struct fds fds;
	int r = fds_look(p->pid, p->inode, &fds);

	if (fds.foreign)
		check_tell(p->c, "process-sockets", FOUND_FAIL, REMEDY(NO_SOCKETS, NULL), "none",
			   "born outside",
			   "%s: %zu of its sockets, such as descriptor %d, were born outside the "
			   "vault",
			   p->label, fds.foreign, fds.first_foreign);
	else if (r)
		add_unknown(p, "process-sockets", r);
	else
		check_add(p->c, "process-sockets", FOUND_OK, NULL, NULL,
			  "%s: none of its sockets was born outside the vault", p->label);
}

static int list_hosts_sockets(struct sockets *out)
{
	int root cleanup(close_fd) = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -errno : helpers_each_socket(root, note_socket, out);
}

/* Also when nobody has waited for it yet (pidfd_open(2)). */
static bool has_ended(const struct process *p)
{
	struct pollfd end = { .fd = p->pidfd, .events = POLLIN };

	return poll(&end, 1, 0) > 0;
}

static int open_process(struct process *p)
{
	char path[32], name[64];

	snprintf(path, sizeof(path), "/proc/%d", (int)p->pid);
	snprintf(p->label, sizeof(p->label), "%d", (int)p->pid);
	p->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	p->pidfd = p->dir < 0 ? -1 : pidfd_open(p->pid, 0);
	if (p->pidfd < 0)
		return -errno;
	if (has_ended(p))
		return -ESRCH;
	procs_read_name(p->dir, ".", name);
	snprintf(p->label, sizeof(p->label), "%d (%.64s)", (int)p->pid, name);
	return 0;
}

bool check_process(struct check *c, uint64_t inode, pid_t pid)
{
	struct process p = { .c = c, .pid = pid, .inode = inode, .dir = -1, .pidfd = -1 };
	const size_t before = c->n;
	int r = open_process(&p);
	bool ended = r == -ENOENT || r == -ESRCH;

	if (!r)
		r = list_hosts_sockets(&p.hosts);
	if (!r) {
		look_at_views(&p, look_at_threads(&p));
		look_at_capabilities(&p);
		look_at_sockets(&p);
		ended = has_ended(&p);
	} else if (!ended) {
		add_unknown(&p, "process", r);
	}
	if (ended)
		check_forget_unknown(c, before);
	close_fd(&p.dir);
	close_fd(&p.pidfd);
	free(p.hosts.list);
	return !ended;
}
