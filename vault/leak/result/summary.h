/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/result/summary.h: many runs in a few numbers, for the summary and for the report. No
 * I/O. */
#ifndef VAULT_LEAK_RESULT_SUMMARY_H
#define VAULT_LEAK_RESULT_SUMMARY_H

#include <jansson.h>
#include <stdint.h>

#include "lib/base.h"
#include "lib/str.h"

/* Zero-initialise. Times are milliseconds since 1970. */
struct summary {
	size_t sealed, leak, unknown; /* runs, by verdict */
	int64_t first, last; /* when runs began; 0: none did */
	int64_t longest_gap; /* from the beginning of one to that of the next, milliseconds */
};

/* Counts a run that began at TIME; VERDICT as the log has it: what is neither "sealed" nor "leak"
 * is unknown. */
void summary_add(struct summary *t, int64_t time, const char *verdict);

size_t summary_runs(const struct summary *t);

/* EXIT_FAILED when there was a leak, else EXIT_UNDECIDED when anything is unknown, or there was no
 * run; else EXIT_DONE. */
int summary_exit_code(const struct summary *t);

/* {"runs", "verdicts": {"sealed", "leak", "unknown"}, "first", "last", "longest_gap"}; NULL without
 * memory. */
json_t *summary_json(const struct summary *t);

/* Appends "NAME: 12 runs: 11 sealed, 1 LEAK; …" and a newline. */
void summary_print(const struct summary *t, const char *name, struct str *out);

/* "1 h 2 min 3.5 s", shortest form. */
void summary_format_span(int64_t ms, char out[static 48]);

/* `30s`, `5m`, `24h` to seconds, one at least. 0 or -EINVAL. */
int must_check summary_parse_span(const char *text, int64_t *seconds);

#endif
