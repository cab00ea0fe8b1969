/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/key.h: WireGuard keys: base64 in constant time, the public key of a private one, wiping. */
#ifndef LIB_KEY_H
#define LIB_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base.h"

#define KEY_LEN 32
#define KEY_BASE64_LEN 44 /* without the NUL */

struct key {
	uint8_t bytes[KEY_LEN];
};

/*
 * Decodes exactly LEN == 44 characters of canonical base64 (RFC 4648; the unused bits of the last
 * digit zero), in time that does not depend on their values. 0, or -EINVAL with *OUT wiped.
 */
int must_check key_from_base64(const char *text, size_t len, struct key *out);
/* Writes the 44 characters of KEY and a NUL to OUT, in constant time. The caller wipes OUT when KEY
 * is a secret. */
void key_to_base64(const struct key *key, char out[static KEY_BASE64_LEN + 1]);

/* Constant-time comparisons. */
bool key_is_zero(const struct key *key);
bool key_equal(const struct key *a, const struct key *b);

/* The Curve25519 public key of PRIV (RFC 7748; PRIV is clamped in a copy), in constant time. */
void key_public(const struct key *priv, struct key *pub);

/* Clears and sets the bits of a private key that RFC 7748 fixes: what the kernel does with it, and
 * shows. */
void key_clamp(struct key *priv);

/* Overwrites KEY with zeros in a way the compiler keeps (explicit_bzero(3)). */
void key_wipe(struct key *key);

#endif
