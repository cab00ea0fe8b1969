/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/exit.h: the exit codes of all commands. */
#ifndef VAULT_EXIT_H
#define VAULT_EXIT_H

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2, /* nothing was changed */
	EXIT_UNDECIDED = 3,
	EXIT_EXEC_FAILED = 125, /* exec: vault itself failed */
	EXIT_EXEC_CANNOT_RUN = 126,
	EXIT_EXEC_NOT_FOUND = 127,
};

#endif
