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

/* How many bytes the printable character at S has; 0: there is none. The end of the text is no part
 * of one. */
static size_t printable_length(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least; /* shorter forms must be used below; C0 and C1 are controls */
	} forms[] = { { 0x80, 0x00, 0x20 },
		      { 0xe0, 0xc0, 0xa0 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };
	size_t n = 0;
	uint32_t c;

	while (n < ARRAY_SIZE(forms) && (s[0] & forms[n].mask) != forms[n].lead)
		n++;
	if (n == ARRAY_SIZE(forms))
		return 0;
	c = s[0] & (unsigned char)~forms[n].mask;
	for (size_t i = 1; i <= n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < forms[n].least || c == 0x7f || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	return n + 1;
}

void str_make_printable(char *text)
{
	while (*text) {
		size_t n = printable_length((const unsigned char *)text);

		if (!n)
			*text = '?';
		text += n ? n : 1;
	}
}

void str_add_quoted(struct str *str, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+:,./-";
	size_t len = strlen(text);

	if (len && strspn(text, plain) == len) {
		str_addn(str, text, len);
		return;
	}
	str_add(str, "'");
	for (; *text; text++)
		if (*text == '\'')
			str_add(str, "'\\''");
		else
			str_addn(str, text, 1);
	str_add(str, "'");
}

void str_free(struct str *str)
{
	if (str->s)
		explicit_bzero(str->s, str->cap);
	free(str->s);
	*str = (struct str)STR_INIT;
}

enum { WORD_MAX = 32 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t str_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], la = strlen(a), lb = strlen(b);
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	if (la > WORD_MAX || lb > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		last[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = least(least(last[j], row[j - 1]) + 1,
				       last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[lb];
}
