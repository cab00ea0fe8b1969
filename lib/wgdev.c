/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wgdev.c: what a WireGuard device is: growing, wiping and freeing. */
#include "lib/wgdev.h"

#include <errno.h>
#include <string.h>

#include "lib/list.h"

/* Peers hold preshared keys: a list that grows moves by copy and wipe, never by realloc(3). */
int wg_device_reserve(struct wg_device *dev, size_t n)
{
	struct wg_peer *peers;

	if (n <= dev->max_peers)
		return 0;
	peers = calloc(n, sizeof(*peers));
	if (!peers)
		return -ENOMEM;
	if (dev->n_peers) {
		memcpy(peers, dev->peers, dev->n_peers * sizeof(*peers));
		explicit_bzero(dev->peers, dev->n_peers * sizeof(*peers));
	}
	free(dev->peers);
	dev->peers = peers;
	dev->max_peers = n;
	return 0;
}

struct wg_peer *wg_device_add_peer(struct wg_device *dev)
{
	if (dev->n_peers >= dev->max_peers &&
	    wg_device_reserve(dev, dev->n_peers ? 2 * dev->n_peers : 1))
		return NULL;
	return &dev->peers[dev->n_peers++]; /* zero: by calloc, or by drop */
}

static void free_peer(struct wg_peer *peer)
{
	free(peer->endpoint.host);
	free(peer->allowed_ips);
	explicit_bzero(peer, sizeof(*peer));
}

void wg_device_drop_peer(struct wg_device *dev)
{
	free_peer(&dev->peers[--dev->n_peers]);
}

int wg_peer_add_allowed(struct wg_peer *peer, const struct prefix *p)
{
	return list_append(&peer->allowed_ips, &peer->n_allowed_ips, sizeof(*p), p);
}

void wg_device_free(struct wg_device *dev)
{
	while (dev->n_peers)
		wg_device_drop_peer(dev);
	free(dev->peers);
	explicit_bzero(dev, sizeof(*dev));
}
