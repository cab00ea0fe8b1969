/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/monitor.h: leak tests, once or again and again: told, kept in a log, acted upon. */
#ifndef VAULT_LEAK_MONITOR_H
#define VAULT_LEAK_MONITOR_H

#include "vault/leak/test.h"

struct monitor {
	struct leak_request test; /* but for its alarm */
	int64_t interval, duration; /* seconds; 0: one run; until a signal */
	const char *log; /* path; NULL: none */
	const char *on_leak; /* as action_take has it; NULL: nothing */
	bool brief; /* what is sealed goes unsaid */
};

/*
 * Makes the runs that W asks for; SIGINT, SIGTERM, SIGHUP and SIGQUIT, which the caller blocks, end
 * them after the one under way. Returns an exit code: EXIT_FAILED when any found a leak, else
 * EXIT_UNDECIDED when any could not tell, or was not written to the log; all of it reported.
 */
int monitor_run(const struct monitor *w);

#endif
