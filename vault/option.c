/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/option.c: the options of all commands, one table. */
#include "vault/option.h"

#include <string.h>
#include <strings.h>

#include "lib/base.h"

#define AT(member) offsetof(struct options, member)

const struct option option_list[] = {
	{ 'j', "json", "one JSON value on stdout, also on failure", AT(json) },
	{ 'p', "pretty", "JSON with line breaks", AT(pretty) },
	{ 'q', "quiet", "no more than errors", AT(quiet) },
	{ 'v', "verbose", "say more: what is done, and all that check found", AT(verbose) },
	{ 'V', "Version", "print the version", AT(version) },
	{ 'h', "help", "print this", AT(help) },
};
const size_t option_count = ARRAY_SIZE(option_list);

const struct option *option_find(const char *word)
{
	bool two = word[0] == '-' && word[1] == '-';

	for (size_t i = 0; word[0] == '-' && i < ARRAY_SIZE(option_list); i++) {
		const struct option *o = &option_list[i];

		if ((!two && word[1] == o->letter && !word[2]) ||
		    !strcasecmp(word + (two ? 2 : 1), o->name))
			return o;
	}
	return NULL;
}

bool option_take(const char *word, struct options *out)
{
	const struct option *o = option_find(word);

	if (o)
		*(bool *)((char *)out + o->at) = true;
	return o;
}
