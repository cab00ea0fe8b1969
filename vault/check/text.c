/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/text.c: what a check found of one vault, for people. */
#include <stdio.h>
#include <string.h>

#include "lib/human.h"
#include "lib/time.h"
#include "vault/check/examine.h"
#include "vault/check/print.h"
#include "vault/seal/seal.h"
#include "vault/spec/reach.h"

#define WIDTH 80
#define LABEL 18 /* of a card, with the blanks before it */
#define PEERS_MAX 4
#define INSIDE_MAX 6

static const struct {
	const char *word, *colour;
} faces[FOUND_KINDS] = {
	[FOUND_OK] = { "ok", "\033[32m" },
	[FOUND_SKIP] = { "skip", "\033[2m" },
	[FOUND_UNKNOWN] = { "unknown", "\033[33m" },
	[FOUND_FAIL] = { "FAIL", "\033[1;31m" },
};

void check_add_word(enum found v, const char *word, int width, bool colour, struct str *out)
{
	str_addf(out, "%s%-*s%s", colour ? faces[v].colour : "", width, word,
		 colour ? "\033[0m" : "");
}

/* A line of a card: TEXT's elements, parted by ", ", on as many as they need. */
static void add_line(const char *label, const char *text, struct str *out)
{
	size_t column = LABEL;

	str_addf(out, "  %-*s", LABEL - 2, label);
	while (*text) {
		const char *end = strstr(text, ", ");
		size_t len = end ? (size_t)(end - text) + 1 : strlen(text);

		if (column > LABEL && column + 1 + len > WIDTH) {
			str_addf(out, "\n%*s", LABEL, "");
			column = LABEL;
		} else if (column > LABEL) {
			str_add(out, " ");
			column++;
		}
		str_addf(out, "%.*s", (int)len, text);
		column += len;
		text += end ? len + 1 : len;
	}
	str_add(out, "\n");
}

/* The same of what was put together in TEXT, which is emptied; nothing when that is nothing. */
static void add_text(const char *label, struct str *text, struct str *out)
{
	if (text->err)
		out->err = text->err;
	else if (text->len)
		add_line(label, text->s, out);
	str_clear(text);
}

static const char *comma(const struct str *text)
{
	return text->len ? ", " : "";
}

static void add_tunnel(const struct check *c, struct str *out)
{
	const struct spec *spec = &c->spec;
	struct str text cleanup(str_free) = STR_INIT;
	char buf[PREFIX_STRLEN];

	if (spec->has_tunnel) {
		str_addf(&text, "%s", spec->tunnel_if);
		for (size_t i = 0; i < spec->n_addresses; i++)
			str_addf(&text, "%s%s", i ? ", " : " ",
				 prefix_format(&spec->addresses[i], buf));
		str_addf(&text, ", %s, mtu %u",
			 spec->backend == SPEC_BACKEND_KERNEL ? "kernel" : spec->program,
			 spec->mtu);
	} else if (spec->leg.role == SPEC_VIA) {
		str_addf(&text, "none: by the gateway %s", addr_format(&spec->leg.via, buf));
	} else {
		str_add(&text,
			spec->without_tunnel ? "none: taken down with keep-ns" : "none: isolated");
	}
	add_text("tunnel", &text, out);
	if (spec->conf)
		add_line("conf", strcmp(spec->conf, "-") ? spec->conf : "standard input", out);
	if (spec->adopt)
		add_line("adopt", spec->adopt, out);
}

static void add_peer(const struct wg_peer *peer, struct str *out)
{
	char key[KEY_BASE64_LEN + 1], endpoint[ENDPOINT_STRLEN] = "no endpoint", age[HUMAN_STRLEN];
	char received[HUMAN_STRLEN], sent[HUMAN_STRLEN];
	int64_t seconds = check_handshake_age(peer);

	key_to_base64(&peer->public_key, key);
	if (peer->endpoint.addr.family)
		endpoint_format(&peer->endpoint.addr, peer->endpoint.scope, peer->endpoint.port,
				endpoint);
	str_addf(out, "  %-*s%.8s.. %s\n", LABEL - 2, "peer", key, endpoint);
	str_addf(out, "%*s", LABEL, "");
	if (seconds < 0)
		str_add(out, "no handshake yet, ");
	else
		str_addf(out, "handshake %s ago, ", human_seconds(seconds, age));
	str_addf(out, "%s received, %s sent\n", human_bytes(peer->rx_bytes, received),
		 human_bytes(peer->tx_bytes, sent));
}

static void add_peers(const struct check *c, struct str *out)
{
	for (size_t i = 0; i < c->wg.n_peers && i < PEERS_MAX; i++)
		add_peer(&c->wg.peers[i], out);
	if (c->wg.n_peers > PEERS_MAX)
		str_addf(out, "%*sand %zu more peers\n", LABEL, "", c->wg.n_peers - PEERS_MAX);
}

