/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/cut.h: what happens without the tunnel, and without rules: in the twin. */
#ifndef VAULT_LEAK_PROBE_CUT_H
#define VAULT_LEAK_PROBE_CUT_H

#include "vault/leak/probe/probe.h"

/* Flows that began in the tunnel go on. */
int cut_flow(struct probing *p, const struct probe *self);
/* Everything to everywhere, by the routes and the link. */
int cut_all(struct probing *p, const struct probe *self);
/* Both. */
int cut_down(struct probing *p, const struct probe *self);
/* Everything, with frames besides, where no rule is left: only the guard on the host stops it. */
int cut_flushed(struct probing *p, const struct probe *self);

#endif
