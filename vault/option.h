/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/option.h: the options of all commands, which go before the command. No system calls. */
#ifndef VAULT_OPTION_H
#define VAULT_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "vault/option.h"

struct options {
	bool json, pretty, quiet, verbose, version, help;
};

struct option {
	char letter;
	const char *name; /* "json": with one dash or two */
	const char *help; /* one line */
	size_t at; /* its bool in struct options */
};

extern const struct option option_list[];
extern const size_t option_count;

/* The option that WORD is ("-j", "-json", "--json"), or NULL. */
const struct option *option_find(const char *word);

/* Sets in *OUT what WORD asks for. False when it is no option. */
bool option_take(const char *word, struct options *out);

#endif
