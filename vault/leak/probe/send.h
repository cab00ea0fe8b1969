/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/send.h: one marked packet, by every way that a program has. */
#ifndef VAULT_LEAK_PROBE_SEND_H
#define VAULT_LEAK_PROBE_SEND_H

#include "vault/leak/probe/probe.h"

/* By which way. Zero: by the routes, from the address that the kernel chooses. */
struct way {
	const char *device; /* bound to this interface */
	const struct addr *from; /* from this address, the sender's own or not */
	enum packet_sender sender;
	unsigned int places; /* enum packet_place: of those of the probing, too */
	struct packet_frame frame; /* for send_frame */
};

/*
 * Sends one packet of PROTOCOL (IPPROTO_UDP, _TCP: a SYN, _ICMP: an echo request of either family)
 * to TO, port PORT, by a socket of that kind. What the kernel says is kept with the packet. 0, or
 * -errno without memory.
 */
int must_check send_packet(struct probing *p, uint8_t protocol, const struct addr *to,
			   uint16_t port, const struct way *way);

/* The same, written by hand, header and all, to a raw socket; WAY->from must be given. */
int must_check send_raw(struct probing *p, uint8_t protocol, const struct addr *to, uint16_t port,
			const struct way *way);

/*
 * Sends such a packet as a frame, by a packet socket on WAY->device; PROTOCOL is 0 for ARP. The
 * first one opens P->frames, and the caller closes it when the run is judged: the close of a packet
 * socket waits for the kernel (synchronize_net, tens of milliseconds on an idle machine), so there
 * is one for all.
 */
int must_check send_frame(struct probing *p, uint8_t protocol, const struct addr *to, uint16_t port,
			  const struct way *way);

#endif
