/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/tunnel.h: the tunnel's keys, peers and endpoints, and whether anybody answers. */
#ifndef VAULT_CHECK_TUNNEL_H
#define VAULT_CHECK_TUNNEL_H

#include "vault/apply/observed.h"
#include "vault/check/list.h"

/*
 * Compares the device that OBSERVED holds with SPEC and adds findings to C; takes the device over
 * into C->wg, its secret keys wiped. MAX_AGE: seconds that a handshake may be old, or -1.
 */
void check_tunnel(struct check *c, const struct spec *spec, struct observed *observed,
		  int64_t max_age);

/* Seconds since the last handshake with PEER. -1: there was none, or it is told to be yet to come,
 * as after the clock was set back: then its age is not known. */
int64_t check_handshake_age(const struct wg_peer *peer);

#endif
