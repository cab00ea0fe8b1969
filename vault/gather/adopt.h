/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/adopt.h: the tunnel that somebody else has made, as if a wg-quick file described it.
 * Reads, changes nothing. */
#ifndef VAULT_GATHER_ADOPT_H
#define VAULT_GATHER_ADOPT_H

#include "lib/base.h"
#include "vault/problem.h"
#include "vault/read/wgconf.h"
#include "vault/spec/spec.h"

/*
 * Fills *CONF (the caller's, wgconf_free) with the keys, peers, addresses and MTU of the WireGuard
 * interface SPEC->adopt of the caller's network namespace, whose index goes to SPEC->adopt_index.
 * Where it is not, as the vault SPEC->name adopted it before, it is read in the vault, and the
 * index is 0. What is wrong goes to P. Returns the number of errors.
 */
size_t must_check adopt_read(struct spec *spec, struct wgconf *conf, struct problems *p);

#endif
