/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/handshake.h: has a peer of the tunnel answered? Makes it so that one can. */
#ifndef VAULT_APPLY_HANDSHAKE_H
#define VAULT_APPLY_HANDSHAKE_H

#include <stdbool.h>
#include <time.h>

#include "lib/base.h"
#include "lib/wgdev.h"

struct session;

/* How long a session lives after its handshake (REJECT_AFTER_TIME of the protocol). */
#define HANDSHAKE_FRESH_SECONDS 180

/* True when a handshake that the tunnel HAVE shows was made with the keys of WANT. */
bool handshake_has_keys(const struct wg_device *want, const struct wg_device *have);

/*
 * Waits until any peer of W's tunnel has completed a handshake at SINCE (CLOCK_REALTIME) or later,
 * for SECONDS at most, and sends a datagram to nobody through the tunnel, which makes WireGuard ask
 * for one. 0; or, reported, -ETIMEDOUT, -EINTR when one of the signals SIGINT, SIGTERM, SIGHUP and
 * SIGQUIT came, which the caller blocks (it is taken), or another -errno.
 */
int must_check handshake_wait(struct session *w, const struct timespec *since,
			      unsigned int seconds);

#endif
