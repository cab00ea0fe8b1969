/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/slice.c: a piece of a text that is not copied: lists, names and characters in it. */
#include "vault/read/slice.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define DOMAIN_MAX 253U /* RFC 1035 */
#define LABEL_MAX 63U

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex_digit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

struct slice slice_trim(struct slice text)
{
	for (; text.len && is_blank(text.s[0]); text.len--)
		text.s++;
	while (text.len && is_blank(text.s[text.len - 1]))
		text.len--;
	return text;
}

bool slice_is(struct slice text, const char *word)
{
	return text.len == strlen(word) && !strncasecmp(text.s, word, text.len);
}

bool slice_copy(struct slice text, char *buf, size_t size)
{
	if (text.len >= size)
		return false;
	memcpy(buf, text.s, text.len);
	buf[text.len] = '\0';
	return true;
}

bool slice_next_element(struct slice *rest, struct slice *element)
{
	const char *comma;

	if (!rest->s)
		return false;
	comma = memchr(rest->s, ',', rest->len);
	element->s = rest->s;
	element->len = comma ? (size_t)(comma - rest->s) : rest->len;
	rest->len -= element->len + (comma ? 1 : 0);
	rest->s = comma ? comma + 1 : NULL;
	*element = slice_trim(*element);
	return true;
}

bool slice_ends_in_number(struct slice name)
{
	bool (*fits)(char c) = is_digit;
	size_t i = name.len;

	while (i && name.s[i - 1] != '.')
		i--;
	if (name.len - i > 1 && name.s[i] == '0' &&
	    (name.s[i + 1] == 'x' || name.s[i + 1] == 'X')) {
		fits = is_hex_digit;
		i += 2;
	} else if (i == name.len) {
		return false;
	}
	while (i < name.len && fits(name.s[i]))
		i++;
	return i == name.len;
}

static bool is_label(const char *s, size_t len)
{
	if (!len || len > LABEL_MAX || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_letter(s[i]) && !is_digit(s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	return true;
}

bool slice_is_domain(struct slice name)
{
	size_t start = 0;

	if (name.len && name.s[name.len - 1] == '.')
		name.len--;
	if (!name.len || name.len > DOMAIN_MAX || slice_ends_in_number(name))
		return false;
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.s[i] != '.')
			continue;
		if (!is_label(name.s + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

/* The length of the first character; 0 when it is none, or a control character. */
static size_t char_len(struct slice text)
{
	static const uint32_t least[] = { 0, 0, 0xa0, 0x800,
					  0x10000 }; /* U+0080 to U+009F are control characters */
	const unsigned char *s = (const unsigned char *)text.s;
	size_t n = s[0] < 0x80       ? 1
		   : s[0] >> 5 == 6  ? 2
		   : s[0] >> 4 == 14 ? 3
		   : s[0] >> 3 == 30 ? 4
				     : 0;
	uint32_t c;

	if (n == 1)
		return s[0] == '\t' || (s[0] >= ' ' && s[0] != 0x7f);
	if (!n || n > text.len)
		return 0;
	c = s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	return c < least[n] || c >> 11 == 0x1b || c > 0x10ffff
		       ? 0
		       : n; /* overlong, surrogate, past Unicode */
}

bool slice_is_utf8(struct slice text)
{
	while (text.len) {
		size_t n = char_len(text);

		if (!n)
			return false;
		text.s += n;
		text.len -= n;
	}
	return true;
}
