/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/packet.h: the marked packets of a run: what was sent, and how each is known
 * again. */
#ifndef VAULT_LEAK_PROBE_PACKET_H
#define VAULT_LEAK_PROBE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "vault/leak/result/run.h"

/*
 * Every packet carries a marker of 32 bits where a filter in the kernel finds it: the tag of the
 * run above, the packet's own number below. It begins the payload, and a token follows, each
 * packet's own: others read some of them, inside or at the tunnel's end, and must not know the rest
 * by that. A TCP SYN, which has no payload, carries the marker as its sequence number, and is known
 * by its destination besides. ARP and neighbour discovery are known by the address they ask for.
 */
#define PACKET_PAYLOAD (4 + LEAK_TOKEN_LEN)
#define PACKET_MAX 4096

enum packet_flags {
	PACKET_MAY_CROSS = 1U << 0, /* may come out of the link's host end: looks like an answer */
	PACKET_NO_TUNNEL = 1U << 1, /* may not even go into the tunnel */
	PACKET_FROM_HOST = 1U << 2, /* sent on the host: only an answer to it is a leak */
	PACKET_ENTERS = 1U << 3, /* sent by a stranger: a leak when it goes into the link */
	PACKET_CONTROL = 1U << 4, /* of the control: must be seen */
	PACKET_BY_LINK = 1U << 5, /* sent bound to the link: who looks for its destination there
				     does so because of it */
};

struct packet {
	uint8_t token[LEAK_TOKEN_LEN]; /* random: packet_add fills it */
	size_t probe; /* index in the run; unused for the control */
	uint8_t protocol; /* IPPROTO_*; 0: ARP, or a frame of another kind */
	struct addr to;
	uint16_t port;
	unsigned int flags;
	int err; /* 0: the kernel took it; else -errno: refused */
	bool seen; /* by a capture on the host */
	bool in_tunnel; /* by a capture inside, on its way into the tunnel */
	bool foreign; /* it came to the host from elsewhere: somebody sends our marks back */
	bool let_out; /* it waits for its neighbour's address no longer */
};

struct packets {
	uint16_t tag;
	struct packet *list; /* owned */
	size_t n;
};

/* The marker of packet I, host byte order. */
uint32_t packet_marker(const struct packets *all, size_t i);
/* Fills BUF with the marker and the token of packet I. */
void packet_payload(const struct packets *all, size_t i, uint8_t buf[static PACKET_PAYLOAD]);
/* Appends a copy of P, with a token. Its number, or -errno: -ENOMEM, -E2BIG, -EIO. */
ssize_t must_check packet_add(struct packets *all, const struct packet *p);

/*
 * Writes packet I, from FROM, port SOURCE, as an IP packet of its protocol (UDP, TCP: a SYN, ICMP,
 * ICMPv6: an echo request; others: the payload after eight zeroes), checksums and all. Its length.
 */
#define PACKET_ROOM 128
size_t packet_build(const struct packets *all, size_t i, const struct addr *from, uint16_t source,
		    uint8_t buf[static PACKET_ROOM]);

/* Who sends frames that are written by hand: an address that is no card's. */
extern const uint8_t packet_mac[6];

/* An ARP request for TO from FROM with the hardware address packet_mac, 28 bytes. */
#define PACKET_ARP 28
void packet_build_arp(const struct addr *to, const struct addr *from,
		      uint8_t buf[static PACKET_ARP]);

void packets_free(struct packets *all);

#endif
