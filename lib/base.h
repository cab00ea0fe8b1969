/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/base.h: the few macros every file may use. All GNU C of the tree is here. */
#ifndef LIB_BASE_H
#define LIB_BASE_H

#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define must_check __attribute__((warn_unused_result))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

/* Runs FN on the variable's address when it goes out of scope. */
#define cleanup(fn) __attribute__((cleanup(fn)))

static inline void free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Hands a descriptor out of a cleanup variable. */
static inline int steal_fd(int *fd)
{
	int out = *fd;

	*fd = -1;
	return out;
}

/* Hands a pointer out of a cleanup variable. */
static inline void *steal_ptr(void *p)
{
	void *out = *(void **)p;

	*(void **)p = NULL;
	return out;
}

#endif
