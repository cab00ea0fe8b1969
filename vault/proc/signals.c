/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/proc/signals.c: the signals that end a command, which wait until what was begun is whole or
 * gone.
 */
#include "vault/proc/signals.h"

#include <errno.h>

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

sigset_t signals_ending(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		sigaddset(&set, ending[i]);
	return set;
}

int signals_block(void)
{
	const sigset_t set = signals_ending();

	return sigprocmask(SIG_BLOCK, &set, NULL) ? -errno : 0;
}

bool signals_wait(void)
{
	sigset_t pending;

	if (sigpending(&pending))
		return true; /* cannot happen; if it does, stop */
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		if (sigismember(&pending, ending[i]) == 1)
			return true;
	return false;
}
