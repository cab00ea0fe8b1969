/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/tunnel.c: the tunnel's keys, peers and endpoints, and whether anybody answers. */
#include "vault/check/examine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/wgdiff.h"
#include "lib/wgtext.h"
#include "vault/read/conffile.h"

/*
 * Of WireGuard's protocol: a session is not used for longer than this, and every message after its
 * end asks for a new one, again every five seconds. So who sends by PersistentKeepalive and has an
 * older session has asked in vain.
 */
#define SESSION_SECONDS 180
#define PATIENCE_SECONDS 15

/*
 * The message that asks for a handshake, as it is counted. Who has sent just one has not asked
 * again yet, which it does after five seconds: a tunnel that has just come up.
 */
#define INITIATION_BYTES 148

/* A clock that is being set right goes back by less. */
#define CLOCK_SLACK_SECONDS 5

static const char *endpoint_text(const struct wg_endpoint *e, char out[static ENDPOINT_STRLEN])
{
	return e->addr.family ? endpoint_format(&e->addr, e->scope, e->port, out) : "none";
}

static bool has_endpoint(const struct wg_peer *peer)
{
	return peer->endpoint.port && peer->endpoint.addr.family;
}

/* The peer of DEV with KEY, or NULL; HINT is where it likely is. */
static const struct wg_peer *find_peer(const struct wg_device *dev, const struct key *key,
				       size_t hint)
{
	if (hint < dev->n_peers && key_equal(&dev->peers[hint].public_key, key))
		return &dev->peers[hint];
	for (size_t i = 0; i < dev->n_peers; i++)
		if (key_equal(&dev->peers[i].public_key, key))
			return &dev->peers[i];
	return NULL;
}

static bool uses_preshared_keys(const struct spec *spec)
{
	for (size_t i = 0; i < spec->wg.n_peers; i++)
		if (spec->wg.peers[i].flags & WG_PEER_HAS_PRESHARED_KEY)
			return true;
	return false;
}

/*
 * The file that the description came from, for the keys that the description leaves out. False when
 * there is none, or it is another by now: those keys cannot be compared then.
 */
static bool read_secrets(const struct spec *spec, struct wgconf *conf)
{
	struct problems p = { 0 };
	bool good = spec->conf && strcmp(spec->conf, "-") &&
		    !conffile_read(spec->conf, NULL, conf, &p) && !p.n_errors && !p.overflow;

	problems_free(&p);
	return good && key_equal(&conf->device.public_key, &spec->wg.public_key);
}

/*
 * WANT with what the description does not hold taken from elsewhere: secret keys from the file
 * (SECRETS, or NULL), else as they are; and endpoints as they are, which are compared apart. The
 * peers' array is the caller's, the rest is borrowed.
 */
static int complete(const struct wg_device *want, const struct wg_device *have,
		    const struct wg_device *secrets, struct wg_device *out)
{
	*out = *want;
	out->peers = calloc(want->n_peers + 1, sizeof(*out->peers));
	if (!out->peers)
		return -ENOMEM;
	out->private_key = have->private_key;
	for (size_t i = 0; i < want->n_peers; i++) {
		const struct key *key = &want->peers[i].public_key;
		const struct wg_peer *there = find_peer(have, key, i);
		const struct wg_peer *given = secrets ? find_peer(secrets, key, i) : NULL;

		out->peers[i] = want->peers[i];
		if (there)
			out->peers[i].endpoint = there->endpoint;
		if (given || there)
			out->peers[i].preshared_key = (given ? given : there)->preshared_key;
	}
	return 0;
}

