/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/echo.c: who may be asked for our address, and what their answers, good, bad and
 * hostile, are taken for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test/unit/tap.h"
#include "vault/leak/echo/verdict.h"
#include "vault/leak/echo/wire.h"

/* ---- URLs ---- */

static const struct {
	const char *url, *host;
	enum echo_kind kind;
	uint16_t port;
	uint8_t literal;
} good_urls[] = {
	{ "http://ip.example/", "ip.example", ECHO_HTTP, 80, 0 },
	{ "http://ip.example", "ip.example", ECHO_HTTP, 80, 0 },
	{ "http://ip.example:8080/a:b@c?d", "ip.example", ECHO_HTTP, 8080, 0 },
	{ "http://192.0.2.1/x", "192.0.2.1", ECHO_HTTP, 80, AF_INET },
	{ "http://[2001:db8::1]:81/", "2001:db8::1", ECHO_HTTP, 81, AF_INET6 },
	{ "stun:stun.example:19302", "stun.example", ECHO_STUN, 19302, 0 },
	{ "stun:stun.example", "stun.example", ECHO_STUN, 3478, 0 },
	{ "stun:[::1]:65535", "::1", ECHO_STUN, 65535, AF_INET6 },
	{ "dns:my.ip@192.0.2.53", "192.0.2.53", ECHO_DNS, 53, AF_INET },
	{ "dns:my.ip@ns.example", "ns.example", ECHO_DNS, 53, 0 },
	{ "dns:my.ip@[2001:db8::53]", "2001:db8::53", ECHO_DNS, 53, AF_INET6 },
};

static const char *const bad_urls[] = {
	"",
	"ip.example",
	"http:/x/",
	"http://",
	"http:///path",
	"https://ip.example/",
	"http://a b/",
	"http://a/\n",
	"http://a/\x80",
	"http://user@host/",
	"http://host:0/",
	"http://host:65536/",
	"http://host:/",
	"http://host:8x/",
	"http://2001:db8::1/",
	"http://[2001:db8::1/",
	"http://[192.0.2.1]/",
	"http://[]/",
	"http://[::1]x/",
	"stun:",
	"stun::3478",
	"stun://host:1",
	"stun:host:1:2",
	"dns:name",
	"dns:@192.0.2.1",
	"dns:name@",
	"dns:name@192.0.2.1:5353",
	"dns:name@::1",
	"dns:a/b@192.0.2.1",
};

static void test_urls(void)
{
	struct echo_target t;
	const char *why;
	char url[400];

	for (size_t i = 0; i < ARRAY_SIZE(good_urls); i++)
		ok(!echo_target_parse(good_urls[i].url, &t, &why) && t.kind == good_urls[i].kind &&
			   !strcmp(t.host, good_urls[i].host) && t.port == good_urls[i].port &&
			   t.literal.family == good_urls[i].literal,
		   good_urls[i].url);
	for (size_t i = 0; i < ARRAY_SIZE(bad_urls); i++) {
		why = NULL;
		ok(echo_target_parse(bad_urls[i], &t, &why) == -EINVAL && why && *why, "refused");
	}
	snprintf(url, sizeof(url), "http://%0254d/", 0);
	ok(echo_target_parse(url, &t, &why) == -EINVAL, "a long name");
	snprintf(url, sizeof(url), "http://a/%0250d", 0);
	ok(echo_target_parse(url, &t, &why) == -EINVAL, "a long URL");
}

/* ---- what parsers are given: bytes with nothing behind them, so that a look beyond is seen ---- */

static uint8_t *exact(const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	return copy;
}

static bool is(const struct addr *a, const char *text)
{
	char buf[ADDR_STRLEN];

	return !strcmp(addr_format(a, buf), text);
}

/* ---- HTTP ---- */

