/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/leakhistory.c: what is made of an audit log, also of one that crashes and hands were
 * at; times and spans as text. */
#include "vault/leak/result/history.h"

#include <string.h>

#include "lib/time.h"
#include "test/unit/tap.h"

/* Reads TEXT as the log of "media". */
static int read_log(const char *text, struct history *h)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int r = f ? history_read(h, f) : -1;

	if (f)
		fclose(f);
	return r;
}

/* True when the report of TEXT says WHAT, a piece of its JSON. */
static bool says(const char *text, const char *what)
{
	struct history h = { .name = "media" };
	int r = read_log(text, &h);
	json_t *json = history_json(&h);
	char *out cleanup(free_ptr) = json ? json_dumps(json, JSON_COMPACT) : NULL;
	bool good = !r && out && strstr(out, what);

	if (!good)
		printf("# %s\n", out ? out : "nothing");
	json_decref(json);
	history_free(&h);
	return good;
}

#define RUN(second, verdict, more)                                                             \
	"{\"name\":\"media\",\"time\":\"2026-01-31T10:00:" second "Z\",\"verdict\":\"" verdict \
	"\"" more "}\n"
#define INSIDE(address) \
	",\"addresses\":[{\"family\":\"ipv4\",\"verdict\":\"sealed\",\"inside\":" address "}]"
#define DROPPED(n, of) ",\"drops\":{\"drop-out\":{\"packets\":" n ",\"total\":" of "}}"

static void test_runs(void)
{
	static const char three[] =
		RUN("00.000", "sealed", "") RUN("01.500", "unknown", "") RUN("10.250", "LEAK", "");

	ok(says(three,
		"\"runs\":3,\"verdicts\":{\"sealed\":1,\"leak\":1,\"unknown\":1},"
		"\"first\":\"2026-01-31T10:00:00.000Z\",\"last\":\"2026-01-31T10:00:10.250Z\","
		"\"longest_gap\":8.75,"),
	   "runs, verdicts, times, the longest gap");
	ok(says("",
		"\"runs\":0,\"verdicts\":{\"sealed\":0,\"leak\":0,\"unknown\":0},\"first\":null,"
		"\"last\":null,\"longest_gap\":0.0,"),
	   "an empty log");
}

static void test_bad(void)
{
	static const char torn[] =
		RUN("00.000", "sealed",
		    "") "{\"name\":\"media\",\"time\":\"20\n\n" RUN("30.000", "sealed", "");
	static const char strange[] =
		"[]\n7\nnull\n{}\n{\"name\":\"media\",\"time\":\"now\",\"verdict\":\"sealed\"}\n"
		"{\"name\":\"media\",\"time\":\"2026-13-31T10:00:00.000Z\",\"verdict\":\"sealed\"}\n"
		"{\"name\":[],\"time\":{},\"verdict\":7}\n\x80\xff\n";
	static const char others[] =
		RUN("00.000", "sealed", "") "{\"name\":\"web\",\"time\":"
					    "\"2026-01-31T10:00:00.000Z\",\"verdict\":\"LEAK\"}\n";

	ok(says(torn, "\"runs\":2,") &&
		   says(torn, "\"lines\":3,\"bad_lines\":1,\"other_lines\":0,"),
	   "a torn line, and the empty one after it");
	ok(says(strange, "\"lines\":8,\"bad_lines\":8,"), "lines that are no runs");
	ok(says(others, "\"runs\":1,") && says(others, "\"other_lines\":1,") &&
		   says(others, "\"leaks\":[],"),
	   "another vault's");
	ok(says("{\"name\":\"media\",\"time\":\"2026-01-31T10:00:00.000Z\",\"verdict\":\"sealed\"}",
		"\"runs\":1,"),
	   "a last line without an end that is whole");
}

static void test_contents(void)
{
	static const char leaks[] = RUN(
		"00.000", "LEAK",
		",\"probes\":[{\"id\":\"udp\",\"verdict\":\"LEAK\",\"evidence\":[{\"interface\":"
		"\"eth0\"}]},{\"id\":\"tcp\",\"verdict\":\"sealed\",\"evidence\":[]}],"
		"\"addresses\":[{\"family\":\"ipv6\",\"verdict\":\"LEAK\",\"detail\":\"why\"}],"
		"\"action\":{\"what\":\"down\",\"done\":true,\"delay\":0.5}");
	static const char moves[] = RUN("00.000", "sealed", INSIDE("\"10.0.0.1\""))
		RUN("01.000", "sealed", INSIDE("\"10.0.0.1\""))
			RUN("02.000", "unknown", INSIDE("null"))
				RUN("03.000", "sealed", INSIDE("\"10.0.0.2\""));
	static const char drops[] = RUN("00.000", "sealed", DROPPED("10", "100"))
		RUN("01.000", "sealed", DROPPED("10", "130")) RUN("02.000", "sealed", "")
			RUN("03.000", "sealed", DROPPED("5", "5"));

	ok(says(leaks,
		"\"leaks\":[{\"time\":\"2026-01-31T10:00:00.000Z\",\"id\":\"udp\",\"evidence\":"
		"[{\"interface\":\"eth0\"}]},{\"time\":\"2026-01-31T10:00:00.000Z\",\"id\":\"echo\","
		"\"evidence\":\"why\"}],\"n_leaks\":2,"),
	   "leaks, with their evidence");
	ok(says(leaks,
		"\"actions\":[{\"time\":\"2026-01-31T10:00:00.000Z\",\"what\":\"down\",\"done\":"
		"true,\"delay\":0.5}],\"n_actions\":1,"),
	   "what was done about them");
	ok(says(moves,
		"\"address_changes\":[{\"time\":\"2026-01-31T10:00:03.000Z\",\"family\":\"ipv4\","
		"\"side\":\"inside\",\"from\":\"10.0.0.1\",\"to\":\"10.0.0.2\"}],"
		"\"n_address_changes\":1,"),
	   "an address that changed; not to know it is no change");
	ok(says(drops, "\"drops\":{\"drop-out\":{\"packets\":45,\"by_probes\":25,\"total\":5}}"),
	   "drops, also of a vault that was made anew");
}

