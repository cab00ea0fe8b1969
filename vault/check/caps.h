/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/caps.h: what a process may do to a vault. */
#ifndef VAULT_CHECK_CAPS_H
#define VAULT_CHECK_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base.h"

/* Of all threads together. Capabilities: those that open a vault (confine/privileges.h). */
struct caps {
	uint64_t had; /* what any has */
	uint64_t to_gain; /* what one can gain by a set-user-ID program */
	bool calls_all; /* one has no filter of system calls */
};

/*
 * Reads those of the process whose folder in /proc is DIR. Capabilities of another user namespace
 * than ours count there only, not over the vault: then there are none. 0, or -errno, -ESRCH when it
 * has ended.
 */
int must_check caps_read(int dir, struct caps *out);

#endif
