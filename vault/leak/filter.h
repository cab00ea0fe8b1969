/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/filter.h: the filter in the kernel that lets a capture sleep on a busy host. */
#ifndef VAULT_LEAK_FILTER_H
#define VAULT_LEAK_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define FILTER_MAX 256

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short n;
};

#define FILTER_INTERFACES_MAX 4

/* Unmarked packets from one of the vault's own addresses: only where none may be. */
struct filter_own {
	const struct prefix *list; /* borrowed; more than fit are left out */
	size_t n;
	uint32_t interfaces[FILTER_INTERFACES_MAX];
	size_t n_interfaces;
	bool leaving; /* those that leave by any other interface; else those that come by one */
};

/*
 * A classic BPF program that lets by: what carries the marker of TAG (leak/probe/packet.h), tagged
 * for a VLAN or not; ARP and neighbour discovery; what OWN says.
 */
void filter_build(struct filter *f, uint16_t tag, const struct filter_own *own);

#endif
