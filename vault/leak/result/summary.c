/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/result/summary.c: many runs in a few numbers, for the summary and for the report. */
#include "vault/leak/result/summary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/time.h"
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
	char text[TIME_STRLEN];

	return ms ? json_string(time_format(ms, text)) : json_null();
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
	char first[TIME_STRLEN], last[TIME_STRLEN], gap[48];
	size_t runs = summary_runs(t);

	str_addf(out, "%s: %zu run%s: %zu sealed, %zu LEAK, %zu unknown", name, runs,
		 runs == 1 ? "" : "s", t->sealed, t->leak, t->unknown);
	if (runs) {
		time_format(t->first, first);
		time_format(t->last, last);
		summary_format_span(t->longest_gap, gap);
		str_addf(out, "; first %s, last %s, longest gap %s", first, last, gap);
	}
	str_add(out, "\n");
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
