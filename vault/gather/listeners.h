/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/listeners.h: programs of the host that listen on ports which a vault publishes: who
 * comes for them would get the vault. Reads /proc, changes nothing. */
#ifndef VAULT_GATHER_LISTENERS_H
#define VAULT_GATHER_LISTENERS_H

#include "lib/base.h"
#include "vault/spec/spec.h"

#define LISTENER_STRLEN 160

/* Told of one: PUBLISH, and who listens ("nginx (process 812) on 0.0.0.0"). */
typedef void listener_fn(const struct spec_publish *publish, const char *who, void *arg);

/*
 * Calls FN for each published port of REACH on which a socket of the caller's network namespace
 * listens (TCP), or is bound and not connected (UDP), at an address that would be taken from it:
 * once a port. 0, or -errno when it cannot be told.
 */
int must_check listeners_find(const struct spec_reach *reach, listener_fn *fn, void *arg);

#endif
