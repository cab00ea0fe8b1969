/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/curve25519.c: the X25519 function of RFC 7748, in constant time. */
#include "lib/curve25519.h"

#include <endian.h>
#include <string.h>

/*
 * A field element is five limbs of 51 bits, the least first, each allowed some bits more: the value
 * counts modulo p = 2^255 - 19, so that what passes the top comes back 19 times at the bottom. Only
 * fe_store reduces modulo p. What fe_load and fe_mul give is "tight": limbs below 2^51 + 2^12. The
 * sum or difference of two tight ones has limbs below 2^53; that is all that is ever multiplied, so
 * every sum of products is below 77 * 2^106 and fits 128 bits. They are this processor's: a 64-bit
 * one.
 */
#define LIMBS 5
#define LIMB_BITS 51
#define LIMB_MASK ((UINT64_C(1) << LIMB_BITS) - 1)

typedef unsigned __int128 wide;

struct fe {
	uint64_t v[LIMBS];
};

static uint64_t load64(const uint8_t *in)
{
	uint64_t n;

	memcpy(&n, in, sizeof(n));
	return le64toh(n);
}

static void store64(uint8_t *out, uint64_t n)
{
	n = htole64(n);
	memcpy(out, &n, sizeof(n));
}

/* Bit 255 is left out, as RFC 7748 has it. */
static void fe_load(struct fe *r, const uint8_t in[static CURVE25519_LEN])
{
	r->v[0] = load64(in) & LIMB_MASK;
	r->v[1] = load64(in + 6) >> 3 & LIMB_MASK; /* 51 = 8 * 6 + 3, and so on */
	r->v[2] = load64(in + 12) >> 6 & LIMB_MASK;
	r->v[3] = load64(in + 19) >> 1 & LIMB_MASK;
	r->v[4] = load64(in + 24) >> 12 & LIMB_MASK;
}

static void fe_add(struct fe *r, const struct fe *a, const struct fe *b)
{
	for (int i = 0; i < LIMBS; i++)
		r->v[i] = a->v[i] + b->v[i];
}

/* Adds 2p first: no limb of a tight B is larger than those of 2p. */
static void fe_sub(struct fe *r, const struct fe *a, const struct fe *b)
{
	r->v[0] = a->v[0] + 2 * (LIMB_MASK - 18) - b->v[0];
	for (int i = 1; i < LIMBS; i++)
		r->v[i] = a->v[i] + 2 * LIMB_MASK - b->v[i];
}

static wide mul(uint64_t a, uint64_t b)
{
	return (wide)a * b;
}

/* Takes the limb at the bottom off *SUM. */
static uint64_t next_limb(wide *sum)
{
	uint64_t limb = (uint64_t)*sum & LIMB_MASK;

	*sum >>= LIMB_BITS;
	return limb;
}

/* The products that lie 2^255 and more above the bottom are taken 19 times instead. */
static void fe_mul(struct fe *r, const struct fe *a, const struct fe *b)
{
	const struct fe x = *a, y = *b;
	const uint64_t y1 = 19 * y.v[1], y2 = 19 * y.v[2], y3 = 19 * y.v[3], y4 = 19 * y.v[4];
	wide t;

	t = mul(x.v[0], y.v[0]) + mul(x.v[1], y4) + mul(x.v[2], y3) + mul(x.v[3], y2) +
	    mul(x.v[4], y1);
	r->v[0] = next_limb(&t);
	t += mul(x.v[0], y.v[1]) + mul(x.v[1], y.v[0]) + mul(x.v[2], y4) + mul(x.v[3], y3) +
	     mul(x.v[4], y2);
	r->v[1] = next_limb(&t);
	t += mul(x.v[0], y.v[2]) + mul(x.v[1], y.v[1]) + mul(x.v[2], y.v[0]) + mul(x.v[3], y4) +
	     mul(x.v[4], y3);
	r->v[2] = next_limb(&t);
	t += mul(x.v[0], y.v[3]) + mul(x.v[1], y.v[2]) + mul(x.v[2], y.v[1]) + mul(x.v[3], y.v[0]) +
	     mul(x.v[4], y4);
	r->v[3] = next_limb(&t);
	t += mul(x.v[0], y.v[4]) + mul(x.v[1], y.v[3]) + mul(x.v[2], y.v[2]) + mul(x.v[3], y.v[1]) +
	     mul(x.v[4], y.v[0]);
	r->v[4] = next_limb(&t);
	r->v[0] += 19 * (uint64_t)t;
	r->v[1] += r->v[0] >> LIMB_BITS;
	r->v[0] &= LIMB_MASK;
}

