/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/slice.h: a piece of a text that is not copied: lists, names and characters in it. */
#ifndef VAULT_READ_SLICE_H
#define VAULT_READ_SLICE_H

#include <stdbool.h>
#include <stddef.h>

struct slice {
	const char *s; /* borrowed; no NUL at its end */
	size_t len;
};

/* Space and tab: the blanks inside a line. */
static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* TEXT without the blanks at its ends. */
struct slice slice_trim(struct slice text);
/* TEXT is WORD, in upper or lower case. */
bool slice_is(struct slice text, const char *word);
/* Copies TEXT and a NUL into BUF of SIZE bytes; false when it does not fit. */
bool slice_copy(struct slice text, char *buf, size_t size);

/*
 * Takes the next element, trimmed and maybe empty, off the comma-separated list *REST; false when
 * there is none left. An empty text has one element, an empty one.
 */
bool slice_next_element(struct slice *rest, struct slice *element);

/*
 * True when the last label of NAME is a decimal or hexadecimal number: then it is no domain name,
 * and getaddrinfo(3) would take it for an IPv4 address in octal, hexadecimal or short form.
 */
bool slice_ends_in_number(struct slice name);
/* A domain name (RFC 1123; underscores and a dot at the end allowed) that does not end in a number.
 */
bool slice_is_domain(struct slice name);

/* All of TEXT is UTF-8 (RFC 3629) without control characters but tab. */
bool slice_is_utf8(struct slice text);

#endif
