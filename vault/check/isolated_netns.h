/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/isolated_netns.h: network namespaces that lead nowhere, as programs make for what
 * they distrust. */
#ifndef VAULT_CHECK_ISOLATED_NETNS_H
#define VAULT_CHECK_ISOLATED_NETNS_H

#include "lib/base.h"

/* Does the network namespace NS have no interface but loopback? 1 or 0, or -errno. The caller's
 * namespace is another one for that time; see ns_run. */
int must_check isolated_netns_is(int ns);

#endif
