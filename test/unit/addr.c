/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/addr.c: what is an address, a prefix and a number, and what is not. */
#include "lib/addr.c"

#include "test/unit/tap.h"

static bool parses_as(const char *text, const char *canonical)
{
	char buf[PREFIX_STRLEN];
	struct prefix p;

	return !prefix_parse(text, &p) && !strcmp(prefix_format(&p, buf), canonical);
}

static struct prefix prefix(const char *text)
{
	struct prefix p = { 0 };

	if (prefix_parse(text, &p))
		printf("# not a prefix: %s\n", text);
	return p;
}

static struct addr addr(const char *text)
{
	return prefix(text).addr;
}

static void test_parse(void)
{
	static const char *const bad[] = {
		"",
		"1.2.3",
		"1.2.3.4.5",
		"01.2.3.4",
		"0x1.2.3.4",
		"1.2.3.256",
		"1.2.3.4 ",
		" 1.2.3.4",
		"+1.2.3.4",
		":",
		":::",
		"1::2::3",
		"fe80::1%lo",
		"[::1]",
		"12345::",
		"1.2.3.4/",
		"1.2.3.4/33",
		"1.2.3.4/-1",
		"1.2.3.4/+8",
		"1.2.3.4/8/8",
		"1.2.3.4/ 8",
		"::/129",
		"/8",
		"1.2.3.4/99999999999999999999",
		"1.2.3.4/4294967304",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	};
	struct prefix before = prefix("9.9.9.9/9"), p = before;
	bool refused = true;

	ok(parses_as("10.0.0.1/8", "10.0.0.1/8"), "host bits are kept");
	ok(parses_as("10.0.0.1", "10.0.0.1/32") && parses_as("::1", "::1/128"),
	   "no length: all of it");
	ok(parses_as("0.0.0.0/0", "0.0.0.0/0") && parses_as("::/0", "::/0"), "length 0");
	ok(parses_as("1.2.3.4/032", "1.2.3.4/32"), "a length is decimal, as for wg");
	ok(parses_as("2001:DB8:0:0:0:0:0:1/64", "2001:db8::1/64"), "RFC 5952");
	ok(parses_as("::ffff:1.2.3.4", "::ffff:1.2.3.4/128"), "an IPv4 tail");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (prefix_parse(bad[i], &p) != -EINVAL) {
			printf("# taken: %s\n", bad[i]);
			refused = false;
		}
	ok(refused, "what is no prefix is refused");
	ok(prefix_equal(&p, &before), "and leaves the output untouched");
}

static void test_classes(void)
{
	struct addr none = { 0 }, a;
	char buf[ADDR_STRLEN];

	ok(addr_bits(&none) == 0 && addr_size(&none) == 0 && !*addr_format(&none, buf),
	   "no address is no bits");
	ok(!addr_is_any(&none) && !addr_is_loopback(&none) && !addr_is_multicast(&none) &&
		   !addr_is_linklocal(&none),
	   "and of no class");
	ok((a = addr("0.0.0.0"), addr_is_any(&a)), "0.0.0.0 is any");
	ok((a = addr("::"), addr_is_any(&a)) && (a = addr("::1"), !addr_is_any(&a)),
	   ":: is any, ::1 is not");
	ok((a = addr("127.8.9.1"), addr_is_loopback(&a)) && (a = addr("::1"), addr_is_loopback(&a)),
	   "loopback");
	ok((a = addr("128.0.0.1"), !addr_is_loopback(&a)) &&
		   (a = addr("::2"), !addr_is_loopback(&a)),
	   "not loopback");
	ok((a = addr("239.255.0.1"), addr_is_multicast(&a)) &&
		   (a = addr("ff02::1"), addr_is_multicast(&a)),
	   "multicast");
	ok((a = addr("240.0.0.1"), !addr_is_multicast(&a)) &&
		   (a = addr("fe02::1"), !addr_is_multicast(&a)),
	   "not multicast");
	ok((a = addr("169.254.3.4"), addr_is_linklocal(&a)) &&
		   (a = addr("febf::1"), addr_is_linklocal(&a)),
	   "link-local");
	ok((a = addr("169.253.3.4"), !addr_is_linklocal(&a)) &&
		   (a = addr("fec0::1"), !addr_is_linklocal(&a)),
	   "not link-local");
}

static bool contains(const char *p, const char *a)
{
	struct prefix left = prefix(p);
	struct addr right = addr(a);

	return prefix_contains(&left, &right);
}

static bool overlaps(const char *a, const char *b)
{
	struct prefix left = prefix(a), right = prefix(b);

	return prefix_overlaps(&left, &right) && prefix_overlaps(&right, &left);
}

static bool masks_to(const char *before, const char *after)
{
	struct prefix p = prefix(before), want = prefix(after);
	bool changes = !prefix_equal(&p, &want);

	return prefix_mask(&p) == changes && prefix_equal(&p, &want);
}