static const struct {
	const char *answer;
	bool ended;
	uint8_t family;
	int result;
	const char *address;
} pages[] = {
	{ "HTTP/1.0 200 OK\r\nA: b\r\n\r\n192.0.2.1\n", false, AF_INET, 0, "192.0.2.1" },
	{ "HTTP/1.1 200 OK\r\n\r\n192.0.2.1", true, AF_INET, 0, "192.0.2.1" },
	{ "HTTP/1.1 200 OK\r\n\r\n192.0.2.1", false, AF_INET, -EAGAIN, NULL },
	{ "HTTP/1.1 200\r\n\r\n2001:db8::1\n", false, AF_INET6, 0, "2001:db8::1" },
	{ "HTTP/1.1 200 OK\r\n\r\n::ffff:192.0.2.1\n", true, AF_INET, 0, "192.0.2.1" },
	{ "HTTP/1.1 200 OK\r\n\r\n{\"ip\":\"192.0.2.1\"}", true, AF_INET, 0, "192.0.2.1" },
	{ "HTTP/1.1 200 OK\r\n\r\n{\"add\":\"::\",\"ip\":\"2001:DB8::a\"}", true, AF_INET6, 0,
	  "2001:db8::a" },
	{ "HTTP/1.1 200 OK\r\n\r\nd\r\n192.0.2.1\r\n0\r\n", true, AF_INET, 0, "192.0.2.1" },
	{ "HTTP/1.1 200 OK\r\nX-Ip: 192.0.2.9\r\n\r\nnone", true, AF_INET, -ENODATA, NULL },
	{ "HTTP/1.1 200 OK\r\n\r\n2001:db8::1 192.0.2.1 ", true, AF_INET, 0, "192.0.2.1" },
	{ "HTTP/1.1 200 OK\r\n\r\n127.0.0.1 0.0.0.0 224.0.0.1 169.254.1.1", true, AF_INET, -ENODATA,
	  NULL },
	{ "HTTP/1.1 200 OK\r\n\r\n192.0.2.256 192.0.2 1.192.0.2.1 192.0.02.1", true, AF_INET,
	  -ENODATA, NULL },
	{ "HTTP/1.1 200 OK\r\n\r\n", true, AF_INET, -ENODATA, NULL },
	{ "HTTP/1.1 200 OK\r\n\r\n", false, AF_INET, -EAGAIN, NULL },
	{ "HTTP/1.1 200 OK\r\nA: b", false, AF_INET, -EAGAIN, NULL },
	{ "HTTP/1.1 200 OK\r\nA: b", true, AF_INET, -EPROTO, NULL },
	{ "HTTP/1.1 404 No\r\n\r\n192.0.2.1\n", true, AF_INET, -ENODATA, NULL },
	{ "HTTP/1.1 301 There\r\n\r\n192.0.2.1\n", true, AF_INET, -ENODATA, NULL },
	{ "HTTP/2 200 OK\r\n\r\n192.0.2.1\n", true, AF_INET, -EPROTO, NULL },
	{ "SSH-2.0-x\r\n\r\n192.0.2.1\n", true, AF_INET, -EPROTO, NULL },
	{ "HTTP/1.1 2000\r\n\r\n192.0.2.1\n", true, AF_INET, -EPROTO, NULL },
	{ "HTTP/1.1 -20 \r\n\r\n192.0.2.1\n", true, AF_INET, -EPROTO, NULL },
	{ "\r\n\r\n192.0.2.1\n", true, AF_INET, -EPROTO, NULL },
	{ "", true, AF_INET, -EPROTO, NULL },
};

static int read_page(const void *data, size_t len, bool ended, uint8_t family, struct addr *out)
{
	char *copy cleanup(free_ptr) = (char *)exact(data, len);
	unsigned int status;

	memset(out, 0, sizeof(*out));
	return echo_http_read(copy, len, ended, family, out, &status);
}

