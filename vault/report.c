/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/report.c: the only writer of stdout and stderr: text or JSON from the same calls. */
#include "vault/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/str.h"
#include "vault/exit.h"
#include "vault/option.h"

/* Any value; numbers as they were meant, not with the digits that binary fractions have. */
#define FLAGS (JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

static struct {
	struct options options;
	json_t *value; /* what the command reported, JSON mode only */
	bool is_array; /* of all that it reported */
	char *object, *message; /* of the first error, JSON mode only */
	bool lost; /* something could not be kept or printed */
	int progress; /* the cursor stands behind a line of it, that long; 0: there is none */
	int unsaid; /* the exit code then, instead of EXIT_DONE */
	int err; /* why stdout could not be written first; 0: it could */
} state = { .unsaid = EXIT_FAILED };

void report_begin(const struct options *options)
{
	state.options = *options;
}

bool report_is_json(void)
{
	return state.options.json;
}

static void end_progress(void)
{
	if (state.progress)
		fprintf(stderr, "\r%*s\r", state.progress, "");
	state.progress = 0;
}

void report_flush(void)
{
	if (fflush(stdout) && !state.err)
		state.err = errno;
}

static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

void report_progress(const char *object, const char *format, ...)
{
	va_list args;

	if (state.options.json || state.options.quiet || state.options.verbose || !is_terminal())
		return;
	end_progress();
	state.progress = fprintf(stderr, "vault: %s: ", object);
	va_start(args, format);
	state.progress += vfprintf(stderr, format, args);
	va_end(args);
}

static void print_line(const char *format, va_list args) printf_like(1, 0);

static void print_line(const char *format, va_list args)
{
	end_progress();
	vprintf(format, args);
	putchar('\n');
}

void report_line(const char *format, ...)
{
	va_list args;

	if (state.options.json || state.options.quiet)
		return;
	va_start(args, format);
	print_line(format, args);
	va_end(args);
}

void report_detail(const char *format, ...)
{
	va_list args;

	if (state.options.json || !state.options.verbose)
		return;
	va_start(args, format);
	print_line(format, args);
	va_end(args);
}

bool report_is_coloured(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

size_t report_width(void)
{
	struct winsize size = { .ws_col = 0 };

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

void report_result(const char *text)
{
	end_progress();
	if (!state.options.json)
		fputs(text, stdout);
}

/* A copy of TEXT, which has names and words of anybody's choice in it; NULL without memory. */
static char *printable(const char *text)
{
	char *out = strdup(text);

	if (out)
		str_make_printable(out);
	return out;
}

/* Keeps the first error for the JSON value. */
static void keep_error(const char *object, const char *message)
{
	if (!state.options.json || state.message)
		return;
	state.object = printable(object);
	state.message = printable(message);
	if (!state.object || !state.message)
		state.lost = true;
}

static void print_message(const char *object, const char *kind, const char *format, va_list args,
			  bool is_error) printf_like(3, 0);

static void print_message(const char *object, const char *kind, const char *format, va_list args,
			  bool is_error)
{
	char *name cleanup(free_ptr) = printable(object), *message cleanup(free_ptr) = NULL;

	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	if (message)
		str_make_printable(message);
	end_progress();
	report_flush(); /* so that what was said before stands before */
	fprintf(stderr, "vault: %s: %s%s\n", name ? name : "", kind,
		message ? message : "out of memory");
	if (is_error)
		keep_error(name ? name : "", message ? message : "out of memory");
}

void report_error(const char *object, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_message(object, "", format, args, true);
	va_end(args);
}

void report_mendable(const char *object, const struct remedy *remedy, const char *format, ...)
{
	struct str hint cleanup(str_free) = STR_INIT;
	char *message cleanup(free_ptr) = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	va_end(args);
	remedy_add_hint(remedy, &hint);
	report_error(object, "%s%s", message ? message : "out of memory", hint.s ? hint.s : "");
}

void report_warning(const char *object, const char *format, ...)
{
	va_list args;

	if (state.options.quiet)
		return;
	va_start(args, format);
	print_message(object, "warning: ", format, args, false);
	va_end(args);
}

void report_problems(const char *file, const struct problems *problems)
{
	char *name cleanup(free_ptr) = printable(file);

	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->list[i];
		char *text cleanup(free_ptr) = printable(p->text);
		char line[16] = "";

		if (p->warning && state.options.quiet)
			continue;
		end_progress();
		if (p->line)
			snprintf(line, sizeof(line), "%u:", p->line);
		fprintf(stderr, "%s:%s %s%s\n", name ? name : "?", line,
			p->warning ? "warning: " : "", text ? text : "out of memory");
		if (!p->warning)
			keep_error(file, text ? text : "out of memory");
	}
	if (problems->overflow)
		report_error(file, "out of memory while reading it");
}

void report_problems_of(const char *object, const struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		if (problems->list[i].warning)
			report_warning(object, "%s", problems->list[i].text);
		else
			report_error(object, "%s", problems->list[i].text);
	if (problems->overflow)
		report_error(object, "out of memory");
}

void report_json(json_t *value)
{
	if (!value)
		state.lost = true;
	if (state.is_array) {
		if (json_array_append_new(state.value, value))
			state.lost = true;
		return;
	}
	json_decref(state.value);
	state.value = value;
}

static json_t *error_value(int code)
{
	return json_pack("{s:{s:i,s:s,s:s}}", "error", "code", code, "object",
			 state.object ? state.object : "vault", "message",
			 state.message ? state.message : "failed");
}

void report_json_array(void)
{
	if (!state.options.json)
		return;
	report_json(json_array());
	state.is_array = true;
}

void report_json_failed(const char *name, int code)
{
	json_t *value = state.is_array ? error_value(code) : NULL;

	if (!state.is_array)
		return;
	if (json_object_set_new(value, "name", json_string(name)))
		state.lost = true;
	report_json(value);
	free(steal_ptr(&state.object));
	free(steal_ptr(&state.message));
}

void report_json_line(json_t *value)
{
	if (!value || (state.options.json && (json_dumpf(value, stdout, JSON_COMPACT | FLAGS) < 0 ||
					      putchar('\n') == EOF)))
		state.lost = true;
	report_flush();
	json_decref(value);
}

static void print_json(int code)
{
	size_t flags = state.options.pretty ? JSON_INDENT(2) : JSON_COMPACT;

	if (!state.value)
		state.value = code == EXIT_DONE ? json_object() : error_value(code);
	if (!state.value || json_dumpf(state.value, stdout, flags | FLAGS) < 0)
		state.lost = true;
	putchar('\n');
}

void report_unsaid(int code)
{
	state.unsaid = code;
}

int report_end(int code)
{
	end_progress();
	if (state.options.json)
		print_json(code);
	json_decref(state.value);
	free(state.object);
	free(state.message);
	report_flush();
	if (state.err || ferror(stdout)) {
		fprintf(stderr, "vault: stdout: %s\n",
			state.err ? strerror(state.err) : "not all of it was written");
		state.lost = true;
	}
	return state.lost && code == EXIT_DONE ? state.unsaid : code;
}