/* 1/A by Fermat: A^(p-2). The exponent is 255 ones but for bits 2 and 4: public, so it may steer.
 * 1/0 is 0. */
static void fe_invert(struct fe *r, const struct fe *a)
{
	struct fe t = *a;

	for (int i = 253; i >= 0; i--) {
		fe_mul(&t, &t, &t);
		if (i != 2 && i != 4)
			fe_mul(&t, &t, a);
	}
	*r = t;
	explicit_bzero(&t, sizeof(t));
}

/* Exchanges A and B when SWAP is 1, leaves them when it is 0. */
static void fe_swap(struct fe *a, struct fe *b, uint64_t swap)
{
	for (int i = 0; i < LIMBS; i++) {
		uint64_t x = (0U - swap) & (a->v[i] ^ b->v[i]);

		a->v[i] ^= x;
		b->v[i] ^= x;
	}
}

/* Adds N at the bottom and carries up; returns what passes 2^255. */
static uint64_t fe_carry(struct fe *a, uint64_t n)
{
	for (int i = 0; i < LIMBS; i++) {
		n += a->v[i];
		a->v[i] = n & LIMB_MASK;
		n >>= LIMB_BITS;
	}
	return n;
}

/* IN is tight, so less than 2p: it holds p once when adding 19 passes 2^255, else not at all. */
static void fe_store(uint8_t out[static CURVE25519_LEN], const struct fe *in)
{
	struct fe a = *in, over = *in;

	fe_carry(&a, 19 * fe_carry(&over, 19));
	store64(out, a.v[0] | a.v[1] << 51);
	store64(out + 8, a.v[1] >> 13 | a.v[2] << 38);
	store64(out + 16, a.v[2] >> 26 | a.v[3] << 25);
	store64(out + 24, a.v[3] >> 39 | a.v[4] << 12);
	explicit_bzero(&a, sizeof(a));
	explicit_bzero(&over, sizeof(over));
}

/* The state of the ladder: two points in projective form, and room to work. */
struct ladder {
	struct fe x1, x2, z2, x3, z3;
	struct fe a, b, c, d, e;
};

/* One step of RFC 7748: doubles (x2:z2) and adds it to (x3:z3). */
static void step(struct ladder *l)
{
	static const struct fe a24 = { { 121665 } };

	fe_add(&l->a, &l->x2, &l->z2);
	fe_sub(&l->b, &l->x2, &l->z2);
	fe_add(&l->c, &l->x3, &l->z3);
	fe_sub(&l->d, &l->x3, &l->z3);
	fe_mul(&l->d, &l->d, &l->a); /* DA */
	fe_mul(&l->c, &l->c, &l->b); /* CB */
	fe_mul(&l->a, &l->a, &l->a); /* AA */
	fe_mul(&l->b, &l->b, &l->b); /* BB */
	fe_add(&l->x3, &l->d, &l->c);
	fe_mul(&l->x3, &l->x3, &l->x3);
	fe_sub(&l->z3, &l->d, &l->c);
	fe_mul(&l->z3, &l->z3, &l->z3);
	fe_mul(&l->z3, &l->z3, &l->x1);
	fe_mul(&l->x2, &l->a, &l->b);
	fe_sub(&l->e, &l->a, &l->b);
	fe_mul(&l->z2, &l->e, &a24);
	fe_add(&l->z2, &l->z2, &l->a);
	fe_mul(&l->z2, &l->z2, &l->e);
}

void curve25519(uint8_t out[static CURVE25519_LEN], const uint8_t scalar[static CURVE25519_LEN],
		const uint8_t point[static CURVE25519_LEN])
{
	struct ladder l = { .x2 = { { 1 } }, .z3 = { { 1 } } };
	uint8_t k[CURVE25519_LEN];
	uint64_t swap = 0;

	memcpy(k, scalar, sizeof(k));
	k[0] &= 248;
	k[31] = (uint8_t)((k[31] & 127) | 64);
	fe_load(&l.x1, point);
	l.x3 = l.x1;
	for (int i = 254; i >= 0; i--) {
		uint64_t bit = (uint64_t)(k[i / 8] >> (i % 8)) & 1;

		fe_swap(&l.x2, &l.x3, swap ^ bit);
		fe_swap(&l.z2, &l.z3, swap ^ bit);
		swap = bit;
		step(&l);
	}
	fe_swap(&l.x2, &l.x3, swap);
	fe_swap(&l.z2, &l.z3, swap);
	fe_invert(&l.z2, &l.z2);
	fe_mul(&l.x2, &l.x2, &l.z2);
	fe_store(out, &l.x2);
	explicit_bzero(k, sizeof(k));
	explicit_bzero(&l, sizeof(l));
}
