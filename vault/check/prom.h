/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/prom.h: what checks found, for Prometheus. */
#ifndef VAULT_CHECK_PROM_H
#define VAULT_CHECK_PROM_H

#include "lib/str.h"
#include "vault/check/list.h"

/* Appends the N checks at LIST to OUT in Prometheus' text exposition format, each metric once. */
void check_metrics(const struct check *list, size_t n, struct str *out);

#endif
