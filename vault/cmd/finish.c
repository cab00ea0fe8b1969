/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/finish.c: what `up` does once the vault stands. */
#include "vault/cmd/finish.h"

#include "vault/apply/handshake.h"
#include "vault/exit.h"
#include "vault/gather/forwarding.h"
#include "vault/report.h"

int finish_wait(const struct words *words, struct session *w, const struct timespec *since)
{
	if (!words->wait_seconds)
		return EXIT_DONE;
	close_fd(&w->dir); /* a `down` need not wait, too */
	report_flush(); /* what was said is true already */
	return handshake_wait(w, since, words->wait_seconds) ? EXIT_FAILED : EXIT_DONE;
}

void finish_warn(struct session *w, struct problems *ways)
{
	forwarding_check_link(w, forwarding_warn, ways);
	report_problems_of(w->spec->name, ways);
}
