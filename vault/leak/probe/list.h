/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/list.h: every probe there is, in the order in which they are told. */
#ifndef VAULT_LEAK_PROBE_LIST_H
#define VAULT_LEAK_PROBE_LIST_H

#include "vault/leak/probe/probe.h"

extern const struct probe probe_list[];
extern const size_t probe_count;

#endif
