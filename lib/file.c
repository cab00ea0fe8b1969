/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/file.c: whole files in, whole files out. */
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FIRST_CAP 4096U

struct buffer {
	char *s;
	size_t len, cap;
};

/* A buffer twice as large (at most LIMIT); the old bytes may be a key: they are wiped, so no
 * realloc(3). */
static int grow(struct buffer *b, size_t limit)
{
	size_t cap = b->cap > limit / 2 ? limit : b->cap * 2;
	char *s = malloc(cap);

	if (!s)
		return -ENOMEM;
	memcpy(s, b->s, b->len);
	file_wipe_free(&b->s, b->len);
	b->s = s;
	b->cap = cap;
	return 0;
}

/* Reads on until the end; one byte of room is left for the NUL. -EFBIG when MAX bytes were not all.
 */
static int fill(int fd, size_t max, struct buffer *b)
{
	ssize_t n;
	int ret;

	do {
		if (b->cap - b->len < 2) {
			ret = grow(b, max + 2);
			if (ret)
				return ret;
		}
		n = read(fd, b->s + b->len, b->cap - b->len - 1);
		if (n > 0)
			b->len += (size_t)n;
		if (b->len > max)
			return -EFBIG;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

/* As file_read_fd, of a file whose fstat(2) is ST. */
static int read_known(int fd, const struct stat *st, size_t max, char **data, size_t *len)
{
	struct buffer b = { NULL, 0, FIRST_CAP };
	int ret;

	if (max > SSIZE_MAX - 2)
		return -EINVAL;
	if (S_ISREG(st->st_mode) && (uintmax_t)st->st_size > max)
		return -EFBIG;
	if (S_ISREG(st->st_mode) && st->st_size > 0)
		b.cap = (size_t)st->st_size + 2; /* the NUL, and a byte to see the end by */
	b.s = malloc(b.cap);
	ret = b.s ? fill(fd, max, &b) : -ENOMEM;
	if (ret) {
		file_wipe_free(&b.s, b.len);
		return ret;
	}
	b.s[b.len] = '\0';
	*data = b.s;
	*len = b.len;
	return 0;
}

int file_read_fd(int fd, size_t max, char **data, size_t *len)
{
	struct stat st;

	return fstat(fd, &st) ? -errno : read_known(fd, &st, max, data, len);
}

int file_read_at(int dirfd, const char *path, size_t max, char **data, size_t *len)
{
	int fd cleanup(close_fd) = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return read_known(fd, &st, max, data, len);
}

int file_read(const char *path, size_t max, char **data, size_t *len)
{
	return file_read_at(AT_FDCWD, path, max, data, len);
}

void file_wipe_free(char **data, size_t len)
{
	if (*data)
		explicit_bzero(*data, len);
	free(*data);
	*data = NULL;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A new file TEMP; one that a crash left behind is replaced. A descriptor or -errno. */
static int open_temp(int dirfd, const char *temp)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, temp, flags, 0600);

	if (fd < 0 && errno == EEXIST && !unlinkat(dirfd, temp, 0))
		fd = openat(dirfd, temp, flags, 0600);
	return fd < 0 ? -errno : fd;
}

int file_replace(int dirfd, const char *name, mode_t mode, const void *data, size_t len)
{
	char temp[NAME_MAX + 1];
	int fd cleanup(close_fd) = -1, ret;

	ret = snprintf(temp, sizeof(temp), ".%s.%ld", name, (long)getpid());
	if (ret < 0 || (size_t)ret >= sizeof(temp))
		return -ENAMETOOLONG;
	fd = open_temp(dirfd, temp);
	if (fd < 0)
		return fd;
	ret = write_all(fd, data, len);
	if (!ret && (fchmod(fd, mode) || renameat(dirfd, temp, dirfd, name)))
		ret = -errno;
	if (ret)
		unlinkat(dirfd, temp, 0); /* the first error is the one that tells */
	return ret;
}

int file_poke_at(int dirfd, const char *path, const char *value)
{
	int fd cleanup(close_fd) = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, value, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int file_poke(const char *path, const char *value)
{
	return file_poke_at(AT_FDCWD, path, value);
}

int file_is(int dirfd, const char *name, const void *data, size_t len)
{
	int fd cleanup(close_fd) =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text cleanup(free_ptr) = NULL;
	size_t have = 0;
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : -errno;
	r = file_read_fd(fd, len + 1, &text, &have);
	if (r || !text)
		return r == -EFBIG || r == -EISDIR ? 0 : r;
	return have == len && !memcmp(text, data, len);
}

void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}
