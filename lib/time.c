/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/time.c: points of time as text: RFC 3339, in UTC, with milliseconds. */
#include "lib/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"

#define TO_SECONDS "%Y-%m-%dT%H:%M:%S"

int64_t time_ms(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

const char *time_format(int64_t ms, char buf[static TIME_STRLEN])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = { 0 };
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(buf, TIME_STRLEN, TO_SECONDS, &tm);
	snprintf(buf + n, TIME_STRLEN - n, ".%03uZ", (unsigned int)(ms % 1000) % 1000U);
	return buf;
}

int time_parse(const char *text, int64_t *ms)
{
	char again[TIME_STRLEN];
	struct tm tm = { 0 };
	const char *rest;
	uint64_t fraction;
	int64_t value;

	if (strlen(text) != TIME_STRLEN - 1)
		return -EINVAL;
	rest = strptime(text, TO_SECONDS, &tm);
	if (!rest || *rest != '.' || uint_parse(rest + 1, 3, 0, 999, &fraction))
		return -EINVAL;
	value = (int64_t)timegm(&tm) * 1000 + (int64_t)fraction;
	if (value <= 0)
		return -EINVAL;
	/* strptime(3) takes spaces, a 31st of June, ... */
	if (strcmp(time_format(value, again), text) != 0)
		return -EINVAL;
	*ms = value;
	return 0;
}
