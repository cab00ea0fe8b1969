/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/problem.h: what is wrong with a text, line by line: parsers add, commands print. */
#ifndef VAULT_PROBLEM_H
#define VAULT_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base.h"

#define PROBLEMS_MAX \
	1000U /* errors, and as many warnings, that are kept: a hostile text has millions */

struct problem {
	unsigned int line; /* from 1; 0: the text as a whole */
	bool warning;
	char *text; /* owned; never holds key material */
};

struct problems {
	struct problem *list; /* owned; by line once problems_sort was called */
	size_t n;
	size_t n_errors, n_warnings; /* all that were added, also those past PROBLEMS_MAX that are
					not in the list */
	bool overflow; /* no memory for one: counts as an error */
};

/* Zero-initialise a struct problems. These add one (printf(3)'s text, no newline) on LINE of the
 * text. */
void problem_error(struct problems *p, unsigned int line, const char *format, ...)
	printf_like(3, 4);
void problem_warn(struct problems *p, unsigned int line, const char *format, ...) printf_like(3, 4);
/* Orders them by line; of one line, as they were added. */
void problems_sort(struct problems *p);
/* Makes every warning an error. */
void problems_be_strict(struct problems *p);
void problems_free(struct problems *p);

#endif
