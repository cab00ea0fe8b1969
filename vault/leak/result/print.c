/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/result/print.c: what one run of leaktest found, for programs and for people. */
#include <stdio.h>
#include <string.h>

#include "lib/time.h"
#include "vault/leak/result/run.h"

/* A list of N members that MAKE makes; NULL without memory. */
static json_t *list(const void *owner, size_t n, json_t *(*make)(const void *owner, size_t i))
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++)
		if (json_array_append_new(array, make(owner, i))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *evidence_json(const void *owner, size_t i)
{
	const struct leak_evidence *e = &((const struct leak_probe *)owner)->evidence[i];
	char time[TIME_STRLEN];

	return json_pack("{s:s, s:s, s:s}", "interface", e->interface, "time",
			 time_format(time_ms(&e->time), time), "summary", e->summary);
}

/* "L2 L8" as a list. */
static json_t *vectors_json(const char *text)
{
	json_t *array = json_array();

	while (array && *text) {
		size_t len = strcspn(text, " ");

		if (json_array_append_new(array, json_stringn(text, len))) {
			json_decref(array);
			return NULL;
		}
		text += len + strspn(text + len, " ");
	}
	return array;
}

static json_t *probe_json(const void *owner, size_t i)
{
	const struct leak_probe *p = &((const struct leak_run *)owner)->probes[i];

	return json_pack("{s:s, s:o, s:s, s:s, s:s, s:I, s:o}", "id", p->id, "vectors",
			 vectors_json(p->vectors), "where", leak_where_text(p->where), "verdict",
			 leak_verdict_text(p->verdict), "detail", p->detail ? p->detail : "",
			 "packets", (json_int_t)p->packets, "evidence",
			 list(p, p->n_evidence, evidence_json));
}

static json_t *address_text(const struct addr *a)
{
	char text[ADDR_STRLEN];

	return a->family ? json_string(addr_format(a, text)) : json_null();
}

static json_t *why_json(const char *why)
{
	return *why ? json_string(why) : json_null();
}

static json_t *answer_json(const void *owner, size_t i)
{
	const struct leak_answer *a = &((const struct leak_address *)owner)->answers[i];

	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "echo", a->echo, "inside",
			 address_text(&a->inside), "inside_error", why_json(a->inside_why), "host",
			 address_text(&a->host), "host_error", why_json(a->host_why));
}

static json_t *address_json(const void *owner, size_t i)
{
	const struct leak_address *a = &((const struct leak_run *)owner)->addresses[i];

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "family",
			 a->family == AF_INET ? "ipv4" : "ipv6", "verdict",
			 leak_verdict_text(a->verdict), "detail", a->detail ? a->detail : "",
			 "inside", address_text(&a->inside), "host", address_text(&a->host),
			 "answers", list(a, a->n_answers, answer_json));
}

static json_t *drops_json(const struct leak_run *run)
{
	json_t *drops = json_object();

	for (size_t i = 0; drops && i < run->n_drops; i++)
		if (json_object_set_new(drops, run->drops[i].reason,
					json_pack("{s:I, s:I}", "packets",
						  (json_int_t)run->drops[i].packets, "total",
						  (json_int_t)run->drops[i].total))) {
			json_decref(drops);
			return NULL;
		}
	return drops;
}

static json_t *action_json(const struct leak_action *a)
{
	return a->what ? json_pack("{s:s, s:b, s:f}", "what", a->what, "done", a->done, "delay",
				   (double)a->delay_ms / 1000)
		       : json_null();
}

json_t *leak_run_json(const struct leak_run *run)
{
	char time[TIME_STRLEN], token[2 * LEAK_TOKEN_LEN + 1];

	for (size_t i = 0; i < LEAK_TOKEN_LEN; i++)
		snprintf(token + 2 * i, 3, "%02x", run->token[i]);
	return json_pack("{s:s, s:s, s:s, s:f, s:s, s:{s:s, s:s}, s:o, s:o, s:o, s:o}", "name",
			 run->name, "time", time_format(time_ms(&run->time), time), "token", token,
			 "duration", (double)run->duration_ms / 1000, "verdict",
			 leak_verdict_text(run->verdict), "control", "verdict",
			 run->control.verdict == LEAK_SEALED ? "seen" : "unknown", "detail",
			 run->control.detail ? run->control.detail : "", "probes",
			 list(run, run->n_probes, probe_json), "addresses",
			 list(run, run->n_addresses, address_json), "drops", drops_json(run),
			 "action", action_json(&run->action));
}

static const char *const colours[LEAK_VERDICTS] = { [LEAK_SEALED] = "\033[32m",
						    [LEAK_SKIP] = "\033[2m",
						    [LEAK_UNKNOWN] = "\033[33m",
						    [LEAK_LEAK] = "\033[1;31m" };

static void add_verdict(enum leak_verdict v, int width, bool colour, struct str *out)
{
	str_addf(out, "%s%-*s%s", colour ? colours[v] : "", width, leak_verdict_text(v),
		 colour ? "\033[0m" : "");
}

static void add_probe(const struct leak_probe *p, bool colour, struct str *out)
{
	char time[TIME_STRLEN];

	add_verdict(p->verdict, 7, colour, out);
	str_addf(out, "  %-18s %s\n", p->id, p->detail ? p->detail : "");
	for (size_t i = 0; i < p->n_evidence; i++)
		str_addf(out, "         %s %s%s%s\n",
			 time_format(time_ms(&p->evidence[i].time), time), p->evidence[i].interface,
			 p->evidence[i].interface[0] ? ": " : "", p->evidence[i].summary);
	if (p->seen > p->n_evidence)
		str_addf(out, "         and %zu more\n", p->seen - p->n_evidence);
}

static bool is_fine(enum leak_verdict v)
{
	return v == LEAK_SEALED || v == LEAK_SKIP;
}

void leak_run_print(const struct leak_run *run, bool brief, bool colour, struct str *out)
{
	for (size_t i = 0; i < run->n_probes; i++)
		if (!brief || !is_fine(run->probes[i].verdict))
			add_probe(&run->probes[i], colour, out);
	for (size_t i = 0; i < run->n_addresses; i++) {
		const struct leak_address *a = &run->addresses[i];

		if (brief && is_fine(a->verdict))
			continue;
		add_verdict(a->verdict, 7, colour, out);
		str_addf(out, "  %-18s %s\n", "address", a->detail ? a->detail : "");
	}
	if (brief && is_fine(run->verdict))
		return;
	if (run->control.verdict != LEAK_SEALED)
		str_addf(out, "the control failed: %s\n",
			 run->control.detail ? run->control.detail : "nothing was seen");
	str_addf(out, "%s: ", run->name);
	add_verdict(run->verdict, 0, colour, out);
	if (run->verdict == LEAK_LEAK)
		str_addf(out, " (is it as it was made? vault check %s)", run->name);
	str_add(out, "\n");
}
