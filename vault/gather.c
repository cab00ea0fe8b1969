/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather.c: what only the host knows: endpoints' addresses, MTU, backend, free addresses. */
#include "vault/gather.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "lib/rtnl.h"
#include "lib/wg.h"
#include "vault/program.h"

#define OVERHEAD 80 /* what WireGuard adds to a packet over IPv6: 40 + 8 + 32 */
#define MTU_DEFAULT 1420
#define MTU_LEAST_V4 576
#define MTU_LEAST_V6 1280
#define DUMP_TRIES 8

/* The pools that links are numbered from: the I-th pair of both families, and how many there are. */
#define PAIRS 16384U
#define POOL4 "10.200.0.0/16"
#define POOL6 "fd76:6175:6c74::/48"

/* Connects a UDP socket, which sends nothing: -errno when there is no route, else the path's MTU in
 * *MTU. */
static int try_route(const struct sockaddr *sa, socklen_t len, int *mtu)
{
	int fd cleanup(close_fd) = socket(sa->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*mtu);
	bool v6 = sa->sa_family == AF_INET6;

	if (fd < 0)
		return -errno;
	if (connect(fd, sa, len))
		return -errno;
	if (getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, mtu, &size))
		return -errno;
	return 0;
}

static int try_address(const struct wg_endpoint *e, int *mtu)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(e->port),
				   .sin_addr = e->addr.v4 };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
				     .sin6_port = htons(e->port),
				     .sin6_addr = e->addr.v6,
				     .sin6_scope_id = e->scope };

	if (e->addr.family == AF_INET6)
		return try_route((struct sockaddr *)&sin6, sizeof(sin6), mtu);
	return try_route((struct sockaddr *)&sin, sizeof(sin), mtu);
}

static void take_address(struct wg_endpoint *e, const struct addrinfo *ai)
{
	memset(&e->addr, 0, sizeof(e->addr));
	e->addr.family = (uint8_t)ai->ai_family;
	if (ai->ai_family == AF_INET6) {
		const struct sockaddr_in6 *sin6 =
			(const struct sockaddr_in6 *)(const void *)ai->ai_addr;

		e->addr.v6 = sin6->sin6_addr;
		e->scope = sin6->sin6_scope_id;
	} else {
		e->addr.v4 = ((const struct sockaddr_in *)(const void *)ai->ai_addr)->sin_addr;
	}
}

/* Looks the endpoint's name up and takes its first address that there is a route to; without any,
 * its first. */
static int resolve(struct wg_endpoint *e, int *mtu, struct problems *p)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP };
	struct addrinfo *list = NULL;
	int r = getaddrinfo(e->host, NULL, &hints, &list);

	if (r) {
		problem_error(p, 0, "endpoint %s: %s (the host's resolver was asked)", e->host,
			      gai_strerror(r));
		return -EHOSTUNREACH;
	}
	r = -ENETUNREACH;
	for (const struct addrinfo *ai = list; r && ai; ai = ai->ai_next) {
		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		take_address(e, ai);
		r = try_address(e, mtu);
	}
	for (const struct addrinfo *ai = list; r && ai; ai = ai->ai_next)
		if (ai->ai_family == AF_INET || ai->ai_family == AF_INET6) {
			take_address(e, ai);
			break;
		}
	freeaddrinfo(list);
	return e->addr.family ? 0 : -EHOSTUNREACH;
}

/* Settles every endpoint; *MTU becomes the smallest of the paths', or 0 when there is none. */
static int settle_endpoints(struct spec *spec, int *mtu, struct problems *p)
{
	*mtu = 0;
	for (size_t i = 0; i < spec->wg.n_peers; i++) {
		struct wg_endpoint *e = &spec->wg.peers[i].endpoint;
		int path = 0, r = 0;

		if (!e->port)
			continue;
		if (e->host)
			r = resolve(e, &path, p);
		else if (try_address(e, &path))
			path = 0; /* no route now: the tunnel waits for one, sealed */
		if (r)
			return r;
		if (path && (!*mtu || path < *mtu))
			*mtu = path;
	}
	return 0;
}