/* All of a peer that may be shown, to be compared, as a file has it; but for its endpoint. */
static void describe_peer(const struct wg_peer *peer, struct str *out)
{
	struct str lines cleanup(str_free) = STR_INIT;
	struct wg_peer shown;
	char *rest = NULL;

	if (!peer) {
		str_add(out, "none");
		return;
	}
	shown = *peer;
	shown.endpoint.port = 0;
	wgtext_fields(&lines, &wg_peer_fields, &shown, 0);
	key_wipe(&shown.preshared_key);
	out->err = lines.err;
	for (char *line = strtok_r(lines.s, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		str_addf(out, "%s%s", out->len ? "; " : "", line);
}

/* WANT and HAVE are the peer KEY as described, or NULL, and as it is there, or NULL. */
static void add_peer(struct check *c, const struct wg_peer *want, const struct wg_peer *have,
		     const char *key)
{
	struct str expected cleanup(str_free) = STR_INIT, observed cleanup(str_free) = STR_INIT;

	describe_peer(want, &expected);
	describe_peer(have, &observed);
	check_tell(c, "peers", FOUND_FAIL, REMEDY(AS_MADE, c->name), expected.s, observed.s,
		   "peer %s %s", key,
		   !want  ? "is not described"
		   : have ? "is not as described: its keys, allowed IPs or keepalive"
			  : "is missing");
}

static void add_difference(struct check *c, const struct wg_device *change,
			   const struct wg_device *have)
{
	char key[KEY_BASE64_LEN + 1], want[16], is[16];

	if (change->flags & WG_DEVICE_GIVES_LISTEN_PORT) {
		snprintf(want, sizeof(want), "port %u", change->listen_port);
		snprintf(is, sizeof(is), "port %u", have->listen_port);
		check_tell(c, "peers", FOUND_FAIL, REMEDY(AS_MADE, c->name), want, is,
			   "it listens on another port");
	}
	if (change->flags & WG_DEVICE_GIVES_FWMARK) {
		snprintf(want, sizeof(want), "mark 0x%x", change->fwmark);
		snprintf(is, sizeof(is), "mark 0x%x", have->fwmark);
		check_tell(c, "peers", FOUND_FAIL, REMEDY(AS_MADE, c->name), want, is,
			   "its packets carry another mark");
	}
	for (size_t i = 0; i < change->n_peers; i++) {
		const struct wg_peer *peer = &change->peers[i];
		bool gone = peer->flags & WG_PEER_REMOVE;

		if (i + 1 < change->n_peers && key_equal(&peer->public_key, &peer[1].public_key))
			continue; /* made anew: told with the next one */
		key_to_base64(&peer->public_key, key);
		add_peer(c, gone ? NULL : peer, find_peer(have, &peer->public_key, i), key);
	}
}

static void check_peers(struct check *c, const struct spec *spec, const struct wg_device *have,
			const struct wg_device *secrets)
{
	char expected[KEY_BASE64_LEN + 1], observed[KEY_BASE64_LEN + 1];
	struct wg_device want = { 0 }, change = { 0 };
	int r = complete(&spec->wg, have, secrets, &want);

	if (!r)
		r = wgdiff(&want, have, &change);
	key_to_base64(&spec->wg.public_key, expected);
	key_to_base64(&have->public_key, observed);
	if (r)
		check_add(c, "peers", FOUND_UNKNOWN, NULL, NULL, "%s", strerror(-r));
	else if (!key_equal(&spec->wg.public_key, &have->public_key))
		check_tell(c, "peers", FOUND_FAIL, REMEDY(AS_MADE, c->name), expected, observed,
			   "the tunnel's own key is another");
	else if (wgdiff_is_none(&change))
		check_add(c, "peers", FOUND_OK, expected, observed,
			  "the tunnel's own key, and its %zu peer%s", have->n_peers,
			  have->n_peers == 1 ? "" : "s");
	add_difference(c, &change, have);
	wgdiff_free(&change);
	if (want.peers)
		explicit_bzero(want.peers, want.n_peers * sizeof(*want.peers));
	free(want.peers);
	key_wipe(&want.private_key);
}

/* Endpoints are told apart from the rest of a peer: WireGuard itself follows one that moves (L18). */
static void check_endpoints(struct check *c, const struct spec *spec, const struct wg_device *have)
{
	char want[ENDPOINT_STRLEN], is[ENDPOINT_STRLEN];

	for (size_t i = 0; i < spec->wg.n_peers; i++) {
		const struct wg_peer *peer = &spec->wg.peers[i];
		const struct wg_peer *there = find_peer(have, &peer->public_key, i);
		const char *expected, *observed;

		if (!there || !has_endpoint(peer))
			continue;
		expected = endpoint_text(&peer->endpoint, want);
		observed = endpoint_text(&there->endpoint, is);
		if (!strcmp(expected, observed))
			check_add(c, "endpoint", FOUND_OK, expected, observed, "%s", observed);
		else
			check_tell(c, "endpoint", FOUND_FAIL, REMEDY(AS_MADE, c->name), expected,
				   observed, "the tunnel's packets go to %s, not to %s", observed,
				   expected);
	}
}

/* A handshake there was, AGE seconds ago. */
static void judge_age(struct check *c, const struct wg_peer *peer, bool named, const char *where,
		      int64_t age, int64_t max_age)
{
	int64_t limit = max_age;
	char most[32], seen[32];

	if (max_age < 0 && peer->keepalive)
		limit = SESSION_SECONDS + peer->keepalive + PATIENCE_SECONDS;
	snprintf(most, sizeof(most), "%lld s", (long long)limit);
	snprintf(seen, sizeof(seen), "%lld s", (long long)age);
	if (limit < 0 || age <= limit)
		check_add(c, "handshake", FOUND_OK, limit < 0 ? NULL : most,
			  limit < 0 ? NULL : seen,
			  "%s answered %lld s ago; %llu bytes received, %llu sent", where,
			  (long long)age, (unsigned long long)peer->rx_bytes,
			  (unsigned long long)peer->tx_bytes);
	else
		check_tell(c, "handshake", FOUND_FAIL,
			   named ? REMEDY(AS_MADE, c->name) : REMEDY(OTHER_SERVER, c->name), most,
			   seen, "%s has not answered for %lld s; %llu bytes received, %llu sent",
			   where, (long long)age, (unsigned long long)peer->rx_bytes,
			   (unsigned long long)peer->tx_bytes);
}

int64_t check_handshake_age(const struct wg_peer *peer)
{
	int64_t age = time(NULL) - peer->last_handshake;

	if (!peer->last_handshake || age < -CLOCK_SLACK_SECONDS)
		return -1;
	return age > 0 ? age : 0;
}

/* NAMED: its endpoint was given by a name, which may have another address by now: `up` looks it up.
 */
static void check_handshake(struct check *c, const struct wg_peer *peer, bool named,
			    int64_t max_age)
{
	char where[ENDPOINT_STRLEN];
	int64_t age = check_handshake_age(peer);

	snprintf(where, sizeof(where), "%s", "");
	if (has_endpoint(peer))
		endpoint_text(&peer->endpoint, where);
	else
		snprintf(where, sizeof(where), "a peer without endpoint");
	if (age >= 0)
		judge_age(c, peer, named, where, age, max_age);
	else if (peer->last_handshake)
		check_tell(c, "handshake", FOUND_UNKNOWN, REMEDY(SET_CLOCK, NULL), NULL, NULL,
			   "%s: its last handshake is %lld s ahead of the clock, which was set "
			   "back: how old it is cannot be told",
			   where, (long long)(peer->last_handshake - time(NULL)));
	else if (peer->tx_bytes > INITIATION_BYTES)
		check_tell(c, "handshake", FOUND_FAIL,
			   named ? REMEDY(AS_MADE, c->name) : REMEDY(KEYS_AND_WAY, c->name), NULL,
			   NULL, "%s: %llu bytes sent and none received: it has never answered",
			   where, (unsigned long long)peer->tx_bytes);
	else if (max_age >= 0)
		check_tell(c, "handshake", FOUND_FAIL, REMEDY(SEND, NULL), NULL, NULL,
			   "%s: %s, so no handshake in the last %lld s", where,
			   peer->tx_bytes ? "not answered yet" : "never used", (long long)max_age);
	else if (peer->tx_bytes)
		check_add(c, "handshake", FOUND_OK, NULL, NULL,
			  "%s: the first handshake was asked for; its answer may be on the way",
			  where);
	else
		check_add(c, "handshake", FOUND_OK, NULL, NULL,
			  "%s: never used: nothing was sent, so nothing is known of it", where);
}

/* What is shown later holds no secret. */
static void hand_over(struct check *c, struct observed *observed)
{
	c->wg = observed->wg;
	memset(&observed->wg, 0, sizeof(observed->wg));
	observed->has_wg = false;
	key_wipe(&c->wg.private_key);
	for (size_t i = 0; i < c->wg.n_peers; i++)
		key_wipe(&c->wg.peers[i].preshared_key);
	c->has_tunnel = true;
}

static bool is_named(const struct spec *spec, const struct wg_peer *peer, size_t hint)
{
	const struct wg_peer *described = find_peer(&spec->wg, &peer->public_key, hint);

	return described && described->endpoint.host;
}

void check_tunnel(struct check *c, const struct spec *spec, struct observed *observed,
		  int64_t max_age)
{
	struct wgconf conf = { 0 };
	bool has_secrets = false;

	if (!observed->has_wg)
		return; /* told of the tunnel itself */
	if (uses_preshared_keys(spec)) {
		has_secrets = read_secrets(spec, &conf);
		if (!has_secrets)
			check_add(
				c, "peers", FOUND_SKIP, NULL, NULL,
				"preshared keys cannot be compared: %s is not what the tunnel was "
				"made of",
				spec->conf ? spec->conf : "the file");
	}
	check_peers(c, spec, &observed->wg, has_secrets ? &conf.device : NULL);
	wgconf_free(&conf);
	check_endpoints(c, spec, &observed->wg);
	for (size_t i = 0; i < observed->wg.n_peers; i++)
		check_handshake(c, &observed->wg.peers[i],
				is_named(spec, &observed->wg.peers[i], i), max_age);
	hand_over(c, observed);
}
