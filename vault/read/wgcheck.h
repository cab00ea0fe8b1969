/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/wgcheck.h: what can only be said of a wg-quick file as a whole, and the lines to say
 * it of. */
#ifndef VAULT_READ_WGCHECK_H
#define VAULT_READ_WGCHECK_H

#include <stdint.h>

#include "vault/read/wgconf.h"

/* One element of some AllowedIPs, by its place in the device, for the pointers move while it grows.
 */
struct wgcheck_prefix {
	uint32_t peer, index, line;
};

/* Filled line by line. Zero-initialise; wgcheck_free. */
struct wgcheck {
	struct wgcheck_prefix *prefixes; /* owned; of all peers, in order */
	size_t n_prefixes;
	uint32_t *key_lines; /* owned, room for MAX_PEERS: of each peer's PublicKey */
	uint32_t max_peers;
	uint32_t mtu_line;
};

/* Makes room for the lines of MAX_PEERS peers. 0 or -ENOMEM. */
int must_check wgcheck_init(struct wgcheck *check, uint32_t max_peers);
/* Notes the line of the PublicKey of peer number PEER, which is below MAX_PEERS. */
void wgcheck_set_key_line(struct wgcheck *check, uint32_t peer, uint32_t line);
/* Notes the next prefix of the file. 0 or -ENOMEM. */
int must_check wgcheck_add_prefix(struct wgcheck *check, const struct wgcheck_prefix *prefix);

/*
 * Adds to *P what is wrong with CONF as a whole: no PrivateKey (HAS_KEY: a line gave one, be it a
 * bad one), an MTU too small for its addresses, search domains without a server, a peer twice,
 * oneself as a peer. A prefix of several peers stays with the last one, as in the kernel. O(n log
 * n) whatever the keys and prefixes are: they are sorted, not hashed, for the file's author chose
 * them.
 */
void wgcheck_run(struct wgcheck *check, struct wgconf *conf, bool has_key, struct problems *p);

void wgcheck_free(struct wgcheck *check);

#endif
