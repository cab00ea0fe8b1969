/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/observed.h: what the kernel has of a vault: its links, addresses, routes, rules and
 * tunnel, read once. Reads only. */
#ifndef VAULT_APPLY_OBSERVED_H
#define VAULT_APPLY_OBSERVED_H

#include "lib/nftlook.h"
#include "lib/rtnl.h"
#include "lib/wgdev.h"
#include "vault/seal/seal.h"

struct obj_route;
struct session;

/* One of the tables that all vaults share. */
struct observed_guard {
	struct nftlook rules; /* and all else that is constant */
	struct ruleset grants; /* the elements of every vault: apply/kind/guard.c */
	bool has_rules, has_grants, has_verdict;
	int verdict; /* of the constant part: 0 or -errno, as nftlook_compare has it */
	int old; /* one that an older version made is there: oldguard_is_there */
	char why[256];
};

/*
 * What the host has of all vaults, its interfaces and the guard. Zero-initialise; free with
 * observed_free_host. One that W->host points to is filled by the first look and serves the next
 * ones: so a look at each of many vaults does not go through what all of them have each time.
 */
struct observed_host {
	struct rtnl_link *links; /* owned */
	struct rtnl_address *addresses; /* owned */
	size_t n_links, n_addresses;
	bool has_interfaces;
	struct observed_guard guards[SEAL_GUARDS];
};

void observed_free_host(struct observed_host *host);

/* All owned but what is of the host; free with observed_free. */
struct observed {
	struct rtnl_link *links; /* in the vault */
	struct rtnl_address *addresses; /* in the vault */
	struct rtnl_route *routes; /* in all tables of the vault, also those the kernel makes */
	size_t n_links, n_addresses, n_routes;
	struct observed_host *host; /* W->host, or `own` */
	struct observed_host own;
	struct nftlook rules;
	struct wg_device wg;
	bool has_wg; /* the tunnel could be asked */
};

/* Reads the tunnel of SPEC's vault, of either backend, into *OUT (wg_device_free), GENL being a
 * socket of NETLINK_GENERIC in the vault and FAMILY WireGuard's. 0 or -errno. */
int must_check observed_ask_tunnel(struct nl *genl, uint16_t family, const struct spec *spec,
				   struct wg_device *out, struct nl_error *error);

/* Fills *OUT, as far as SPEC's vault needs it, by W's sockets, both namespaces open. 0, or -errno
 * with the reason in WHY: nothing half-read is ever returned. */
int must_check observed_take(struct session *w, const struct spec *spec, struct observed *out,
			     char why[static 256]);
void observed_free(struct observed *observed);

/* Takes the link INDEX in the vault, with its addresses, its routes and what there was of the TABLE
 * of its frames, out of S: it was removed. */
void observed_forget_link(struct observed *s, uint32_t index, const char *table);

/* Why the address A inside is not as `up` gives one to an interface, or NULL. */
const char *observed_address_fault(const struct observed *s, const struct rtnl_address *a);

/* True when the kernel's ROUTE is the one that the plan calls for. */
bool observed_route_is(const struct rtnl_route *route, const struct obj_route *wanted);

/*
 * True when the host's LINK, of KIND, is vault's own, with ALIAS written on it. Where nothing of
 * vault's is written, as an older one wrote nothing, its index tells: nobody else's are so high.
 */
bool observed_is_own(const struct rtnl_link *link, const char *kind, const char *alias);

/* The link of that name, or NULL. */
const struct rtnl_link *observed_link(const struct rtnl_link *list, size_t n, const char *name);

#endif
