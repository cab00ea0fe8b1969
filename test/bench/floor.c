/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test/bench/floor.c: what `vault up`, `down` and `exec` ask of the kernel, and nothing else: the
 * floor they stand on.
 *
 * It parses nothing, builds nothing and verifies nothing: `record` takes, from strace's view of
 * vault's own run, the bytes of each netlink request, each setting and each file, and keeps them on
 * a tape; `up` and `down` play it. So both ask the kernel for the same, byte by byte, whatever the
 * rules become, and what vault takes longer is its own. Left out of the tape are the requests that
 * a program without questions would not make: dumps, and echoes of the rules. `exec` has no tape.
 *
 *   strace -qq -e trace=openat,write,sendmsg,socket,setns,unshare -e write=all -e raw=sendmsg,write
 * vault up NAME … 2> TRACE floor record up NAME < TRACE        (and the same with `down`) floor up
 * NAME | down NAME | exec NAME COMMAND… floor time COMMAND…                 prints its nanoseconds,
 * those of them on a CPU, its peak memory in KiB; drops its stdout
 *
 * A tape holds keys; it lies in the lab's private folder.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/base.h"
#include "lib/tree.h"

#define TAPES "/run/lab"
#define STATE "/run/vault"
#define NAMES "/run/netns"
#define MAX_FDS 64

static const char *const kept_files[] = { "vault.json",   "resolv.conf",     "nsswitch.conf",
					  "confine.conf", "etc/resolv.conf", "etc/nsswitch.conf" };

/* ---- the tape: a head, then records
 * ------------------------------------------------------------------------------- */

enum kind { SEND, SETTING, FILE_OF_STATE };

struct head {
	uint32_t ns; /* the number that vault had the namespace under: it is in the requests */
	uint32_t unused;
};

/* Followed by `name` bytes of a path with its NUL (none for SEND) and `len` of data; the next
 * begins at eight. */
struct record {
	uint32_t kind, len, name;
	uint32_t bus, inside; /* SEND: the socket */
	uint32_t final; /* SEND: whose acknowledgement ends it */
};

static size_t padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static void tape_path(char path[static 128], const char *verb, const char *name)
{
	snprintf(path, 128, TAPES "/%s.%s.tape", name, verb);
}

/* ---- record
 * -------------------------------------------------------------------------------------------------------
 */

struct recorder {
	struct {
		bool is_socket, inside;
		uint32_t bus;
		char path[256]; /* of a file to write: below /proc/sys, or a name in the state's
				   folder; "" else */
	} fds[MAX_FDS];
	bool inside, is_open;
	struct head head;
	struct record record;
	char name[256];
	unsigned char data[1 << 18];
	FILE *out;
};

/* True when the request is to be played: settles which acknowledgement to wait for, and asks for no
 * echo. */
static bool prepare_send(struct recorder *r)
{
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= r->record.len;) {
		struct nlmsghdr *nlh = (void *)(r->data + at);

		if (r->record.bus == NETLINK_NETFILTER && nlh->nlmsg_type >= NLMSG_MIN_TYPE)
			nlh->nlmsg_flags &= (uint16_t)~NLM_F_ECHO;
		if (nlh->nlmsg_flags & NLM_F_ACK)
			r->record.final = nlh->nlmsg_seq;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	return r->record.final != 0; /* a dump asks for no acknowledgement */
}

static void end_record(struct recorder *r)
{
	static const char zeros[8];
	size_t size = sizeof(r->record) + r->record.name + r->record.len;

	if (!r->is_open)
		return;
	r->is_open = false;
	if (r->record.kind == SEND && !prepare_send(r))
		return;
	fwrite(&r->record, sizeof(r->record), 1, r->out);
	fwrite(r->name, r->record.name, 1, r->out);
	fwrite(r->data, r->record.len, 1, r->out);
	fwrite(zeros, padded(size) - size, 1, r->out);
}

