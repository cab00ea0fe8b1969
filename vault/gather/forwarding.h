/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/forwarding.h: does the host let pass what a vault's words allow? */
#ifndef VAULT_GATHER_FORWARDING_H
#define VAULT_GATHER_FORWARDING_H

#include "vault/apply/session.h"
#include "vault/problem.h"

enum forwarding {
	FORWARDING_SHUT, /* it does not pass */
	FORWARDING_DOUBT, /* it may not: whether a firewall lets it by cannot be told from outside */
	FORWARDING_UNREAD, /* what it depends on could not be read */
};

/* TEXT says what stands in the way of which word. All is borrowed. */
struct forwarding_fault {
	enum forwarding how;
	const char *text;
	const struct remedy *remedy; /* or NULL */
	const char *expected, *observed; /* or NULL: nothing was compared */
};

typedef void forwarding_fn(const struct forwarding_fault *fault, void *arg);

/* One of these, ARG a struct problems: adds a warning with the remedy. */
void forwarding_warn(const struct forwarding_fault *fault, void *arg);

/*
 * Looks for what stands in the way of accessible-from, publish, allow-host and allow-to on the
 * host: a missing route, an interface that does not forward, a firewall that refuses by
 * policy or rule and does not name W->spec's link, one that tracks no connection. Calls FN for
 * each. Changes nothing.
 */
void forwarding_check(struct session *w, forwarding_fn *fn, void *arg);

/*
 * Asks the kernel which way the host's own packets to W->spec's link go, by its rules and tables;
 * calls FN for each address that they do not reach by the link (L34). Changes and sends nothing.
 */
void forwarding_check_link(struct session *w, forwarding_fn *fn, void *arg);

#endif
