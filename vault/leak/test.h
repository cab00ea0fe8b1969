/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/test.h: one run of leaktest: the captures open, all probes sent, what was seen judged.
 */
#ifndef VAULT_LEAK_TEST_H
#define VAULT_LEAK_TEST_H

#include "lib/base.h"
#include "vault/leak/echo/url.h"
#include "vault/leak/result/run.h"

/* Called at most once a run, as soon as RUN has a leak, with what it has found by then. NS is the
 * namespace of the vault SPEC. May change RUN's action, and the vault. */
typedef void leak_alarm(struct leak_run *run, const struct spec *spec, int ns, void *arg);

struct leak_request {
	const char *name; /* of the vault */
	const char **probes; /* ids of those to send; NULL: all */
	size_t n_probes;
	bool disrupt; /* the real tunnel may be taken down for it */
	const struct echo_target *echoes; /* borrowed: servers to ask for the address they see */
	size_t n_echoes;
	leak_alarm *alarm; /* NULL: nobody wants to know before the end */
	void *alarm_arg;
};

/*
 * Makes one run. Block SIGINT, SIGTERM, SIGHUP and SIGQUIT before: a pending one ends it early, and
 * all that it made is taken away in any case. 0 with *RUN filled and judged; else an exit code,
 * reported: EXIT_UNDECIDED when the vault is not up or a privilege is missing. leak_run_free(RUN)
 * in any case.
 */
int must_check leak_test(const struct leak_request *q, struct leak_run *run);

/*
 * Calls TRY_LOCK with ARG until it returns another error than -EWOULDBLOCK, or 0: the end of
 * another leak test, or command, is waited for, but for 15 seconds alone, and for no longer than
 * until a signal waits. What it returned last.
 */
int must_check leak_await_lock(int (*try_lock)(void *arg), void *arg);

#endif
