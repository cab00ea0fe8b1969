/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/takedown.h: one vault taken down. */
#ifndef VAULT_APPLY_TAKEDOWN_H
#define VAULT_APPLY_TAKEDOWN_H

#include <jansson.h>
#include <stdbool.h>

/* What is asked for. */
struct takedown {
	bool all; /* every vault there is: none is no error, nor are the remains of one */
	bool kill, keep_ns;
	unsigned int seconds; /* from SIGTERM to SIGKILL */
};

/*
 * Takes the vault NAME down, or what a crash left of it, as vault-down(8) tells, with its lock, for
 * which it waits; says what became of it, also in JSON (borrowed). False when anything failed, all
 * of it reported.
 */
bool takedown_run(const struct takedown *q, const char *name, json_t *json);

#endif
