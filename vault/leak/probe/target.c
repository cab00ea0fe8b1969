/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/target.c: where to the probes send. */
#include "vault/leak/probe/target.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/neigh.h"
#include "lib/rtnl.h"

#define TRIES 8
#define EACH_MAX 6U /* of one kind and family */

struct gathering {
	struct targets *t;
	const struct spec *spec;
	struct rtnl_address list[64];
	size_t n;
	struct addr known[256]; /* neighbours of the host; more are left out */
	size_t n_known;
};

/* What words let the vault open connections to is no target. */
static bool is_allowed(const struct spec *spec, const struct addr *a)
{
	for (size_t i = 0; i < spec->reach.n_holes; i++)
		if (prefix_contains(&spec->reach.holes[i].to, a))
			return true;
	return false;
}

static void add_by(struct gathering *g, unsigned int kind, const struct addr *a, uint32_t index)
{
	struct targets *t = g->t;
	size_t same = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->list[i].kind == kind && addr_equal(&t->list[i].addr, a))
			return;
		same += t->list[i].kind == kind && t->list[i].addr.family == a->family;
	}
	if (t->n < TARGET_MAX && same < EACH_MAX && !is_allowed(g->spec, a))
		t->list[t->n++] = (struct target){ .kind = kind, .addr = *a, .index = index };
}

static void add(struct gathering *g, unsigned int kind, const struct addr *a)
{
	add_by(g, kind, a, 0);
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

static bool is_host_address(const struct gathering *g, const struct addr *a)
{
	for (size_t i = 0; i < g->n; i++)
		if (addr_equal(&g->list[i].address.addr, a))
			return true;
	return false;
}

/* The vault's own addresses, and whom its description names. */
static bool is_of_vault(const struct spec *spec, const struct addr *a)
{
	for (size_t i = 0; i < spec->n_addresses; i++)
		if (addr_equal(&spec->addresses[i].addr, a))
			return true;
	for (size_t i = 0; i < spec->n_dns; i++)
		if (addr_equal(&spec->dns[i], a))
			return true;
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (addr_equal(&spec->link[f].vault.addr, a))
			return true;
	return addr_equal(&spec->leg.address.addr, a);
}

/* Nobody's: not the host's, not the vault's, no target for being somebody's; and nobody the host
 * has spoken with. */
static bool is_somebodys(const struct gathering *g, const struct addr *a)
{
	for (size_t i = 0; i < g->n_known; i++)
		if (addr_equal(&g->known[i], a))
			return true;
	return is_host_address(g, a) || is_of_vault(g->spec, a) ||
	       targets_has(g->t, TARGET_HOST | TARGET_ENDPOINT | TARGET_GATEWAY, a);
}

static const char *const documentation[] = { "203.0.113.0/24", "2001:db8::/32" };

/* An address of a network that is kept for documentation, nobody's. 0 or -errno. */
static int choose_public(const struct gathering *g, const char *network, struct addr *out)
{
	struct prefix p;
	int r = prefix_parse(network, &p);

	for (int i = 0; !r && i < TRIES; i++) {
		r = randomise(&p.addr, p.len);
		if (!r && !is_somebodys(g, &p.addr))
			break;
	}
	*out = p.addr;
	return r;
}

static int add_public(struct gathering *g)
{
	int r = 0;

	for (size_t f = 0; !r && f < ARRAY_SIZE(documentation); f++) {
		struct addr a;

		r = choose_public(g, documentation[f], &a);
		if (r)
			break;
		add(g, TARGET_PUBLIC, &a);
		do
			r = choose_public(g, documentation[f], &g->t->stranger[f]);
		while (!r && addr_equal(&g->t->stranger[f], &a));
	}
	return r;
}

/* One beside the host's: not its network's first or last. */
static int add_neighbour(struct gathering *g, const struct prefix *p, uint32_t index)
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
		if (addr_equal(&a, &low.addr) || addr_equal(&a, &last) || is_somebodys(g, &a))
			continue;
		add_by(g, TARGET_LAN, &a, index);
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

static int note_neighbour(const struct addr *a, void *arg)
{
	struct gathering *g = arg;

	if (g->n_known < ARRAY_SIZE(g->known))
		g->known[g->n_known++] = *a;
	return 0;
}

static int read_host(struct gathering *g, struct nl *nl)
{
	struct nl_error error = { 0 };
	int r = rtnl_dump_addresses(nl, note_address, g, &error);

	if (!r)
		r = rtnl_dump_routes(nl, AF_UNSPEC, note_route, g, &error);
	return r ? r : neigh_dump(nl, note_neighbour, g, &error);
}

/* An address of a link, this vault's or another's, has its host's end beside it, and nobody else. */
static bool is_of_link(const struct gathering *g, const struct addr *a)
{
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (addr_equal(&g->spec->link[f].host.addr, a))
			return true;
	return false;
}

int targets_gather(struct targets *t, const struct spec *spec, struct nl *nl)
{
	struct gathering g = { .t = t, .spec = spec };
	int r;

	t->n = 0;
	for (size_t i = 0; i < spec->wg.n_peers; i++)
		if (spec->wg.peers[i].endpoint.addr.family)
			add(&g, TARGET_ENDPOINT, &spec->wg.peers[i].endpoint.addr);
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (spec->link[f].host.addr.family)
			add(&g, TARGET_HOST, &spec->link[f].host.addr);
	r = read_host(&g, nl);
	if (!r)
		r = add_public(&g);
	for (size_t i = 0; !r && i < g.n; i++) {
		add(&g, TARGET_HOST, &g.list[i].address.addr);
		if (!is_of_link(&g, &g.list[i].address.addr))
			r = add_neighbour(&g, &g.list[i].address, g.list[i].index);
	}
	return r;
}

bool targets_has(const struct targets *t, unsigned int kinds, const struct addr *a)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].kind & kinds && addr_equal(&t->list[i].addr, a))
			return true;
	return false;
}
