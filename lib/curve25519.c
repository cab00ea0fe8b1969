/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/curve25519.c: the X25519 function of RFC 7748, in constant time. */
#include "lib/curve25519.h"

#include <string.h>

/*
 * A field element is any 256-bit number, eight 32-bit limbs, the least first: arithmetic is modulo
 * 2^256 - 38, which is 2p for p = 2^255 - 19, so that a carry out of the top comes back as 38 at
 * the bottom. Only fe_store reduces modulo p. Products of limbs are at most (2^32-1)^2, and
 * (2^32-1)^2 + 2(2^32-1) still fits 64 bits: every sum below does. One call takes a third of a
 * millisecond, which for one key a file is enough.
 */
#define LIMBS 8

struct fe {
	uint32_t v[LIMBS];
};

static void fe_load(struct fe *r, const uint8_t in[static CURVE25519_LEN])
{
	for (int i = 0; i < LIMBS; i++)
		r->v[i] = (uint32_t)in[4 * i] | (uint32_t)in[4 * i + 1] << 8 |
			  (uint32_t)in[4 * i + 2] << 16 | (uint32_t)in[4 * i + 3] << 24;
}

/* Adds N at the bottom; returns the carry out of the top. */
static uint64_t add_small(struct fe *r, uint64_t n)
{
	for (int i = 0; i < LIMBS; i++) {
		n += r->v[i];
		r->v[i] = (uint32_t)n;
		n >>= 32;
	}
	return n;
}

/* Brings CARRY (times 2^256) back in. The second carry leaves R so small that there is no third. */
static void fold(struct fe *r, uint64_t carry)
{
	carry = add_small(r, 38 * carry);
	add_small(r, 38 * carry);
}

static void fe_add(struct fe *r, const struct fe *a, const struct fe *b)
{
	uint64_t carry = 0;

	for (int i = 0; i < LIMBS; i++) {
		carry += (uint64_t)a->v[i] + b->v[i];
		r->v[i] = (uint32_t)carry;
		carry >>= 32;
	}
	fold(r, carry);
}

/* Subtracts N at the bottom; returns the borrow out of the top. */
static uint32_t sub_small(struct fe *r, uint32_t n)
{
	uint64_t borrow = n;

	for (int i = 0; i < LIMBS; i++) {
		uint64_t d = (uint64_t)r->v[i] - borrow;

		r->v[i] = (uint32_t)d;
		borrow = d >> 63;
	}
	return (uint32_t)borrow;
}

static void fe_sub(struct fe *r, const struct fe *a, const struct fe *b)
{
	uint64_t borrow = 0;

	for (int i = 0; i < LIMBS; i++) {
		uint64_t d = (uint64_t)a->v[i] - b->v[i] - borrow;

		r->v[i] = (uint32_t)d;
		borrow = d >> 63;
	}
	borrow = sub_small(r, 38 * (uint32_t)borrow);
	sub_small(r, 38 * (uint32_t)borrow);
}

static void fe_mul(struct fe *r, const struct fe *a, const struct fe *b)
{
	uint32_t t[2 * LIMBS] = { 0 };
	uint64_t carry = 0;

	for (int i = 0; i < LIMBS; i++) {
		carry = 0;
		for (int j = 0; j < LIMBS; j++) {
			carry += (uint64_t)a->v[i] * b->v[j] + t[i + j];
			t[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		t[i + LIMBS] = (uint32_t)carry;
	}
	carry = 0;
	for (int i = 0; i < LIMBS; i++) {
		carry += (uint64_t)t[i + LIMBS] * 38 + t[i];
		r->v[i] = (uint32_t)carry;
		carry >>= 32;
	}
	fold(r, carry);
	explicit_bzero(t, sizeof(t));
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
static void fe_swap(struct fe *a, struct fe *b, uint32_t swap)
{
	for (int i = 0; i < LIMBS; i++) {
		uint32_t x = (0U - swap) & (a->v[i] ^ b->v[i]);

		a->v[i] ^= x;
		b->v[i] ^= x;
	}
}

/* Takes bit 255 away and adds 19 for it. */
static void fold_top_bit(struct fe *a)
{
	uint32_t top = a->v[LIMBS - 1] >> 31;

	a->v[LIMBS - 1] &= 0x7fffffff;
	add_small(a, 19 * top);
}

static void fe_store(uint8_t out[static CURVE25519_LEN], const struct fe *in)
{
	struct fe a = *in, over;

	fold_top_bit(&a);
	fold_top_bit(&a); /* now below 2^255, and p or more only if adding 19 passes it */
	over = a;
	add_small(&over, 19);
	add_small(&a, 19 * (over.v[LIMBS - 1] >> 31));
	a.v[LIMBS - 1] &= 0x7fffffff;
	for (int i = 0; i < CURVE25519_LEN; i++)
		out[i] = (uint8_t)(a.v[i / 4] >> (8 * (i % 4)));
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
	uint32_t swap = 0;

	memcpy(k, scalar, sizeof(k));
	k[0] &= 248;
	k[31] = (uint8_t)((k[31] & 127) | 64);
	fe_load(&l.x1, point);
	l.x1.v[LIMBS - 1] &= 0x7fffffff;
	l.x3 = l.x1;
	for (int i = 254; i >= 0; i--) {
		uint32_t bit = (uint32_t)(k[i / 8] >> (i % 8)) & 1;

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
