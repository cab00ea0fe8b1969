/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/peers.c: the tunnel's keys and peers, set while it is down. They go with its
 * interface. */
#include <errno.h>

#include "lib/uapi.h"
#include "lib/wg.h"
#include "lib/wgdiff.h"
#include "lib/wgtext.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

#define ANSWER_SECONDS 10

/* Gives the device the settings of DEV, which may be a change. */
static int set(const struct obj *obj, struct session *w, const struct wg_device *dev)
{
	const struct obj_tunnel *t = &obj->tunnel;
	int r;

	if (!t->is_userspace) {
		r = session_queue(w, &w->vault_wg);
		if (!r)
			wg_queue_set(&w->batch, &w->vault_wg, w->wg_family, w->current, t->name,
				     dev);
		return r;
	}
	r = session_flush(w);
	if (!r) {
		int fd cleanup(close_fd) = uapi_connect(t->name, ANSWER_SECONDS, NULL);

		r = fd < 0 ? fd : uapi_set(fd, dev);
	}
	return r;
}

/* A tunnel that is there keeps its sessions: only what differs is touched. */
static int peers_make(const struct obj *obj, struct session *w)
{
	struct wg_device change;
	int r;

	if (!w->observed || !w->observed->has_wg)
		return set(obj, w, obj->tunnel.wg);
	r = wgdiff(obj->tunnel.wg, &w->observed->wg, &change);
	if (!r)
		r = set(obj, w, &change);
	wgdiff_free(&change);
	return r;
}

static int peers_look(const struct obj *obj, struct session *w)
{
	struct wg_device change;
	int r;

	if (!w->observed->has_wg)
		return LOOK_ABSENT;
	r = wgdiff(obj->tunnel.wg, &w->observed->wg, &change);
	if (!r)
		r = wgdiff_is_none(&change) ? LOOK_SAME : LOOK_OTHER;
	wgdiff_free(&change);
	return r;
}

static void peers_print(const struct obj *obj, struct str *out)
{
	const struct obj_tunnel *t = &obj->tunnel;
	if (!t->is_userspace)
		str_addf(out, "ip netns exec %s ", obj->vault);
	str_addf(out, "wg setconf %s /dev/stdin <<'EOF'\n[Interface]\n", t->name);
	wgtext_fields(out, &wg_device_fields, t->wg, WGTEXT_AS_SET);
	for (size_t i = 0; i < t->wg->n_peers; i++) {
		str_add(out, "[Peer]\n");
		wgtext_fields(out, &wg_peer_fields, &t->wg->peers[i], WGTEXT_AS_SET);
	}
	str_add(out, "EOF\n");
}

const struct kind kind_peers = {
	.name = "peers", .make = peers_make, .look = peers_look, .print = peers_print
};
