/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/examine.h: what a check looks at beside the objects of the plan: each adds its
 * findings. */
#ifndef VAULT_CHECK_EXAMINE_H
#define VAULT_CHECK_EXAMINE_H

#include "lib/rtnl.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/check/host.h"
#include "vault/check/list.h"
#include "vault/plan/obj.h"

/*
 * Compares the device that OBSERVED holds with SPEC and adds findings to C; takes the device over
 * into C->wg, its secret keys wiped. MAX_AGE: seconds that a handshake may be old, or -1.
 */
void check_tunnel(struct check *c, const struct spec *spec, struct observed *observed,
		  int64_t max_age);

/* Seconds since the last handshake with PEER. -1: there was none, or it is told to be yet to come,
 * as after the clock was set back: then its age is not known. */
int64_t check_handshake_age(const struct wg_peer *peer);

/* Adds findings to C, whose wg is filled when the tunnel could be asked. HOST keeps what was read
 * of the host's sockets. */
void check_socket(struct check *c, const struct spec *spec, const struct session *w,
		  struct check_host *host);

/* Adds to C whether SPEC's gateway is there; nothing for a vault that has none. HOST keeps what is
 * known of all gateways. */
void check_gateway(struct check *c, const struct spec *spec, struct check_host *host);

/* Adds findings about interfaces, addresses, routes, policy rules, neighbours and tables of rules
 * to C. W->observed is set. */
void check_unexpected(struct check *c, const struct plan *plan, struct session *w);

/* Adds a finding to C about the tables of legacy iptables in the namespace NS. */
void check_iptables(struct check *c, int ns);

/* Adds findings about programs, queues, filters and interfaces on those inside, and on the host's
 * end of the link, to C. W->observed is set. */
void check_tc_xdp(struct check *c, struct session *w);

#endif
