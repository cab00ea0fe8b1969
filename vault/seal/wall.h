/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/seal/wall.h: the second wall: what may come out of a link's host end, as one program of
 * classic BPF. Pure: spec in, program out. */
#ifndef VAULT_SEAL_WALL_H
#define VAULT_SEAL_WALL_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "vault/spec/spec.h"

struct wall {
	struct sock_filter code[BPF_MAXINSNS];
	size_t n;
	bool overflow; /* it did not fit: nothing may be made of it */
};

/* What the program returns (linux/pkt_cls.h: TC_ACT_*): the packet goes on, or ends here. */
#define WALL_PASS 0xffffffffU
#define WALL_DROP 2U

/* The second wall's filter at the link's host end: what it is known by there. */
#define WALL_PRIORITY 1U
#define WALL_HANDLE 1U
#define WALL_KIND "bpf"

/* Fills *WALL for SPEC, which has a link. */
void wall_build(const struct spec *spec, struct wall *wall);

#endif
