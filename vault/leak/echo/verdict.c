/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echo/verdict.c: what the addresses seen from both sides say together. */
#include "vault/leak/echo/verdict.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *name_of(uint8_t family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* What one side makes of a family. */
struct summary {
	struct addr most; /* what more than half of those asked see; else AF_UNSPEC */
	size_t asked, answered, without_route;
	const struct echo_reply *silent; /* one who gave no answer; NULL: none */
};

static bool is_answered(const struct echo_reply *a, uint8_t family, enum echo_side side)
{
	return a->family == family && a->side[side].result == ECHO_ANSWERED;
}

static size_t count_equal(const struct echo_reply *list, size_t n, uint8_t family,
			  enum echo_side side, const struct addr *address)
{
	size_t equal = 0;

	for (size_t i = 0; i < n; i++)
		equal += is_answered(&list[i], family, side) &&
			 addr_equal(&list[i].side[side].address, address);
	return equal;
}

/* A server that has no address of the family, as one side or the other found, is none of it. */
static bool is_asked(const struct echo_reply *a, uint8_t family)
{
	return a->family == family && a->side[ECHO_INSIDE].result != ECHO_NOT_ASKED &&
	       a->side[ECHO_HOST].result != ECHO_NOT_ASKED;
}

static struct summary count(const struct echo_reply *list, size_t n, uint8_t family,
			    enum echo_side side)
{
	struct summary t = { .most = { .family = AF_UNSPEC } };

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
static bool find_equal(const struct echo_reply *list, size_t n, uint8_t family,
		       const struct echo_reply **who)
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
static void explain(const struct summary *t, uint8_t family, enum echo_side side,
		    struct echo_finding *out)
{
	const char *where = side == ECHO_INSIDE ? "inside" : "on the host";

	out->verdict = LEAK_UNKNOWN;
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
static void judge_apart(const struct summary *inside, const struct summary *host, uint8_t family,
			bool vault_has, struct echo_finding *out)
{
	char a[ADDR_STRLEN], b[ADDR_STRLEN];

	out->side[ECHO_INSIDE] = inside->most;
	out->side[ECHO_HOST] = host->most;
	out->verdict = LEAK_SKIP;
	if (!inside->asked) {
		snprintf(out->detail, sizeof(out->detail), "%s: no server has an address of it",
			 name_of(family));
	} else if (!inside->answered && !vault_has) {
		snprintf(out->detail, sizeof(out->detail), "%s: the tunnel has none",
			 name_of(family));
	} else if (!inside->most.family) {
		explain(inside, family, ECHO_INSIDE, out);
	} else if (host->without_route == host->asked) {
		out->verdict = LEAK_SEALED;
		snprintf(out->detail, sizeof(out->detail),
			 "%s: inside is seen as %s; the host has none", name_of(family),
			 addr_format(&inside->most, a));
	} else if (!host->most.family) {
		explain(host, family, ECHO_HOST, out);
	} else {
		out->verdict = LEAK_SEALED;
		snprintf(out->detail, sizeof(out->detail),
			 "%s: inside is seen as %s, the host as %s", name_of(family),
			 addr_format(&inside->most, a), addr_format(&host->most, b));
	}
}

void echo_judge(const struct echo_reply *list, size_t n, uint8_t family, bool vault_has,
		const struct addr *server, struct echo_finding *out)
{
	struct summary inside = count(list, n, family, ECHO_INSIDE);
	struct summary host = count(list, n, family, ECHO_HOST);
	const struct echo_reply *who;
	char text[ADDR_STRLEN], here[ADDR_STRLEN];

	memset(out, 0, sizeof(*out));
	if (!find_equal(list, n, family, &who)) {
		judge_apart(&inside, &host, family, vault_has, out);
		return;
	}
	for (enum echo_side s = 0; s < ECHO_SIDES; s++)
		out->side[s] = who->side[ECHO_INSIDE].address;
	if (server->family) {
		out->verdict = LEAK_UNKNOWN;
		snprintf(out->detail, sizeof(out->detail),
			 "%s: inside is seen as %s, as the host is; but the tunnel's server, %s, "
			 "is this host itself",
			 name_of(family), addr_format(&out->side[ECHO_INSIDE], text),
			 addr_format(server, here));
		return;
	}
	out->verdict = LEAK_LEAK;
	snprintf(out->detail, sizeof(out->detail), "%s: inside is seen as %s by %s, as the host is",
		 name_of(family), addr_format(&out->side[ECHO_INSIDE], text), who->target->url);
}

/* Text fits: both are as long. */
static void copy_answer(const struct echo_reply *reply, struct leak_answer *out)
{
	const struct echo_answer *inside = &reply->side[ECHO_INSIDE];
	const struct echo_answer *host = &reply->side[ECHO_HOST];

	static_assert(ECHO_WHY_LEN == LEAK_WHY_LEN, "one text, two structures");
	out->echo = reply->target->url;
	out->inside = inside->address;
	out->host = host->address;
	memcpy(out->inside_why, inside->why, sizeof(out->inside_why));
	memcpy(out->host_why, host->why, sizeof(out->host_why));
}

static int copy_answers(const struct echo_round *round, struct leak_address *out)
{
	out->answers = calloc(round->n, sizeof(*out->answers));
	if (!out->answers)
		return -ENOMEM;
	for (size_t i = 0; i < round->n; i++)
		if (round->list[i].family == out->family)
			copy_answer(&round->list[i], &out->answers[out->n_answers++]);
	return 0;
}

void echo_conclude(const struct echo_round *round, const struct spec *spec,
		   const struct addr *server, struct leak_run *run)
{
	struct leak_address *list = calloc(ADDR_FAMILIES, sizeof(*list));
	bool any = false;

	run->lost = run->lost || !list;
	for (size_t f = 0; list && f < ADDR_FAMILIES; f++) {
		struct leak_address *a = &list[f];
		struct echo_finding found;

		echo_judge(round->list, round->n, addr_families[f],
			   spec_tunnel_has(spec, addr_families[f]), server, &found);
		*a = (struct leak_address){ .family = addr_families[f],
					    .inside = found.side[ECHO_INSIDE],
					    .host = found.side[ECHO_HOST],
					    .verdict = found.verdict };
		leak_run_detail(run, &a->detail, "%s", found.detail);
		run->lost = copy_answers(round, a) || run->lost;
		any = any || a->verdict != LEAK_SKIP;
		if (!any && f == ADDR_FAMILIES - 1)
			a->verdict = LEAK_UNKNOWN;
	}
	run->addresses = list;
	run->n_addresses = list ? ADDR_FAMILIES : 0;
}
