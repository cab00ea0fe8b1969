/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/result/log.c: the audit log of leak tests: a JSON object a line, on the disk when it
 * is said to be.
 *
 * A line goes out by one write(2) to a file opened with O_APPEND, so lines of several writers never
 * mix, and a crash can cut none but the last. That one has no newline then: whoever writes next
 * adds it, and the torn line stays a line of its own, for the report to count. Two who do so at
 * once leave an empty line.
 */
#include "vault/leak/result/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/addr.h"
#include "lib/str.h"
#include "vault/remedy.h"

/* ---- whose file it is (L37) ---- */

#define LINKS_MAX 40 /* as the kernel has it */
#define WRITABLE (S_IWGRP | S_IWOTH)

/* The caller's, by sudo(8), too; or root's. */
static bool is_trusted(uid_t uid)
{
	const char *sudo = geteuid() ? NULL : getenv("SUDO_UID");
	uint64_t caller;

	return !uid || uid == geteuid() ||
	       (sudo && !uint_parse(sudo, strlen(sudo), 0, UINT32_MAX, &caller) && uid == caller);
}

/* Puts the target of the link FD, which the first LEN bytes of PATH name, in their place. */
static int put_target(char path[static PATH_MAX], size_t len, int fd)
{
	char target[PATH_MAX], whole[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
	size_t folder = len;
	int size;

	if (n <= 0)
		return n ? -errno : -ENOENT;
	target[n] = '\0';
	while (folder && path[folder - 1] != '/')
		folder--;
	size = snprintf(whole, sizeof(whole), "%.*s%s%s", target[0] == '/' ? 0 : (int)folder, path,
			target, path + len);
	if (size < 0 || (size_t)size >= sizeof(whole))
		return -ENAMETOOLONG;
	memcpy(path, whole, (size_t)size + 1);
	return 0;
}

static void explain(char why[static LEAK_LOG_WHY], const struct remedy *remedy, const char *format,
		    ...) printf_like(3, 4);

/* A remedy that there is no room for whole is none. */
static void explain(char why[static LEAK_LOG_WHY], const struct remedy *remedy, const char *format,
		    ...)
{
	struct str hint cleanup(str_free) = STR_INIT;
	va_list args;
	size_t len;

	va_start(args, format);
	vsnprintf(why, LEAK_LOG_WHY, format, args);
	va_end(args);
	len = strlen(why);
	remedy_add_hint(remedy, &hint);
	if (hint.s && !hint.err && len + hint.len < LEAK_LOG_WHY)
		memcpy(why + len, hint.s, hint.len + 1);
}

/* The first LEN bytes of PATH, when they name a link: follows it, if it is the caller's or root's.
 * 1; 0: no link; -EPERM with WHY; -errno. */
static int follow(char path[static PATH_MAX], size_t len, char why[static LEAK_LOG_WHY])
{
	int fd cleanup(close_fd) = -1;
	char rest = path[len];
	struct stat st = { 0 };
	int r;

	path[len] = '\0';
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 || fstat(fd, &st) ? -errno : 0;
	if (!r && S_ISLNK(st.st_mode) && !is_trusted(st.st_uid)) {
		explain(why, REMEDY(NAME_PLACE, NULL),
			"%.300s on the way to it is a link of user %u, which is not followed", path,
			(unsigned int)st.st_uid);
		r = -EPERM;
	}
	path[len] = rest;
	if (r || !S_ISLNK(st.st_mode))
		return r;
	r = put_target(path, len, fd);
	return r ? r : 1;
}

/* Follows the links of PATH's folders, in place: none is left, or the kernel will not have it. */
static int follow_links(char path[static PATH_MAX], char why[static LEAK_LOG_WHY])
{
	unsigned int links = 0;

	for (size_t len = 1; path[0] && path[len]; len++) {
		int r = path[len] == '/' && path[len - 1] != '/' ? follow(path, len, why) : 0;

		if (r < 0)
			return r;
		if (r && ++links > LINKS_MAX)
			return -ELOOP;
		if (r)
			len = 0; /* from the beginning: the target's folders may be links */
	}
	return 0;
}

/* What was opened is the caller's file alone. */
static int judge(int fd, const char *path, char why[static LEAK_LOG_WHY])
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (!is_trusted(st.st_uid))
		explain(why, REMEDY(OWN, path), "it belongs to user %u, neither to root nor to you",
			(unsigned int)st.st_uid);
	else if (st.st_nlink > 1)
		explain(why, REMEDY(OTHER_FILE, NULL),
			"it is another file as well, by a hard link");
	else if (st.st_mode & WRITABLE)
		explain(why, REMEDY(CLOSE, path), "others can write to it (mode %04o)",
			(unsigned int)st.st_mode & 07777U);
	return *why ? -EPERM : 0;
}

