/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/classify.h: which of a run's packets was seen. Pure. */
#ifndef VAULT_LEAK_CLASSIFY_H
#define VAULT_LEAK_CLASSIFY_H

#include "vault/leak/capture.h"
#include "vault/leak/probe/packet.h"

enum classified {
	CLASSIFIED_NOT, /* other traffic */
	CLASSIFIED_MARK, /* the packet itself */
	CLASSIFIED_ANSWER, /* an answer to it */
	CLASSIFIED_FOUND, /* ARP or neighbour discovery: its destination says where it is */
	CLASSIFIED_SEARCH, /* ARP or neighbour discovery for its destination */
	CLASSIFIED_OWN /* an unmarked packet from one of the tunnel's addresses */
};

/* Who is behind S: packet *I of ALL (not for OWN), the vault's tunnel having the N addresses OWN. */
enum classified classify(const struct sighting *s, const struct packets *all,
			 const struct prefix *own, size_t n, size_t *i);

/* True when S goes where P was sent. Who reads a mark may send it on, to others. */
bool classify_goes_to(const struct sighting *s, const struct packet *p);

/* True when S goes to an address within P. */
bool classify_goes_into(const struct sighting *s, const struct prefix *p);

/* "udp 10.66.0.2:1234 > 203.0.113.9:53 61 bytes", in SIZE bytes at TEXT. */
void classify_describe(const struct sighting *s, char *text, size_t size);

#endif
