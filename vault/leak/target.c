/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/target.c: where to the probes send. */
#include "vault/leak/target.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/rtnl.h"

#define TRIES 8
#define EACH_MAX 6U /* of one kind and family */

struct gathering {
	struct targets *t;
	const struct spec *spec;
	struct rtnl_address list[64];
	size_t n;
};

/* What words let the vault open connections to is no target. */
static bool is_allowed(const struct spec *spec, const struct addr *a)
{
	for (size_t i = 0; i < spec->reach.n_holes; i++)
		if (prefix_contains(&spec->reach.holes[i].to, a))
			return true;
	return false;
}

static void add(struct gathering *g, unsigned int kind, const struct addr *a)
{
	struct targets *t = g->t;
	size_t same = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->list[i].kind == kind && addr_equal(&t->list[i].addr, a))
			return;
		same += t->list[i].kind == kind && t->list[i].addr.family == a->family;
	}
	if (t->n < TARGET_MAX && same < EACH_MAX && !is_allowed(g->spec, a))
		t->list[t->n++] = (struct target){ .kind = kind, .addr = *a };
}

/* Random bits after the first LEN of *A. */
static int randomise(struct addr *a, unsigned int len)
{
	uint8_t random[16];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (unsigned int bit = len; bit < addr_bits(a); bit++) {
		uint8_t mask = (uint8_t)(0x80U >> bit % 8);

		a->bytes[bit / 8] =
			(uint8_t)((a->bytes[bit / 8] & ~mask) | (random[bit / 8] & mask));
	}
	return 0;
}

static int add_public(struct gathering *g)
{
	static const char *const networks[] = { "203.0.113.0/24", "2001:db8::/32" };

	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		struct prefix p;
		int r = prefix_parse(networks[i], &p);

		if (!r)
			r = randomise(&p.addr, p.len);
		if (r)
			return r;
		add(g, TARGET_PUBLIC, &p.addr);
	}
	return 0;
}

static bool is_host_address(const struct gathering *g, const struct addr *a)
{
	for (size_t i = 0; i < g->n; i++)
		if (addr_equal(&g->list[i].address.addr, a))
			return true;
	return false;
}

/* One beside the host's: not its network's first or last. */
static int add_neighbour(struct gathering *g, const struct prefix *p)
{
	unsigned int bits = addr_bits(&p->addr);
	struct addr a = p->addr;

	if (p->len + 3U > bits || p->len < 8)
		return 0;
	for (int i = 0; i < TRIES; i++) {
		struct prefix low = { .addr = a, .len = p->len };
		struct addr last;
		int r = randomise(&a, p->len);

		if (r)
			return r;
		prefix_mask(&low);
		last = addr_add(&low.addr,
				bits - p->len < 32 ? (1U << (bits - p->len)) - 1 : UINT32_MAX);
		if (addr_equal(&a, &low.addr) || addr_equal(&a, &last) || is_host_address(g, &a))
			continue;
		add(g, TARGET_LAN, &a);
		return 0;
	}
	return 0;
}

static int note_address(const struct rtnl_address *a, void *arg)
{
	struct gathering *g = arg;

	if (g->n < ARRAY_SIZE(g->list) && !addr_is_loopback(&a->address.addr) &&
	    !addr_is_linklocal(&a->address.addr))
		g->list[g->n++] = *a;
	return 0;
}

static int note_route(const struct rtnl_route *r, void *arg)
{
	if (!r->dst.len && r->via.family && !addr_is_linklocal(&r->via))
		add(arg, TARGET_GATEWAY, &r->via);
	return 0;
}

static int read_host(struct gathering *g, struct nl *nl)
{
	struct nl_error error = { 0 };
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		g->n = 0;
		r = rtnl_dump_addresses(nl, note_address, g, &error);
	}
	if (!r)
		r = -EINTR;
	for (int i = 0; r == -EINTR && i < TRIES; i++)
		r = rtnl_dump_routes(nl, AF_UNSPEC, note_route, g, &error);
	return r;
}

/* An address of a link, this vault's or another's, has its host's end beside it, and nobody else. */
static bool is_of_link(const struct gathering *g, const struct addr *a)
{
	for (int f = 0; f < SPEC_FAMILIES; f++)
		if (addr_equal(&g->spec->link[f].host.addr, a))
			return true;
	return false;
}

int targets_gather(struct targets *t, const struct spec *spec, struct nl *nl)
{
	struct gathering g = { .t = t, .spec = spec };
	int r;

	t->n = 0;
	r = add_public(&g);
	for (size_t i = 0; i < spec->wg.n_peers; i++)
		if (spec->wg.peers[i].endpoint.addr.family)
			add(&g, TARGET_ENDPOINT, &spec->wg.peers[i].endpoint.addr);
	for (int f = 0; f < SPEC_FAMILIES; f++)
		if (spec->link[f].host.addr.family)
			add(&g, TARGET_HOST, &spec->link[f].host.addr);
	if (!r)
		r = read_host(&g, nl);
	for (size_t i = 0; !r && i < g.n; i++) {
		add(&g, TARGET_HOST, &g.list[i].address.addr);
		if (!is_of_link(&g, &g.list[i].address.addr))
			r = add_neighbour(&g, &g.list[i].address);
	}
	return r;
}

bool targets_has_unused(const struct targets *t, const struct addr *a)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].kind & (TARGET_PUBLIC | TARGET_LAN) &&
		    addr_equal(&t->list[i].addr, a))
			return true;
	return false;
}
