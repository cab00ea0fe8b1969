/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/inbound.h: from outside in: what the vault answers, and who is let to it. */
#ifndef VAULT_LEAK_PROBE_INBOUND_H
#define VAULT_LEAK_PROBE_INBOUND_H

#include "vault/leak/probe/probe.h"

/* On the link, from the host: does the tunnel's address answer there? */
int inbound_tunnel_address(struct probing *p, const struct probe *self);
/* From a stranger, by the host: to the vault's own addresses; also as if from who may enter. */
int inbound_enter(struct probing *p, const struct probe *self);
/* From a stranger, to the published ports of the host's addresses. */
int inbound_publish(struct probing *p, const struct probe *self);

#endif
