/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echo/echo.h: the address that others see, from inside a vault and from the host. */
#ifndef VAULT_LEAK_ECHO_ECHO_H
#define VAULT_LEAK_ECHO_ECHO_H

#include <sys/types.h>

#include "vault/leak/echo/ask.h"
#include "vault/spec/spec.h"

#define ECHO_TARGETS_MAX 8
#define ECHO_SECONDS 3 /* for all of them together, however many */

enum echo_side { ECHO_INSIDE, ECHO_HOST, ECHO_SIDES };

/* What one server told of one family. */
struct echo_reply {
	const struct echo_target *target; /* borrowed */
	uint8_t family;
	struct echo_answer side[ECHO_SIDES];
};

/* A round of asks under way, each in a process of its own; ends with echo_finish. */
struct echo_round {
	struct echo_reply list[ECHO_TARGETS_MAX * ADDR_FAMILIES];
	struct echo_child {
		pid_t pid; /* 0: there is none */
		int fd; /* what it will tell */
	} children[ECHO_TARGETS_MAX * ADDR_FAMILIES * ECHO_SIDES];
	size_t n; /* of list */
	int64_t end; /* clock_ms */
};

/*
 * Begins to ask the N (at most ECHO_TARGETS_MAX) TARGETS, from the caller's namespace and from NS,
 * that of the vault SPEC, all at once. What cannot be begun is an answer that failed. TARGETS stay
 * the caller's, and must outlive ROUND.
 */
void echo_start(const struct echo_target *targets, size_t n, const struct spec *spec, int ns,
		struct echo_round *round);

/* Waits until all have answered, ECHO_SECONDS after echo_start at the latest, fills ROUND's list,
 * and ends the processes. */
void echo_finish(struct echo_round *round);

/* Ends the processes at once, if there are any; all zero will do, and so will one that is finished.
 */
void echo_cancel(struct echo_round *round);

#endif
