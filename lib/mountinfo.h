/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mountinfo.h: what is mounted where, as the caller's mount namespace has it. */
#ifndef LIB_MOUNTINFO_H
#define LIB_MOUNTINFO_H

#include <stddef.h>

#include "lib/base.h"

struct mounted {
	const char *root; /* what of the file system */
	const char *path; /* where */
	const char *type; /* of the file system */
};

/* In the order of the kernel. Zero-initialise; free with mountinfo_free. */
struct mountinfo {
	struct mounted *list; /* owned; its texts are in `text` */
	size_t n;
	char *text; /* owned */
};

/* Reads proc_pid_mountinfo(5) of the caller. 0, -EBADMSG, or -errno. */
int must_check mountinfo_read(struct mountinfo *out);
void mountinfo_free(struct mountinfo *info);

#endif
