/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/why.h: what becomes of a packet, and by which word. Reads only; nothing is sent. */
#ifndef VAULT_CHECK_WHY_H
#define VAULT_CHECK_WHY_H

#include <jansson.h>

#include "lib/addr.h"
#include "lib/str.h"
#include "vault/apply/session.h"
#include "vault/check/list.h"
#include "vault/spec/spec.h"

struct why_question {
	struct addr from; /* AF_UNSPEC: from inside the vault */
	struct spec_hole to; /* reach_parse_target */
};

enum why_verdict { WHY_PASSES, WHY_DROPPED, WHY_UNKNOWN };

/*
 * Follows the first packet of such a connection by the rules that C's vault is described with, and
 * by the kernel's routes, as they are: W is of check_open. Appends the verdict and a line a step to
 * TEXT, and the same to JSON, an object.
 */
enum why_verdict why_tell(const struct check *c, struct session *w, const struct why_question *q,
			  struct str *text, json_t *json);

#endif
