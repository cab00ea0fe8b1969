/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/disrupt.h: the real tunnel down for a moment, and up again as it was. */
#ifndef VAULT_LEAK_DISRUPT_H
#define VAULT_LEAK_DISRUPT_H

#include "lib/rtnl.h"
#include "vault/leak/probe/probe.h"

#define DISRUPT_MAX 256 /* addresses, and routes: more are refused before anything is done */

/* What the kernel forgets when the tunnel goes down. Zero-initialise. */
struct disrupt {
	struct nl nl; /* in the vault */
	uint32_t index; /* the tunnel's */
	struct rtnl_address addresses[DISRUPT_MAX];
	struct rtnl_route routes[DISRUPT_MAX];
	size_t n_addresses, n_routes;
	bool down; /* it is to be put back */
};

/*
 * In the vault's namespace: lets a flow to a resolver begin for each family (P->flows, answered or
 * not), notes what is there, and takes the tunnel down. 0 or -errno: then it is as it was.
 */
int must_check disrupt_begin(struct disrupt *d, struct probing *p);

/* In the same: ends the flows and puts all back, and says so when it cannot. 0 or -errno. */
int must_check disrupt_end(struct disrupt *d, struct probing *p);

#endif
