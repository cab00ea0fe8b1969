/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/filter.c: the filter in the kernel that lets a capture sleep on a busy host.
 *
 * A classic program cannot search, so the marker is at places that are known: the half word above
 * of what follows eight bytes of header (UDP, ICMP, others), of the sequence number or, in an
 * answer, of the acknowledgement (TCP). Places are counted from the network header
 * (SKF_NET_OFF), which the kernel has found whatever the kind of interface. A load beyond the end
 * refuses the packet.
 */
#include "vault/leak/filter.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <string.h>

#include "vault/leak/probe/packet.h"

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

/* Goes on when what was loaded is not VALUE, else beyond what fix_jump is called at. */
static unsigned short jump_if(struct filter *f, uint32_t value)
{
	add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, value);
	return (unsigned short)(f->n - 1);
}

static void fix_jump(struct filter *f, unsigned short at)
{
	f->code[at].jt = (uint8_t)(f->n - at - 1);
}

/* Lets by what comes from an address of OWN; of IPv6 the last four bytes will do, the reader looks
 * at all. */
static void add_addresses(struct filter *f, uint32_t base, uint8_t family,
			  const struct filter_own *own)
{
	size_t last = addr_size(&(struct addr){ .family = family }) - 4;

	load(f, BPF_W, base + (family == AF_INET ? PACKET_FROM4 : PACKET_FROM6) + (uint32_t)last);
	for (size_t i = 0; i < own->n && i < OWN_MAX; i++)
		if (own->list[i].addr.family == family)
			accept_if(f, word(own->list[i].addr.bytes + last));
}

static void load_ancillary(struct filter *f, int what)
{
	/* NOLINTNEXTLINE(misc-redundant-expression): BPF_LD and BPF_W are 0, and said */
	add(f, BPF_LD | BPF_ABS | BPF_W, 0, 0, (uint32_t)(SKF_AD_OFF + what));
}

/* Of what leaves (or comes): which interface is it? */
static void add_own(struct filter *f, uint32_t base, uint8_t family, const struct filter_own *own)
{
	unsigned short jumps[FILTER_INTERFACES_MAX], other;
	size_t n = own->n_interfaces;

	load_ancillary(f, SKF_AD_PKTTYPE);
	other = own->leaving ? skip_unless(f, PACKET_OUTGOING) : jump_if(f, PACKET_OUTGOING);
	load_ancillary(f, SKF_AD_IFINDEX);
	for (size_t i = 0; i < n; i++)
		jumps[i] = jump_if(f, own->interfaces[i]);
	if (own->leaving) {
		add_addresses(f, base, family, own);
	} else {
		unsigned short none = f->n;

		add(f, BPF_JMP | BPF_JA, 0, 0, 0);
		for (size_t i = 0; i < n; i++)
			fix_jump(f, jumps[i]);
		add_addresses(f, base, family, own);
		f->code[none].k = (uint32_t)(f->n - none - 1);
		fix_jump(f, other);
		return;
	}
	for (size_t i = 0; i < n; i++)
		fix_jump(f, jumps[i]);
	fix_skip(f, other);
}

/* The marker, behind an IP header that begins at BASE and is HEAD long, its protocol at AT. */
static void add_marker(struct filter *f, uint32_t base, uint32_t at, uint32_t head, uint16_t tag)
{
	unsigned short other;

	load(f, BPF_B, base + at);
	other = skip_unless(f, IPPROTO_TCP);
	load(f, BPF_H, base + head + PACKET_MARKER_TCP);
	accept_if(f, tag);
	load(f, BPF_H, base + head + PACKET_ANSWER_TCP);
	accept_if(f, tag);
	refuse(f);
	fix_skip(f, other);
	load(f, BPF_H, base + head + PACKET_MARKER);
	accept_if(f, tag);
	refuse(f);
}

static void add_neighbour(struct filter *f, uint32_t base)
{
	unsigned short other;

	load(f, BPF_B, base + PACKET_PROTOCOL6);
	other = skip_unless(f, IPPROTO_ICMPV6);
	load(f, BPF_B, base + PACKET_HEAD6);
	accept_if(f, ND_NEIGHBOR_SOLICIT);
	accept_if(f, ND_NEIGHBOR_ADVERT);
	fix_skip(f, other);
}

/* What is in the accumulator is an EtherType, whose packet begins at BASE. */
static void add_packet(struct filter *f, uint32_t base, uint16_t tag, const struct filter_own *own)
{
	unsigned short other;

	accept_if(f, ETHERTYPE_ARP);
	other = skip_unless(f, ETHERTYPE_IP);
	add_own(f, base, AF_INET, own);
	add_marker(f, base, PACKET_PROTOCOL4, PACKET_HEAD4, tag);
	fix_skip(f, other);
	other = skip_unless(f, ETHERTYPE_IPV6);
	add_own(f, base, AF_INET6, own);
	add_neighbour(f, base);
	add_marker(f, base, PACKET_PROTOCOL6, PACKET_HEAD6, tag);
	fix_skip(f, other);
}

void filter_build(struct filter *f, uint16_t tag, const struct filter_own *own)
{
	static const uint16_t vlans[] = { ETHERTYPE_VLAN, PACKET_TYPE_STAG };

	f->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(vlans); i++) {
		unsigned short other;

		add(f, BPF_LD | BPF_ABS | BPF_H, 0, 0, (uint32_t)SKF_AD_OFF + SKF_AD_PROTOCOL);
		other = skip_unless(f, vlans[i]);
		load(f, BPF_H, 2);
		add_packet(f, 4, tag, own);
		refuse(f);
		fix_skip(f, other);
	}
	add_packet(f, 0, tag, own);
	load(f, BPF_H, PACKET_MARKER);
	accept_if(f, tag);
	refuse(f);
}
