/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/sight.h: what the kernel has of a vault: its links, addresses, routes, rules and tunnel,
 * read once. Reads only. */
#ifndef VAULT_SIGHT_H
#define VAULT_SIGHT_H

#include "lib/nftlook.h"
#include "lib/rtnl.h"
#include "lib/wgdev.h"

struct obj_route;
struct world;

/* All owned; free with sight_free. */
struct sight {
	struct rtnl_link *links; /* in the vault */
	struct rtnl_address *addresses; /* in the vault */
	struct rtnl_route *
		routes; /* in the vault's main table, but for those the kernel makes of addresses */
	struct rtnl_link *host_links;
	struct rtnl_address *host_addresses;
	size_t n_links, n_addresses, n_routes, n_host_links, n_host_addresses;
	struct nftlook rules, guard;
	struct wg_device wg;
	bool has_wg; /* the tunnel could be asked */
};

/* Fills *OUT by W's sockets, both namespaces open. 0, or -errno with the reason in WHY: nothing
 * half-read is ever returned. */
int must_check sight_take(struct world *w, struct sight *out, char why[static 256]);
void sight_free(struct sight *sight);

/* Takes the link INDEX in the vault, with its addresses and routes, out of S: it was removed. */
void sight_forget_link(struct sight *s, uint32_t index);

/* True when the kernel's ROUTE is the one that the plan calls for. */
bool sight_route_is(const struct rtnl_route *route, const struct obj_route *wanted);

/* The link of that name, or NULL. */
const struct rtnl_link *sight_link(const struct rtnl_link *list, size_t n, const char *name);

#endif
