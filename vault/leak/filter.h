/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/filter.h: the filter in the kernel that lets an eye sleep on a busy host. */
#ifndef VAULT_LEAK_FILTER_H
#define VAULT_LEAK_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define FILTER_MAX 256

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short n;
};

/*
 * A classic BPF program that lets by: what carries the marker of TAG (packet.h), tagged for a VLAN
 * or not; ARP and neighbour discovery; what comes from one of the N addresses OWN. More of these
 * than fit are left out.
 */
void filter_build(struct filter *f, uint16_t tag, const struct prefix *own, size_t n);

#endif
