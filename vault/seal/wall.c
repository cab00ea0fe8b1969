/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/seal/wall.c: the second wall. A filter of tc(8) at the link's host end looks at every frame
 * that comes out of a vault, before any table of nftables does, and no `nft flush ruleset` takes it
 * away: so root inside, all rules flushed on both sides, still opens nothing (HO-14, L39).
 *
 * It holds what the filter for frames on the inner end holds (seal.c: build_link), by the same
 * shapes, and two things more: no error of ICMP passes, as it could end a flow that is not the
 * vault's, and looking for neighbours goes to nobody beyond the link. (The rules inside stay as
 * they are: `exec` refuses a vault that has others, until `up`, and so would each after an
 * upgrade.) A frame has no connection to be judged by: TCP that opens one is told by its flags,
 * ICMP by its type; of UDP an answer cannot be told from a question, so whoever may enter, and the
 * host, may be sent datagrams, but to no port where names are asked. All of it from the vault's own
 * address; ARP for the link's two ends alone.
 *
 * One program, and of classic BPF: it is exchanged in one step; it reads bytes where they are,
 * while the kernel's flow dissector, for one, looks into tunnels and past headers on its own; and
 * every kernel with tc has it. A load beyond the packet's end would end the program with 0, which
 * lets by: so lengths are asked first. A packet with IP options, extension headers or in fragments
 * hides what it is: none passes.
 */
#include "vault/seal/wall.h"

#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "lib/base.h"

/* Where things are in a frame, from its first byte on. (IP_ and IP6_ are for the C library.) */
enum {
	ARP_SENDER = 28,
	ARP_TARGET = 38,
	ARP_END = 42,
	V4_VERSION = 14,
	V4_FRAGMENT = 20,
	V4_PROTOCOL = 23,
	V4_SOURCE = 26,
	V4_TARGET = 30,
	V4_END = 34,
	V6_NEXT = 20,
	V6_SOURCE = 22,
	V6_TARGET = 38,
	V6_END = 54,
	PORT = 2, /* from the end of the IP header: the port asked */
	FLAGS = 13,
	UDP_LEN = 8,
	TCP_LEN = 20,
};

#define SYN 0x02U
#define ACK 0x10U

/* A jump out of the rule under way, still to be filled in: further than any rule is long. */
#define OUT 255U

/* What one family's packets look like. */
struct layout {
	uint16_t type; /* of the frame */
	uint32_t protocol, source, target, payload;
	uint8_t icmp, reply, echo;
};

static const struct layout layouts[ADDR_FAMILIES] = {
	[ADDR_V4] = { ETH_P_IP, V4_PROTOCOL, V4_SOURCE, V4_TARGET, V4_END, IPPROTO_ICMP,
		      ICMP_ECHOREPLY, ICMP_ECHO },
	[ADDR_V6] = { ETH_P_IPV6, V6_NEXT, V6_SOURCE, V6_TARGET, V6_END, IPPROTO_ICMPV6,
		      ICMP6_ECHO_REPLY, ICMP6_ECHO_REQUEST },
};

static void add(struct wall *w, unsigned int code, unsigned int jt, unsigned int jf, uint32_t k)
{
	if (w->n == ARRAY_SIZE(w->code)) {
		w->overflow = true;
		return;
	}
	w->code[w->n++] = (struct sock_filter){
		.code = (uint16_t)code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k
	};
}

static void load(struct wall *w, unsigned int size, uint32_t at)
{
	add(w, BPF_LD | BPF_ABS | size, 0, 0, at);
}

static void load_length(struct wall *w)
{
	add(w, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
}

/* Goes on in the rule when what was loaded is K; or when it is not. */
static void must_be(struct wall *w, uint32_t k)
{
	add(w, BPF_JMP | BPF_JEQ | BPF_K, 0, OUT, k);
}

static void must_not_be(struct wall *w, uint32_t k)
{
	add(w, BPF_JMP | BPF_JEQ | BPF_K, OUT, 0, k);
}

/* Goes on when it is one of the N. */
static void must_be_among(struct wall *w, const uint32_t *k, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		add(w, BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)(n - i - 1), 0, k[i]);
	must_be(w, k[n - 1]);
}

static void must_be_shorter(struct wall *w, uint32_t k)
{
	load_length(w);
	add(w, BPF_JMP | BPF_JGE | BPF_K, OUT, 0, k);
}

/* Goes on when the address at AT is in PREFIX. */
static void must_be_in(struct wall *w, uint32_t at, const struct prefix *prefix)
{
	const uint8_t *p = prefix->addr.bytes;

	for (unsigned int bits = 0; bits < prefix->len; bits += 32, at += 4, p += 4) {
		unsigned int left = prefix->len - bits;
		uint32_t mask = left >= 32 ? UINT32_MAX : ~(UINT32_MAX >> left);

		load(w, BPF_W, at);
		if (left < 32)
			add(w, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
		must_be(w, mask & ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
				   (uint32_t)p[2] << 8 | p[3]));
	}
}

static void must_be_at(struct wall *w, uint32_t at, const struct addr *address)
{
	const struct prefix one = { .addr = *address, .len = addr_bits(address) };

	must_be_in(w, at, &one);
}