static void begin_record(struct recorder *r, enum kind kind, int fd)
{
	end_record(r);
	memset(&r->record, 0, sizeof(r->record));
	r->is_open = true;
	r->record.kind = kind;
	r->record.bus = r->fds[fd].bus;
	r->record.inside = r->fds[fd].inside;
	if (kind == SEND)
		return;
	snprintf(r->name, sizeof(r->name), "%s", r->fds[fd].path);
	r->record.name = (uint32_t)strlen(r->name) + 1;
}

/* " | 00010  xx xx xx xx xx xx xx xx  xx …", the bytes in columns. */
static void take_bytes(struct recorder *r, const char *line)
{
	const char *p = line + strspn(line, " |");

	p += strcspn(p, " ") + 2;
	for (int i = 0; i < 16; i++) {
		const char *column = p + 3 * i + (i >= 8);
		unsigned int byte;

		if (column[0] == ' ' || sscanf(column, "%2x", &byte) != 1 ||
		    r->record.len == sizeof(r->data))
			return;
		r->data[r->record.len++] = (unsigned char)byte;
	}
}

/* The state's files are written under ".NAME.PID" and renamed; some in its folder "etc", which DIR
 * then is. */
static void take_open(struct recorder *r, int fd, int dir, const char *path)
{
	bool in_etc = dir > 0 && dir < MAX_FDS && !strcmp(r->fds[dir].path, "etc");

	r->fds[fd].is_socket = false;
	r->fds[fd].path[0] = '\0';
	if (!strcmp(path, "/proc/thread-self/ns/net") && r->inside)
		r->head.ns = (uint32_t)fd;
	else if (!strncmp(path, "/proc/sys/", 10))
		snprintf(r->fds[fd].path, sizeof(r->fds[fd].path), "%s", path);
	else if (!strcmp(path, "etc"))
		strcpy(r->fds[fd].path, path);
	else if (path[0] == '.' && strrchr(path, '.') != path)
		snprintf(r->fds[fd].path, sizeof(r->fds[fd].path), "%s%.*s", in_etc ? "etc/" : "",
			 (int)(strrchr(path, '.') - path) - 1, path + 1);
}

static void take_socket(struct recorder *r, int fd, const char *bus)
{
	r->fds[fd].is_socket = true;
	r->fds[fd].inside = r->inside;
	r->fds[fd].bus = !strcmp(bus, "NETLINK_ROUTE")       ? NETLINK_ROUTE
			 : !strcmp(bus, "NETLINK_NETFILTER") ? NETLINK_NETFILTER
							     : NETLINK_GENERIC;
}

static void take_line(struct recorder *r, const char *line)
{
	const char *result = strrchr(line, '=');
	int fd, got = result ? atoi(result + 1) : -1;
	char word[256], dir[16];

	if (!strncmp(line, " | ", 3)) {
		if (r->is_open)
			take_bytes(r, line);
		return;
	}
	if (!strncmp(line, " * ", 3))
		return;
	end_record(r);
	if (!strncmp(line, "unshare(CLONE_NEWNET", 20) ||
	    (!strncmp(line, "setns(", 6) && strstr(line, "NEWNET")))
		r->inside = !r->inside;
	else if (sscanf(line, "socket(AF_NETLINK, %*[^,], %255[A-Z_])", word) == 1 && got >= 0 &&
		 got < MAX_FDS)
		take_socket(r, got, word);
	else if (sscanf(line, "openat(%15[^,], \"%255[^\"]\"", dir, word) == 2 && got >= 0 &&
		 got < MAX_FDS)
		take_open(r, got, atoi(dir), word);
	else if (sscanf(line, "sendmsg(%i,", &fd) == 1 && fd < MAX_FDS && r->fds[fd].is_socket)
		begin_record(r, SEND, fd);
	else if (sscanf(line, "write(%i,", &fd) == 1 && fd < MAX_FDS && r->fds[fd].path[0])
		begin_record(r, r->fds[fd].path[0] == '/' ? SETTING : FILE_OF_STATE, fd);
}

