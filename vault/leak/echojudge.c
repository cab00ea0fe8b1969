/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echojudge.c: what the addresses seen from both sides say together. */
#include "vault/leak/echojudge.h"

#include <stdio.h>
#include <string.h>

static const char *const verdicts[] = {
	[ECHO_SKIP] = "skip", [ECHO_SEALED] = "sealed", [ECHO_UNKNOWN] = "unknown", [ECHO_LEAK] = "leak"
};

static const char *name_of(uint8_t family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* What one side makes of a family. */
struct tally {
	struct addr most; /* what more than half of those asked see; else AF_UNSPEC */
	size_t asked, answered, without_route;
	const struct leak_address *silent; /* one who gave no answer; NULL: none */
};

static bool is_answered(const struct leak_address *a, uint8_t family, enum echo_side side)
{
	return a->family == family && a->side[side].result == ECHO_ANSWERED;
}

static size_t count_equal(const struct leak_address *list, size_t n, uint8_t family,
			  enum echo_side side, const struct addr *address)
{
	size_t equal = 0;

	for (size_t i = 0; i < n; i++)
		equal += is_answered(&list[i], family, side) &&
			 addr_equal(&list[i].side[side].address, address);
	return equal;
}

/* A server that has no address of the family, as one side or the other found, is none of it. */
static bool is_asked(const struct leak_address *a, uint8_t family)
{
	return a->family == family && a->side[ECHO_INSIDE].result != ECHO_NOT_ASKED &&
	       a->side[ECHO_HOST].result != ECHO_NOT_ASKED;
}

static struct tally count(const struct leak_address *list, size_t n, uint8_t family,
			  enum echo_side side)
{
	struct tally t = { .most = { .family = AF_UNSPEC } };

	for (size_t i = 0; i < n; i++) {
		if (!is_asked(&list[i], family))
			continue;
		t.asked++;
		t.answered += is_answered(&list[i], family, side);
		t.without_route += list[i].side[side].result == ECHO_NO_ROUTE;
		if (!is_answered(&list[i], family, side) && !t.silent)
			t.silent = &list[i];
	}
	for (size_t i = 0; i < n; i++)
		if (is_answered(&list[i], family, side) &&
		    2 * count_equal(list, n, family, side, &list[i].side[side].address) > t.asked)
			t.most = list[i].side[side].address;
	return t;
}

/* One address that both sides are seen by; *WHO told the inside of it. */
static bool find_equal(const struct leak_address *list, size_t n, uint8_t family,
		       const struct leak_address **who)
{
	for (size_t i = 0; i < n; i++) {
		const struct addr *inside = &list[i].side[ECHO_INSIDE].address;

		if (is_answered(&list[i], family, ECHO_INSIDE) &&
		    count_equal(list, n, family, ECHO_HOST, inside)) {
			*who = &list[i];
			return true;
		}
	}
	return false;
}

/* Why no address of SIDE counts. */
static void explain(const struct tally *t, uint8_t family, enum echo_side side,
		    struct echo_finding *out)
{
	const char *where = side == ECHO_INSIDE ? "inside" : "on the host";

	out->verdict = ECHO_UNKNOWN;
	if (t->answered)
		snprintf(out->detail, sizeof(out->detail),
			 "%s: %s: %zu of %zu servers answered, and no more than half of them all "
			 "agree",
			 name_of(family), where, t->answered, t->asked);
	else
		snprintf(out->detail, sizeof(out->detail), "%s: %s: %s: %s", name_of(family), where,
			 t->silent->target->url, t->silent->side[side].why);
}

/* No address is seen from both sides: is that because both are known? */
static void judge_apart(const struct tally *inside, const struct tally *host, uint8_t family,
			bool vault_has, struct echo_finding *out)
{
	char a[ADDR_STRLEN], b[ADDR_STRLEN];

	out->side[ECHO_INSIDE] = inside->most;
	out->side[ECHO_HOST] = host->most;
	out->verdict = ECHO_SKIP;
	if (!inside->asked) {
		snprintf(out->detail, sizeof(out->detail), "%s: no server has an address of it",
			 name_of(family));
	} else if (!inside->answered && !vault_has) {
		snprintf(out->detail, sizeof(out->detail), "%s: the tunnel has none",
			 name_of(family));
	} else if (!inside->most.family) {
		explain(inside, family, ECHO_INSIDE, out);
	} else if (host->without_route == host->asked) {
		out->verdict = ECHO_SEALED;
		snprintf(out->detail, sizeof(out->detail),
			 "%s: inside is seen as %s; the host has none", name_of(family),
			 addr_format(&inside->most, a));
	} else if (!host->most.family) {
		explain(host, family, ECHO_HOST, out);
	} else {
		out->verdict = ECHO_SEALED;
		snprintf(out->detail, sizeof(out->detail),
			 "%s: inside is seen as %s, the host as %s", name_of(family),
			 addr_format(&inside->most, a), addr_format(&host->most, b));
	}
}

void echo_judge(const struct leak_address *list, size_t n, uint8_t family, bool vault_has,
		struct echo_finding *out)
{
	struct tally inside = count(list, n, family, ECHO_INSIDE);
	struct tally host = count(list, n, family, ECHO_HOST);
	const struct leak_address *who;
	char text[ADDR_STRLEN];

	memset(out, 0, sizeof(*out));
	if (!find_equal(list, n, family, &who)) {
		judge_apart(&inside, &host, family, vault_has, out);
		return;
	}
	out->verdict = ECHO_LEAK;
	for (enum echo_side s = 0; s < ECHO_SIDES; s++)
		out->side[s] = who->side[ECHO_INSIDE].address;
	snprintf(out->detail, sizeof(out->detail), "%s: inside is seen as %s by %s, as the host is",
		 name_of(family), addr_format(&out->side[ECHO_INSIDE], text), who->target->url);
}

enum echo_verdict echo_verdict(const struct echo_finding findings[static SPEC_FAMILIES])
{
	enum echo_verdict worst = ECHO_SKIP;

	for (enum spec_family f = 0; f < SPEC_FAMILIES; f++)
		if (findings[f].verdict > worst)
			worst = findings[f].verdict;
	return worst == ECHO_SKIP ? ECHO_UNKNOWN : worst;
}

const char *echo_verdict_name(enum echo_verdict verdict)
{
	return verdicts[verdict];
}

/* ---- JSON ---- */

static json_t *address_json(const struct addr *a)
{
	char text[ADDR_STRLEN];

	return a->family ? json_string(addr_format(a, text)) : json_null();
}

static json_t *why_json(const struct echo_answer *a)
{
	return *a->why ? json_string(a->why) : json_null();
}

static json_t *answers_json(const struct leak_address *list, size_t n, uint8_t family)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct echo_answer *in = &list[i].side[ECHO_INSIDE];
		const struct echo_answer *host = &list[i].side[ECHO_HOST];

		if (list[i].family != family)
			continue;
		if (json_array_append_new(array, json_pack("{s:s, s:o, s:o, s:o, s:o}", "url",
							   list[i].target->url, "inside",
							   address_json(&in->address),
							   "inside_error", why_json(in), "host",
							   address_json(&host->address),
							   "host_error", why_json(host)))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *family_json(const struct leak_address *list, size_t n, uint8_t family,
			   const struct echo_finding *f)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "verdict", echo_verdict_name(f->verdict),
			 "detail", f->detail, "inside", address_json(&f->side[ECHO_INSIDE]), "host",
			 address_json(&f->side[ECHO_HOST]), "answers",
			 answers_json(list, n, family));
}

json_t *echo_json(const struct leak_address *list, size_t n,
		  const struct echo_finding findings[static SPEC_FAMILIES])
{
	return json_pack("{s:s, s:o, s:o}", "verdict", echo_verdict_name(echo_verdict(findings)),
			 "ipv4", family_json(list, n, AF_INET, &findings[SPEC_V4]), "ipv6",
			 family_json(list, n, AF_INET6, &findings[SPEC_V6]));
}
