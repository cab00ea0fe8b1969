/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/gateway.h: the vault that a member of a segment has its only way out by. */
#ifndef VAULT_CHECK_GATEWAY_H
#define VAULT_CHECK_GATEWAY_H

#include "vault/check/host.h"
#include "vault/check/list.h"

/* Adds to C whether SPEC's gateway is there; nothing for a vault that has none. HOST keeps what is
 * known of all gateways. */
void check_gateway(struct check *c, const struct spec *spec, struct check_host *host);

#endif
