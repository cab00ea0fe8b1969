/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/prom.c: what checks found, for Prometheus. Names of vaults, ids, keys and counters
 * are of characters that need no escape in a label.
 */
#include "vault/check/print.h"

#include <string.h>

#include "vault/check/examine.h"

#define DROPPED "dropped_"

/* One metric: adds the samples of one vault. */
struct metric {
	const char *name, *type, *help;
	void (*add)(const struct check *c, const char *metric, struct str *out);
};

static void add_up(const struct check *c, const char *metric, struct str *out)
{
	str_addf(out, "%s{name=\"%s\"} %d\n", metric, c->name, c->is_up);
}

static void add_verdict(const struct check *c, const char *metric, struct str *out)
{
	static const char *const verdicts[] = { "sound", "broken", "unknown" };

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
		str_addf(out, "%s{name=\"%s\",verdict=\"%s\"} %d\n", metric, c->name, verdicts[i],
			 !strcmp(check_verdict_text(c), verdicts[i]));
}

/* An id may have several findings: all of them must be fine. */
static void add_checks(const struct check *c, const char *metric, struct str *out)
{
	for (size_t id = 0; id < check_n_ids; id++) {
		size_t n = 0, fine = 0;

		for (size_t i = 0; i < c->n; i++) {
			if (strcmp(c->list[i].id, check_ids[id].id) ||
			    c->list[i].verdict == FOUND_SKIP)
				continue;
			n++;
			fine += c->list[i].verdict == FOUND_OK;
		}
		if (n)
			str_addf(out, "%s{name=\"%s\",id=\"%s\"} %d\n", metric, c->name,
				 check_ids[id].id, n == fine);
	}
}

static void add_peer_value(const struct check *c, const char *metric, const struct wg_peer *peer,
			   uint64_t value, struct str *out)
{
	char key[KEY_BASE64_LEN + 1];

	key_to_base64(&peer->public_key, key);
	str_addf(out, "%s{name=\"%s\",public_key=\"%s\"} %llu\n", metric, c->name, key,
		 (unsigned long long)value);
}

/* A peer that never answered has no age, nor has one that did so in the future. */
static void add_ages(const struct check *c, const char *metric, struct str *out)
{
	for (size_t i = 0; i < c->wg.n_peers; i++) {
		int64_t age = check_handshake_age(&c->wg.peers[i]);

		if (age >= 0)
			add_peer_value(c, metric, &c->wg.peers[i], (uint64_t)age, out);
	}
}

static void add_received(const struct check *c, const char *metric, struct str *out)
{
	for (size_t i = 0; i < c->wg.n_peers; i++)
		add_peer_value(c, metric, &c->wg.peers[i], c->wg.peers[i].rx_bytes, out);
}

static void add_sent(const struct check *c, const char *metric, struct str *out)
{
	for (size_t i = 0; i < c->wg.n_peers; i++)
		add_peer_value(c, metric, &c->wg.peers[i], c->wg.peers[i].tx_bytes, out);
}

static void add_dropped(const struct check *c, const char *metric, bool bytes, struct str *out)
{
	for (size_t i = 0; i < c->n_counters; i++) {
		const struct check_counter *n = &c->counters[i];

		if (!strncmp(n->name, DROPPED, strlen(DROPPED)))
			str_addf(out, "%s{name=\"%s\",table=\"%s\",reason=\"%s\"} %llu\n", metric,
				 c->name, n->table, n->name + strlen(DROPPED),
				 (unsigned long long)(bytes ? n->bytes : n->packets));
	}
}

static void add_dropped_packets(const struct check *c, const char *metric, struct str *out)
{
	add_dropped(c, metric, false, out);
}

static void add_dropped_bytes(const struct check *c, const char *metric, struct str *out)
{
	add_dropped(c, metric, true, out);
}

static void add_processes(const struct check *c, const char *metric, struct str *out)
{
	str_addf(out, "%s{name=\"%s\"} %zu\n", metric, c->name, c->n_processes);
}

static void add_handshakes(const struct check *c, const char *metric, struct str *out)
{
	for (size_t i = 0; i < c->wg.n_peers; i++)
		if (c->wg.peers[i].last_handshake > 0)
			add_peer_value(c, metric, &c->wg.peers[i],
				       (uint64_t)c->wg.peers[i].last_handshake, out);
}

static void add_test_time(const struct check *c, const char *metric, struct str *out)
{
	if (c->test.ms)
		str_addf(out, "%s{name=\"%s\"} %lld\n", metric, c->name,
			 (long long)(c->test.ms / 1000));
}

static void add_test_verdict(const struct check *c, const char *metric, struct str *out)
{
	static const char *const verdicts[] = { "sealed", "LEAK", "unknown" };

	for (size_t i = 0; c->test.ms && i < ARRAY_SIZE(verdicts); i++)
		str_addf(out, "%s{name=\"%s\",verdict=\"%s\"} %d\n", metric, c->name, verdicts[i],
			 !strcmp(c->test.verdict, verdicts[i]));
}

static const struct metric metrics[] = {
	{ "vault_up", "gauge", "Whether the vault's own namespace is there.", add_up },
	{ "vault_verdict", "gauge", "What the check of the vault came to: 1 for that verdict.",
	  add_verdict },
	{ "vault_check", "gauge", "Whether all findings of that id are fine; 0 also when unknown.",
	  add_checks },
	{ "vault_handshake_age_seconds", "gauge", "Time since the peer last answered.", add_ages },
	{ "vault_latest_handshake_timestamp_seconds", "gauge", "When the peer last answered.",
	  add_handshakes },
	{ "vault_received_bytes_total", "counter", "Received from the peer by the tunnel.",
	  add_received },
	{ "vault_sent_bytes_total", "counter", "Sent to the peer by the tunnel.", add_sent },
	{ "vault_dropped_packets_total", "counter", "Packets that the kill switch dropped.",
	  add_dropped_packets },
	{ "vault_dropped_bytes_total", "counter", "Bytes that the kill switch dropped.",
	  add_dropped_bytes },
	{ "vault_processes", "gauge", "Processes in the vault.", add_processes },
	{ "vault_leaktest_timestamp_seconds", "gauge", "When the last leak test began.",
	  add_test_time },
	{ "vault_leaktest_verdict", "gauge", "What it came to: 1 for that verdict.",
	  add_test_verdict },
};

void check_metrics(const struct check *list, size_t n, struct str *out)
{
	for (size_t m = 0; m < ARRAY_SIZE(metrics); m++) {
		str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", metrics[m].name, metrics[m].help,
			 metrics[m].name, metrics[m].type);
		for (size_t i = 0; i < n; i++)
			metrics[m].add(&list[i], metrics[m].name, out);
	}
}