/* Ends the rule that began at BEGIN: who fell out of it goes on here. */
static void fill_in(struct wall *w, size_t begin)
{
	for (size_t i = begin; i < w->n; i++) {
		struct sock_filter *f = &w->code[i];

		if (BPF_CLASS(f->code) != BPF_JMP || BPF_OP(f->code) == BPF_JA)
			continue;
		f->jt = f->jt == OUT ? (uint8_t)(w->n - i - 1) : f->jt;
		f->jf = f->jf == OUT ? (uint8_t)(w->n - i - 1) : f->jf;
	}
}

static void end(struct wall *w, size_t begin, uint32_t action)
{
	add(w, BPF_RET | BPF_K, 0, 0, action);
	fill_in(w, begin);
}

/* One thing at a time is noted of a packet: it stays on the link; its shape is an answer's. */
static void note(struct wall *w, uint32_t is_so)
{
	add(w, BPF_LD | BPF_IMM, 0, 0, is_so);
	add(w, BPF_ST, 0, 0, 0);
}

static void must_be_noted(struct wall *w)
{
	add(w, BPF_LD | BPF_MEM, 0, 0, 0);
	must_be(w, 1);
}

static void must_be_protocol(struct wall *w, const struct layout *l, uint8_t protocol)
{
	load(w, BPF_B, l->protocol);
	must_be(w, protocol);
}

static const uint32_t name_ports[] = { 53, 853, 5353, 5355, 8853 }; /* sealset_name_ports (L7) */

static void note_answers(struct wall *w, const struct layout *l)
{
	size_t begin;

	note(w, 0);
	begin = w->n;
	must_be_protocol(w, l, IPPROTO_TCP);
	load(w, BPF_B, l->payload + FLAGS);
	add(w, BPF_ALU | BPF_AND | BPF_K, 0, 0, SYN | ACK);
	must_not_be(w, SYN);
	note(w, 1);
	fill_in(w, begin);

	begin = w->n;
	must_be_protocol(w, l, IPPROTO_UDP);
	load(w, BPF_H, l->payload + PORT);
	for (size_t i = 0; i < ARRAY_SIZE(name_ports); i++)
		must_not_be(w, name_ports[i]);
	note(w, 1);
	fill_in(w, begin);

	begin = w->n;
	must_be_protocol(w, l, l->icmp);
	load(w, BPF_B, l->payload);
	must_be(w, l->reply);
	note(w, 1);
	fill_in(w, begin);
}

/* What answers may go to: the host's end, and who may enter. */
static void add_answers(const struct spec *spec, struct wall *w, enum addr_family f)
{
	const struct layout *l = &layouts[f];
	const struct addr *host = &spec->link[f].host.addr;
	size_t begin = w->n;

	must_be_noted(w);
	must_be_at(w, l->target, host);
	end(w, begin, WALL_PASS);
	for (size_t i = 0; i < spec->reach.n_from; i++) {
		if (spec->reach.from[i].addr.family != host->family)
			continue;
		begin = w->n;
		must_be_noted(w);
		must_be_in(w, l->target, &spec->reach.from[i]);
		end(w, begin, WALL_PASS);
	}
}

static void must_be_ports(struct wall *w, const struct layout *l, const struct spec_ports *ports)
{
	must_be_protocol(w, l, ports->protocol);
	if (ports->protocol != IPPROTO_TCP && ports->protocol != IPPROTO_UDP) {
		load(w, BPF_B, l->payload);
		must_be(w, l->echo);
	} else if (ports->first) {
		load(w, BPF_H, l->payload + PORT);
		add(w, BPF_JMP | BPF_JGE | BPF_K, 0, OUT, ports->first);
		add(w, BPF_JMP | BPF_JGT | BPF_K, OUT, 0, ports->last);
	}
}

/* allow-host and allow-to, opening included; no name is asked by a hole (L6). */
static void add_openings(const struct spec *spec, struct wall *w, enum addr_family f)
{
	static const uint32_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	const struct layout *l = &layouts[f];
	const struct spec_reach *reach = &spec->reach;
	size_t begin;

	for (size_t i = 0; i < reach->n_host_ports; i++) {
		begin = w->n;
		must_be_at(w, l->target, &spec->link[f].host.addr);
		must_be_ports(w, l, &reach->host_ports[i]);
		end(w, begin, WALL_PASS);
	}
	if (!reach->n_holes)
		return;
	begin = w->n;
	load(w, BPF_B, l->protocol);
	must_be_among(w, protocols, ARRAY_SIZE(protocols));
	load(w, BPF_H, l->payload + PORT);
	must_be_among(w, name_ports, ARRAY_SIZE(name_ports));
	end(w, begin, WALL_DROP);
	for (size_t i = 0; i < reach->n_holes; i++) {
		if (reach->holes[i].to.addr.family != spec->link[f].host.addr.family)
			continue;
		begin = w->n;
		must_be_in(w, l->target, &reach->holes[i].to);
		must_be_ports(w, l, &reach->holes[i].ports);
		end(w, begin, WALL_PASS);
	}
}

