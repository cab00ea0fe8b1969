/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/wgvalue.c: what the parsers of a wg-quick file's keys have in common. */
#include "vault/read/wgvalue.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Short, and of what addresses and numbers are made of. */
static bool is_showable(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("0123456789abcdefABCDEFx.:/%[]+-", text.s[i]))
			return false;
	return text.len && text.len < PREFIX_STRLEN;
}

void wgvalue_refuse(const struct wgvalue *v, struct slice part, const char *reason, ...)
{
	char text[256];
	va_list args;

	va_start(args, reason);
	vsnprintf(text, sizeof(text), reason, args);
	va_end(args);
	if (is_showable(part))
		problem_error(v->problems, v->line, "%s: \"%.*s\" %s", v->key, (int)part.len,
			      part.s, text);
	else
		problem_error(v->problems, v->line, "%s: %s", v->key, text);
}

void wgvalue_no_memory(const struct wgvalue *v)
{
	v->problems->overflow = true;
}

bool wgvalue_number(const struct wgvalue *v, struct slice text, uint64_t min, uint64_t max,
		    uint64_t *out)
{
	int ret = uint_parse(text.s, text.len, min, max, out);

	if (ret == -ERANGE)
		wgvalue_refuse(v, text, "is outside %llu to %llu", (unsigned long long)min,
			       (unsigned long long)max);
	else if (ret)
		wgvalue_refuse(v, text, "is not a decimal number");
	return !ret;
}

bool wgvalue_prefix(const struct wgvalue *v, struct slice text, struct prefix *out)
{
	char buf[PREFIX_STRLEN];

	if (slice_copy(text, buf, sizeof(buf)) && !prefix_parse(buf, out))
		return true;
	wgvalue_refuse(v, text, "is not an IPv4 or IPv6 address with or without /LENGTH");
	return false;
}

bool wgvalue_key(const struct wgvalue *v, bool zero_fits, struct key *out)
{
	static const struct slice secret;

	if (slice_is(v->text, "(hidden)"))
		wgvalue_refuse(v, secret,
			       "is hidden, not there: print the file anew with show-keys");
	else if (v->text.len != KEY_BASE64_LEN)
		wgvalue_refuse(v, secret, "has %zu characters: a key has %d, base64 of %d bytes",
			       v->text.len, KEY_BASE64_LEN, KEY_LEN);
	else if (key_from_base64(v->text.s, v->text.len, out))
		wgvalue_refuse(v, secret, "is not canonical base64 of %d bytes", KEY_LEN);
	else if (!zero_fits && key_is_zero(out))
		wgvalue_refuse(v, secret, "is all zeros, which is nobody's key");
	else
		return true;
	return false;
}
