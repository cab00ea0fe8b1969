/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trust.c: opening a file that only those who are trusted can have written. */
#include "lib/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "lib/str.h"

#define LINKS_MAX 40 /* as the kernel has it */
#define WRITABLE (S_IWGRP | S_IWOTH)

/* A way on foot: what the kernel would walk in one openat(2), a step at a time. */
struct walk {
	const struct trust *trust;
	trust_fn *fn;
	void *arg;
	int at; /* the folder that was reached */
	char path[PATH_MAX]; /* and its path; "" for the root */
	char rest[PATH_MAX]; /* what is still to go */
	unsigned int links;
};

static int judge_owner(const struct walk *w, const char *path, const struct stat *st)
{
	struct trust_fault fault = { S_ISLNK(st->st_mode) ? TRUST_LINK_OWNER : TRUST_OWNER, path,
				     "" };
	struct str text cleanup(str_free) = STR_INIT;

	if (!st->st_uid || st->st_uid == w->trust->other)
		return 0;
	str_addf(&text, "%s%s belongs to user %u, not to root", path,
		 fault.what == TRUST_LINK_OWNER ? ", a link," : "", (unsigned int)st->st_uid);
	if (w->trust->other)
		str_addf(&text, " or user %u", (unsigned int)w->trust->other);
	fault.text = text.s;
	return text.err ? text.err : w->fn(&fault, w->arg);
}

static int judge_mode(const struct walk *w, const char *path, const struct stat *st)
{
	struct trust_fault fault = { TRUST_MODE, path, "" };
	struct str text cleanup(str_free) = STR_INIT;

	if (!(st->st_mode & WRITABLE))
		return 0;
	str_addf(&text, "%s can be written to by others (mode %04o)", path,
		 (unsigned int)st->st_mode & 07777U);
	fault.text = text.s;
	return text.err ? text.err : w->fn(&fault, w->arg);
}

/* FD is the folder that W->path names by now: it is gone on from there. */
static int enter(struct walk *w, int fd)
{
	const char *path = w->path[0] ? w->path : "/";
	struct stat st;
	int r;

	close_fd(&w->at);
	w->at = fd;
	if (fstat(fd, &st))
		return -errno;
	r = judge_owner(w, path, &st);
	if (r || (w->trust->sticky && st.st_mode & S_ISVTX))
		return r;
	return judge_mode(w, path, &st);
}

static int enter_root(struct walk *w)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	w->path[0] = '\0';
	return fd < 0 ? -errno : enter(w, fd);
}

/* Puts "A/B" into OUT, which may hold either. */
static int join(char out[static PATH_MAX], const char *a, const char *b)
{
	size_t len = strlen(a), rest = strlen(b);

	if (len + rest + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	memmove(out + len + 1, b, rest);
	out[len + 1 + rest] = '\0';
	memmove(out, a, len);
	out[len] = '/';
	return 0;
}

/* Puts NAME behind the path; ".." takes its last off. */
static int go_on(struct walk *w, const char *name)
{
	char *slash = strrchr(w->path, '/');
	size_t len = strlen(w->path), more = strlen(name);

	if (!strcmp(name, "..")) {
		if (slash)
			*slash = '\0';
		return 0;
	}
	if (!strcmp(name, "."))
		return 0;
	if (len + more + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	w->path[len] = '/';
	memcpy(w->path + len + 1, name, more + 1);
	return 0;
}

/* Reads the file NAME of the folder: what is judged is what was opened. A descriptor or -errno. */
static int open_file(struct walk *w, const char *name, int flags)
{
	int fd cleanup(close_fd) = openat(w->at, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = go_on(w, name);
	if (!r)
		r = judge_owner(w, w->path, &st);
	if (!r && !w->trust->mode)
		r = judge_mode(w, w->path, &st);
	return r ? r : steal_fd(&fd);
}

/* True for what looks like a link in /proc and is a descriptor of the caller's, such as /dev/stdin
 * leads to. */
static bool is_descriptor(const struct walk *w)
{
	struct statfs fs;

	return !w->rest[0] && !fstatfs(w->at, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

/* Goes on where the link FD, which is NAME in the folder, leads to. */
static int follow(struct walk *w, const char *name, int fd, const struct stat *st)
{
	char target[PATH_MAX], path[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
	int r;

	if (n < 0 || ++w->links > LINKS_MAX)
		return n < 0 ? -errno : -ELOOP;
	target[n] = '\0';
	r = join(path, w->path, name);
	if (!r)
		r = judge_owner(w, path, st);
	if (!r)
		r = join(w->rest, target, w->rest);
	return r || target[0] != '/' ? r : enter_root(w);
}

/* One step to NAME. The file's descriptor, when it is that; 0: further on; -errno. */
static int step(struct walk *w, const char *name)
{
	int fd cleanup(close_fd) = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (S_ISLNK(st.st_mode))
		return is_descriptor(w) ? open_file(w, name, 0) : follow(w, name, fd, &st);
	if (S_ISDIR(st.st_mode)) {
		r = go_on(w, name);
		return r ? r : enter(w, steal_fd(&fd));
	}
	if (w->rest[0])
		return -ENOTDIR;
	return S_ISREG(st.st_mode) ? open_file(w, name, O_NOFOLLOW) : -EINVAL;
}

/* Takes the first name off what is still to go: false at the end. */
static bool next(struct walk *w, char name[static NAME_MAX + 2])
{
	const char *start = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(start, "/");
	size_t kept = len > NAME_MAX ? NAME_MAX + 1 : len; /* the kernel refuses it */

	memcpy(name, start, kept);
	name[kept] = '\0';
	start += len + strspn(start + len, "/");
	memmove(w->rest, start, strlen(start) + 1);
	return len > 0;
}

static int walk(struct walk *w, const char *path)
{
	char name[NAME_MAX + 2];
	int r;

	if (path[0] != '/' && !getcwd(w->rest, sizeof(w->rest)))
		return -errno;
	r = join(w->rest, w->rest, path);
	if (!r)
		r = enter_root(w);
	while (!r && next(w, name))
		r = step(w, name);
	return r ? r : -EINVAL; /* a folder */
}

int trust_open(const char *path, const struct trust *trust, trust_fn *fn, void *arg)
{
	struct walk w = { .trust = trust, .fn = fn, .arg = arg, .at = -1 };
	int r = *path ? walk(&w, path) : -ENOENT;

	close_fd(&w.at);
	return r;
}
