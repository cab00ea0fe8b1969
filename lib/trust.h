/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trust.h: opening a file that only those who are trusted can have written. */
#ifndef LIB_TRUST_H
#define LIB_TRUST_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/base.h"

/* Whose file it may be, and whose each folder and symbolic link on the way to it: root's or OTHER's
 * (0: root's alone); and none may be open to be written to by group or others. */
struct trust {
	uid_t other;
	bool sticky; /* but for folders in which everybody renames and removes only his own (/tmp) */
	bool mode; /* and but for the file itself, whose mode the caller looks at */
};

/* What is wrong with PATH, the file, a folder or a link. TEXT says it. All are borrowed. */
struct trust_fault {
	enum { TRUST_OWNER, TRUST_LINK_OWNER, TRUST_MODE } what;
	const char *path, *text;
};

/* Called with each fault. 0 to go on, -errno to stop with that. */
typedef int trust_fn(const struct trust_fault *fault, void *arg);

/*
 * Opens the regular file PATH for reading, without waiting. Every folder, every link and the file
 * are judged by the descriptor that is then gone on with, so nothing can be exchanged between the
 * look and the use. A descriptor (FN may have been called), or -errno: FN's; -EINVAL: what is there
 * is no regular file; -ELOOP; openat(2)'s.
 */
int must_check trust_open(const char *path, const struct trust *trust, trust_fn *fn, void *arg);

#endif
