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

void summary_add(struct summary *t, int64_t time, const char *verdict)
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

size_t summary_runs(const struct summary *t)
{
	return t->sealed + t->leak + t->unknown;
}

int summary_exit_code(const struct summary *t)
{
	if (t->leak)
		return EXIT_FAILED;
	return t->unknown || !t->sealed ? EXIT_UNDECIDED : EXIT_DONE;
}

static json_t *time_json(int64_t ms)
{
	char text[SUMMARY_TIME_LEN];

	if (!ms)
		return json_null();
	summary_format_time(ms, text);
	return json_string(text);
}

json_t *summary_json(const struct summary *t)
{
	return json_pack("{s:I, s:{s:I, s:I, s:I}, s:o, s:o, s:f}", "runs",
			 (json_int_t)summary_runs(t), "verdicts", "sealed", (json_int_t)t->sealed,
			 "leak", (json_int_t)t->leak, "unknown", (json_int_t)t->unknown, "first",
			 time_json(t->first), "last", time_json(t->last), "longest_gap",
			 (double)t->longest_gap / 1000);
}

void summary_print(const struct summary *t, const char *name, struct str *out)
{
	char first[SUMMARY_TIME_LEN], last[SUMMARY_TIME_LEN], gap[48];
	size_t runs = summary_runs(t);

	str_addf(out, "%s: %zu run%s: %zu sealed, %zu LEAK, %zu unknown", name, runs,
		 runs == 1 ? "" : "s", t->sealed, t->leak, t->unknown);
	if (runs) {
		summary_format_time(t->first, first);
		summary_format_time(t->last, last);
		summary_format_span(t->longest_gap, gap);
		str_addf(out, "; first %s, last %s, longest gap %s", first, last, gap);
	}
	str_add(out, "\n");
}

void summary_format_time(int64_t ms, char out[static SUMMARY_TIME_LEN])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = { 0 };
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(out, SUMMARY_TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, SUMMARY_TIME_LEN - n, ".%03uZ", (unsigned int)(ms % 1000) % 1000U);
}

int summary_parse_time(const char *text, int64_t *ms)
{
	char again[SUMMARY_TIME_LEN];
	struct tm tm = { 0 };
	const char *rest;
	uint64_t fraction;
	int64_t value;

	if (strlen(text) != SUMMARY_TIME_LEN - 1)
		return -EINVAL;
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest || *rest != '.' || uint_parse(rest + 1, 3, 0, 999, &fraction))
		return -EINVAL;
	value = (int64_t)timegm(&tm) * 1000 + (int64_t)fraction;
	if (value <= 0)
		return -EINVAL;
	summary_format_time(value, again); /* strptime(3) takes spaces, a 31st of June, … */
	if (strcmp(again, text) != 0)
		return -EINVAL;
	*ms = value;
	return 0;
}

void summary_format_span(int64_t ms, char out[static 48])
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

int summary_parse_span(const char *text, int64_t *seconds)
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
