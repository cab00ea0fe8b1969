/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/tc_xdp.h: what sits on a vault's interfaces, beside the rules. */
#ifndef VAULT_CHECK_TC_XDP_H
#define VAULT_CHECK_TC_XDP_H

#include "vault/apply/session.h"
#include "vault/check/list.h"

/* Adds findings about programs, queues, filters and interfaces on those inside, and on the host's
 * end of the link, to C. W->observed is set. */
void check_tc_xdp(struct check *c, struct session *w);

#endif
