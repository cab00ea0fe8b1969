/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/wgfield.h: what WireGuard knows of a device and of a peer, a row each: where it lies, what it
 * is, and what it is called in a wg-quick file, in the userspace protocol and in netlink. Files,
 * messages and differences are loops over the rows, so nothing can be in one of them and not in
 * another.
 *
 * Sources: wg(8); https://www.wireguard.com/xplatform/; <linux/wireguard.h>.
 */
#ifndef LIB_WGFIELD_H
#define LIB_WGFIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wgdev.h"

enum wg_kind {
	WG_PUBLIC_KEY, /* struct key; all zeros: none */
	WG_PRIVATE_KEY, /* likewise, and a secret */
	WG_PRESHARED_KEY, /* likewise; a description has its flag alone */
	WG_NUMBER, /* unsigned, of 2, 4 or 8 bytes; or int64_t, not negative */
	WG_ENDPOINT, /* struct wg_endpoint */
	WG_ALLOWED_IPS, /* a peer's */
};

enum wg_spelling { /* of a number in a file */
		   WG_DECIMAL,
		   WG_DECIMAL_OR_OFF, /* "off" is 0 */
		   WG_HEX_OR_OFF,
};

struct wg_field {
	const char *file; /* as wg(8) spells it; NULL: observed, never set */
	const char *json; /* in what parse-conf prints; NULL likewise */
	const char *uapi; /* in the userspace protocol */
	enum wg_kind kind;
	uint16_t attr; /* in netlink, WGDEVICE_A_… or WGPEER_A_…; 0: none of its own */
	bool zero_is_any; /* on a device it may be anything where 0 is asked for */
	size_t at, size; /* where it lies in its struct, and its bytes */
	uint64_t max; /* of a number */
	enum wg_spelling spelling;
	unsigned int flag; /* of wg_device_flags or wg_peer_flags; 0: none */
};

/* In the order of the canonical file. The first row of a peer is what it is known by. */
struct wg_fields {
	const struct wg_field *list;
	size_t n, flags_at;
};

extern const struct wg_fields wg_device_fields, wg_peer_fields;

/* Where F of NOUN lies, a struct wg_device or wg_peer, as F is of. */
static inline void *wg_member(const struct wg_field *f, const void *noun)
{
	return (char *)noun + f->at;
}

/* The flags of NOUN, which is of FIELDS. */
static inline unsigned int *wg_flags(const struct wg_fields *fields, const void *noun)
{
	void *flags = (char *)noun + fields->flags_at;

	return flags;
}

/* The number F of NOUN; and N, at most f->max, put there. */
uint64_t wg_number(const struct wg_field *f, const void *noun);
void wg_set_number(const struct wg_field *f, void *noun, uint64_t n);

/* The key F of NOUN, all zeros where it has none: of a preshared key its flag says so, not the
 * bytes, which may be what a device had. */
const struct key *wg_key(const struct wg_field *f, const void *noun);

/* After all of DEV was observed: the flags of its preshared keys, and its public key where only the
 * private one was told. */
void wg_device_observed(struct wg_device *dev);

#endif
