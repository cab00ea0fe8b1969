/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/tap.h: the Test Anything Protocol in a few lines: ok(), skip(), and tap_done() as
 * main's result. */
#ifndef TEST_UNIT_TAP_H
#define TEST_UNIT_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

static inline bool ok(bool cond, const char *name)
{
	printf("%sok %d - %s\n", cond ? "" : "not ", ++tap_count, name);
	tap_failed += !cond;
	fflush(stdout);
	return cond;
}

/* A test that cannot run here counts as one passed, with the reason told. */
static inline void skip(const char *name, const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_count, name, reason);
	fflush(stdout);
}

/* Prints the plan; what main returns. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
