/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echo/verdict.h: what the addresses seen from both sides say together. No I/O. */
#ifndef VAULT_LEAK_ECHO_VERDICT_H
#define VAULT_LEAK_ECHO_VERDICT_H

#include "vault/leak/echo/echo.h"
#include "vault/leak/result/run.h"

#define ECHO_DETAIL_LEN 512

/* Of one family. */
struct echo_finding {
	enum leak_verdict verdict;
	struct addr side[ECHO_SIDES]; /* what most servers see of it; family AF_UNSPEC: no most */
	char detail[ECHO_DETAIL_LEN];
};

/*
 * Judges what the N servers of LIST told of FAMILY. An address that is seen from both sides is a
 * leak, whoever told it. For anything else more than half of the servers asked must agree, on
 * either side. VAULT_HAS: the vault's tunnel has an address of the family; where neither it nor a
 * server has one there is nothing to compare: skip. SERVER: the endpoint of the tunnel that is this
 * very host, AF_UNSPEC: none is; where one is, the same address says nothing.
 */
void echo_judge(const struct echo_reply *list, size_t n, uint8_t family, bool vault_has,
		const struct addr *server, struct echo_finding *out);

/* Puts what ROUND, which is finished, found into RUN: an address for each family. Nothing to
 * compare in either is unknown, as it was asked for. */
void echo_conclude(const struct echo_round *round, const struct spec *spec,
		   const struct addr *server, struct leak_run *run);

#endif
