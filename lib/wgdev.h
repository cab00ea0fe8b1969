/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wgdev.h: what a WireGuard device is: one struct for the file, for the kernel and for the
 * userspace protocol. */
#ifndef LIB_WGDEV_H
#define LIB_WGDEV_H

#include <net/if.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/key.h"

/* Where a peer is reached. From a file `host` may be a name and addr unset; from a kernel host is
 * always NULL. */
struct wg_endpoint {
	char *host; /* owned; a DNS name or "fe80::1%eth0", still to be resolved by getaddrinfo(3);
		       else NULL */
	struct addr addr; /* AF_UNSPEC: none, or not yet resolved */
	uint32_t scope; /* interface index of an IPv6 link-local address, else 0 */
	uint16_t port; /* 0: the peer has no endpoint */
};

/*
 * A number that is 0 is off, on every device and in every description: no flag says so again. The
 * flags tell what the number cannot: whether a file gives it, and whether a change sets it.
 */
enum wg_peer_flags {
	WG_PEER_HAS_PRESHARED_KEY = 1U << 0, /* a description leaves the key itself out */
	WG_PEER_GIVES_KEEPALIVE = 1U << 1, /* in a file only */
	WG_PEER_REMOVE = 1U << 2, /* in a change only: this peer goes */
};

struct wg_peer {
	struct key public_key;
	struct key preshared_key;
	unsigned int flags;
	uint16_t keepalive; /* seconds; 0: off */
	struct wg_endpoint endpoint;
	struct prefix *allowed_ips; /* owned, masked */
	size_t n_allowed_ips;
	/* Observed only: */
	int64_t last_handshake; /* seconds since the epoch, 0: never */
	uint32_t last_handshake_nsec; /* and nanoseconds of that second */
	uint64_t rx_bytes, tx_bytes;
};

enum wg_device_flags {
	WG_DEVICE_GIVES_PRIVATE_KEY = 1U << 0, /* these three: in a file or in a change */
	WG_DEVICE_GIVES_LISTEN_PORT = 1U << 1,
	WG_DEVICE_GIVES_FWMARK = 1U << 2,
	/* Not a whole device but a change to one (lib/wgdiff.h): settings without their flag, and
	   other peers, stay. */
	WG_DEVICE_IS_CHANGE = 1U << 3,
};

struct wg_device {
	struct key private_key;
	struct key public_key; /* observed, or derived */
	unsigned int flags;
	uint16_t listen_port; /* 0: any */
	uint32_t fwmark; /* 0: off */
	struct wg_peer *peers; /* owned */
	size_t n_peers;
	size_t max_peers; /* room in peers; wgdev.c's own */
};

/* Makes room for N peers in all, no more: for one who knows their number. 0 or -ENOMEM. */
int must_check wg_device_reserve(struct wg_device *dev, size_t n);
/* Appends an empty peer and returns it (valid until the next call), or NULL without memory. Growth
 * is geometric. */
struct wg_peer *wg_device_add_peer(struct wg_device *dev);
/* Takes the last peer away: wiped and freed. */
void wg_device_drop_peer(struct wg_device *dev);
/* Appends P to the peer's allowed IPs, which must have grown by this function only. 0 or -ENOMEM. */
int must_check wg_peer_add_allowed(struct wg_peer *peer, const struct prefix *p);
/* Wipes every key, frees all that DEV owns, zeroes it. */
void wg_device_free(struct wg_device *dev);

#endif
