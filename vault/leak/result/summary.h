/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/result/summary.h: many runs in a few numbers, for the summary and for the report;
 * their times as text. No I/O. */
#ifndef VAULT_LEAK_RESULT_SUMMARY_H
#define VAULT_LEAK_RESULT_SUMMARY_H

#include <jansson.h>
#include <stdint.h>

#include "lib/base.h"
#include "lib/str.h"

#define TALLY_TIME_LEN sizeof("2026-01-31T23:59:59.999Z")

/* Zero-initialise. Times are milliseconds since 1970. */
struct tally {
	size_t sealed, leak, unknown; /* runs, by verdict */
	int64_t first, last; /* when runs began; 0: none did */
	int64_t longest_gap; /* from the beginning of one to that of the next, milliseconds */
};

/* Counts a run that began at TIME; VERDICT as the log has it: what is neither "sealed" nor "leak"
 * is unknown. */
void tally_add(struct tally *t, int64_t time, const char *verdict);

size_t tally_runs(const struct tally *t);

/* EXIT_FAILED when there was a leak, else EXIT_UNDECIDED when anything is unknown, or there was no
 * run; else EXIT_DONE. */
int tally_exit_code(const struct tally *t);

/* {"runs", "verdicts": {"sealed", "leak", "unknown"}, "first", "last", "longest_gap"}; NULL without
 * memory. */
json_t *tally_json(const struct tally *t);

/* Appends "NAME: 12 runs: 11 sealed, 1 LEAK; …" and a newline. */
void tally_print(const struct tally *t, const char *name, struct str *out);

/* RFC 3339, UTC, milliseconds. Parsing takes nothing else: 0 or -EINVAL. */
void tally_format_time(int64_t ms, char out[static TALLY_TIME_LEN]);
int must_check tally_parse_time(const char *text, int64_t *ms);

/* "1 h 2 min 3.5 s", shortest form. */
void tally_format_span(int64_t ms, char out[static 48]);

/* `30s`, `5m`, `24h` to seconds, one at least. 0 or -EINVAL. */
int must_check tally_parse_span(const char *text, int64_t *seconds);

#endif
