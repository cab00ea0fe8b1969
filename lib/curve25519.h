/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/curve25519.h: the X25519 function of RFC 7748, in constant time. */
#ifndef LIB_CURVE25519_H
#define LIB_CURVE25519_H

#include <stdint.h>

#define CURVE25519_LEN 32

/*
 * Writes to OUT the u-coordinate of SCALAR times the point of u-coordinate POINT (RFC 7748, section
 * 5: SCALAR is clamped in a copy, the top bit of POINT is ignored). All are little-endian. Neither
 * branches nor addresses depend on SCALAR or POINT; what it held of them on the stack is wiped. OUT
 * may be SCALAR or POINT.
 */
void curve25519(uint8_t out[static CURVE25519_LEN], const uint8_t scalar[static CURVE25519_LEN],
		const uint8_t point[static CURVE25519_LEN]);

#endif
