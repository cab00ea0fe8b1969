/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/json.c: what a check found, for programs. */
#include "vault/check/print.h"

#include <stdio.h>
#include <string.h>

#include "lib/time.h"
#include "vault/check/examine.h"

static const char *const words[FOUND_KINDS] = {
	[FOUND_OK] = "ok", [FOUND_SKIP] = "skip", [FOUND_UNKNOWN] = "unknown", [FOUND_FAIL] = "fail"
};

/* A list of N members that MAKE makes; NULL without memory. */
static json_t *list(const struct check *c, size_t n, json_t *(*make)(const struct check *, size_t))
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++)
		if (json_array_append_new(array, make(c, i))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *finding_json(const struct check *c, size_t i)
{
	const struct finding *f = &c->list[i];

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?}", "id", f->id, "verdict",
			 words[f->verdict], "detail", f->detail, "remedy", f->remedy, "expected",
			 f->expected, "observed", f->observed);
}

/* As wg(8) writes it, or null. */
static json_t *endpoint_json(const struct wg_endpoint *e)
{
	char text[ENDPOINT_STRLEN];

	return e->addr.family ? json_string(endpoint_format(&e->addr, e->scope, e->port, text))
			      : json_null();
}

static json_t *age_json(int64_t age)
{
	return age >= 0 ? json_integer(age) : json_null();
}

static json_t *peer_json(const struct check *c, size_t i)
{
	const struct wg_peer *peer = &c->wg.peers[i];
	char key[KEY_BASE64_LEN + 1];

	key_to_base64(&peer->public_key, key);
	return json_pack("{s:s, s:o, s:o, s:I, s:I}", "public_key", key, "endpoint",
			 endpoint_json(&peer->endpoint), "handshake_age",
			 age_json(check_handshake_age(peer)), "rx_bytes",
			 (json_int_t)peer->rx_bytes, "tx_bytes", (json_int_t)peer->tx_bytes);
}

static json_t *tunnel_json(const struct check *c)
{
	if (!c->has_tunnel)
		return json_null();
	return json_pack("{s:s, s:o}", "backend",
			 c->spec.backend == SPEC_BACKEND_USERSPACE ? "userspace" : "kernel",
			 "peers", list(c, c->wg.n_peers, peer_json));
}

static json_t *process_json(const struct check *c, size_t i)
{
	return json_pack("{s:i, s:s%}", "pid", (int)c->processes[i].pid, "name",
			 c->processes[i].name, strnlen(c->processes[i].name, 64));
}

static json_t *counter_json(const struct check *c, size_t i)
{
	const struct check_counter *n = &c->counters[i];

	return json_pack("{s:s, s:s, s:I, s:I}", "table", n->table, "reason", n->name, "packets",
			 (json_int_t)n->packets, "bytes", (json_int_t)n->bytes);
}

/* What the vault was asked to be, by the description's own members. Not 0 without memory. */
static int add_described(const struct check *c, json_t *out)
{
	static const struct {
		const char *name, *from, *member; /* MEMBER NULL: all of FROM */
	} members[] = {
		{ "asked", "asked", NULL },
		{ "conf", "conf", NULL },
		{ "mtu", "tunnel", "mtu" },
		{ "link", "link", NULL },
		{ "segment", "segment", NULL },
		{ "dns", "dns", NULL },
		{ "accessible_from", "reach", "accessible_from" },
		{ "published", "reach", "publish" },
		{ "open_ports", "reach", "open_port" },
		{ "allow_host", "reach", "allow_host" },
		{ "allow_to", "reach", "allow_to" },
	};
	json_t *spec = spec_to_json(&c->spec);
	int r = spec ? 0 : -1;

	for (size_t i = 0; !r && i < ARRAY_SIZE(members); i++) {
		json_t *value = json_object_get(spec, members[i].from);

		if (members[i].member)
			value = json_object_get(value, members[i].member);
		r = value ? json_object_set(out, members[i].name, value)
			  : json_object_set_new(out, members[i].name, json_null());
	}
	json_decref(spec);
	return r;
}

static json_t *test_json(const struct state_test *test)
{
	char time[TIME_STRLEN];

	return test->ms ? json_pack("{s:s, s:s, s:I}", "time", time_format(test->ms, time),
				    "verdict", test->verdict, "dropped", (json_int_t)test->dropped)
			: json_null();
}

json_t *check_json(const struct check *c)
{
	json_t *out =
		json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", c->name, "verdict",
			  check_verdict_text(c), "checks", list(c, c->n, finding_json), "tunnel",
			  tunnel_json(c), "processes", list(c, c->n_processes, process_json),
			  "dropped", list(c, c->n_counters, counter_json));

	if (!out || c->is_host ||
	    (!add_described(c, out) && !json_object_set_new(out, "leaktest", test_json(&c->test))))
		return out;
	json_decref(out);
	return NULL;
}
