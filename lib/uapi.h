/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/uapi.h: the cross-platform userspace protocol of WireGuard (wireguard.com/xplatform): one
 * request, one reply. */
#ifndef LIB_UAPI_H
#define LIB_UAPI_H

#include <sys/types.h>

#include "lib/wgdev.h"

#define UAPI_DIR "/run/wireguard"

/*
 * Connects to the control socket of IFNAME (UAPI_DIR/IFNAME.sock) and stores the id of the process
 * that listens there in *PID (SO_PEERCRED; may be NULL). Returns a descriptor (close-on-exec, with
 * send and receive time-outs of SECONDS) or -errno: -ENOENT no such socket, -ECONNREFUSED a socket
 * nobody listens on.
 */
int must_check uapi_connect(const char *ifname, unsigned int seconds, pid_t *pid);

/*
 * Gives the device behind FD exactly the settings of DEV (set=1, replace_peers,
 * replace_allowed_ips, each attribute explicit). The buffer that held the keys is wiped. 0, the
 * -errno that the program answered, -EPROTO for an answer that is none, -EPIPE or -ECONNRESET where
 * it ended before it had answered, -ETIMEDOUT.
 */
int must_check uapi_set(int fd, const struct wg_device *dev);

/*
 * Reads the device behind FD (get=1) into *OUT (owned by the caller, wg_device_free; zeroed on
 * failure). Zero is none, as in wg_get. Call it in the program's network namespace: a link-local
 * endpoint may come with the name of a link there. As uapi_set; -EMSGSIZE above 64 MiB.
 */
int must_check uapi_get(int fd, struct wg_device *out);

#endif
