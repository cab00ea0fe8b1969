/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/log.c: the audit log of leak tests: a JSON object a line, on the disk when it is said
 * to be.
 *
 * A line goes out by one write(2) to a file opened with O_APPEND, so lines of several writers never
 * mix, and a crash can cut none but the last. That one has no newline then: whoever writes next
 * adds it, and the torn line stays a line of its own, for the report to count. Two who do so at
 * once leave an empty line.
 */
#include "vault/leak/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/str.h"

/* A file's name is on the disk when its folder is. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	int fd cleanup(close_fd) = -1;

	if (slash && (size_t)(slash - path) >= sizeof(folder))
		return -ENAMETOOLONG;
	if (slash) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);

		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) ? -errno : 0;
}

/* Reads it, too, to see how it ends. A FIFO is opened without waiting, and refused. */
static int open_file(const char *path)
{
	const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd cleanup(close_fd) = open(path, flags);
	struct stat st;
	int r = 0;

	if (fd < 0 && errno == ENOENT) {
		fd = open(path, flags | O_CREAT, 0600);
		r = fd < 0 ? -errno : sync_folder(path);
	} else if (fd < 0) {
		r = -errno;
	}
	if (!r && fstat(fd, &st))
		r = -errno;
	else if (!r && !S_ISREG(st.st_mode))
		r = -EINVAL;
	return r ? r : steal_fd(&fd);
}

int leak_log_open(struct leak_log *log, const char *path)
{
	log->path = path;
	log->fd = open_file(path);
	if (log->fd >= 0)
		return 0;
	return log->fd;
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
		log->fd = open_file(log->path);
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
