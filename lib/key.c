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

/* All ones when LOW <= N <= HIGH, else 0. All below 2^31. */
static uint32_t in_range(uint32_t n, uint32_t low, uint32_t high)
{
	return ~(0U - (((n - low) | (high - n)) >> 31));
}

/* The digit C stands for; any bit above the sixth when it stands for none. */
static uint32_t digit_value(char c)
{
	const uint32_t n = (unsigned char)c;
	const uint32_t upper = in_range(n, 'A', 'Z'), lower = in_range(n, 'a', 'z'),
		       number = in_range(n, '0', '9');
	const uint32_t plus = in_range(n, '+', '+'), slash = in_range(n, '/', '/');

	return (upper & (n - 'A')) | (lower & (n - 'a' + 26)) | (number & (n - '0' + 52)) |
	       (plus & 62) | (slash & 63) | (~(upper | lower | number | plus | slash) & 0x100);
}

static char digit_char(uint32_t n)
{
	return (char)((in_range(n, 0, 25) & (n + 'A')) | (in_range(n, 26, 51) & (n - 26 + 'a')) |
		      (in_range(n, 52, 61) & (n - 52 + '0')) | (in_range(n, 62, 62) & '+') |
		      (in_range(n, 63, 63) & '/'));
}

int key_from_base64(const char *text, size_t len, struct key *out)
{
	uint32_t bits = 0, bad;
	size_t n = 0;

	key_wipe(out);
	if (len != KEY_BASE64_LEN)
		return -EINVAL;
	bad = (uint32_t)(text[DIGITS] ^ '=');
	for (size_t i = 0; i < DIGITS; i++) {
		uint32_t digit = digit_value(text[i]);

		bad |= digit & 0x100;
		bits = bits << 6 | (digit & 63);
		if (i %
		    4) /* two digits make the first byte of three, each further digit the next */
			out->bytes[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	bad |= bits & 3; /* else several texts would stand for one key */
	explicit_bzero(&bits, sizeof(bits));
	if (!bad)
		return 0;
	key_wipe(out);
	return -EINVAL;
}

void key_to_base64(const struct key *key, char out[static KEY_BASE64_LEN + 1])
{
	for (size_t i = 0; i < DIGITS; i++) {
		size_t byte = i * 6 / 8;
		uint32_t pair = (uint32_t)key->bytes[byte] << 8 |
				(byte + 1 < KEY_LEN ? key->bytes[byte + 1] : 0);

		out[i] = digit_char(pair >> (10 - i * 6 % 8) & 63);
	}
	out[DIGITS] = '=';
	out[KEY_BASE64_LEN] = '\0';
}

bool key_equal(const struct key *a, const struct key *b)
{
	volatile uint8_t differ = 0;

	for (size_t i = 0; i < KEY_LEN; i++)
		differ = (uint8_t)(differ | (a->bytes[i] ^ b->bytes[i]));
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
