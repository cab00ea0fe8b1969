/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echo/ask.h: one server asked for our address, from one side, in one family. */
#ifndef VAULT_LEAK_ECHO_ASK_H
#define VAULT_LEAK_ECHO_ASK_H

#include "vault/leak/echo/url.h"

#define ECHO_RESOLVERS 3 /* asked for a server's name; resolv.conf(5) has as many */
#define ECHO_WHY_LEN 96

enum echo_result {
	ECHO_NOT_ASKED, /* the server has no address of the family */
	ECHO_NO_ROUTE, /* this side has nothing that leads anywhere in the family */
	ECHO_FAILED,
	ECHO_ANSWERED,
};

struct echo_answer {
	enum echo_result result;
	struct addr address; /* when answered */
	char why[ECHO_WHY_LEN]; /* when not; "" else. Nothing of it is a stranger's text */
};

struct echo_ask {
	const struct echo_target *target; /* borrowed */
	uint8_t family; /* AF_INET, AF_INET6 */
	int ns; /* the namespace to ask from; -1: the caller's */
	const struct addr *resolvers; /* borrowed: that side's; the first ECHO_RESOLVERS are asked */
	size_t n_resolvers;
};

/*
 * Asks, until END (clock_ms), and fills *OUT. Sockets are made in the namespace; then the process
 * becomes nobody (65534) and gives away all capabilities, as it is about to read what strangers
 * say: call it in a child.
 */
void echo_ask(const struct echo_ask *ask, int64_t end, struct echo_answer *out);

#endif
