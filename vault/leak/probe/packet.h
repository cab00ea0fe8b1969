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
#define PACKET_MAX 16384

/* Who sends it, and so what of it is a leak. */
enum packet_sender {
	PACKET_OF_VAULT, /* what is seen anywhere but at its places */
	PACKET_OF_HOST, /* only an answer to it */
	PACKET_OF_STRANGER, /* what goes into the link */
	PACKET_OF_CONTROL, /* nothing: it must be seen */
};

/* Where one of the vault's may be seen. */
enum packet_place {
	PACKET_IN_TUNNEL = 1U << 0, /* leaving by the tunnel, or the way to the gateway */
	PACKET_ON_LINK = 1U << 1, /* coming out of the link's host end: it looks like an answer,
				     which the guard behind it stops */
};

struct packet {
	uint8_t token[LEAK_TOKEN_LEN]; /* random: packet_add fills it */
	size_t probe; /* index in the run; unused for the control */
	uint8_t protocol; /* IPPROTO_*; 0: ARP, or a frame of another kind */
	struct addr to;
	uint16_t port;
	enum packet_sender sender;
	unsigned int places; /* enum packet_place, or'ed */
	bool by_link; /* sent bound to the link: who looks for its destination there does so
			 because of it */
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

/* How a packet is put into a frame. */
struct packet_frame {
	uint16_t type; /* EtherType; 0: that of the packet's family */
	uint16_t vlan; /* its tag; 0: none */
	const uint8_t *mac; /* whom to, from packet_mac; NULL: the device knows no such addresses */
};

/*
 * Writes packet I as a frame: an ARP request for its destination where FRAME's type is
 * ETHERTYPE_ARP, an IP packet where it is that of its family, else the payload after eight zeroes.
 * Its length; the EtherType that it begins with is stored in *TYPE.
 */
#define PACKET_FRAME_ROOM (PACKET_ROOM + 32)
size_t packet_build_frame(const struct packets *all, size_t i, const struct packet_frame *frame,
			  const struct addr *from, uint16_t source, uint16_t *type,
			  uint8_t buf[static PACKET_FRAME_ROOM]);

/* Where things are in a packet, in bytes: from its IP header on; and from what follows that on. */
enum {
	PACKET_HEAD4 = 20,
	PACKET_PROTOCOL4 = 9,
	PACKET_FROM4 = 12,
	PACKET_TO4 = 16,
	PACKET_HEAD6 = 40,
	PACKET_PROTOCOL6 = 6,
	PACKET_FROM6 = 8,
	PACKET_TO6 = 24,
	PACKET_MARKER = 8, /* behind the header of UDP, of ICMP, and of as many zeroes */
	PACKET_MARKER_TCP = 4, /* the sequence number */
	PACKET_ANSWER_TCP = 8, /* the acknowledgement */
};
#define PACKET_TYPE_STAG \
	0x88a8U /* IEEE 802.1ad; ETHERTYPE_VLAN is the other that is looked through */

/* What somebody asks for, or answers for, by ARP or neighbour discovery. */
enum packet_search { PACKET_NO_SEARCH, PACKET_ASKS, PACKET_ANSWERS };

/* A packet that was seen, read as far as it goes. */
struct packet_view {
	uint16_t type; /* EtherType, that of a VLAN looked through */
	uint8_t protocol;
	struct addr from, to; /* AF_UNSPEC for a frame of another kind */
	bool has_ports; /* of UDP or TCP */
	uint16_t source, port;
	enum packet_search search;
	struct addr sought;
	bool by_hand; /* ARP from packet_mac */
	bool begins; /* a SYN, alone */
	const uint8_t *marker; /* where it would be, big endian: of a packet itself; NULL: nowhere */
	const uint8_t *answered; /* and of TCP's answer: its acknowledgement */
	const uint8_t *token; /* LEAK_TOKEN_LEN bytes; NULL: TCP, or too short */
};

/* Reads the LEN bytes from the network header on at DATA, which VIEW borrows, of EtherType TYPE.
 * False when it is too short for what it says to be. */
bool packet_read(const uint8_t *data, size_t len, uint16_t type, struct packet_view *view);

/* True when a MARKER of a view is that of one of ALL, whose number is stored in *I; of an answer by
 * TCP, which has one more, when ANSWERED. */
bool packet_find(const struct packets *all, const uint8_t *marker, bool answered, size_t *i);

/* Turns the UDP packet of LEN bytes at DATA, for port PORT, back to its sender; checksums stay
 * right. False for any other packet. */
bool packet_turn(uint8_t *data, size_t len, uint16_t port);

void packets_free(struct packets *all);

#endif
