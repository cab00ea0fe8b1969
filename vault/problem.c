/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/problem.c: what is wrong with a text, line by line: parsers add, commands print. */
#include "vault/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/list.h"

/* Takes TEXT. */
static void append(struct problems *p, unsigned int line, bool warning, char *text)
{
	const struct problem problem = { .line = line, .warning = warning, .text = text };

	if (text && !p->overflow && !list_append(&p->list, &p->n, sizeof(problem), &problem))
		return;
	p->overflow = true;
	free(text);
}

static void add(struct problems *p, unsigned int line, bool warning, const char *format,
		va_list args) printf_like(4, 0);

static void add(struct problems *p, unsigned int line, bool warning, const char *format,
		va_list args)
{
	size_t n = warning ? p->n_warnings++ : p->n_errors++;
	char *text = NULL;
	int ret;

	if (n > PROBLEMS_MAX)
		return;
	if (n < PROBLEMS_MAX)
		ret = vasprintf(&text, format, args);
	else
		ret = asprintf(&text, "more than %u %s: the others are not shown", PROBLEMS_MAX,
			       warning ? "warnings" : "errors");
	append(p, n < PROBLEMS_MAX ? line : 0, warning, ret < 0 ? NULL : text);
}

void problem_error(struct problems *p, unsigned int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(p, line, false, format, args);
	va_end(args);
}

void problem_warn(struct problems *p, unsigned int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(p, line, true, format, args);
	va_end(args);
}

/* By insertion: stable, and quick where almost all are in order already; there are 2 * PROBLEMS_MAX
 * at most. */
void problems_sort(struct problems *p)
{
	for (size_t i = 1; i < p->n; i++) {
		struct problem moved = p->list[i];
		size_t to = i;

		for (; to && p->list[to - 1].line > moved.line; to--)
			p->list[to] = p->list[to - 1];
		p->list[to] = moved;
	}
}

void problems_be_strict(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		p->list[i].warning = false;
	p->n_errors += p->n_warnings;
	p->n_warnings = 0;
}

void problems_free(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].text);
	free(p->list);
	*p = (struct problems){ 0 };
}
