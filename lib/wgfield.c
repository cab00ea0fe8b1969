/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wgfield.c: what WireGuard knows of a device and of a peer. */
#include "lib/wgfield.h"

#include <linux/wireguard.h>

#define DEVICE(member) \
	.at = offsetof(struct wg_device, member), .size = sizeof(((struct wg_device *)NULL)->member)
#define PEER(member) \
	.at = offsetof(struct wg_peer, member), .size = sizeof(((struct wg_peer *)NULL)->member)

static const struct wg_field device_fields[] = {
	{ "PrivateKey", "private_key", "private_key", WG_PRIVATE_KEY, WGDEVICE_A_PRIVATE_KEY,
	  DEVICE(private_key), .flag = WG_DEVICE_GIVES_PRIVATE_KEY },
	{ "ListenPort", "listen_port", "listen_port", WG_NUMBER, WGDEVICE_A_LISTEN_PORT,
	  DEVICE(listen_port), .max = UINT16_MAX, .flag = WG_DEVICE_GIVES_LISTEN_PORT,
	  .zero_is_any = true },
	{ "FwMark", "fwmark", "fwmark", WG_NUMBER, WGDEVICE_A_FWMARK, DEVICE(fwmark),
	  .max = UINT32_MAX, .spelling = WG_HEX_OR_OFF, .flag = WG_DEVICE_GIVES_FWMARK },
	/* boringtun tells this one instead of the private key. */
	{ NULL, NULL, "own_public_key", WG_PUBLIC_KEY, WGDEVICE_A_PUBLIC_KEY, DEVICE(public_key) },
};

static const struct wg_field peer_fields[] = {
	{ "PublicKey", "public_key", "public_key", WG_PUBLIC_KEY, WGPEER_A_PUBLIC_KEY,
	  PEER(public_key) },
	{ "PresharedKey", "preshared_key", "preshared_key", WG_PRESHARED_KEY,
	  WGPEER_A_PRESHARED_KEY, PEER(preshared_key), .flag = WG_PEER_HAS_PRESHARED_KEY },
	{ "AllowedIPs", "allowed_ips", "allowed_ip", WG_ALLOWED_IPS, WGPEER_A_ALLOWEDIPS,
	  PEER(allowed_ips) },
	{ "Endpoint", "endpoint", "endpoint", WG_ENDPOINT, WGPEER_A_ENDPOINT, PEER(endpoint) },
	{ "PersistentKeepalive", "persistent_keepalive", "persistent_keepalive_interval", WG_NUMBER,
	  WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, PEER(keepalive), .max = UINT16_MAX,
	  .spelling = WG_DECIMAL_OR_OFF, .flag = WG_PEER_GIVES_KEEPALIVE },
	/* Both of these are one attribute, WGPEER_A_LAST_HANDSHAKE_TIME. */
	{ NULL, NULL, "last_handshake_time_sec", WG_NUMBER, 0, PEER(last_handshake),
	  .max = INT64_MAX },
	{ NULL, NULL, "last_handshake_time_nsec", WG_NUMBER, 0, PEER(last_handshake_nsec),
	  .max = 999999999 },
	{ NULL, NULL, "rx_bytes", WG_NUMBER, WGPEER_A_RX_BYTES, PEER(rx_bytes), .max = UINT64_MAX },
	{ NULL, NULL, "tx_bytes", WG_NUMBER, WGPEER_A_TX_BYTES, PEER(tx_bytes), .max = UINT64_MAX },
};

const struct wg_fields wg_device_fields = { device_fields, ARRAY_SIZE(device_fields),
					    offsetof(struct wg_device, flags) };
const struct wg_fields wg_peer_fields = { peer_fields, ARRAY_SIZE(peer_fields),
					  offsetof(struct wg_peer, flags) };

uint64_t wg_number(const struct wg_field *f, const void *noun)
{
	return uint_load(wg_member(f, noun), f->size);
}

void wg_set_number(const struct wg_field *f, void *noun, uint64_t n)
{
	uint_store(wg_member(f, noun), f->size, n);
}

const struct key *wg_key(const struct wg_field *f, const void *noun)
{
	static const struct key none;
	const struct wg_peer *peer = noun;
	bool is_none = f->kind == WG_PRESHARED_KEY && !(peer->flags & WG_PEER_HAS_PRESHARED_KEY);

	return is_none ? &none : wg_member(f, noun);
}

void wg_device_observed(struct wg_device *dev)
{
	if (key_is_zero(&dev->public_key) && !key_is_zero(&dev->private_key))
		key_public(&dev->private_key, &dev->public_key);
	for (size_t i = 0; i < dev->n_peers; i++)
		if (!key_is_zero(&dev->peers[i].preshared_key))
			dev->peers[i].flags |= WG_PEER_HAS_PRESHARED_KEY;
}