static void settle_mtu(struct spec *spec, int path)
{
	int least = spec_uses(spec, AF_INET6) ? MTU_LEAST_V6 : MTU_LEAST_V4;
	int mtu = path ? path - OVERHEAD : MTU_DEFAULT;

	if (spec->mtu)
		return;
	spec->mtu = (uint16_t)(mtu < least                   ? least
			       : mtu > UINT16_MAX - OVERHEAD ? UINT16_MAX - OVERHEAD
							     : mtu);
}

static int find_program(struct spec *spec, struct problems *p)
{
	char *path = NULL;
	int r = program_find(spec->program, &path);

	if (r == -ENOENT && spec->program)
		problem_error(p, 0, "userspace %s: no such program", spec->program);
	else if (r == -ENOENT)
		problem_error(
			p, 0,
			"this kernel has no WireGuard and no userspace one is on PATH (install wireguard-go)");
	else if (r)
		problem_error(p, 0, "userspace: %s", strerror(-r));
	if (r)
		return r;
	free(spec->program);
	spec->program = path;
	spec->backend = SPEC_BACKEND_USERSPACE;
	return 0;
}

/* The kernel's WireGuard unless words ask for another; asking loads its module. */
static int settle_backend(struct spec *spec, struct world *w, struct problems *p)
{
	struct nl genl cleanup(nl_close) = NL_CLOSED;
	struct nl_error error = { 0 };
	int r;

	if (spec->backend == SPEC_BACKEND_USERSPACE)
		return find_program(spec, p);
	r = nl_open(&genl, NETLINK_GENERIC);
	if (!r)
		r = wg_family(&genl, &w->wg_family, &error);
	if (!r) {
		spec->backend = SPEC_BACKEND_KERNEL;
		return 0;
	}
	if (r == -ENOENT && spec->backend == SPEC_BACKEND_AUTO)
		return find_program(spec, p);
	if (r == -ENOENT)
		problem_error(
			p, 0,
			"this kernel has no WireGuard (leave `userspace never` out, or load its module)");
	else
		problem_error(p, 0, "asking for the kernel's WireGuard: %s %s", strerror(-r),
			      error.text);
	return r;
}

int gather_tunnel(struct spec *spec, struct world *w, struct problems *p)
{
	int mtu, r;

	if (!spec->has_tunnel)
		return 0;
	r = settle_endpoints(spec, &mtu, p);
	if (r)
		return r;
	settle_mtu(spec, mtu);
	return settle_backend(spec, w, p);
}

/* Which pairs of the pools are taken, by a route of the host or by the tunnel itself. */
struct pool {
	struct prefix whole[SPEC_FAMILIES];
	bool taken[PAIRS];
};

/* Marks the pairs that P overlaps. A prefix as wide as the pool, or wider, takes none: the pair is
 * the longer match. */
static void mark(struct pool *pool, const struct prefix *p)
{
	enum spec_family f = p->addr.family == AF_INET6 ? SPEC_V6 : SPEC_V4;
	const struct prefix *whole = &pool->whole[f];
	struct prefix low = *p;
	uint64_t first = 0, count;
	size_t size = addr_size(&p->addr);

	if (!prefix_contains(whole, &p->addr) || p->len <= whole->len)
		return;
	prefix_mask(&low);
	for (size_t i = whole->len / 8U; i < size; i++) {
		if (first >> 32)
			return; /* beyond the last pair */
		first = first << 8 | low.addr.bytes[i];
	}
	count = addr_bits(&p->addr) - p->len > 20 ? PAIRS
						  : 1ULL << (addr_bits(&p->addr) - p->len) >> 2;
	for (uint64_t i = first / 4; i <= first / 4 + (count ? count - 1 : 0) && i < PAIRS; i++)
		pool->taken[i] = true;
}

static int mark_route(const struct rtnl_route *route, void *pool)
{
	mark(pool, &route->dst);
	return 0;
}

