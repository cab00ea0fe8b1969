/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/file.h: whole files in, whole files out. Paths are looked up in the caller's namespaces. */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base.h"

/*
 * Reads all of descriptor FD, at most MAX bytes, into a malloc'ed, NUL-terminated buffer that the
 * caller owns (with file_wipe_free when it may hold a secret). 0, or -errno; -EFBIG when there is
 * more than MAX.
 */
int must_check file_read_fd(int fd, size_t max, char **data, size_t *len);

/* The same for a regular file; symlinks are followed, anything but a regular file is -EINVAL (never
 * blocks on a FIFO). */
int must_check file_read(const char *path, size_t max, char **data, size_t *len);
/* The same, PATH looked up from the folder DIRFD (openat(2)). */
int must_check file_read_at(int dirfd, const char *path, size_t max, char **data, size_t *len);

/* Overwrites LEN bytes of *DATA with zeros (explicit_bzero(3)), frees it and sets it to NULL. */
void file_wipe_free(char **data, size_t len);

/*
 * Writes NAME in the folder DIRFD with mode MODE: beside it under a temporary name, fsync'ed never
 * (the folders used are on tmpfs), then renamed over it. 0 or -errno; nothing is left behind on
 * failure.
 */
int must_check file_replace(int dirfd, const char *name, mode_t mode, const void *data, size_t len);

/* 1 when the file NAME in the folder DIRFD holds just the LEN bytes at DATA, 0 when it does not or
 * is not there, -errno when it cannot be read. */
int must_check file_is(int dirfd, const char *name, const void *data, size_t len);

/* Writes VALUE to the existing file PATH in one write(2), as /proc/sys wants it. 0 or -errno. */
int must_check file_poke(const char *path, const char *value);
int must_check file_poke_at(int dirfd, const char *path, const char *value);

/* closedir(3) of what is open, for cleanup(close_dir). */
void close_dir(DIR **dir);

#endif
