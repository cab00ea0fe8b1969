/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/table.c: what a check found of all vaults, a line each, for people. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/human.h"
#include "vault/check/examine.h"
#include "vault/check/print.h"
#include "vault/spec/reach.h"

enum { NAME, VERDICT, PEER, HANDSHAKE, RX, TX, PUBLISHED, INSIDE, DROPPED, COLUMNS };

#define CELL 128

struct row {
	char cells[COLUMNS][CELL];
	enum found verdict;
};

static const struct {
	const char *head;
	bool is_number; /* to the right */
	bool is_cut; /* where the line is too long; no shorter than its head */
} columns[COLUMNS] = {
	[NAME] = { .head = "NAME", .is_cut = true },
	[VERDICT] = { .head = "VERDICT" },
	[PEER] = { .head = "PEER", .is_cut = true },
	[HANDSHAKE] = { .head = "HANDSHAKE", .is_number = true },
	[RX] = { .head = "RX", .is_number = true },
	[TX] = { .head = "TX", .is_number = true },
	[PUBLISHED] = { .head = "PUBLISHED", .is_cut = true },
	[INSIDE] = { .head = "INSIDE", .is_number = true },
	[DROPPED] = { .head = "DROPPED", .is_number = true },
};

/* The one that has answered last; of those that never did, the first with an endpoint. */
static const struct wg_peer *choose_peer(const struct check *c, int64_t *age)
{
	const struct wg_peer *found = NULL;

	*age = -1;
	for (size_t i = 0; c->wg.peers && i < c->wg.n_peers; i++) {
		const struct wg_peer *peer = &c->wg.peers[i];
		int64_t own = check_handshake_age(peer);

		if (own < 0 ? !found && peer->endpoint.addr.family : *age < 0 || own < *age) {
			found = peer;
			*age = own;
		}
	}
	return found;
}

static void fill_peer(const struct check *c, struct row *row)
{
	char address[ADDR_STRLEN], buf[HUMAN_STRLEN];
	uint64_t received = 0, sent = 0;
	int64_t age;
	const struct wg_peer *peer = choose_peer(c, &age);

	if (!c->has_tunnel)
		return;
	if (peer && peer->endpoint.addr.family)
		snprintf(row->cells[PEER], CELL, "%s", addr_format(&peer->endpoint.addr, address));
	snprintf(row->cells[HANDSHAKE], CELL, "%s", age < 0 ? "never" : human_seconds(age, buf));
	for (size_t i = 0; c->wg.peers && i < c->wg.n_peers; i++) {
		received += c->wg.peers[i].rx_bytes;
		sent += c->wg.peers[i].tx_bytes;
	}
	snprintf(row->cells[RX], CELL, "%s", human_bytes(received, buf));
	snprintf(row->cells[TX], CELL, "%s", human_bytes(sent, buf));
}

static void fill_published(const struct check *c, struct row *row)
{
	struct str text cleanup(str_free) = STR_INIT;

	reach_add_host_ports(&c->spec.reach, &text);
	if (text.len >= CELL)
		snprintf(row->cells[PUBLISHED], CELL, "%.*s~", CELL - 2, text.s);
	else if (text.len)
		snprintf(row->cells[PUBLISHED], CELL, "%s", text.s);
}

static void fill(const struct check *c, struct row *row)
{
	uint64_t dropped = 0;

	for (size_t i = 0; i < COLUMNS; i++)
		snprintf(row->cells[i], CELL, "-");
	row->verdict = check_verdict(c);
	snprintf(row->cells[NAME], CELL, "%s", c->name);
	snprintf(row->cells[VERDICT], CELL, "%s", check_verdict_text(c));
	if (!c->is_up)
		return;
	fill_peer(c, row);
	fill_published(c, row);
	for (size_t i = 0; i < c->n_counters; i++)
		dropped += c->counters[i].packets;
	dropped -= c->test.dropped < dropped ? c->test.dropped : dropped;
	snprintf(row->cells[INSIDE], CELL, "%zu", c->n_processes);
	snprintf(row->cells[DROPPED], CELL, "%llu", (unsigned long long)dropped);
}

static size_t sum(const size_t widths[COLUMNS])
{
	size_t all = COLUMNS - 1; /* a blank between */

	for (size_t i = 0; i < COLUMNS; i++)
		all += widths[i];
	return all;
}

/* Each as wide as its widest cell; then those that may be cut give way, the widest first. */
static void measure(const struct row *rows, size_t n, size_t limit, size_t widths[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		widths[i] = strlen(columns[i].head);
		for (size_t k = 0; k < n; k++)
			if (strlen(rows[k].cells[i]) > widths[i])
				widths[i] = strlen(rows[k].cells[i]);
	}
	while (limit && sum(widths) > limit) {
		size_t widest = COLUMNS;

		for (size_t i = 0; i < COLUMNS; i++)
			if (columns[i].is_cut && widths[i] > strlen(columns[i].head) &&
			    (widest == COLUMNS || widths[i] > widths[widest]))
				widest = i;
		if (widest == COLUMNS)
			return;
		widths[widest]--;
	}
}

/* What does not fit ends in '~'. */
static void add_cell(const char *cell, size_t i, size_t width, struct str *out)
{
	if (strlen(cell) > width)
		str_addf(out, "%.*s~", (int)width - 1, cell);
	else if (columns[i].is_number)
		str_addf(out, "%*s", (int)width, cell);
	else
		str_addf(out, "%-*s", i + 1 < COLUMNS ? (int)width : 0, cell);
}

static void add_row(const struct row *row, const size_t widths[COLUMNS], bool colour,
		    struct str *out)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		const char *cell = row ? row->cells[i] : columns[i].head;

		str_add(out, i ? " " : "");
		if (row && i == VERDICT)
			check_add_word(row->verdict, cell, (int)widths[i], colour, out);
		else
			add_cell(cell, i, widths[i], out);
	}
	str_add(out, "\n");
}

void check_table(const struct check *list, size_t n, size_t width, bool colour, struct str *out)
{
	struct row *rows cleanup(free_ptr) = calloc(n ? n : 1, sizeof(*rows));
	size_t widths[COLUMNS];

	if (!rows) {
		out->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < n; i++)
		fill(&list[i], &rows[i]);
	measure(rows, n, width, widths);
	add_row(NULL, widths, colour, out);
	for (size_t i = 0; i < n; i++)
		add_row(&rows[i], widths, colour, out);
}
