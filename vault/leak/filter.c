/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/filter.c: the filter in the kernel that lets an eye sleep on a busy host.
 *
 * A classic program cannot search, so the marker is at places that are known: the half word above
 * of what follows eight bytes of header (UDP, ICMP, others), of the sequence number or, in an
 * answer, of the acknowledgement (TCP). Places are counted from the network header
 * (SKF_NET_OFF), which the kernel has found whatever the kind of interface. A load beyond the end
 * refuses the packet.
 */
#include "vault/leak/filter.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <string.h>

#define SNAP 256U
#define OWN_MAX 8U

static void add(struct filter *f, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (f->n < FILTER_MAX)
		f->code[f->n++] = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
}

static void load(struct filter *f, uint16_t size, uint32_t at)
{
	add(f, (uint16_t)(BPF_LD | BPF_ABS | size), 0, 0, (uint32_t)SKF_NET_OFF + at);
}

/* Lets by when what was loaded is VALUE. */
static void accept_if(struct filter *f, uint32_t value)
{
	add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
	add(f, BPF_RET | BPF_K, 0, 0, SNAP);
}

static void refuse(struct filter *f)
{
	add(f, BPF_RET | BPF_K, 0, 0, 0);
}

/* Goes on when what was loaded is VALUE, else beyond what fix_skip is called at. */
static unsigned short skip_unless(struct filter *f, uint32_t value)
{
	add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, value);
	return (unsigned short)(f->n - 1);
}

static void fix_skip(struct filter *f, unsigned short at)
{
	f->code[at].jf = (uint8_t)(f->n - at - 1);
}

static uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Lets by what comes from an address of OWN; of IPv6 the second half will do, the reader looks at
 * all. */
static void add_own(struct filter *f, uint32_t base, uint8_t family, const struct prefix *own,
		    size_t n)
{
	size_t last = addr_size(&(struct addr){ .family = family }) - 4;
	bool loaded = false;

	for (size_t i = 0; i < n && i < OWN_MAX; i++) {
		if (own[i].addr.family != family)
			continue;
		if (!loaded)
			load(f, BPF_W, base + (family == AF_INET ? 12 : 8) + (uint32_t)last);
		loaded = true;
		accept_if(f, word(own[i].addr.bytes + last));
	}
}

/* The marker, behind an IP header that begins at BASE and is HEAD long, its protocol at AT. */
static void add_marker(struct filter *f, uint32_t base, uint32_t at, uint32_t head, uint16_t tag)
{
	unsigned short other;

	load(f, BPF_B, base + at);
	other = skip_unless(f, IPPROTO_TCP);
	load(f, BPF_H, base + head + 4);
	accept_if(f, tag);
	load(f, BPF_H, base + head + 8);
	accept_if(f, tag);
	refuse(f);
	fix_skip(f, other);
	load(f, BPF_H, base + head + 8);
	accept_if(f, tag);
	refuse(f);
}

static void add_neighbour(struct filter *f, uint32_t base)
{
	unsigned short other;

	load(f, BPF_B, base + 6);
	other = skip_unless(f, IPPROTO_ICMPV6);
	load(f, BPF_B, base + 40);
	accept_if(f, ND_NEIGHBOR_SOLICIT);
	accept_if(f, ND_NEIGHBOR_ADVERT);
	fix_skip(f, other);
}

/* What is in the accumulator is an EtherType, whose packet begins at BASE. */
static void add_packet(struct filter *f, uint32_t base, uint16_t tag, const struct prefix *own,
		       size_t n)
{
	unsigned short other;

	accept_if(f, ETHERTYPE_ARP);
	other = skip_unless(f, ETHERTYPE_IP);
	add_own(f, base, AF_INET, own, n);
	add_marker(f, base, 9, 20, tag);
	fix_skip(f, other);
	other = skip_unless(f, ETHERTYPE_IPV6);
	add_own(f, base, AF_INET6, own, n);
	add_neighbour(f, base);
	add_marker(f, base, 6, 40, tag);
	fix_skip(f, other);
}

void filter_build(struct filter *f, uint16_t tag, const struct prefix *own, size_t n)
{
	static const uint16_t vlans[] = { ETHERTYPE_VLAN, 0x88a8 };

	f->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(vlans); i++) {
		unsigned short other;

		add(f, BPF_LD | BPF_ABS | BPF_H, 0, 0, (uint32_t)SKF_AD_OFF + SKF_AD_PROTOCOL);
		other = skip_unless(f, vlans[i]);
		load(f, BPF_H, 2);
		add_packet(f, 4, tag, own, n);
		refuse(f);
		fix_skip(f, other);
	}
	add_packet(f, 0, tag, own, n);
	load(f, BPF_H, 8);
	accept_if(f, tag);
	refuse(f);
}
