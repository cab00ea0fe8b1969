/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wgtext.h: what WireGuard knows of a device and of a peer, as lines `KEY = VALUE` of wg(8). */
#ifndef LIB_WGTEXT_H
#define LIB_WGTEXT_H

#include "lib/str.h"
#include "lib/wgfield.h"

#define WGTEXT_HIDDEN "(hidden)" /* stands for a private or preshared key that is not shown */

enum wgtext_how {
	WGTEXT_SHOW_KEYS = 1U << 0,
	WGTEXT_AS_SET = 1U << 1, /* as a device is given it: resolved, a line for each allowed IP */
};

/* Appends to OUT the lines of NOUN, which is of FIELDS: what its flags say is given, or is not
 * zero. HOW: of enum wgtext_how. */
void wgtext_fields(struct str *out, const struct wg_fields *fields, const void *noun,
		   unsigned int how);

/* Appends HOST:PORT, an IPv6 address in brackets; nothing when the peer has no endpoint. */
void wgtext_endpoint(struct str *out, const struct wg_endpoint *e);

#endif