static void test_http(void)
{
	static const char long_word[] = "HTTP/1.1 200 OK\r\n\r\n",
			  nul[] = "HTTP/1.1 200 OK\r\n\r\n\0"
				  "192.0.2.1\n";
	char text[ECHO_HTTP_MAX], big[ECHO_ANSWER_MAX];
	struct echo_target t;
	struct addr a;
	const char *why;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		int r = read_page(pages[i].answer, strlen(pages[i].answer), pages[i].ended,
				  pages[i].family, &a);

		ok(r == pages[i].result && (r || is(&a, pages[i].address)), "a page");
	}
	ok(!read_page(nul, sizeof(nul) - 1, true, AF_INET, &a) && is(&a, "192.0.2.1"), "a NUL");
	memset(big, '1', sizeof(big));
	memcpy(big, long_word, strlen(long_word));
	ok(read_page(big, sizeof(big), true, AF_INET, &a) == -ENODATA, "a word of 4 KB");
	ok(!echo_target_parse("http://[2001:db8::1]:81/a?b", &t, &why), "a URL");
	n = echo_http_ask(&t, text);
	ok(n == strlen(text) &&
		   strstr(text, "GET /a?b HTTP/1.0\r\nHost: [2001:db8::1]:81\r\n") == text &&
		   !strcmp(text + n - 4, "\r\n\r\n"),
	   "a request");
	ok(!echo_target_parse("http://a", &t, &why) && echo_http_ask(&t, text) &&
		   strstr(text, "GET / HTTP/1.0\r\nHost: a\r\n") == text,
	   "a request for no path");
}

/* ---- STUN ---- */

