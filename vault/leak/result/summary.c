/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/result/summary.c: many runs in a few numbers, for the summary and for the report;
 * their times as text. */
#include "vault/leak/result/summary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/addr.h"
#include "vault/exit.h"

#define SPAN_MAX (366 * 24 * 3600U) /* seconds */

void tally_add(struct tally *t, int64_t time, const char *verdict)
{
	if (!strcmp(verdict, "sealed"))
		t->sealed++;
	else if (!strcmp(verdict, "LEAK"))
		t->leak++;
	else
		t->unknown++;
	if (!t->first)
		t->first = time;
	else if (time - t->last > t->longest_gap)
		t->longest_gap = time - t->last;
	t->last = time;
}

size_t tally_runs(const struct tally *t)
{
	return t->sealed + t->leak + t->unknown;
}

int tally_exit_code(const struct tally *t)
{
	if (t->leak)
		return EXIT_FAILED;
	return t->unknown || !t->sealed ? EXIT_UNDECIDED : EXIT_DONE;
}

static json_t *time_json(int64_t ms)
{
	char text[TALLY_TIME_LEN];

	if (!ms)
		return json_null();
	tally_format_time(ms, text);
	return json_string(text);
}

json_t *tally_json(const struct tally *t)
{
	return json_pack("{s:I, s:{s:I, s:I, s:I}, s:o, s:o, s:f}", "runs",
			 (json_int_t)tally_runs(t), "verdicts", "sealed", (json_int_t)t->sealed,
			 "leak", (json_int_t)t->leak, "unknown", (json_int_t)t->unknown, "first",
			 time_json(t->first), "last", time_json(t->last), "longest_gap",
			 (double)t->longest_gap / 1000);
}

void tally_print(const struct tally *t, const char *name, struct str *out)
{
	char first[TALLY_TIME_LEN], last[TALLY_TIME_LEN], gap[48];
	size_t runs = tally_runs(t);

	str_addf(out, "%s: %zu run%s: %zu sealed, %zu LEAK, %zu unknown", name, runs,
		 runs == 1 ? "" : "s", t->sealed, t->leak, t->unknown);
	if (runs) {
		tally_format_time(t->first, first);
		tally_format_time(t->last, last);
		tally_format_span(t->longest_gap, gap);
		str_addf(out, "; first %s, last %s, longest gap %s", first, last, gap);
	}
	str_add(out, "\n");
}

void tally_format_time(int64_t ms, char out[static TALLY_TIME_LEN])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = { 0 };
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(out, TALLY_TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TALLY_TIME_LEN - n, ".%03uZ", (unsigned int)(ms % 1000) % 1000U);
}

int tally_parse_time(const char *text, int64_t *ms)
{
	char again[TALLY_TIME_LEN];
	struct tm tm = { 0 };
	const char *rest;
	uint64_t fraction;
	int64_t value;

	if (strlen(text) != TALLY_TIME_LEN - 1)
		return -EINVAL;
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest || *rest != '.' || uint_parse(rest + 1, 3, 0, 999, &fraction))
		return -EINVAL;
	value = (int64_t)timegm(&tm) * 1000 + (int64_t)fraction;
	if (value <= 0)
		return -EINVAL;
	tally_format_time(value, again); /* strptime(3) takes spaces, a 31st of June, … */
	if (strcmp(again, text) != 0)
		return -EINVAL;
	*ms = value;
	return 0;
}

void tally_format_span(int64_t ms, char out[static 48])
{
	int64_t minutes = ms / 60000, hours = minutes / 60;
	double seconds = (double)(ms % 60000) / 1000;

	if (hours)
		snprintf(out, 48, "%lld h %d min %.0f s", (long long)hours, (int)(minutes % 60),
			 seconds);
	else if (minutes)
		snprintf(out, 48, "%d min %.1f s", (int)minutes, seconds);
	else
		snprintf(out, 48, "%.3f s", seconds);
}

int tally_parse_span(const char *text, int64_t *seconds)
{
	static const char units[] = "smh";
	static const unsigned int factors[] = { 1, 60, 3600 };
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, text[len - 1]) : NULL;
	uint64_t n;

	if (!unit || uint_parse(text, len - 1, 1, SPAN_MAX / factors[unit - units], &n))
		return -EINVAL;
	*seconds = (int64_t)(n * factors[unit - units]);
	return 0;
}