/* Without any link on the way. */
static int open_without_links(const char *path, int flags, mode_t mode)
{
	const struct open_how how = { .flags = (unsigned int)(flags | O_CLOEXEC),
				      .mode = mode,
				      .resolve = RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/* A file's name is on the disk when its folder is. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	int fd cleanup(close_fd) = -1;

	if (slash) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);

		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	fd = open_without_links(folder, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 || fsync(fd) ? -errno : 0;
}

/* Reads it, too, to see how it ends. A FIFO is opened without waiting, and refused. */
static int open_file(const char *named, char why[static LEAK_LOG_WHY])
{
	const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
	int fd cleanup(close_fd) = -1, r;
	char path[PATH_MAX];

	*why = '\0';
	if ((size_t)snprintf(path, sizeof(path), "%s", named) >= sizeof(path))
		return -ENAMETOOLONG;
	r = follow_links(path, why);
	if (r)
		return r;
	fd = open_without_links(path, flags, 0);
	if (fd < 0 && errno == ENOENT) {
		fd = open_without_links(path, flags | O_CREAT | O_EXCL, 0600);
		r = fd < 0 ? -errno : sync_folder(path);
	} else if (fd < 0) {
		r = -errno;
	}
	if (!r)
		r = judge(fd, named, why);
	return r ? r : steal_fd(&fd);
}

/* ---- lines ---- */

int leak_log_open(struct leak_log *log, const char *path)
{
	log->path = path;
	log->fd = open_file(path, log->why);
	return log->fd < 0 ? log->fd : 0;
}

/* True when the file of that name still is the one that is open. */
static bool is_in_place(const struct leak_log *log)
{
	struct stat ours, named;

	return log->fd >= 0 && !fstat(log->fd, &ours) && !lstat(log->path, &named) &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* 1 when the last line has no end, 0 when it has, or there is none; -errno. */
static int is_torn(int fd)
{
	struct stat st;
	char last = '\n';

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size && pread(fd, &last, 1, st.st_size - 1) < 0)
		return -errno;
	return last != '\n';
}

static int write_line(int fd, const char *text, size_t len)
{
	ssize_t n;

	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < len)
		return -ENOSPC;
	return fsync(fd) ? -errno : 0;
}

int leak_log_add(struct leak_log *log, const json_t *line)
{
	char *text cleanup(free_ptr) = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(15));
	struct str out cleanup(str_free) = STR_INIT;
	int torn;

	if (!is_in_place(log)) {
		leak_log_close(log);
		log->fd = open_file(log->path, log->why);
	}
	if (log->fd < 0)
		return log->fd;
	torn = is_torn(log->fd);
	if (torn < 0)
		return torn;
	str_add(&out, torn ? "\n" : "");
	str_add(&out, text ? text : "");
	str_add(&out, "\n");
	if (!text || out.err)
		return -ENOMEM;
	return write_line(log->fd, out.s, out.len);
}

void leak_log_close(struct leak_log *log)
{
	close_fd(&log->fd);
}