static void mark_own(struct pool *pool, const struct spec *spec)
{
	if (spec_has_leg(spec))
		mark(pool, &spec->leg.address);
	for (size_t i = 0; i < spec->n_addresses; i++)
		mark(pool, &spec->addresses[i]);
	for (size_t i = 0; i < spec->n_dns; i++) {
		struct prefix one = { .addr = spec->dns[i], .len = addr_bits(&spec->dns[i]) };

		mark(pool, &one);
	}
}

/*
 * The I-th pair: the host's end first, then the vault's. Both families take the same I, so the IPv4
 * routes tell which are taken in the IPv6 pool, which is nobody else's.
 */
static void take_pair(struct spec *spec, const struct pool *pool, enum spec_family f, uint32_t i)
{
	struct spec_link_ends *ends = &spec->link[f];

	ends->host.addr = addr_add(&pool->whole[f].addr, 4 * i + 1);
	ends->vault.addr = addr_add(&pool->whole[f].addr, 4 * i + 2);
	ends->host.len = ends->vault.len = (uint8_t)(addr_bits(&ends->host.addr) - 2);
}

/* Which families the link shall have and has not: IPv4 always, IPv6 where the tunnel has it (L8),
 * or words ask for it. */
static bool lacks(const struct spec *spec, enum spec_family f)
{
	if (!spec->has_link || spec->link_given || spec->link[f].host.addr.family)
		return false;
	return f == SPEC_V4 || spec_tunnel_has(spec, AF_INET6) || spec_reaches(spec, AF_INET6);
}

bool gather_wants_link(const struct spec *spec)
{
	return lacks(spec, SPEC_V4) || lacks(spec, SPEC_V6);
}

static int settle_pairs(struct spec *spec, const struct pool *pool, struct problems *p)
{
	bool v4 = lacks(spec, SPEC_V4), v6 = lacks(spec, SPEC_V6);
	uint32_t i = 0;

	if (!v4 && !v6)
		return 0;
	while (i < PAIRS && pool->taken[i])
		i++;
	if (i == PAIRS) {
		problem_error(p, 0,
			      "no free pair of addresses is left in " POOL4 " and " POOL6
			      " (give host-address and vault-address)");
		return -EADDRNOTAVAIL;
	}
	if (v4)
		take_pair(spec, pool, SPEC_V4, i);
	if (v6)
		take_pair(spec, pool, SPEC_V6, i);
	return 0;
}

static int pool_init(struct pool **pool)
{
	*pool = calloc(1, sizeof(**pool));
	if (!*pool)
		return -ENOMEM;
	if (prefix_parse(POOL4, &(*pool)->whole[SPEC_V4]) ||
	    prefix_parse(POOL6, &(*pool)->whole[SPEC_V6]))
		return -EINVAL;
	return 0;
}

/* Indexes out of a range that the kernel, which counts up from 1, does not reach: they must be free
 * where they go. */
static int settle_indexes(struct spec *spec)
{
	uint32_t random[5];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	spec->host_index = 0x10000000U | (random[0] & 0x0ffffffeU);
	spec->tunnel_index = 0x10000000U | (random[1] & 0x0ffffffeU) | 1U;
	spec->port_index = 0x20000000U | (random[2] & 0x0ffffffeU) | 1U;
	spec->link_index = 0x04000000U | (random[3] & 0x03ffffffU); /* listed before the leg, */
	spec->leg_index = 0x08000000U | (random[4] & 0x07ffffffU); /* and that before the tunnel */
	return 0;
}

int gather_link(struct spec *spec, struct world *w, struct problems *p)
{
	struct pool *pool cleanup(free_ptr) = NULL;
	struct nl_error error = { 0 };
	int r = settle_indexes(spec);

	if (r || !spec->has_link)
		return r;
	r = pool_init(&pool);
	if (!r)
		r = -EINTR;
	for (int tries = 0; r == -EINTR && tries < DUMP_TRIES; tries++)
		r = rtnl_dump_routes(&w->host_route, AF_INET, mark_route, pool, &error);
	if (r) {
		problem_error(p, 0, "reading the host's routes: %s %s", strerror(-r), error.text);
		return r;
	}
	mark_own(pool, spec);
	return settle_pairs(spec, pool, p);
}