static int record(const char *verb, const char *name)
{
	static struct recorder r;
	static char line[1 << 16];
	char path[128];

	tape_path(path, verb, name);
	umask(077);
	r.out = fopen(path, "w");
	if (!r.out)
		err(1, "%s", path);
	fwrite(&r.head, sizeof(r.head), 1, r.out);
	while (fgets(line, sizeof(line), stdin))
		take_line(&r, line);
	end_record(&r);
	rewind(r.out);
	fwrite(&r.head, sizeof(r.head), 1, r.out);
	return fclose(r.out) ? 1 : 0;
}

/* ---- play
 * ---------------------------------------------------------------------------------------------------------
 */

static int sockets[2][32]; /* by side and bus; 0: not open */

static int open_socket(bool inside, uint32_t bus)
{
	int *fd = &sockets[inside][bus];

	if (!*fd)
		*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, (int)bus);
	if (*fd < 0)
		err(1, "socket");
	return *fd;
}

/* True when the acknowledgement is in. */
static bool read_answer(const char *buf, size_t len, uint32_t final)
{
	bool done = false;

	for (const struct nlmsghdr *nlh = (const void *)buf; NLMSG_OK(nlh, len);
	     len -= NLMSG_ALIGN(nlh->nlmsg_len),
				   nlh = (const void *)((const char *)nlh +
							NLMSG_ALIGN(nlh->nlmsg_len))) {
		const struct nlmsgerr *e = NLMSG_DATA(nlh);

		if (nlh->nlmsg_type != NLMSG_ERROR)
			continue;
		if (e->error && e->error != -ENODEV) /* `down` takes what is gone for removed */
			errx(1, "request %u: %s", nlh->nlmsg_seq, strerror(-e->error));
		done = done || nlh->nlmsg_seq == final;
	}
	return done;
}

static void play_send(const struct record *r, const char *data)
{
	static _Alignas(struct nlmsghdr) char answer[1 << 15];
	int fd = open_socket(r->inside, r->bus);
	ssize_t n;

	if (send(fd, data, r->len, 0) != (ssize_t)r->len)
		err(1, "send");
	do {
		n = recv(fd, answer, sizeof(answer), 0);
		if (n < 0)
			err(1, "recv");
	} while (!read_answer(answer, (size_t)n, r->final));
}

static void write_file(int dir, const char *path, int flags, const char *data, size_t len)
{
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | flags, 0644);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		err(1, "%s", path);
	close(fd);
}

struct tape {
	const char *pos, *end;
	uint32_t ns;
};

static struct tape open_tape(const char *verb, const char *name)
{
	char path[128];
	struct tape t;
	struct stat st;
	const char *p;
	int fd;

	tape_path(path, verb, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	t = (struct tape){ p + sizeof(struct head), p + st.st_size,
			   ((const struct head *)(const void *)p)->ns };
	return t;
}

/* Plays until the end; the settings in one visit to the namespace NS, HOME being the way back. */
static void play(struct tape *t, int dir, int ns, int home)
{
	bool inside = false;

	while (t->pos < t->end) {
		const struct record *r = (const void *)t->pos;
		const char *path = t->pos + sizeof(*r), *data = path + r->name;

		t->pos += padded(sizeof(*r) + r->name + r->len);
		if (inside != (r->kind == SETTING)) {
			inside = !inside;
			if (setns(inside ? ns : home, CLONE_NEWNET))
				err(1, "setns");
		}
		if (r->kind == SEND)
			play_send(r, data);
		else if (r->kind == SETTING)
			write_file(AT_FDCWD, path, 0, data, r->len);
		else
			write_file(dir, path, O_CREAT, data, r->len);
	}
}

static void open_inside(int ns, int home)
{
	if (ns >= 0 && setns(ns, CLONE_NEWNET))
		err(1, "setns");
	open_socket(true, NETLINK_ROUTE);
	open_socket(true, NETLINK_NETFILTER);
	open_socket(true, NETLINK_GENERIC);
	if (setns(home, CLONE_NEWNET))
		err(1, "setns");
}

static int open_home(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "/proc/thread-self/ns/net");
	return fd;
}

