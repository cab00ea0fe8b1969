/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/iptables.h: rules of iptables from before nf_tables, inside a vault. */
#ifndef VAULT_CHECK_IPTABLES_H
#define VAULT_CHECK_IPTABLES_H

#include "vault/check/list.h"

/* Adds a finding to C about the tables of legacy iptables in the namespace NS. */
void check_iptables(struct check *c, int ns);

#endif