static const uint8_t stun_id[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

/* The answer of RFC 5769, 2.2, as far as it matters: 192.0.2.1:32853, with our id. */
static const uint8_t stun_answer[] = {
	0x01, 0x01, 0x00, 0x14, 0x21, 0x12, 0xa4, 0x42, 1,    2,    3,    4,    5,   6,
	7,    8,    9,    10,   11,   12,   0x80, 0x22, 0x00, 0x03, 'a',  'b',  'c', ' ',
	0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
};

static int read_stun(const uint8_t *data, size_t len, struct addr *out)
{
	uint8_t *copy cleanup(free_ptr) = exact(data, len), ask[ECHO_STUN_LEN];

	echo_stun_ask(stun_id, ask);
	memset(out, 0, sizeof(*out));
	return echo_stun_read(copy, len, ask, out);
}

/* The answer with one byte other. */
static int with_byte(size_t at, uint8_t value)
{
	uint8_t data[sizeof(stun_answer)];
	struct addr a;

	memcpy(data, stun_answer, sizeof(data));
	data[at] = value;
	return read_stun(data, sizeof(data), &a);
}

static void test_stun(void)
{
	uint8_t data[ECHO_ANSWER_MAX] = { 0 }, ask[ECHO_STUN_LEN];
	struct addr a;
	bool good = true;

	echo_stun_ask(stun_id, ask);
	ok(!memcmp(ask, "\0\1\0\0\x21\x12\xa4\x42", 8) && !memcmp(ask + 8, stun_id, 12),
	   "a request");
	ok(!read_stun(stun_answer, sizeof(stun_answer), &a) && is(&a, "192.0.2.1"), "an answer");
	memcpy(data, stun_answer, 20);
	memcpy(data + 20, "\x00\x20\x00\x14\x00\x02\xa1\x47", 8);
	data[3] = 24;
	memcpy(data + 28, "\x01\x13\xa9\xfa\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
	ok(!read_stun(data, 44, &a) && a.family == AF_INET6 && a.bytes[0] == 0x20 &&
		   a.bytes[1] == 0x01 && a.bytes[2] == 0x0d && a.bytes[3] == 0xb8,
	   "an IPv6 answer");
	for (size_t n = 0; n < sizeof(stun_answer); n++)
		good = good && read_stun(stun_answer, n, &a) < 0;
	ok(good, "cut short anywhere");
	for (size_t i = 4; i < 20; i++)
		good = good && with_byte(i, 0xff) == -EAGAIN;
	ok(good, "another's id or cookie");
	ok(with_byte(1, 0x02) == -EAGAIN && with_byte(0, 0) == -EAGAIN, "no answer");
	memcpy(data, stun_answer, sizeof(stun_answer));
	data[0] = 0x01;
	data[1] = 0x11;
	ok(read_stun(data, sizeof(stun_answer), &a) == -ENODATA, "an error");
	ok(with_byte(2, 1) == -EPROTO && with_byte(3, 0x18) == -EPROTO,
	   "a length that is not its own");
	ok(with_byte(22, 0xff) == -EPROTO && with_byte(31, 12) == -EPROTO,
	   "an attribute beyond its end");
	ok(with_byte(33, 3) == -EPROTO && with_byte(33, 2) == -EPROTO &&
		   with_byte(31, 7) == -EPROTO,
	   "another family, or length");
	ok(with_byte(29, 0x01) == -ENODATA, "MAPPED-ADDRESS alone");
	ok(with_byte(36, 127 ^ 0x21) == -EPROTO, "a loopback address");
	memcpy(data, stun_answer, 20);
	memset(data + 20, 0, sizeof(data) - 20);
	data[2] = (sizeof(data) - 20) >> 8;
	data[3] = (sizeof(data) - 20) & 0xff;
	ok(read_stun(data, sizeof(data), &a) == -ENODATA, "a thousand empty attributes");
}

/* ---- DNS ---- */

/* Asks for NAME with id 0x1234; *LEN is the question's. */
static void ask_dns(const char *name, enum echo_dns_type type, uint8_t ask[static ECHO_DNS_MAX],
		    size_t *len)
{
	*len = echo_dns_ask(0x1234, name, type, ask);
}

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* An answer to ASK with N records, whose bytes are RECORDS. */
static size_t answer(const uint8_t *ask, size_t ask_len, unsigned int flags, unsigned int n,
		     const void *records, size_t len, uint8_t *out)
{
	memcpy(out, ask, ask_len);
	put16(out + 2, flags);
	put16(out + 6, n);
	memcpy(out + ask_len, records, len);
	return ask_len + len;
}

static int read_dns(const uint8_t *data, size_t len, const uint8_t *ask, size_t ask_len,
		    uint8_t family, struct addr *out)
{
	uint8_t *copy cleanup(free_ptr) = exact(data, len);

	memset(out, 0, sizeof(*out));
	return echo_dns_read(copy, len, ask, ask_len, family, out);
}

#define A_RECORD "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\0\2\1"
#define CNAME_RECORD "\xc0\x0c\0\5\0\1\0\0\0\0\0\4\1b\xc0\x0c"
#define AAAA_RECORD "\xc0\x0c\0\x1c\0\1\0\0\0\0\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define TXT_RECORD                                    \
	"\xc0\x0c\0\x10\0\1\0\0\0\0\0\x10\5hello\x09" \
	"192.0.2.1"
#define RECORD(text) (text), sizeof(text) - 1

static const struct {
	const char *what;
	enum echo_dns_type type;
	uint8_t family;
	unsigned int flags, n;
	const char *records;
	size_t len;
	int result;
	const char *address;
} answers[] = {
	{ "A", ECHO_DNS_A, AF_INET, 0x8180, 1, RECORD(A_RECORD), 0, "192.0.2.1" },
	{ "CNAME, A", ECHO_DNS_A, AF_INET, 0x8180, 2, RECORD(CNAME_RECORD A_RECORD), 0,
	  "192.0.2.1" },
	{ "AAAA", ECHO_DNS_AAAA, AF_INET6, 0x8580, 1, RECORD(AAAA_RECORD), 0, "2001:db8::1" },
	{ "TXT", ECHO_DNS_TXT, AF_INET, 0x8180, 1, RECORD(TXT_RECORD), 0, "192.0.2.1" },
	{ "TXT of the other family", ECHO_DNS_TXT, AF_INET6, 0x8180, 1, RECORD(TXT_RECORD),
	  -ENODATA, NULL },
	{ "A for AAAA", ECHO_DNS_AAAA, AF_INET6, 0x8180, 1, RECORD(A_RECORD), -ENODATA, NULL },
	{ "none", ECHO_DNS_A, AF_INET, 0x8180, 0, RECORD(""), -ENODATA, NULL },
	{ "NXDOMAIN", ECHO_DNS_A, AF_INET, 0x8183, 0, RECORD(""), -ENODATA, NULL },
	{ "SERVFAIL", ECHO_DNS_A, AF_INET, 0x8182, 0, RECORD(""), -EPROTO, NULL },
	{ "REFUSED with an address", ECHO_DNS_A, AF_INET, 0x8185, 1, RECORD(A_RECORD), -EPROTO,
	  NULL },
	{ "a question", ECHO_DNS_A, AF_INET, 0x0100, 1, RECORD(A_RECORD), -EAGAIN, NULL },
	{ "another opcode", ECHO_DNS_A, AF_INET, 0xa980, 1, RECORD(A_RECORD), -EAGAIN, NULL },
	{ "fewer records than said", ECHO_DNS_A, AF_INET, 0x8180, 9, RECORD(CNAME_RECORD), -EPROTO,
	  NULL },
	{ "A of 3 bytes", ECHO_DNS_A, AF_INET, 0x8180, 1, RECORD("\0\0\1\0\1\0\0\0\0\0\3abc"),
	  -ENODATA, NULL },
	{ "a record beyond the end", ECHO_DNS_A, AF_INET, 0x8180, 1,
	  RECORD("\0\0\1\0\1\0\0\0\0\0\5abcd"), -EPROTO, NULL },
	{ "another class", ECHO_DNS_A, AF_INET, 0x8180, 1,
	  RECORD("\0\0\1\0\3\0\0\0\0\0\4\xc0\0\2\1"), -ENODATA, NULL },
	{ "a name beyond the end", ECHO_DNS_A, AF_INET, 0x8180, 1, RECORD("\77abc"), -EPROTO,
	  NULL },
	{ "half a pointer", ECHO_DNS_A, AF_INET, 0x8180, 1, RECORD("\xc0"), -EPROTO, NULL },
	{ "a label of 64", ECHO_DNS_A, AF_INET, 0x8180, 1, RECORD("\x40" A_RECORD), -EPROTO, NULL },
	{ "a text beyond its record", ECHO_DNS_TXT, AF_INET, 0x8180, 1,
	  RECORD("\0\0\x10\0\1\0\0\0\0\0\4\x09"
		 "192.0.2.1"),
	  -ENODATA, NULL },
	{ "0.0.0.0", ECHO_DNS_A, AF_INET, 0x8180, 1, RECORD("\0\0\1\0\1\0\0\0\0\0\4\0\0\0\0"),
	  -ENODATA, NULL },
	{ "127.0.0.1", ECHO_DNS_A, AF_INET, 0x8180, 1, RECORD("\0\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1"),
	  -ENODATA, NULL },
};

static void test_dns_names(void)
{
	uint8_t ask[ECHO_DNS_MAX];
	char name[300];
	size_t len;

	ask_dns("My.ip", ECHO_DNS_TXT, ask, &len);
	ok(len == 23 && !memcmp(ask, "\x12\x34\1\0\0\1\0\0\0\0\0\0\2My\2ip\0\0\x10\0\1", 23),
	   "a question");
	ask_dns("a.", ECHO_DNS_A, ask, &len);
	ok(len == 19, "a dot at the end");
	snprintf(name, sizeof(name), "%063d.%063d.%063d.%061d", 0, 0, 0, 0);
	ask_dns(name, ECHO_DNS_A, ask, &len);
	ok(strlen(name) == ECHO_NAME_MAX && len == ECHO_DNS_MAX, "the longest name");
	for (size_t i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), i ? "%064d" : "%063d.%063d.%063d.%062d", 0, 0, 0, 0);
		ask_dns(i < 2 ? name : i == 2 ? "" : i == 3 ? "." : "a..b", ECHO_DNS_A, ask, &len);
		ok(!len, "no name");
	}
}

