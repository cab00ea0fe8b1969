/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echojudge.h: what the addresses seen from both sides say together. No I/O. */
#ifndef VAULT_LEAK_ECHOJUDGE_H
#define VAULT_LEAK_ECHOJUDGE_H

#include <jansson.h>

#include "vault/leak/echo.h"

#define ECHO_DETAIL_LEN 512

enum echo_verdict {
	ECHO_SKIP, /* nothing to compare: no server of the family, or a vault without it */
	ECHO_SEALED,
	ECHO_UNKNOWN,
	ECHO_LEAK,
};

/* Of one family. */
struct echo_finding {
	enum echo_verdict verdict;
	struct addr side[ECHO_SIDES]; /* what most servers see of it; family AF_UNSPEC: no most */
	char detail[ECHO_DETAIL_LEN];
};

/*
 * Judges what the N servers of LIST told of FAMILY. An address that is seen from both sides is a
 * leak, whoever told it. For anything else more than half of the servers asked must agree, on
 * either side. VAULT_HAS: the vault's tunnel has an address of the family.
 */
void echo_judge(const struct leak_address *list, size_t n, uint8_t family, bool vault_has,
		struct echo_finding *out);

/* Of both families, the worst; that there was nothing to compare in either is unknown. */
enum echo_verdict echo_verdict(const struct echo_finding findings[static SPEC_FAMILIES]);

/* "sealed", "leak", "unknown", "skip". */
const char *echo_verdict_name(enum echo_verdict verdict);

/* The object "addresses" of vault-leaktest(8). A new reference, or NULL without memory. */
json_t *echo_json(const struct leak_address *list, size_t n,
		  const struct echo_finding findings[static SPEC_FAMILIES]);

#endif
