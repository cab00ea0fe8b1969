/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd.h: what a command is, and the exit codes of all of them. */
#ifndef VAULT_CMD_H
#define VAULT_CMD_H

#include <stdbool.h>

struct str;

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2, /* nothing was changed */
	EXIT_UNDECIDED = 3,
	EXIT_EXEC_FAILED = 125, /* exec: vault itself failed */
	EXIT_EXEC_CANNOT_RUN = 126,
	EXIT_EXEC_NOT_FOUND = 127,
};

/* The global options, as given before the command. */
struct options {
	bool json, pretty, quiet, verbose;
};

/*
 * ARGV holds the ARGC words after the command's own name. `run` returns an exit code; it has
 * printed whatever there is to say through report.h.
 */
struct cmd {
	const char *name; /* "parse-conf" */
	const char *args; /* the grammar after the name, for usage lines; may hold newlines */
	const char *help; /* one line: what it does */
	void (*usage)(struct str *out); /* appends more of the usage; NULL: there is no more */
	int (*run)(int argc, char **argv, const struct options *options);
	bool outlives_readers; /* who reads what it says may go away: it ends as it would have */
	int unsaid; /* the exit code instead of EXIT_DONE when not all could be printed; 0:
		       EXIT_FAILED */
};

extern const struct cmd cmd_up, cmd_down, cmd_exec, cmd_check, cmd_leaktest, cmd_parse_conf;

#endif
