/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/time.h: points of time as text: RFC 3339, in UTC, with milliseconds. No system calls. */
#ifndef LIB_TIME_H
#define LIB_TIME_H

#include <stdint.h>
#include <time.h>

#include "lib/base.h"

#define TIME_STRLEN sizeof("2026-01-31T23:59:59.999Z")

/* T, of CLOCK_REALTIME, in milliseconds since 1970. */
int64_t time_ms(const struct timespec *t);

/* MS, milliseconds since 1970, into BUF, which is returned. */
const char *time_format(int64_t ms, char buf[static TIME_STRLEN]);

/* Just such a TEXT into *MS. 0 or -EINVAL. */
int must_check time_parse(const char *text, int64_t *ms);

#endif
