/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/neigh.h: neighbours, of IPv4 and IPv6, by rtnetlink(7): which hardware address is whose. */
#ifndef LIB_NEIGH_H
#define LIB_NEIGH_H

#include "lib/addr.h"
#include "lib/nl.h"

/* ADDRESS answered to its name not long ago, or somebody said so by hand. */
typedef int neigh_fn(const struct addr *address, void *arg);

/* Dumps the neighbours of NL's namespace that are known; those that are being looked for, or were
 * in vain, are none. FN returns 0 to go on, -errno to stop. 0 or -errno. */
int must_check neigh_dump(struct nl *nl, neigh_fn *fn, void *arg, struct nl_error *error);

/*
 * Tells the link INDEX that ADDRESS has the hardware address MAC (6 bytes): what waited for it is
 * sent there. One that is known stays as it is. Sent at once; 0 or -errno.
 */
int must_check neigh_tell(struct nl *nl, uint32_t index, const struct addr *address,
			  const uint8_t *mac);
/* The link INDEX forgets ADDRESS: it will be asked for again. 0 or -errno. */
int must_check neigh_forget(struct nl *nl, uint32_t index, const struct addr *address);

#endif
