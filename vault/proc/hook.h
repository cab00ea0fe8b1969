/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/proc/hook.h: the commands of the words post-up, pre-down and post-down, and of on-leak. */
#ifndef VAULT_PROC_HOOK_H
#define VAULT_PROC_HOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"
#include "vault/spec/spec.h"

/* The event of a command that acts on a leak. */
#define HOOK_ON_LEAK "on-leak"

/* A command to run. All borrowed. */
struct hook {
	const struct spec *spec;
	const char *event, *command; /* VAULT_EVENT; sh(1)'s */
	const char *variable, *value; /* one more of its environment; NULL: none */
	int seconds; /* then it is killed with its process group, and signals wait; 0: it may take
			its time */
};

/* As hook_run below, one command: true when it succeeded. */
bool hook_run_one(const struct hook *hook);

/*
 * Runs SPEC's commands of EVENT one after the other, by sh(1), in the caller's namespaces, with the
 * VAULT_ variables in their environment, and waits for each; post-up stops at the first that fails.
 * The caller may hold the vault's lock, and must not hold the host's. SIGINT, SIGTERM, SIGHUP and
 * SIGQUIT, where the caller blocks them, are passed on to the command as SIGTERM. Returns how many
 * failed, each reported.
 */
size_t hook_run(const struct spec *spec, enum spec_hook event);

/* True, and reported, when the caller was started by a hook of the vault NAME whose command is
 * still under way: to wait for that one's lock would be to wait for itself. */
bool hook_refuses(const char *name);

/* Appends the equivalent commands, for people, to OUT: what is run after `up`; what `down` would
 * run, as comments. */
void hook_print(const struct spec *spec, struct str *out);

#endif
