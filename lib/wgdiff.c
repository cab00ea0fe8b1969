/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wgdiff.c: from the device that is to the device that shall be, touching no peer that is
 * right. */
#include "lib/wgdiff.h"

#include <errno.h>
#include <string.h>

#include "lib/wgfield.h"

static int compare_peers(const void *a, const void *b)
{
	const struct wg_peer *const *x = a, *const *y = b;

	return memcmp((*x)->public_key.bytes, (*y)->public_key.bytes,
		      KEY_LEN); /* public: no need for constant time */
}

/* The device's peers in order of their keys, owned by the caller. */
static const struct wg_peer **sorted_peers(const struct wg_device *dev)
{
	const struct wg_peer **list = calloc(dev->n_peers + 1, sizeof(*list));

	for (size_t i = 0; list && i < dev->n_peers; i++)
		list[i] = &dev->peers[i];
	if (list && dev->n_peers)
		qsort(list, dev->n_peers, sizeof(*list), compare_peers);
	return list;
}

static int compare_prefixes(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;
	int r = memcmp(x->addr.bytes, y->addr.bytes, sizeof(x->addr.bytes));

	if (!r)
		r = x->addr.family - y->addr.family;
	return r ? r : x->len - y->len;
}

/* 1 when both have the same prefixes in any order, 0 when not, -ENOMEM. */
static int same_allowed_ips(const struct wg_peer *a, const struct wg_peer *b)
{
	struct prefix *x cleanup(free_ptr) = NULL, *y cleanup(free_ptr) = NULL;
	size_t n = a->n_allowed_ips;

	if (n != b->n_allowed_ips)
		return 0;
	if (!n)
		return 1;
	x = calloc(n, sizeof(*x));
	y = calloc(n, sizeof(*y));
	if (!x || !y)
		return -ENOMEM;
	memcpy(x, a->allowed_ips, n * sizeof(*x));
	memcpy(y, b->allowed_ips, n * sizeof(*y));
	qsort(x, n, sizeof(*x), compare_prefixes);
	qsort(y, n, sizeof(*y), compare_prefixes);
	for (size_t i = 0; i < n; i++)
		if (compare_prefixes(&x[i], &y[i]))
			return 0;
	return 1;
}

static bool same_endpoint(const struct wg_endpoint *want, const struct wg_endpoint *have)
{
	if (!want->port || !want->addr.family)
		return true;
	return want->port == have->port && want->scope == have->scope &&
	       addr_equal(&want->addr, &have->addr);
}

/* 1 when the field F of HAVE is as WANT says, 0 when not, -ENOMEM. */
static int same_field(const struct wg_field *f, const void *want, const void *have)
{
	switch (f->kind) {
	case WG_PUBLIC_KEY:
	case WG_PRIVATE_KEY:
	case WG_PRESHARED_KEY:
		return key_equal(wg_key(f, want), wg_key(f, have));
	case WG_ENDPOINT:
		return same_endpoint(wg_member(f, want), wg_member(f, have));
	case WG_ALLOWED_IPS:
		return same_allowed_ips(want, have);
	case WG_NUMBER:
		break;
	}
	return wg_number(f, want) == wg_number(f, have) || (f->zero_is_any && !wg_number(f, want));
}

static int same_peer(const struct wg_peer *want, const struct wg_peer *have)
{
	int same = !((want->flags ^ have->flags) & WG_PEER_HAS_PRESHARED_KEY);

	for (size_t i = 1; same == 1 && i < wg_peer_fields.n; i++)
		if (wg_peer_fields.list[i].file)
			same = same_field(&wg_peer_fields.list[i], want, have);
	return same;
}

static void settings(const struct wg_device *want, const struct wg_device *have,
		     struct wg_device *change)
{
	for (size_t i = 0; i < wg_device_fields.n; i++) {
		const struct wg_field *f = &wg_device_fields.list[i];

		if (!f->file || same_field(f, want, have))
			continue;
		memcpy(wg_member(f, change), wg_member(f, want), f->size);
		change->flags |= f->flag;
	}
}

static void remove_peer(struct wg_device *change, const struct wg_peer *have)
{
	struct wg_peer *peer = &change->peers[change->n_peers++];

	peer->public_key = have->public_key;
	peer->flags = WG_PEER_REMOVE;
}

/*
 * Made anew, so that its counters and its handshake tell what the new settings do, is a peer that
 * was used and is of another private key, whose sessions end anyway, or is to be found elsewhere:
 * who answered there need not be here. And one that was asked in vain, with what it lacked.
 */
static bool begins_anew(const struct wg_peer *want, const struct wg_peer *have, bool same,
			bool other_key)
{
	bool other = other_key || !same_endpoint(&want->endpoint, &have->endpoint);
	bool in_vain = have->tx_bytes && !have->last_handshake;

	return (other && (have->tx_bytes || have->last_handshake)) || (in_vain && !same);
}

/* Walks both lists, sorted by key, side by side. */
static int peers(const struct wg_peer *const *want, size_t n_want,
		 const struct wg_peer *const *have, size_t n_have, struct wg_device *change)
{
	bool other_key = change->flags & WG_DEVICE_GIVES_PRIVATE_KEY;
	size_t i = 0, j = 0;

	while (i < n_want || j < n_have) {
		int order = i == n_want ? 1 : j == n_have ? -1 : compare_peers(&want[i], &have[j]);
		int same = order ? 0 : same_peer(want[i], have[j]);
		bool anew;

		if (same < 0)
			return same;
		anew = !order && begins_anew(want[i], have[j], same, other_key);
		if (order > 0 || anew)
			remove_peer(change, have[j]);
		if (order <= 0 && (!same || anew))
			change->peers[change->n_peers++] = *want[i];
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

int wgdiff(const struct wg_device *want, const struct wg_device *have, struct wg_device *change)
{
	const struct wg_peer **wanted cleanup(free_ptr) = sorted_peers(want);
	const struct wg_peer **had cleanup(free_ptr) = sorted_peers(have);

	memset(change, 0, sizeof(*change));
	change->flags = WG_DEVICE_IS_CHANGE;
	change->peers = calloc(want->n_peers + have->n_peers + 1, sizeof(*change->peers));
	if (!wanted || !had || !change->peers)
		return -ENOMEM;
	settings(want, have, change);
	return peers(wanted, want->n_peers, had, have->n_peers, change);
}

bool wgdiff_is_none(const struct wg_device *change)
{
	return change->flags == WG_DEVICE_IS_CHANGE && !change->n_peers;
}

void wgdiff_free(struct wg_device *change)
{
	if (change->peers)
		explicit_bzero(change->peers, change->n_peers * sizeof(*change->peers));
	free(change->peers);
	explicit_bzero(change, sizeof(*change));
}
