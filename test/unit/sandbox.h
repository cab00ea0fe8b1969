/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/sandbox.h: namespaces of the test's own, so that it never touches the machine's network
 * or /run. */
#ifndef TEST_UNIT_SANDBOX_H
#define TEST_UNIT_SANDBOX_H

#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>

/* Enters a new network namespace and a mount namespace whose /run is empty. False if it may not. */
static inline bool sandbox_enter(void)
{
	return unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
	       mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/run", "tmpfs", 0, "mode=0755") == 0;
}

#endif
