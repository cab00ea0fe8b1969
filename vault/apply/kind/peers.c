/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/peers.c: the tunnel's keys and peers, set while it is down. They go with its
 * interface. */
#include <errno.h>

#include "lib/uapi.h"
#include "lib/wg.h"
#include "lib/wgdiff.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

#define ANSWER_SECONDS 10

/* Gives the device the settings of DEV, which may be a change. */
static int set(struct session *w, const struct wg_device *dev)
{
	const struct spec *spec = w->spec;
	int r;

	if (spec->backend == SPEC_BACKEND_KERNEL) {
		r = session_queue(w, &w->vault_wg);
		if (!r)
			wg_queue_set(&w->batch, &w->vault_wg, w->wg_family, w->current,
				     spec->tunnel_if, dev);
		return r;
	}
	r = session_flush(w);
	if (!r) {
		int fd cleanup(close_fd) = uapi_connect(spec->tunnel_if, ANSWER_SECONDS, NULL);

		r = fd < 0 ? fd : uapi_set(fd, dev);
	}
	return r;
}

/* A tunnel that is there keeps its sessions: only what differs is touched. */
static int peers_make(const struct obj *obj, struct session *w)
{
	struct wg_device change;
	int r;

	(void)obj;
	if (!w->observed || !w->observed->has_wg)
		return set(w, &w->spec->wg);
	r = wgdiff(&w->spec->wg, &w->observed->wg, &change);
	if (!r)
		r = set(w, &change);
	wgdiff_free(&change);
	return r;
}

static int peers_look(const struct obj *obj, struct session *w)
{
	struct wg_device change;
	int r;

	(void)obj;
	if (!w->observed->has_wg)
		return LOOK_ABSENT;
	r = wgdiff(&w->spec->wg, &w->observed->wg, &change);
	if (!r)
		r = wgdiff_is_none(&change) ? LOOK_SAME : LOOK_OTHER;
	wgdiff_free(&change);
	return r;
}

static void print_peer(const struct wg_peer *peer, struct str *out)
{
	char key[KEY_BASE64_LEN + 1], text[PREFIX_STRLEN], endpoint[ENDPOINT_STRLEN];
	const struct wg_endpoint *e = &peer->endpoint;

	key_to_base64(&peer->public_key, key);
	str_addf(out, "[Peer]\nPublicKey = %s\n", key);
	if (peer->flags & WG_PEER_HAS_PRESHARED_KEY)
		str_add(out, "PresharedKey = (hidden)\n");
	for (size_t i = 0; i < peer->n_allowed_ips; i++)
		str_addf(out, "AllowedIPs = %s\n", prefix_format(&peer->allowed_ips[i], text));
	if (e->port && e->addr.family)
		str_addf(out, "Endpoint = %s\n",
			 endpoint_format(&e->addr, e->scope, e->port, endpoint));
	if (peer->keepalive)
		str_addf(out, "PersistentKeepalive = %u\n", peer->keepalive);
}

static void peers_print(const struct obj *obj, const struct spec *spec, struct str *out)
{
	(void)obj;
	if (spec->backend == SPEC_BACKEND_KERNEL)
		str_addf(out, "ip netns exec %s ", spec->name);
	str_addf(out, "wg setconf %s /dev/stdin <<'EOF'\n[Interface]\nPrivateKey = (hidden)\n",
		 spec->tunnel_if);
	if (spec->wg.listen_port)
		str_addf(out, "ListenPort = %u\n", spec->wg.listen_port);
	if (spec->wg.fwmark)
		str_addf(out, "FwMark = 0x%x\n", spec->wg.fwmark);
	for (size_t i = 0; i < spec->wg.n_peers; i++)
		print_peer(&spec->wg.peers[i], out);
	str_add(out, "EOF\n");
}

const struct kind kind_peers = {
	.name = "peers", .make = peers_make, .look = peers_look, .print = peers_print
};
