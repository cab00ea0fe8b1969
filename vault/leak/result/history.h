/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/result/history.h: what an audit log of leak tests says: the report. */
#ifndef VAULT_LEAK_RESULT_HISTORY_H
#define VAULT_LEAK_RESULT_HISTORY_H

#include <jansson.h>
#include <stdio.h>

#include "vault/leak/result/summary.h"

#define HISTORY_LIST_MAX 1000 /* of leaks and changes; the rest are counted */

/* Of one vault; zero-initialise but for the name, end with history_free. */
struct history {
	const char *name; /* borrowed */
	struct summary summary;
	size_t lines; /* in all */
	size_t bad; /* that are no run: what a crash tore, or a hand wrote */
	size_t others; /* runs of other vaults */
	json_t *leaks, *changes, *actions; /* owned: lists of what the report shows */
	size_t n_leaks, n_changes, n_actions; /* of which the lists may hold but the first */
	json_t *addresses; /* owned: family and side to the address last seen */
	json_t *drops; /* owned: reason to packets in all, by probes, and the counter last seen */
};

/* Reads all of FILE, line by line. 0; -ENOMEM, -EFBIG for a line that no run can be, or -errno of
 * reading. */
int must_check history_read(struct history *h, FILE *file);

/* EXIT_FAILED after any leak; else EXIT_UNDECIDED when a run was unknown, there was none, or a line
 * is none: it may have told of a leak. EXIT_DONE when all were sealed. */
int history_exit_code(const struct history *h);

/* The report as JSON (a new reference; NULL without memory), and as text. */
json_t *history_json(const struct history *h);
void history_print(const struct history *h, struct str *out);

void history_free(struct history *h);

#endif
