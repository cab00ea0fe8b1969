/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/control.h: the positive control: packets that nothing stops, to see that the captures
 * see.
 */
#ifndef VAULT_LEAK_CONTROL_H
#define VAULT_LEAK_CONTROL_H

#include <net/if.h>

#include "vault/leak/probe/packet.h"
#include "vault/leak/probe/probe.h"

/*
 * A cable of its own to a namespace that nobody else is in: what is sent there arrives at the
 * host's end, seen by the same captures, through the same filter, and goes no further.
 */
struct control {
	int ns; /* -1: none. Anonymous: it ends, with the cable, when this is closed */
	char host_name[IFNAMSIZ], name[IFNAMSIZ]; /* of the cable's ends */
	uint32_t host_index, index;
	size_t first, count; /* its packets */
	size_t last; /* the one that is sent after all probes' */
};

/*
 * Lays the cable for SPEC's vault; the caller is on the host. Both ends get addresses of a network
 * kept for measurements (RFC 2544, RFC 5180), for the stranger at the far end. *CABLE tells the
 * probes. 0 or -errno.
 */
int must_check control_open(struct control *c, const struct spec *spec, struct cable *cable);

/* Sends one packet of each kind that the filter tells apart. P is the caller's, with its packets
 * and port. 0 or -errno. */
int must_check control_send(struct control *c, struct probing *p);

/* Sends one more, which is seen after all that was sent before it. The same. */
int must_check control_send_last(struct control *c, struct probing *p);

/* True when all of the first were seen; else *MISSING is the first that was not. */
bool control_was_seen(const struct control *c, const struct packets *packets, size_t *missing);

void control_close(struct control *c);

#endif
