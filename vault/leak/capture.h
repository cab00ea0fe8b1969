/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/capture.h: packet sockets that see what passes the interfaces of one namespace. */
#ifndef VAULT_LEAK_CAPTURE_H
#define VAULT_LEAK_CAPTURE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "vault/leak/filter.h"

struct capture {
	int fd; /* -1: closed */
	int ns; /* borrowed: where they look */
};

/* One packet that the filter let by. */
struct sighting {
	char interface[IFNAMSIZ];
	uint32_t index; /* of it */
	bool out; /* leaves by the interface; else it came by it */
	struct timespec time; /* CLOCK_REALTIME */
	uint16_t type; /* EtherType */
	int vlan; /* its tag, or -1 */
	const uint8_t *data; /* from the network header on; a few bytes of it */
	size_t len, whole; /* bytes at DATA, and of the packet */
};

/*
 * Opens captures in the namespace NS (a descriptor, which must stay open), on all its interfaces
 * and those to come. 0 or -errno.
 */
int must_check capture_open(struct capture *capture, int ns, const struct filter *filter);

typedef void sighting_fn(const struct sighting *s, void *arg);

/* Calls FN for each packet that is waiting. 0 or -errno. */
int must_check capture_read(struct capture *capture, sighting_fn *fn, void *arg);

/* How many packets were lost, as nobody read in time; 0 since the last call. -errno. */
int64_t must_check capture_lost(struct capture *capture);

void capture_close(struct capture *capture);

#endif
