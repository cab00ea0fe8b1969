/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/report.h: the only writer of stdout and stderr: text or JSON from the same calls. */
#ifndef VAULT_REPORT_H
#define VAULT_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/base.h"
#include "vault/problem.h"
#include "vault/remedy.h"

struct options;

/* Sets how the rest reports; call once, first. */
void report_begin(const struct options *options);

/* True when stdout carries one JSON value and nothing else. */
bool report_is_json(void);

/* A line (without its newline) on stdout in text mode; nothing with -json or -quiet. */
void report_line(const char *format, ...) printf_like(1, 2);
/* The same, shown only with -verbose. */
void report_detail(const char *format, ...) printf_like(1, 2);
/* A line on stderr of what takes its time now, where that is a terminal, and nothing with -json,
 * -quiet or -verbose: whatever is reported next takes its place. */
void report_progress(const char *object, const char *format, ...) printf_like(2, 3);
/* Text (with its own newlines) that is the command's very result: stdout in text mode, also with
 * -quiet. */
void report_result(const char *text);

/* True when results are for a terminal, and NO_COLOR (no-color.org) does not forbid colours. */
bool report_is_coloured(void);

/* How many columns the terminal has that results are for; 0: they are for none. */
size_t report_width(void);

/*
 * `vault: OBJECT: message` on stderr. In JSON mode the first one is also kept, and printed by
 * report_end as
 * {"error": {"code", "object", "message"}} when the command gave no value of its own.
 */
void report_error(const char *object, const char *format, ...) printf_like(2, 3);
/* The same with a REMEDY, or NULL, behind it: `vault: OBJECT: message (remedy)`. */
void report_mendable(const char *object, const struct remedy *remedy, const char *format, ...)
	printf_like(3, 4);
/* `vault: OBJECT: warning: message` on stderr; not with -quiet. */
void report_warning(const char *object, const char *format, ...) printf_like(2, 3);
/* Every problem as `FILE:LINE: …` on stderr (LINE left out where it is 0), warnings with "warning:
 * " before the text. */
void report_problems(const char *file, const struct problems *problems);
/* Every problem of what is no file, as report_error and report_warning put it. */
void report_problems_of(const char *object, const struct problems *problems);

/* Takes VALUE (a reference, stolen; NULL: no memory) as the command's one JSON value; ignored
 * outside JSON mode. */
void report_json(json_t *value);

/* From here on the command's value is an array, and each VALUE of report_json a member of it. */
void report_json_array(void);
/* A member for the vault NAME, which CODE came of, and no value: {"name", "error"}, of the first
 * error since the member before. Nothing without such an array. */
void report_json_failed(const char *name, int code);

/* Prints VALUE (as above) at once, in one line: for a command of which stdout carries a JSON value
 * a line. Ignored outside JSON mode. */
void report_json_line(json_t *value);

/* Writes out what was said on stdout; that it failed is told by report_end, with the reason. */
void report_flush(void);

/* What report_end returns instead of EXIT_DONE when not all could be printed; until then
 * EXIT_FAILED. */
void report_unsaid(int code);
/* Prints what is kept, flushes stdout and checks that all of it was written. Returns CODE, or what
 * report_unsaid has set. */
int report_end(int code);

#endif