static void bind_name(int ns, const char *name)
{
	char path[128], source[64];
	int fd;

	fd = open(NAMES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) || mount("", NAMES, "none", MS_SHARED | MS_REC, NULL))
		err(1, NAMES);
	close(fd);
	snprintf(path, sizeof(path), NAMES "/%s", name);
	snprintf(source, sizeof(source), "/proc/self/fd/%d", ns);
	fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (fd < 0 || mount(source, path, "none", MS_BIND, NULL))
		err(1, "%s", path);
	close(fd);
}

static int up(const char *name)
{
	struct tape t = open_tape("up", name);
	int home = open_home(), ns, dir;
	char path[128];

	snprintf(path, sizeof(path), STATE "/%s", name);
	if (mkdir(path, 0755))
		err(1, "%s", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX) || mkdirat(dir, "etc", 0755))
		err(1, "%s", path);
	if (unshare(CLONE_NEWNET))
		err(1, "unshare");
	ns = dup3(open_home(), (int)t.ns, O_CLOEXEC);
	if (ns < 0)
		err(1, "dup3");
	open_inside(-1, home);
	play(&t, dir, ns, home);
	bind_name(ns, name);
	return 0;
}

static int down(const char *name)
{
	struct tape t = open_tape("down", name);
	int home = open_home(), ns, dir;
	char path[128];

	snprintf(path, sizeof(path), STATE "/%s", name);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX))
		err(1, "%s", path);
	snprintf(path, sizeof(path), NAMES "/%s", name);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		err(1, "%s", path);
	open_inside(ns, home);
	play(&t, dir, ns, home);
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) || unlink(path))
		err(1, "%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(kept_files); i++)
		if (unlinkat(dir, kept_files[i], 0))
			err(1, "%s", kept_files[i]);
	if (unlinkat(dir, "etc", AT_REMOVEDIR))
		err(1, "etc");
	snprintf(path, sizeof(path), STATE "/%s", name);
	return rmdir(path) ? 1 : 0;
}

/* ---- exec
 * ---------------------------------------------------------------------------------------------------------
 */

static void must(bool is_done, const char *what)
{
	if (!is_done)
		err(125, "%s", what);
}

/* In the lab no more than these are to be hidden. */
static bool is_hidden(const char *name)
{
	static const char *const hidden[] = { ".",         "..",      "vault", "netns",
					      "wireguard", "systemd", "user" };

	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (!strcmp(name, hidden[i]))
			return true;
	return false;
}

static void show(int from, int to, const char *name, bool is_folder)
{
	int tree = tree_clone(from, name);

	must(tree >= 0, name);
	must(!(is_folder ? mkdirat(to, name, 0755) : mknodat(to, name, S_IFREG | 0444, 0)), name);
	must(!tree_attach(tree, to, name), name);
	close(tree);
}

static void make_run(void)
{
	int from = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC), to;
	DIR *dir = fdopendir(from);
	const struct dirent *d;

	must(dir && !mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=20%"),
	     "/run");
	to = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(!mkdirat(to, "user", 0755) && !mkdirat(to, "vault", 0755), "/run");
	while ((d = readdir(dir)))
		if (!is_hidden(d->d_name))
			show(from, to, d->d_name, d->d_type == DT_DIR);
	closedir(dir);
	close(to);
}

static size_t read_whole(const char *layer, const char *name, char *buf, size_t size)
{
	char path[192];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", layer, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, buf, size);
	must(n >= 0, path);
	close(fd);
	return (size_t)n;
}

/* The layer's two files, read before /run is covered, then written anew. */
struct two {
	char text[2][4096];
	size_t len[2];
};

static void make_etc(const char *layer, const struct two *two)
{
	const unsigned long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	char options[192];
	int dir;

	must(!mkdir(layer, 0755) && !mount("tmpfs", layer, "tmpfs", safe, "mode=0755,size=4m"),
	     layer);
	dir = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < 2; i++)
		write_file(dir, kept_files[i + 1], O_CREAT, two->text[i], two->len[i]);
	must(!mount(NULL, layer, NULL, MS_REMOUNT | MS_RDONLY | safe, NULL), layer);
	close(dir);
	snprintf(options, sizeof(options), "lowerdir=%s:/etc", layer);
	must(!mount("overlay", "/etc", "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, options),
	     "/etc");
}

