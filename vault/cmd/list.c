/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/list.c: the commands there are, and what they have in common: how their words are read.
 */
#include <string.h>

#include "vault/cmd/cmd.h"
#include "vault/exit.h"
#include "vault/read/clause.h"
#include "vault/report.h"

const struct cmd *const cmd_list[] = { &cmd_up,       &cmd_down,       &cmd_exec,    &cmd_check,
				       &cmd_leaktest, &cmd_parse_conf, &cmd_complete };
const size_t cmd_count = ARRAY_SIZE(cmd_list);

const struct cmd *cmd_find(const char *name)
{
	for (size_t i = 0; i < cmd_count; i++)
		if (!strcmp(cmd_list[i]->name, name))
			return cmd_list[i];
	return NULL;
}

const struct cmd *cmd_of_link(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < cmd_count; i++) {
		size_t len = strlen(cmd_list[i]->name), whole = strlen(name);

		if (cmd_list[i]->help && whole > len && name[whole - len - 1] == '-' &&
		    !strcmp(name + whole - len, cmd_list[i]->name))
			return cmd_list[i];
	}
	return NULL;
}

int cmd_read(const struct clauses *t, int argc, char **argv, void *request)
{
	struct problems p = { 0 };
	size_t errors = clauses_read(t, argv, argc > 0 ? (size_t)argc : 0, request, &p);

	report_problems_of(t->command, &p);
	problems_free(&p);
	return errors ? EXIT_USAGE : 0;
}

bool cmd_is_word(const char *name)
{
	return !strcmp(name, "help") || clause_find(cmd_check.words, name);
}
