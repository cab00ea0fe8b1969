/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/result/log.h: the audit log of leak tests: a JSON object a line, on the disk when it
 * is said to be. */
#ifndef VAULT_LEAK_RESULT_LOG_H
#define VAULT_LEAK_RESULT_LOG_H

#include <jansson.h>

#include "lib/base.h"

#define LEAK_LOG_WHY 512

struct leak_log {
	const char *path; /* borrowed */
	int fd; /* -1: not open at the moment */
	char why[LEAK_LOG_WHY]; /* with -EPERM: whose it is, and the remedy; "": the kernel's no */
};

/*
 * Opens the regular file PATH, which is made (0600) when it is not there, for lines to be appended;
 * PATH must outlive LOG. 0; or -errno: -ELOOP for a symbolic link, -EINVAL for what is no regular
 * file, -EPERM for what is not root's or the caller's alone, or is reached by somebody else's link.
 * Ends with leak_log_close.
 */
int must_check leak_log_open(struct leak_log *log, const char *path);

/*
 * Appends LINE (borrowed) in one write(2), and returns 0 when it is on the disk. What a crash left
 * of a line before is ended first. A file that was moved away, or removed, is made anew. -errno
 * when the line is not there, or not whole: -ENOSPC; the next one will be.
 */
int must_check leak_log_add(struct leak_log *log, const json_t *line);

void leak_log_close(struct leak_log *log);

#endif
