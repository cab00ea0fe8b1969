/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/direct.h: what any program may try: sockets, by the routes, bound to the link,
 * from forged addresses. */
#ifndef VAULT_LEAK_PROBE_DIRECT_H
#define VAULT_LEAK_PROBE_DIRECT_H

#include "vault/leak/probe/probe.h"

/* To SELF's targets by SELF's protocol, by the routes. */
int direct_by_routes(struct probing *p, const struct probe *self);
/* The same, bound to the link. */
int direct_by_link(struct probing *p, const struct probe *self);
/* From addresses that are not the interface's: the tunnel's over the link, the link's and a
 * stranger's into the tunnel. */
int direct_forged(struct probing *p, const struct probe *self);
/* The same packets written by hand, to raw sockets. */
int direct_raw(struct probing *p, const struct probe *self);
/* To groups and to everybody, by the routes, the link and the tunnel. */
int direct_multicast(struct probing *p, const struct probe *self);

#endif