static void add_ways(const struct spec *spec, struct str *out)
{
	struct str text cleanup(str_free) = STR_INIT;
	char a[PREFIX_STRLEN], b[ADDR_STRLEN];

	for (size_t i = 0; i < spec->n_dns; i++)
		str_addf(&text, "%s%s", comma(&text), addr_format(&spec->dns[i], a));
	add_text("dns", &text, out);
	for (int f = 0; spec->has_link && f < ADDR_FAMILIES; f++)
		if (spec->link[f].host.addr.family)
			str_addf(&text, "%s%s to %s", text.len ? ", " : "",
				 addr_format(&spec->link[f].host.addr, a),
				 addr_format(&spec->link[f].vault.addr, b));
	add_text("link", &text, out);
	if (!spec_has_leg(spec))
		return;
	str_addf(&text, "%s %s%s", spec->leg.segment, prefix_format(&spec->leg.address, a),
		 spec->leg.role == SPEC_GATEWAY ? " gateway" : "");
	if (spec->leg.role == SPEC_VIA)
		str_addf(&text, " via %s", addr_format(&spec->leg.via, b));
	add_text("segment", &text, out);
}

/* By the words that asked for it. */
static void add_reach(const struct spec_reach *reach, struct str *out)
{
	struct str text cleanup(str_free) = STR_INIT;
	char buf[REACH_STRLEN];

	for (size_t i = 0; i < reach->n_from; i++)
		str_addf(&text, "%s%s", comma(&text), prefix_format(&reach->from[i], buf));
	add_text("accessible-from", &text, out);
	reach_add_published(reach, &text);
	add_text("publish", &text, out);
	for (size_t i = 0; i < reach->n_open_ports; i++)
		str_addf(&text, "%s%s", comma(&text),
			 reach_format_ports(&reach->open_ports[i], buf));
	add_text("open-port", &text, out);
	for (size_t i = 0; i < reach->n_host_ports; i++)
		str_addf(&text, "%s%s", comma(&text),
			 reach_format_ports(&reach->host_ports[i], buf));
	add_text("allow-host", &text, out);
	for (size_t i = 0; i < reach->n_holes; i++)
		str_addf(&text, "%s%s", comma(&text), reach_format_hole(&reach->holes[i], buf));
	add_text("allow-to", &text, out);
}

static void add_inside(const struct check *c, struct str *out)
{
	struct str text cleanup(str_free) = STR_INIT;

	for (size_t i = 0; i < c->n_processes && i < INSIDE_MAX; i++)
		str_addf(&text, "%s%s (%d)", comma(&text), c->processes[i].name,
			 (int)c->processes[i].pid);
	if (c->n_processes > INSIDE_MAX)
		str_addf(&text, ", and %zu more", c->n_processes - INSIDE_MAX);
	if (!c->n_processes)
		str_add(&text, "nobody");
	add_text("inside", &text, out);
}

static void add_dropped(const struct check *c, struct str *out)
{
	struct str text cleanup(str_free) = STR_INIT;

	for (size_t i = 0; i < c->n_counters; i++) {
		const struct check_counter *n = &c->counters[i];

		if (!n->packets)
			continue;
		str_addf(&text, "%llu %s%s", (unsigned long long)n->packets,
			 seal_counter_meaning(n->name), seal_counter_place(n->table));
		add_text("dropped", &text, out);
	}
}

static void add_test(const struct state_test *test, struct str *out)
{
	struct str text cleanup(str_free) = STR_INIT;
	char age[HUMAN_STRLEN];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (test->ms)
		str_addf(&text, "%s, %s ago", test->verdict,
			 human_seconds((time_ms(&now) - test->ms) / 1000, age));
	if (test->dropped)
		str_addf(&text, "%s%llu of those dropped were while tests ran", comma(&text),
			 (unsigned long long)test->dropped);
	add_text("leak test", &text, out);
}

static void add_card(const struct check *c, struct str *out)
{
	add_tunnel(c, out);
	add_peers(c, out);
	add_ways(&c->spec, out);
	add_reach(&c->spec.reach, out);
	add_inside(c, out);
	add_dropped(c, out);
	add_test(&c->test, out);
}

static void add_processes(const struct check *c, struct str *out)
{
	for (size_t i = 0; i < c->n_processes; i++)
		str_addf(out, "         %-20s  %d %s\n", "", (int)c->processes[i].pid,
			 c->processes[i].name);
}

/* What is skipped is told where something could be done about it. */
static bool is_told(const struct finding *f, enum check_detail detail)
{
	switch (detail) {
	case CHECK_ALL:
		return true;
	case CHECK_CARD:
		if (f->is_told || (f->verdict == FOUND_SKIP && f->remedy))
			return true;
		break;
	case CHECK_BRIEF:
		break;
	}
	return f->verdict == FOUND_FAIL || f->verdict == FOUND_UNKNOWN;
}

void check_print(const struct check *c, enum check_detail detail, bool colour, struct str *out)
{
	enum found verdict = check_verdict(c);

	if (detail == CHECK_CARD && c->is_host)
		detail = CHECK_ALL;
	if (detail != CHECK_BRIEF && c->is_up)
		add_card(c, out);
	for (size_t i = 0; i < c->n; i++) {
		const struct finding *f = &c->list[i];

		if (!is_told(f, detail))
			continue;
		check_add_word(f->verdict, faces[f->verdict].word, 7, colour, out);
		str_addf(out, "  %-20s  %s%s%s%s\n", f->id, f->detail, f->remedy ? " (" : "",
			 f->remedy ? f->remedy : "", f->remedy ? ")" : "");
	}
	if (detail == CHECK_ALL)
		add_processes(c, out);
	if (detail == CHECK_BRIEF && verdict == FOUND_OK)
		return;
	str_addf(out, "%s: ", c->name);
	check_add_word(verdict, check_verdict_text(c), 0, colour, out);
	str_add(out, "\n");
}
