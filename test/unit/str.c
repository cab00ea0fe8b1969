/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/str.c: a string that grows, and wipes what it leaves. */
#include <stdbool.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

static bool no_memory, left_unwiped;

static void *test_malloc(size_t n)
{
	return no_memory ? NULL : malloc(n);
}

/* Sees what a buffer holds when it is given back. */
static void test_free(void *p);

#include "lib/base.h"
#define malloc test_malloc
#define free test_free
#include "lib/str.c"
#undef malloc
#undef free

#include "lib/human.h"
#include "test/unit/tap.h"

static void test_free(void *p)
{
	if (p && memchr(p, 'K', FIRST_CAP))
		left_unwiped = true;
	free(p);
}

static void test_growth(void)
{
	struct str s cleanup(str_free) = STR_INIT;
	bool same = true;

	str_add(&s, "");
	ok(s.s && !s.len && !*s.s, "an empty text makes an empty string");
	for (size_t i = 0; i < 3000; i++)
		str_addf(&s, "%04zu", i);
	for (size_t i = 0; i < 3000; i++) {
		char want[8];

		snprintf(want, sizeof(want), "%04zu", i);
		same = same && !memcmp(s.s + 4 * i, want, 4);
	}
	ok(same && s.len == 12000 && strlen(s.s) == 12000, "growing keeps the text");
	ok(s.cap < 4 * s.len, "and does not run away");
	str_clear(&s);
	ok(s.s && !*s.s && !s.len, "clear leaves an empty text");
	str_addn(&s, "a\0b", 3);
	ok(s.len == 3 && !memcmp(s.s, "a\0b", 4), "any bytes, and a NUL after them");
}

static void test_edges(void)
{
	char text[2 * FIRST_CAP + 1];
	bool right = true;

	memset(text, 'x', sizeof(text));
	for (size_t n = 0; n < sizeof(text); n++) {
		struct str s cleanup(str_free) = STR_INIT;

		str_addn(&s, text, n);
		right = right && s.len == n && s.cap > n && strlen(s.s) == n;
	}
	ok(right, "every length about the first sizes");
}

static void test_wiping(void)
{
	struct str s = STR_INIT;

	left_unwiped = false;
	for (int i = 0; i < 500; i++)
		str_add(&s, "KEY");
	str_free(&s);
	ok(!left_unwiped, "no buffer is given back with its text");
	ok(!s.s && !s.len && !s.cap, "free resets");
}

static void test_no_memory(void)
{
	struct str s cleanup(str_free) = STR_INIT;

	str_add(&s, "before");
	no_memory = true;
	str_addf(&s, "%0100d", 1);
	no_memory = false;
	str_add(&s, "after");
	ok(s.err == -ENOMEM && !strcmp(s.s, "before"),
	   "an error sticks, and nothing is added after it");
}

static void test_printable(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "plain ~", "plain ~" },
		{ "\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "a\033[31m\nb\x7f", "a?[31m?b?" },
		{ "\xff\xfe", "??" },
		{ "\xc2\x9b", "??" }, /* CSI, of C1 */
		{ "\xc3", "?" }, /* cut short */
		{ "\xe2\x82", "??" },
		{ "\xc0\xaf", "??" }, /* longer than it must be */
		{ "\xed\xa0\x80", "???" }, /* a surrogate */
		{ "\xf4\x90\x80\x80", "????" }, /* beyond Unicode */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", cases[i].text);
		str_make_printable(text);
		ok(!strcmp(text, cases[i].want), cases[i].want);
	}
}

static void test_distance(void)
{
	ok(str_distance("check", "check") == 0 && str_distance("", "up") == 2,
	   "the same, and none");
	ok(str_distance("chekc", "check") == 1, "two letters exchanged");
	ok(str_distance("pubish", "publish") == 1 && str_distance("publlish", "publish") == 1 &&
		   str_distance("bublish", "publish") == 1,
	   "a letter left out, put in, changed");
	ok(str_distance("kitten", "sitting") == 3, "three of them");
	ok(str_distance("a-word-that-is-much-longer-than-any", "up") == SIZE_MAX, "no word at all");
}

static void test_quoted(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "/etc/vault/m.conf", "/etc/vault/m.conf" },
		{ "", "''" },
		{ "a b", "'a b'" },
		{ "it's", "'it'\\''s'" },
		{ "$(touch x);\n", "'$(touch x);\n'" },
		{ "\xc3\xa9", "'\xc3\xa9'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str str cleanup(str_free) = STR_INIT;

		str_add_quoted(&str, cases[i].text);
		ok(!str.err && !strcmp(str.s, cases[i].want), cases[i].want);
	}
}

static void test_human(void)
{
	static const struct {
		uint64_t bytes;
		const char *want;
	} sizes[] = {
		{ 0, "0 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" },
		{ 102399, "99.9 KiB" },
		{ 102400, "100 KiB" },
		{ 1048575, "1023 KiB" },
		{ 1288490188, "1.1 GiB" },
		{ UINT64_MAX, "15.9 EiB" },
	};
	static const struct {
		int64_t seconds;
		const char *want;
	} times[] = { { -1, "0 s" },     { 0, "0 s" },       { 59, "59 s" },
		      { 60, "1 min" },   { 3599, "59 min" }, { 3600, "1 h" },
		      { 86399, "23 h" }, { 86400, "1 d" },   { 8640000, "100 d" } };
	char buf[HUMAN_STRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		ok(!strcmp(human_bytes(sizes[i].bytes, buf), sizes[i].want), sizes[i].want);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		ok(!strcmp(human_seconds(times[i].seconds, buf), times[i].want), times[i].want);
}

int main(void)
{
	test_human();
	test_quoted();
	test_printable();
	test_growth();
	test_edges();
	test_wiping();
	test_no_memory();
	test_distance();
	return tap_done();
}
