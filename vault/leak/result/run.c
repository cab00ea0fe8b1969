/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/result/run.c: what one run of leaktest found. */
#include "vault/leak/result/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"

const char *leak_verdict_text(enum leak_verdict verdict)
{
	static const char *const words[LEAK_VERDICTS] = { [LEAK_SEALED] = "sealed",
							  [LEAK_SKIP] = "skip",
							  [LEAK_UNKNOWN] = "unknown",
							  [LEAK_LEAK] = "LEAK" };

	return words[verdict];
}

const char *leak_where_text(enum leak_where where)
{
	static const char *const words[LEAK_WHERES] = {
		[LEAK_IN_VAULT] = "vault", [LEAK_IN_TWIN] = "twin", [LEAK_ON_HOST] = "host"
	};

	return words[where];
}

void leak_run_detail(struct leak_run *run, char **detail, const char *format, ...)
{
	va_list args;

	free(*detail);
	va_start(args, format);
	if (vasprintf(detail, format, args) < 0) {
		*detail = NULL;
		run->lost = true;
	}
	va_end(args);
	if (*detail)
		str_make_printable(*detail);
}

void leak_run_evidence(struct leak_run *run, size_t i, const struct leak_evidence *e)
{
	struct leak_probe *p = &run->probes[i];
	struct leak_evidence own = *e;

	p->verdict = LEAK_LEAK;
	p->seen++;
	if (p->n_evidence == LEAK_EVIDENCE_MAX)
		return;
	str_make_printable(own.interface);
	str_make_printable(own.summary);
	if (list_append(&p->evidence, &p->n_evidence, sizeof(own), &own))
		run->lost = true;
}

static void take(struct leak_run *run, enum leak_verdict verdict)
{
	if (verdict != LEAK_SKIP && verdict > run->verdict)
		run->verdict = verdict;
}

void leak_run_judge(struct leak_run *run)
{
	bool any = false;

	run->verdict = run->lost ? LEAK_UNKNOWN : LEAK_SEALED;
	take(run, run->control.verdict);
	for (size_t i = 0; i < run->n_probes; i++) {
		take(run, run->probes[i].verdict);
		any = any || run->probes[i].verdict != LEAK_SKIP;
	}
	for (size_t i = 0; i < run->n_addresses; i++) {
		take(run, run->addresses[i].verdict);
		any = any || run->addresses[i].verdict != LEAK_SKIP;
	}
	if (!any)
		take(run, LEAK_UNKNOWN);
}

void leak_run_free(struct leak_run *run)
{
	for (size_t i = 0; i < run->n_probes; i++) {
		free(run->probes[i].detail);
		free(run->probes[i].evidence);
	}
	for (size_t i = 0; i < run->n_addresses; i++) {
		free(run->addresses[i].answers);
		free(run->addresses[i].detail);
	}
	free(run->control.detail);
	free(run->probes);
	free(run->addresses);
	free(run->drops);
	memset(run, 0, sizeof(*run));
}