static void test_prefixes(void)
{
	ok(contains("10.1.0.0/15", "10.0.255.255") && !contains("10.0.0.0/15", "10.2.0.0"),
	   "contains, IPv4");
	ok(contains("2001:db8::/33", "2001:db8:7fff::1") &&
		   !contains("2001:db8::/33", "2001:db8:8000::"),
	   "contains, IPv6");
	ok(contains("::/0", "::1") && !contains("::/0", "1.2.3.4") && !contains("0.0.0.0/0", "::"),
	   "never of two families");
	ok(overlaps("10.0.0.0/8", "10.9.0.0/16") && !overlaps("10.0.0.0/16", "10.1.0.0/16"),
	   "overlaps");
	ok(overlaps("0.0.0.0/0", "255.255.255.255/32") && !overlaps("0.0.0.0/0", "::/0"),
	   "everything overlaps its family");
	ok(masks_to("10.255.3.4/9", "10.128.0.0/9") && masks_to("10.0.0.0/8", "10.0.0.0/8"),
	   "mask, IPv4");
	ok(masks_to("1.2.3.4/0", "0.0.0.0/0") && masks_to("1.2.3.4/32", "1.2.3.4/32"),
	   "mask at the ends");
	ok(masks_to("2001:db8:ffff::1/47", "2001:db8:fffe::/47") && masks_to("::1/127", "::/127"),
	   "mask, IPv6");
}

static bool adds_to(const char *a, uint32_t n, const char *sum)
{
	struct addr left = addr(a), want = addr(sum), got = addr_add(&left, n);

	return addr_equal(&got, &want);
}

static void test_add(void)
{
	ok(adds_to("10.0.0.255", 1, "10.0.1.0") && adds_to("10.0.0.1", 0, "10.0.0.1"), "add, IPv4");
	ok(adds_to("255.255.255.255", 2, "0.0.0.1"), "wraps, IPv4");
	ok(adds_to("fd00::ffff:ffff:ffff", 1, "fd00::1:0:0:0") &&
		   adds_to("::", UINT32_MAX, "::ffff:ffff"),
	   "add, IPv6");
}

static int number(const char *text, uint64_t min, uint64_t max)
{
	uint64_t n = 0;

	return uint_parse(text, strlen(text), min, max, &n);
}

static void test_numbers(void)
{
	uint64_t n = 0;

	ok(!uint_parse("018446744073709551615x", 21, 0, UINT64_MAX, &n) && n == UINT64_MAX,
	   "2^64-1, of LEN bytes only");
	ok(number("18446744073709551616", 0, UINT64_MAX) == -ERANGE, "2^64 is out of range");
	ok(number("99999999999999999999999", 0, UINT64_MAX) == -ERANGE, "so is what wraps twice");
	ok(number("0", 1, 9) == -ERANGE && number("10", 1, 9) == -ERANGE && !number("9", 1, 9),
	   "bounds are inside");
	ok(number("", 0, 9) == -EINVAL && number("-1", 0, 9) == -EINVAL &&
		   number("+1", 0, 9) == -EINVAL && number(" 1", 0, 9) == -EINVAL &&
		   number("0x1", 0, 9) == -EINVAL && number("1e0", 0, 9) == -EINVAL,
	   "no sign, no blank, no other base");
}

static bool prints(uint64_t n)
{
	char want[UINT_STRLEN], got[UINT_STRLEN];

	snprintf(want, sizeof(want), "%llu", (unsigned long long)n);
	return uint_format(n, got) == strlen(want) && !strcmp(want, got);
}

/* As printf(3) and inet_ntop(3) print them, each number of digits and each byte in each place. */
static void test_prints(void)
{
	bool numbers = prints(0) && prints(UINT64_MAX), bytes = true, groups = true;
	char want[ADDR_STRLEN], got[ADDR_STRLEN];
	struct addr a = { .family = AF_INET };

	for (uint64_t n = 1; n <= UINT64_MAX / 10; n *= 10)
		numbers = numbers && prints(n) && prints(10 * n - 1) && prints(10 * n);
	ok(numbers, "a number is printed whole");
	for (unsigned int i = 0; i < 1024; i++) {
		a.bytes[i % 4] = (uint8_t)(i / 4);
		inet_ntop(AF_INET, a.bytes, want, sizeof(want));
		bytes = bytes && !strcmp(want, addr_format(&a, got));
	}
	ok(bytes, "an IPv4 address is printed with all its numbers");
	a.family = AF_INET6;
	for (unsigned int i = 0; i < 1U << 16; i++) {
		/* Two bits a group: zero, or of one digit or two, of three, of four. */
		for (unsigned int g = 0; g < 8; g++) {
			static const uint8_t high[] = { 0, 0, 0xb, 0x10 };
			unsigned int kind = i >> 2 * g & 3;

			a.bytes[2 * g] = high[kind];
			a.bytes[2 * g + 1] = kind ? (uint8_t)(0xc + 8 * g) : 0;
		}
		inet_ntop(AF_INET6, a.bytes, want, sizeof(want));
		groups = groups && !strcmp(want, addr_format(&a, got));
	}
	ok(groups, "an IPv6 address is printed with every run of zeros");
}

int main(void)
{
	test_parse();
	test_classes();
	test_prefixes();
	test_add();
	test_numbers();
	test_prints();
	return tap_done();
}
