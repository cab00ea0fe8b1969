/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wg.h: the kernel's WireGuard by generic netlink (linux/wireguard.h). */
#ifndef LIB_WG_H
#define LIB_WG_H

#include "lib/nl.h"
#include "lib/wgdev.h"

/*
 * Looks up the generic netlink family "wireguard" by GENL (NETLINK_GENERIC, any namespace; the
 * kernel loads the module for it). 0 with *FAMILY set, -ENOENT where this kernel has no WireGuard,
 * or another -errno.
 */
int must_check wg_family(struct nl *genl, uint16_t *family, struct nl_error *error);

/*
 * Queues on B the messages that give the device IFNAME of GENL's namespace exactly the settings of
 * DEV: private key, listen port, fwmark (0 where DEV has none), all peers replaced, each with every
 * attribute. Split where a message passes the page size: a peer whose allowed IPs do not fit goes
 * on in the next message. Queues at least one message.
 */
void wg_queue_set(struct nl_batch *b, struct nl *genl, uint16_t family, unsigned int tag,
		  const char *ifname, const struct wg_device *dev);

/*
 * Reads the device IFNAME of GENL's namespace into *OUT (owned by the caller, wg_device_free; keys
 * included). The pieces of a peer split over messages are joined. A listen port, fwmark, keepalive
 * or key of zero is none: its flag is not set. 0 or -errno with *OUT zeroed.
 */
int must_check wg_get(struct nl *genl, uint16_t family, const char *ifname, struct wg_device *out,
		      struct nl_error *error);

#endif
