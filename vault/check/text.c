/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/text.c: what a check found, for people. */
#include "vault/check/print.h"

static const struct {
	const char *word, *colour;
} faces[FOUND_KINDS] = {
	[FOUND_OK] = { "ok", "\033[32m" },
	[FOUND_SKIP] = { "skip", "\033[2m" },
	[FOUND_UNKNOWN] = { "unknown", "\033[33m" },
	[FOUND_FAIL] = { "FAIL", "\033[1;31m" },
};

static void add_word(enum found v, const char *word, int width, bool colour, struct str *out)
{
	str_addf(out, "%s%-*s%s", colour ? faces[v].colour : "", width, word,
		 colour ? "\033[0m" : "");
}

static void add_processes(const struct check *c, struct str *out)
{
	for (size_t i = 0; i < c->n_processes; i++)
		str_addf(out, "         %-20s  %d %s\n", "", (int)c->processes[i].pid,
			 c->processes[i].name);
}

void check_print(const struct check *c, bool brief, bool colour, struct str *out)
{
	enum found verdict = check_verdict(c);

	for (size_t i = 0; i < c->n; i++) {
		const struct finding *f = &c->list[i];

		if (brief && f->verdict != FOUND_FAIL && f->verdict != FOUND_UNKNOWN)
			continue;
		add_word(f->verdict, faces[f->verdict].word, 7, colour, out);
		str_addf(out, "  %-20s  %s%s%s%s\n", f->id, f->detail, f->remedy ? " (" : "",
			 f->remedy ? f->remedy : "", f->remedy ? ")" : "");
	}
	if (!brief)
		add_processes(c, out);
	if (brief && verdict == FOUND_OK)
		return;
	str_addf(out, "%s: ", c->name);
	add_word(verdict, check_verdict_text(c), 0, colour, out);
	str_add(out, "\n");
}
