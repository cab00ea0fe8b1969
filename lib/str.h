/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/str.h: a growing string. Errors stick: fill it without checks, look at `err` once at the end.
 */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stddef.h>

#include "lib/base.h"

/*
 * Zero-initialise with STR_INIT; `s` is NUL-terminated once anything was added (even ""), owned by
 * the str. May hold keys: every buffer it ever had is wiped (explicit_bzero(3)) when it grows and
 * when it is freed.
 */
struct str {
	char *s;
	size_t len, cap; /* bytes, the NUL counted in cap only */
	int err; /* 0 or -ENOMEM, sticky: from then on nothing is added */
};

#define STR_INIT              \
	{                     \
		NULL, 0, 0, 0 \
	}

/* Append the NUL-terminated TEXT, its first LEN bytes (any bytes), or printf(3)'s text. TEXT must
 * not lie in STR. */
void str_add(struct str *str, const char *text);
void str_addn(struct str *str, const char *text, size_t len);
void str_addf(struct str *str, const char *format, ...) printf_like(2, 3);
/* Appends TEXT as one word of sh(1): as it is, or in quotes where the shell would read it
 * otherwise. */
void str_add_quoted(struct str *str, const char *text);
/* Empties it and keeps its buffer (wiped, `s` an empty text) for more. */
void str_clear(struct str *str);
/* Wipes, frees and resets; a str may be used as a cleanup variable: `struct str s cleanup(str_free)
 * = STR_INIT;` */
void str_free(struct str *str);
/*
 * Puts '?' for every byte of TEXT that is not part of a printable character of UTF-8, in place:
 * what others have named goes to terminals, which obey control characters, and into JSON, which has
 * no other bytes.
 */
void str_make_printable(char *text);

/*
 * How many single letters have to be put in, left out, changed, or exchanged with their neighbour
 * to make A out of B (optimal string alignment); SIZE_MAX for texts longer than any word of a
 * command line.
 */
size_t str_distance(const char *a, const char *b);

#endif
