/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/key.c: Curve25519 by the vectors of RFC 7748, and base64 that has one text for one key.
 */
#include "lib/key.c"
#include "lib/curve25519.c"

#include "test/unit/tap.h"

static struct key from_hex(const char *hex)
{
	struct key k = { 0 };

	for (size_t i = 0; i < KEY_LEN; i++) {
		unsigned int byte = 0;

		sscanf(hex + 2 * i, "%2x", &byte);
		k.bytes[i] = (uint8_t)byte;
	}
	return k;
}

static bool gives(const char *scalar, const char *point, const char *want)
{
	struct key k = from_hex(scalar), u = from_hex(point), w = from_hex(want), got;

	curve25519(got.bytes, k.bytes, u.bytes);
	return key_equal(&got, &w);
}

/* RFC 7748, section 5.2. */
static void test_vectors(void)
{
	ok(gives("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		 "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		 "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"),
	   "RFC 7748, first vector");
	ok(gives("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		 "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
		 "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"),
	   "RFC 7748, second vector");
}

static void test_iterations(void)
{
	struct key k = from_hex("0900000000000000000000000000000000000000000000000000000000000000"),
		   u = k, r = k;
	struct key once =
		from_hex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
	struct key thousand =
		from_hex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");

	for (int i = 0; i < 1000; i++) {
		curve25519(r.bytes, k.bytes, u.bytes);
		u = k;
		k = r;
		if (!i)
			ok(key_equal(&k, &once), "RFC 7748, one iteration");
	}
	ok(key_equal(&k, &thousand), "RFC 7748, a thousand iterations");
}

/* RFC 7748, section 6.1: both public keys, and the secret from either side. */
static void test_diffie_hellman(void)
{
	static const char a[] = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
	static const char b[] = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
	static const char a_public[] =
		"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
	static const char b_public[] =
		"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
	static const char secret[] =
		"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
	struct key priv = from_hex(a), want = from_hex(a_public), got;

	key_public(&priv, &got);
	ok(key_equal(&got, &want), "RFC 7748, Alice's public key");
	priv = from_hex(b);
	want = from_hex(b_public);
	key_public(&priv, &got);
	ok(key_equal(&got, &want), "RFC 7748, Bob's public key");
	ok(gives(a, b_public, secret) && gives(b, a_public, secret),
	   "RFC 7748, the secret they share");
	key_clamp(&priv);
	key_public(&priv, &got);
	ok(key_equal(&got, &want) && !(priv.bytes[0] & 7) && priv.bytes[31] >> 6 == 1,
	   "clamping changes no public key");
}

/* Points that are not below p = 2^255-19 count modulo p, and the top bit does not count (RFC 7748,
 * section 5). */
static void test_edges(void)
{
	static const char k[] = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
	static const char nine[] =
		"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
	static const char zero[] =
		"0000000000000000000000000000000000000000000000000000000000000000";

	ok(gives(k, "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", nine),
	   "p + 9 is 9");
	ok(gives(k, "0900000000000000000000000000000000000000000000000000000000000080", nine),
	   "the top bit does not count");
	ok(gives(k, zero, zero), "0 gives 0");
	ok(gives(k, "0100000000000000000000000000000000000000000000000000000000000000", zero),
	   "1 is of order 4: 0");
	ok(gives(k, "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", zero),
	   "p is 0");
	ok(gives(k, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", zero),
	   "p - 1 is of low order: 0");
	ok(gives(k, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", zero),
	   "a point of order 8: 0");
}

/* The element whose limbs are LEAST, SECOND, and ones to the top. */
static struct fe ones(uint64_t least, uint64_t second)
{
	return (struct fe){ { least, second, LIMB_MASK, LIMB_MASK, LIMB_MASK } };
}

static bool stores(const struct fe *a, uint8_t want)
{
	struct key got, small = { { want } };

	fe_store(got.bytes, a);
	return key_equal(&got, &small);
}

/* N and N + p stand for the same element, and so does 2^255 + N - 19, whose carry runs through all
 * limbs; what is stored is N. */
static void test_store(void)
{
	bool reduced = true;

	for (uint64_t n = 0; n < 38; n++) {
		struct fe plain = { { n } }, plus_p = ones(LIMB_MASK - 18 + n, LIMB_MASK);
		struct fe carries = ones(n - 19, LIMB_MASK + 1);

		reduced = reduced && stores(&plain, (uint8_t)n);
		reduced = reduced && (n > 18 || stores(&plus_p, (uint8_t)n));
		reduced = reduced && (n < 19 || stores(&carries, (uint8_t)n));
	}
	ok(reduced, "an element is stored reduced");
}

/* The largest limbs that are ever multiplied: (2^53 - 1) times the sum of all 2^(51 i). */
static void test_largest(void)
{
	struct fe largest, tight, one = { { 1 } };
	struct key got, want;

	for (int i = 0; i < LIMBS; i++)
		largest.v[i] = (UINT64_C(1) << 53) - 1;
	fe_mul(&tight, &largest, &one);
	fe_mul(&tight, &tight, &tight);
	fe_mul(&largest, &largest, &largest);
	fe_store(got.bytes, &largest);
	fe_store(want.bytes, &tight);
	ok(key_equal(&got, &want), "the largest limbs are multiplied without overflow");
}

static bool decodes(const char *text)
{
	struct key k;

	return !key_from_base64(text, strlen(text), &k);
}

static void test_base64(void)
{
	static const char good[] = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
	char text[KEY_BASE64_LEN + 1], back[KEY_BASE64_LEN + 1];
	struct key k, other;
	bool same = true, refused = true;

	for (int i = 0; i < 256; i++) {
		memset(&k, i, sizeof(k));
		k.bytes[i % KEY_LEN] ^= 0x5a;
		key_to_base64(&k, text);
		same = same && !key_from_base64(text, KEY_BASE64_LEN, &other) &&
		       key_equal(&k, &other);
	}
	ok(same, "what is encoded decodes to itself");
	ok(!key_from_base64(good, KEY_BASE64_LEN, &k) &&
		   (key_to_base64(&k, back), !strcmp(good, back)),
	   "and the other way");
	for (int c = 0; c < 256; c++) {
		bool digit =
			c &&
			strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
			       c);

		memcpy(text, good, sizeof(text));
		text[7] = (char)c;
		refused = refused &&
			  key_from_base64(text, KEY_BASE64_LEN, &k) == (digit ? 0 : -EINVAL);
		refused = refused && (digit || key_is_zero(&k));
	}
	ok(refused, "64 digits and no other byte, the key wiped where it is none");
	ok(!decodes("yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBml="), "unused bits must be zero");
	ok(!decodes("yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmkA"), "padding there must be");
	ok(!decodes("") && !decodes("yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk") &&
		   !decodes("yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=="),
	   "44 characters, no more, no less");
}

static void test_compare(void)
{
	struct key a = { { 0 } }, b = { { 0 } };
	bool differ = true;

	for (int i = 0; i < 256; i++) {
		b = a;
		b.bytes[i / 8] ^= (uint8_t)(1U << i % 8);
		differ = differ && !key_equal(&a, &b) && !key_is_zero(&b);
	}
	ok(differ && key_is_zero(&a) && key_equal(&a, &a), "every bit counts");
	key_wipe(&b);
	ok(key_is_zero(&b), "wiped is zero");
}

int main(void)
{
	test_vectors();
	test_iterations();
	test_diffie_hellman();
	test_edges();
	test_store();
	test_largest();
	test_base64();
	test_compare();
	return tap_done();
}