static void test_dns(void)
{
	uint8_t ask[ECHO_DNS_MAX], data[1024];
	size_t ask_len, len;
	struct addr a;
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		int r;

		ask_dns("my.ip", answers[i].type, ask, &ask_len);
		len = answer(ask, ask_len, answers[i].flags, answers[i].n, answers[i].records,
			     answers[i].len, data);
		r = read_dns(data, len, ask, ask_len, answers[i].family, &a);
		ok(r == answers[i].result && (r || is(&a, answers[i].address)), answers[i].what);
	}
	ask_dns("my.ip", ECHO_DNS_A, ask, &ask_len);
	len = answer(ask, ask_len, 0x8180, 1, RECORD(A_RECORD), data);
	for (size_t n = 0; n < len; n++)
		good = good && read_dns(data, n, ask, ask_len, AF_INET, &a) < 0;
	ok(good, "cut short anywhere");
	for (size_t i = 0; i < ask_len; i++) {
		if ((i > 1 && i < 4) || (i > 5 && i < 12))
			continue;
		data[i] ^= 0x01;
		good = good && read_dns(data, len, ask, ask_len, AF_INET, &a) == -EAGAIN;
		data[i] ^= 0x01;
	}
	ok(good, "another id, or question");
	data[13] ^= 0x20;
	ok(!read_dns(data, len, ask, ask_len, AF_INET, &a), "a name has no case");
}

