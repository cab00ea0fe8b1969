/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/validate.h: words and wg-quick file together -> the description as asked for. Pure. */
#ifndef VAULT_READ_VALIDATE_H
#define VAULT_READ_VALIDATE_H

#include "lib/base.h"
#include "vault/problem.h"
#include "vault/read/wgconf.h"
#include "vault/read/words.h"

/*
 * Takes the tunnel out of CONF (its parts change owner; wgconf_free it all the same) into the spec
 * of WORDS, where words do not say otherwise. What the file asks for and a vault does not do, or
 * does otherwise, is warned of in P; what cannot be a vault is an error there. Returns the number
 * of errors.
 */
size_t must_check validate(struct words *words, struct wgconf *conf, struct problems *p);

#endif