static void test_many(void)
{
	char *text cleanup(free_ptr) = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; f && i < HISTORY_LIST_MAX + 5; i++)
		fputs(RUN("00.000", "LEAK", ",\"probes\":[{\"id\":\"udp\",\"verdict\":\"LEAK\"}]"),
		      f);
	if (f)
		fclose(f);
	ok(text && says(text, "\"n_leaks\":1005,"), "more leaks than are listed");
}

static void test_text(void)
{
	static const char *const bad_times[] = { "",
						 "2026-01-31T10:00:00Z",
						 "2026-02-30T10:00:00.000Z",
						 "2026-01-31 10:00:00.000Z",
						 "2026-01-31T10:00:00.00xZ",
						 "2026-01-31T10:00:00.000z",
						 " 026-01-31T10:00:00.000Z",
						 "2026-01-31T24:00:00.000Z" };
	static const char *const bad_spans[] = { "",      "s",    "30",
						 "0s",    "-1s",  "1d",
						 "1.5h",  "30 s", "99999999999999999999s",
						 "9999h", "1sm" };
	static const struct {
		const char *text;
		int64_t seconds;
	} spans[] = { { "1s", 1 }, { "30s", 30 }, { "5m", 300 }, { "24h", 86400 } };
	char text[48];
	int64_t n = 0;
	bool good = true;

	time_format(1769853600007, text);
	ok(!strcmp(text, "2026-01-31T10:00:00.007Z") && !time_parse(text, &n) && n == 1769853600007,
	   "a time there and back");
	for (size_t i = 0; i < ARRAY_SIZE(bad_times); i++)
		good = good && time_parse(bad_times[i], &n);
	ok(good, "what is no time");
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		good = good && !summary_parse_span(spans[i].text, &n) && n == spans[i].seconds;
	for (size_t i = 0; i < ARRAY_SIZE(bad_spans); i++)
		good = good && summary_parse_span(bad_spans[i], &n);
	ok(good, "spans, and what is none");
	summary_format_span(3723500, text);
	ok(!strcmp(text, "1 h 2 min 4 s") || !strcmp(text, "1 h 2 min 3 s"), "a span as text");
}

/* What the report prints of TEXT. The caller's. */
static char *print(const char *text)
{
	struct history h = { .name = "media" };
	struct str out = STR_INIT;

	if (read_log(text, &h))
		printf("# not read\n");
	history_print(&h, &out);
	history_free(&h);
	return out.s;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < 32 && *text != '\n') || *text == 127)
			return true;
	return false;
}

/* A log is anybody's text by the time that it is read. */
static void test_hostile(void)
{
#define EVIL "\\u001b]0;evil\\u0007\\u009b2J\\u202e\\n\\r"
	static const char evil[] =
		RUN("00.000", "LEAK",
		    ",\"probes\":[{\"id\":\"" EVIL "\",\"verdict\":\"LEAK\",\"evidence\":[{"
		    "\"interface\":\"" EVIL "\",\"time\":\"" EVIL "\",\"summary\":\"" EVIL
		    "\"}]}],\"addresses\":[{\"family\":\"ipv4\",\"verdict\":\"LEAK\","
		    "\"detail\":\"" EVIL "\",\"inside\":\"" EVIL "\"}],\"action\":{\"what\":\"" EVIL
		    "\",\"done\":true,\"delay\":1e308},\"drops\":{\"" EVIL
		    "\":{\"packets\":3,\"total\":3}}")
			RUN("01.000", "sealed", INSIDE("\"" EVIL "x\""));
	static const char numbers[] = RUN("00.000", "sealed",
					  DROPPED("9223372036854775807", "9223372036854775807"))
		RUN("01.000", "sealed", DROPPED("-9223372036854775808", "-9223372036854775808"))
			RUN("02.000", "sealed",
			    DROPPED("9223372036854775807", "9223372036854775807"))
				RUN("03.000", "sealed", DROPPED("1.5", "{}"));
	char *text cleanup(free_ptr) = print(evil);
	size_t lines = 0;

	for (const char *c = text; c && *c; c++)
		lines += *c == '\n';
	ok(text && strstr(text, "evil") && !has_control(text),
	   "L37 texts of a log are no orders to a terminal");
	ok(text && !strstr(text, "\xc2\x9b") && lines == 10, "... nor lines of the report");
	ok(says(numbers, "\"packets\":9223372036854775807,\"by_probes\":9223372036854775807,"
			 "\"total\":0"),
	   "L37 numbers that no counter has stay what a number can be");
}

int main(void)
{
	test_runs();
	test_bad();
	test_contents();
	test_many();
	test_text();
	test_hostile();
	return tap_done();
}