/* ---- whatever comes ---- */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Some bytes changed, then cut or not. */
static size_t damage(uint8_t *data, size_t len, uint32_t *state)
{
	for (uint32_t n = next_random(state) % 4; n; n--)
		data[next_random(state) % len] = (uint8_t)next_random(state);
	return next_random(state) % 4 ? len : next_random(state) % (len + 1);
}

static void test_damage(void)
{
	static const char page[] =
		"HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"ip\": \"2001:db8::1\"} 192.0.2.1";
	uint8_t ask[ECHO_DNS_MAX], data[1024];
	uint32_t state = 1;
	size_t ask_len, len;
	struct addr a;
	bool good = true;

	ask_dns("my.ip", ECHO_DNS_TXT, ask, &ask_len);
	for (int i = 0; i < 100000; i++) {
		int r = 0;

		memcpy(data, stun_answer, sizeof(stun_answer));
		len = damage(data, sizeof(stun_answer), &state);
		r = read_stun(data, len, &a);
		good = good && (r ? !a.family : echo_is_client(&a));

		len = answer(ask, ask_len, 0x8180, 3, RECORD(A_RECORD CNAME_RECORD TXT_RECORD),
			     data);
		len = damage(data, len, &state);
		r = read_dns(data, len, ask, ask_len, AF_INET, &a);
		good = good && (r ? !a.family : echo_is_client(&a));

		memcpy(data, page, sizeof(page) - 1);
		len = damage(data, sizeof(page) - 1, &state);
		r = read_page(data, len, i % 2, i % 3 ? AF_INET : AF_INET6, &a);
		good = good &&
		       (r || (echo_is_client(&a) && a.family == (i % 3 ? AF_INET : AF_INET6)));
	}
	ok(good, "300000 damaged answers are none, or give an address");
}

/* ---- what both sides say together ---- */

#define SERVERS 3

