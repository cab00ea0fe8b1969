/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/str.c: a growing string. What it held is wiped, for it may have been a key. */
#include "lib/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAP 64U

/* Makes room for MORE bytes and a NUL. Not by realloc(3), which would leave a copy of the old bytes
 * behind. */
static bool make_room(struct str *str, size_t more)
{
	size_t cap = str->cap ? str->cap : FIRST_CAP;
	char *s;

	if (str->err)
		return false;
	if (more < str->cap - str->len)
		return true;
	while (cap - str->len <= more && cap <= SIZE_MAX / 2)
		cap *= 2;
	s = cap - str->len > more ? malloc(cap) : NULL;
	if (!s) {
		str->err = -ENOMEM;
		return false;
	}
	if (str->s) {
		memcpy(s, str->s, str->len);
		explicit_bzero(str->s, str->cap);
		free(str->s);
	}
	str->s = s;
	str->cap = cap;
	return true;
}

void str_addn(struct str *str, const char *text, size_t len)
{
	if (!make_room(str, len))
		return;
	memcpy(str->s + str->len, text, len);
	str->len += len;
	str->s[str->len] = '\0';
}

void str_add(struct str *str, const char *text)
{
	str_addn(str, text, strlen(text));
}

void str_addf(struct str *str, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		str->err = -ENOMEM;
	if (n < 0 || !make_room(str, (size_t)n))
		return;
	va_start(args, format);
	vsnprintf(str->s + str->len, (size_t)n + 1, format, args);
	va_end(args);
	str->len += (size_t)n;
}

void str_clear(struct str *str)
{
	if (str->s)
		explicit_bzero(str->s, str->len);
	str->len = 0;
}

void str_free(struct str *str)
{
	if (str->s)
		explicit_bzero(str->s, str->cap);
	free(str->s);
	*str = (struct str)STR_INIT;
}
