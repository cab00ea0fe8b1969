/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/receiver.h: a socket of the host that nobody inside may reach. */
#ifndef VAULT_LEAK_RECEIVER_H
#define VAULT_LEAK_RECEIVER_H

#include <stdint.h>

#include "vault/leak/probe/packet.h"

struct receiver {
	int fd; /* -1: closed */
	uint16_t family; /* AF_INET where the kernel has no IPv6 */
	uint16_t port;
	size_t control; /* number of the packet that must arrive */
};

/* Listens for UDP on a free port of all of the host's addresses. 0 or -errno. */
int must_check receiver_open(struct receiver *r);
/* Sends itself a packet of ALL, the control's, by the host's loopback. 0 or -errno. */
int must_check receiver_send(struct receiver *r, struct packets *all);
/* Takes what arrived: the control's is marked as seen; others are evidence against their probes
 * when they came by one of LINKS, names of interfaces on the host and a NULL. 0 or -errno. */
int must_check receiver_read(struct receiver *r, const char *const *links, struct packets *all,
			     struct leak_run *run);
void receiver_close(struct receiver *r);

#endif
