/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/unit.h: the systemd drop-in that puts a service into a vault, and holds it there. */
#ifndef VAULT_CONFINE_UNIT_H
#define VAULT_CONFINE_UNIT_H

#include "lib/str.h"

/* Appends the text of confine.conf for the vault NAME, which alone it depends on: a copy made once
 * stays right. */
void unit_text(const char *name, struct str *out);

#endif