static void make_sys(void)
{
	int cgroup = tree_clone(AT_FDCWD, "/sys/fs/cgroup");
	struct statvfs st;

	must(!statvfs("/sys", &st), "/sys");
	must(!mount("sysfs", "/sys", "sysfs",
		    MS_NOSUID | MS_NODEV | MS_NOEXEC | (st.f_flag & ST_RDONLY ? MS_RDONLY : 0UL),
		    NULL),
	     "/sys");
	must(cgroup < 0 || !tree_attach(cgroup, AT_FDCWD, "/sys/fs/cgroup"), "/sys/fs/cgroup");
}

static void drop(void)
{
	static const unsigned int dropped[] = { CAP_NET_ADMIN,      CAP_NET_RAW,    CAP_SYS_ADMIN,
						CAP_SYS_PTRACE,     CAP_SYS_MODULE, CAP_SYS_RAWIO,
						CAP_SYS_BOOT,       CAP_PERFMON,    CAP_BPF,
						CAP_DAC_READ_SEARCH };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	must(!syscall(SYS_capget, &header, data), "capget");
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++) {
		struct __user_cap_data_struct *word = &data[dropped[i] / 32];
		uint32_t rest = ~(UINT32_C(1) << dropped[i] % 32);

		must(!prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0), "bounding set");
		word->effective &= rest;
		word->permitted &= rest;
		word->inheritable &= rest;
	}
	must(!syscall(SYS_capset, &header, data), "capset");
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

static int exec(const char *name, char **command)
{
	char path[128], layer[128], folder[4096];
	struct two two = { 0 };
	int ns;

	snprintf(path, sizeof(path), NAMES "/%s", name);
	snprintf(layer, sizeof(layer), STATE "/%s", name);
	must(getcwd(folder, sizeof(folder)), "getcwd");
	ns = open(path, O_RDONLY | O_CLOEXEC);
	must(ns >= 0 && !setns(ns, CLONE_NEWNET), path);
	for (size_t i = 0; i < 2; i++)
		two.len[i] = read_whole(layer, kept_files[i + 1], two.text[i], sizeof(two.text[i]));
	must(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL),
	     "mount namespace");
	umask(0);
	make_run();
	make_etc(layer, &two);
	make_sys();
	umask(022);
	must(!chdir(folder), folder);
	drop();
	must(!syscall(SYS_close_range, 3, ~0U, 0), "close_range");
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

/* ---- time
 * ---------------------------------------------------------------------------------------------------------
 */

/* vfork(2): what is timed must not include a copy of this process. */
static int time_it(char **command)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status = 0;
	struct timespec from, to;
	struct rusage use;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &from);
	pid = vfork();
	if (pid == 0) {
		dup2(null, 1);
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &use) < 0)
		err(1, "%s", command[0]);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (status)
		errx(1, "%s %s ended with %d", command[0], command[1] ? command[1] : "",
		     WEXITSTATUS(status));
	printf("%lld %lld %ld\n",
	       (to.tv_sec - from.tv_sec) * 1000000000LL + (to.tv_nsec - from.tv_nsec),
	       (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000LL +
		       (use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000LL,
	       use.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	if (!strcmp(verb, "up"))
		return up(argv[2]);
	if (!strcmp(verb, "down"))
		return down(argv[2]);
	if (!strcmp(verb, "exec") && argc > 3)
		return exec(argv[2], argv + 3);
	if (!strcmp(verb, "record") && argc > 3)
		return record(argv[2], argv[3]);
	if (!strcmp(verb, "time"))
		return time_it(argv + 2);
	errx(2,
	     "usage: floor up NAME | down NAME | exec NAME COMMAND… | record up|down NAME | time COMMAND…");
}
