/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/cmd.h: what a command is. */
#ifndef VAULT_CMD_CMD_H
#define VAULT_CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base.h"

struct clauses;
struct options;
struct str;

/*
 * ARGV holds the ARGC words after the command's own name. `run` returns an exit code (exit.h); it
 * has printed whatever there is to say through report.h.
 */
struct cmd {
	const char *name; /* "parse-conf" */
	const char *help; /* one line: what it does; NULL: it is not told of */
	const struct clauses *words; /* what it takes; NULL: anything */
	void (*usage)(struct str *out); /* appends more than that of the usage; may be NULL */
	int (*run)(int argc, char **argv, const struct options *options);
	bool on_host; /* inside of a vault there is nothing for it to work on */
	bool outlives_readers; /* who reads what it says may go away: it ends as it would have */
	int unsaid; /* the exit code instead of EXIT_DONE when not all could be printed; 0:
		       EXIT_FAILED */
};

extern const struct cmd cmd_up, cmd_down, cmd_exec, cmd_check, cmd_leaktest, cmd_parse_conf,
	cmd_complete;

extern const struct cmd *const cmd_list[];
extern const size_t cmd_count;

/* The command NAME, or that which a link such as /sbin/vault-down stands for; or NULL. */
const struct cmd *cmd_find(const char *name);
const struct cmd *cmd_of_link(const char *path);

/* True for a word that a vault cannot be called by: check would look at something else, and say that
 * that is fine. */
bool cmd_is_word(const char *name);

/*
 * Reads the ARGC words of ARGV by T into REQUEST, as clauses_read does. 0, or EXIT_USAGE with each
 * error reported.
 */
int must_check cmd_read(const struct clauses *t, int argc, char **argv, void *request);

#endif
