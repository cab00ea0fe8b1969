/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/json.h: what a check found, for programs. */
#ifndef VAULT_CHECK_JSON_H
#define VAULT_CHECK_JSON_H

#include <jansson.h>

#include "vault/check/list.h"

/* C as a JSON object: a new reference, or NULL without memory. */
json_t *check_json(const struct check *c);

#endif