/* Each server's answer: an address; "-" none, "!" no route, "?" no address of the family. */
static const struct {
	const char *what, *inside[SERVERS], *host[SERVERS];
	bool vault_lacks;
	enum leak_verdict verdict;
} rounds[] = {
	{ "two addresses", { "10.0.0.1" }, { "10.0.0.2" }, false, LEAK_SEALED },
	{ "one address", { "10.0.0.1" }, { "10.0.0.1" }, false, LEAK_LEAK },
	{ "one address, by another server",
	  { "10.0.0.1", "10.0.0.2" },
	  { "10.0.0.3", "10.0.0.1" },
	  false,
	  LEAK_LEAK },
	{ "one address, by one of three",
	  { "10.0.0.1", "10.0.0.1", "10.0.0.2" },
	  { "10.0.0.2", "10.0.0.2", "10.0.0.2" },
	  false,
	  LEAK_LEAK },
	{ "one address, the tunnel has none", { "10.0.0.1" }, { "10.0.0.1" }, true, LEAK_LEAK },
	{ "no server of the family", { "?" }, { "?" }, false, LEAK_SKIP },
	{ "none at all", { NULL }, { NULL }, false, LEAK_SKIP },
	{ "the tunnel has none", { "!" }, { "10.0.0.1" }, true, LEAK_SKIP },
	{ "no way out of a vault that has one", { "!" }, { "10.0.0.1" }, false, LEAK_UNKNOWN },
	{ "no answer inside", { "-" }, { "10.0.0.1" }, false, LEAK_UNKNOWN },
	{ "no answer on the host", { "10.0.0.1" }, { "-" }, false, LEAK_UNKNOWN },
	{ "the host has none", { "10.0.0.1" }, { "!" }, false, LEAK_SEALED },
	{ "the host may have one", { "10.0.0.1", "10.0.0.1" }, { "!", "-" }, false, LEAK_UNKNOWN },
	{ "all agree", { "10.0.0.1", "10.0.0.1" }, { "10.0.0.2", "10.0.0.2" }, false, LEAK_SEALED },
	{ "two that differ",
	  { "10.0.0.1", "10.0.0.3" },
	  { "10.0.0.2", "10.0.0.2" },
	  false,
	  LEAK_UNKNOWN },
	{ "two that differ on the host",
	  { "10.0.0.1", "10.0.0.1" },
	  { "10.0.0.2", "10.0.0.3" },
	  false,
	  LEAK_UNKNOWN },
	{ "one of two", { "10.0.0.1", "-" }, { "10.0.0.2", "10.0.0.2" }, false, LEAK_UNKNOWN },
	{ "two of three",
	  { "10.0.0.1", "-", "10.0.0.1" },
	  { "10.0.0.2", "10.0.0.2", "10.0.0.9" },
	  false,
	  LEAK_SEALED },
	{ "one of three",
	  { "10.0.0.1", "-", "-" },
	  { "10.0.0.2", "10.0.0.2", "10.0.0.2" },
	  false,
	  LEAK_UNKNOWN },
	{ "one that has none of the family",
	  { "10.0.0.1", "?" },
	  { "10.0.0.2", "10.0.0.2" },
	  false,
	  LEAK_SEALED },
};

static void fill(struct echo_answer *a, const char *text)
{
	memset(a, 0, sizeof(*a));
	a->result = *text == '?' ? ECHO_NOT_ASKED : *text == '!' ? ECHO_NO_ROUTE : ECHO_FAILED;
	if (!addr_parse(text, &a->address))
		a->result = ECHO_ANSWERED;
	else
		strcpy(a->why, "why");
}

static void test_judge(void)
{
	static const struct echo_target target = { .url = "http://ip.example/" };
	struct echo_reply list[SERVERS];
	const struct addr elsewhere = { .family = AF_UNSPEC };
	struct addr here;
	struct echo_finding f[ADDR_FAMILIES];
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(rounds); i++) {
		size_t n = 0;

		for (; n < SERVERS && rounds[i].inside[n]; n++) {
			list[n] = (struct echo_reply){ .target = &target, .family = AF_INET };
			fill(&list[n].side[ECHO_INSIDE], rounds[i].inside[n]);
			fill(&list[n].side[ECHO_HOST], rounds[i].host[n]);
		}
		echo_judge(list, n, AF_INET, !rounds[i].vault_lacks, &elsewhere, &f[ADDR_V4]);
		echo_judge(list, n, AF_INET6, true, &elsewhere, &f[ADDR_V6]);
		ok(f[ADDR_V4].verdict == rounds[i].verdict && *f[ADDR_V4].detail, rounds[i].what);
		good = good && f[ADDR_V6].verdict == LEAK_SKIP;
	}
	ok(good, "the other family stays out of it");
	list[0] = (struct echo_reply){ .target = &target, .family = AF_INET };
	fill(&list[0].side[ECHO_INSIDE], "10.0.0.1");
	fill(&list[0].side[ECHO_HOST], "10.0.0.1");
	ok(!addr_parse("192.0.2.1", &here), "an address");
	echo_judge(list, 1, AF_INET, true, &here, &f[ADDR_V4]);
	ok(f[ADDR_V4].verdict == LEAK_UNKNOWN && strstr(f[ADDR_V4].detail, "192.0.2.1"),
	   "the same address says nothing when the server is here");
}

int main(void)
{
	test_urls();
	test_judge();
	test_http();
	test_stun();
	test_dns_names();
	test_dns();
	test_damage();
	return tap_done();
}
