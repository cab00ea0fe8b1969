/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/tunnel.h: the tunnel's keys, peers and endpoints, and whether anybody answers. */
#ifndef VAULT_CHECK_TUNNEL_H
#define VAULT_CHECK_TUNNEL_H

#include "vault/check/list.h"
#include "vault/sight.h"

/*
 * Compares the device that SIGHT holds with SPEC and adds findings to C; takes the device over into
 * C->wg, its secret keys wiped. MAX_AGE: seconds that a handshake may be old, or -1.
 */
void check_tunnel(struct check *c, const struct spec *spec, struct sight *sight, int64_t max_age);

#endif