/* Neighbours are looked for, and answered, from the link's addresses inside, and nowhere beyond. */
static void add_neighbours(const struct spec *spec, struct wall *w)
{
	static const uint32_t types[] = { ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT };
	const struct addr *const from[] = { &spec->link[ADDR_V6].vault.addr,
					    &spec_link_local.addr };
	const struct prefix to[] = {
		{ .addr = { .family = AF_INET6, .bytes = { 0xfe, 0x80 } }, .len = 10 },
		{ .addr = { .family = AF_INET6, .bytes = { 0xff, 0x02 } }, .len = 16 },
		{ .addr = spec->link[ADDR_V6].host.addr, .len = 128 },
	};

	size_t begin;

	note(w, 0);
	for (size_t i = 0; i < ARRAY_SIZE(to); i++) {
		begin = w->n;
		must_be_in(w, V6_TARGET, &to[i]);
		note(w, 1);
		fill_in(w, begin);
	}
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		begin = w->n;
		must_be_protocol(w, &layouts[ADDR_V6], IPPROTO_ICMPV6);
		load(w, BPF_B, V6_END);
		must_be_among(w, types, ARRAY_SIZE(types));
		must_be_at(w, V6_SOURCE, from[i]);
		must_be_noted(w);
		end(w, begin, WALL_PASS);
	}
}

/* What is too short to be read, or hides what it carries. */
static void add_malformed(struct wall *w, enum addr_family f)
{
	const struct layout *l = &layouts[f];
	size_t begin = w->n;

	must_be_shorter(w, l->payload + UDP_LEN);
	end(w, begin, WALL_DROP);
	begin = w->n;
	must_be_protocol(w, l, IPPROTO_TCP);
	must_be_shorter(w, l->payload + TCP_LEN);
	end(w, begin, WALL_DROP);
	if (f == ADDR_V6)
		return; /* an extension header is a protocol that nothing below knows */
	begin = w->n;
	load(w, BPF_B, V4_VERSION);
	must_not_be(w, 0x45); /* 20 bytes: no options */
	end(w, begin, WALL_DROP);
	begin = w->n;
	load(w, BPF_H, V4_FRAGMENT);
	add(w, BPF_JMP | BPF_JSET | BPF_K, 0, OUT, 0x3fff);
	end(w, begin, WALL_DROP);
}

/* Each word of the source that is another's ends it. */
static void add_source(const struct spec *spec, struct wall *w, enum addr_family f)
{
	const struct addr *own = &spec->link[f].vault.addr;

	for (uint32_t i = 0; i < addr_size(own); i += 4) {
		size_t begin = w->n;
		const uint8_t *p = own->bytes + i;

		load(w, BPF_W, layouts[f].source + i);
		must_not_be(w, (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
				       p[3]);
		end(w, begin, WALL_DROP);
	}
}

/* All of one type of frame; what is of another jumps over it. */
static size_t begin_type(struct wall *w, uint16_t type)
{
	add(w, BPF_LD | BPF_H | BPF_ABS, 0, 0, (uint32_t)SKF_AD_OFF + SKF_AD_PROTOCOL);
	add(w, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, type);
	add(w, BPF_JMP | BPF_JA, 0, 0, 0);
	return w->n - 1;
}

static void end_type(struct wall *w, size_t jump)
{
	add(w, BPF_RET | BPF_K, 0, 0, WALL_DROP);
	w->code[jump].k = (uint32_t)(w->n - jump - 1);
}

static void add_arp(const struct spec *spec, struct wall *w)
{
	size_t type = begin_type(w, ETH_P_ARP), begin = w->n;

	must_be_shorter(w, ARP_END);
	end(w, begin, WALL_DROP);
	begin = w->n;
	must_be_at(w, ARP_SENDER, &spec->link[ADDR_V4].vault.addr);
	must_be_at(w, ARP_TARGET, &spec->link[ADDR_V4].host.addr);
	end(w, begin, WALL_PASS);
	end_type(w, type);
}

static void add_family(const struct spec *spec, struct wall *w, enum addr_family f)
{
	size_t type = begin_type(w, layouts[f].type);

	add_malformed(w, f);
	if (f == ADDR_V6)
		add_neighbours(spec, w);
	add_source(spec, w, f);
	note_answers(w, &layouts[f]);
	add_answers(spec, w, f);
	add_openings(spec, w, f);
	end_type(w, type);
}

void wall_build(const struct spec *spec, struct wall *w)
{
	size_t begin = 0;

	w->n = 0;
	w->overflow = false;
	add(w, BPF_LD | BPF_B | BPF_ABS, 0, 0, (uint32_t)SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT);
	must_not_be(w, 0);
	end(w, begin, WALL_DROP);
	if (spec->link[ADDR_V4].vault.addr.family)
		add_arp(spec, w);
	for (enum addr_family f = 0; f < ADDR_FAMILIES; f++)
		if (spec->link[f].vault.addr.family)
			add_family(spec, w, f);
	add(w, BPF_RET | BPF_K, 0, 0, WALL_DROP);
}
