/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/human.c: numbers as people read them. */
#include "lib/human.h"

#include <stdio.h>

#include "lib/base.h"

const char *human_bytes(uint64_t bytes, char buf[static HUMAN_STRLEN])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint64_t whole = bytes, rest = 0;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(buf, HUMAN_STRLEN, "%u B", (unsigned int)bytes);
		return buf;
	}
	for (; unit < ARRAY_SIZE(units) && whole >= 1024; unit++) {
		rest = whole % 1024;
		whole /= 1024;
	}
	if (whole < 100)
		snprintf(buf, HUMAN_STRLEN, "%u.%u %s", (unsigned int)whole,
			 (unsigned int)(rest * 10 / 1024), units[unit - 1]);
	else
		snprintf(buf, HUMAN_STRLEN, "%u %s", (unsigned int)whole, units[unit - 1]);
	return buf;
}

const char *human_seconds(int64_t seconds, char buf[static HUMAN_STRLEN])
{
	static const struct {
		int64_t from, size;
		const char *unit;
	} units[] = { { 86400, 86400, "d" }, { 3600, 3600, "h" }, { 60, 60, "min" }, { 0, 1, "s" } };
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (seconds < units[i].from)
		i++;
	snprintf(buf, HUMAN_STRLEN, "%lld %s", (long long)(seconds / units[i].size), units[i].unit);
	return buf;
}
