/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/key.c: WireGuard keys: base64 in constant time, the public key of a private one, wiping. */
#include "lib/key.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/curve25519.h"

static_assert(KEY_LEN == CURVE25519_LEN, "a key is a scalar or a point");
static_assert(KEY_BASE64_LEN == (KEY_LEN + 2) / 3 * 4, "padded base64");

#define DIGITS (KEY_BASE64_LEN - 1) /* the last character is the padding */
#define LANES 48 /* a multiple of what any vector register holds: such loops need no rest */

static_assert(LANES >= KEY_BASE64_LEN, "a lane for each character");

/* All ones when LOW <= N <= HIGH, else 0. All below 2^15: 16 bits, so that many are done at once. */
static uint16_t in_range(uint16_t n, uint16_t low, uint16_t high)
{
	return (uint16_t)((uint16_t)((uint16_t)(n - low) | (uint16_t)(high - n)) >> 15) - 1;
}

/* The digit C stands for; any bit above the sixth when it stands for none. */
static uint16_t digit_value(uint16_t c)
{
	const uint16_t upper = in_range(c, 'A', 'Z'), lower = in_range(c, 'a', 'z'),
		       number = in_range(c, '0', '9');
	const uint16_t plus = in_range(c, '+', '+'), slash = in_range(c, '/', '/');

	return (uint16_t)((upper & (c - 'A')) | (lower & (c - 'a' + 26)) |
			  (number & (c - '0' + 52)) | (plus & 62) | (slash & 63) |
			  (~(upper | lower | number | plus | slash) & 0x100));
}

static uint16_t digit_char(uint16_t n)
{
	return (uint16_t)((in_range(n, 0, 25) & (n + 'A')) |
			  (in_range(n, 26, 51) & (n - 26 + 'a')) |
			  (in_range(n, 52, 61) & (n - 52 + '0')) | (in_range(n, 62, 62) & '+') |
			  (in_range(n, 63, 63) & '/'));
}

int key_from_base64(const char *text, size_t len, struct key *out)
{
	uint16_t digits[LANES], bad = 0;
	uint8_t bytes[KEY_LEN + 1];

	key_wipe(out);
	if (len != KEY_BASE64_LEN)
		return -EINVAL;
	for (size_t i = 0; i < LANES; i++)
		digits[i] = i < DIGITS ? (unsigned char)text[i] : 'A';
	for (size_t i = 0; i < LANES; i++)
		digits[i] = digit_value(digits[i]);
	for (size_t i = 0; i < LANES; i++)
		bad |= digits[i];
	for (size_t i = 0; i < sizeof(bytes) / 3; i++) {
		const uint16_t *d = digits + 4 * i;
		uint32_t bits =
			(uint32_t)d[0] << 18 | (uint32_t)d[1] << 12 | (uint32_t)d[2] << 6 | d[3];

		bytes[3 * i] = (uint8_t)(bits >> 16);
		bytes[3 * i + 1] = (uint8_t)(bits >> 8);
		bytes[3 * i + 2] = (uint8_t)bits;
	}
	bad = (uint16_t)((bad & 0x100) | (text[DIGITS] ^ '=') |
			 bytes[KEY_LEN]); /* unused bits: else several texts would stand for one key
					   */
	memcpy(out->bytes, bytes, KEY_LEN);
	explicit_bzero(digits, sizeof(digits));
	explicit_bzero(bytes, sizeof(bytes));
	if (!bad)
		return 0;
	key_wipe(out);
	return -EINVAL;
}

void key_to_base64(const struct key *key, char out[static KEY_BASE64_LEN + 1])
{
	uint8_t bytes[KEY_LEN + 1] = { 0 };
	uint16_t digits[LANES] = { 0 };

	memcpy(bytes, key->bytes, KEY_LEN);
	for (size_t i = 0; i < sizeof(bytes) / 3; i++) {
		const uint8_t *b = bytes + 3 * i;
		uint32_t bits = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];

		for (unsigned int j = 0; j < 4; j++)
			digits[4 * i + j] = bits >> (18 - 6 * j) & 63;
	}
	for (size_t i = 0; i < LANES; i++)
		digits[i] = digit_char(digits[i]);
	for (size_t i = 0; i < DIGITS; i++)
		out[i] = (char)digits[i];
	out[DIGITS] = '=';
	out[KEY_BASE64_LEN] = '\0';
	explicit_bzero(digits, sizeof(digits));
	explicit_bzero(bytes, sizeof(bytes));
}

bool key_equal(const struct key *a, const struct key *b)
{
	volatile uint64_t differ = 0;
	uint64_t x, y;

	for (size_t i = 0; i < KEY_LEN; i += sizeof(x)) {
		memcpy(&x, a->bytes + i, sizeof(x));
		memcpy(&y, b->bytes + i, sizeof(y));
		differ |= x ^ y;
	}
	return !differ;
}

bool key_is_zero(const struct key *key)
{
	static const struct key zero;

	return key_equal(key, &zero);
}

void key_clamp(struct key *priv)
{
	priv->bytes[0] &= 248;
	priv->bytes[KEY_LEN - 1] = (uint8_t)((priv->bytes[KEY_LEN - 1] & 127) | 64);
}

void key_public(const struct key *priv, struct key *pub)
{
	static const uint8_t base[CURVE25519_LEN] = { 9 };

	curve25519(pub->bytes, priv->bytes, base);
}

void key_wipe(struct key *key)
{
	explicit_bzero(key, sizeof(*key));
}
