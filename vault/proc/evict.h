/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/proc/evict.h: who is inside a vault that goes: told, or ended. */
#ifndef VAULT_PROC_EVICT_H
#define VAULT_PROC_EVICT_H

#include <jansson.h>
#include <stddef.h>

#define EVICT_SECONDS 5 /* from SIGTERM to SIGKILL, unless told otherwise */

/*
 * Warns of each process inside the namespace NS of the vault NAME: it goes on, with no network; and
 * puts them as the list "processes" into JSON (borrowed). Returns the number of failures, reported.
 */
size_t evict_report(const char *name, int ns, json_t *json);

/*
 * Sends SIGTERM to every process inside the namespace NS of the vault NAME but the caller's own,
 * also to those that come meanwhile, once each, until nobody is left or SECONDS are over; says
 * whom, and appends it to the list SIGNALS (borrowed). Who has ended by then, or has left the
 * namespace, is sent nothing; nor is another process that got its number. Returns the number of
 * failures, reported; that somebody is left is none.
 */
size_t evict_ask(const char *name, int ns, unsigned int seconds, json_t *signals);

/* The same with SIGKILL, until nobody is left: that somebody is, after some seconds, is a failure. */
size_t evict_kill(const char *name, int ns, json_t *signals);

#endif
