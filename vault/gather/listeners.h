/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/listeners.h: programs of the host that listen on ports which a vault publishes, and
 * rules of others that forward them: who comes for them would get the vault. Changes nothing. */
#ifndef VAULT_GATHER_LISTENERS_H
#define VAULT_GATHER_LISTENERS_H

#include "lib/nl.h"
#include "vault/spec/spec.h"

/* Told of one: PUBLISH; who ("nginx (process 812) on 0.0.0.0", "table ip nat, chain DOCKER"), and
 * what it does ("listens there", "forwards it"). SURE: not so where it asks for more than is read
 * here, so that it may be for others. */
typedef void listener_fn(const struct spec_publish *publish, const char *who, const char *does,
			 bool sure, void *arg);

/*
 * Calls FN for each published port of REACH on which a socket of the caller's network namespace
 * listens (TCP), or is bound and not connected (UDP), at an address that would be taken from it,
 * or which a rule of NFT's namespace, not vault's, sends elsewhere: once a port. 0, or -errno when
 * it cannot be told. Sockets by proc_net(5), rules by lib/nftothers.h.
 */
int must_check listeners_find(const struct spec_reach *reach, struct nl *nft, listener_fn *fn,
			      void *arg);

#endif
