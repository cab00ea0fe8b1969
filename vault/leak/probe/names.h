/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/names.h: who may be asked for names, and who answers though nobody may. */
#ifndef VAULT_LEAK_PROBE_NAMES_H
#define VAULT_LEAK_PROBE_NAMES_H

#include "vault/leak/probe/probe.h"

/* To the name services' ports of SELF's targets, by the routes, the tunnel and the link. */
int names_elsewhere(struct probing *p, const struct probe *self);
/* The vault's resolvers themselves: by the tunnel, or not at all. */
int names_resolvers(struct probing *p, const struct probe *self);
/* What vault exec shows: which sockets of resolvers a command could reach, and its resolv.conf. */
int names_exec(struct probing *p, const struct probe *self);
/* What every process inside sees of these. */
int names_processes(struct probing *p, const struct probe *self);

#endif
