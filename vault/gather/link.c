/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/link.c: addresses for a vault's link that are nobody else's. */
/*
 * Theory of operation. What is somebody's is gone through once, thing by thing, each a prefix with
 * its words: addresses and routes in every table, policy rules, next hops, the host's resolvers,
 * links of other vaults, and what the tunnel leads to. Ends that words give may meet none of the
 * host's. Else the pairs that such a prefix meets are left out of the pools, however wide it is: a
 * pair inside a LAN's /8 would be the longer match, and somebody's address there: who is inside
 * would answer in his place (L33). The first pair that is left is shown to the kernel, whose word
 * is the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/gather/gather.h"
#include "vault/spec/state.h"

#define PAIRS_MAX 16384U /* of a /16; of the IPv6 pool the first */
#define PAIR_BITS 2U
#define WORDS_SIZE 160
#define RESOLV_MAX_BYTES (1U << 20)
#define SETTING_MAX_BYTES 64

/*
 * A route shorter than this is a part of the default: in halves, as OpenVPN has it, or in all that
 * is left without some network. The widest that somebody numbers hosts from is fc00::/7.
 */
#define NETWORK_BITS 7

static const char *const pool_texts[] = { "10.200.0.0/16", "172.31.252.0/22", "192.168.252.0/22",
					  "198.18.252.0/22", "fd76:6175:6c74::/48" };

/* What is in the way, with its words; family AF_UNSPEC: nothing. */
struct obstacle {
	struct prefix prefix;
	char words[WORDS_SIZE];
};

struct pool {
	struct prefix whole;
	size_t pairs;
	bool taken[PAIRS_MAX];
	struct obstacle widest; /* of what takes any of them */
};

struct survey {
	const struct spec *spec;
	struct session *w;
	uint32_t own; /* the index of the link that the vault has; 0: none */
	uint32_t index; /* of the interface whose name is in ifname */
	char ifname[IFNAMSIZ];
	struct obstacle given; /* the first of the host's that ends of words meet */
	struct prefix end; /* and which of them */
	struct pool pools[ARRAY_SIZE(pool_texts)];
};

static int init_pools(struct survey *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(pool_texts); i++) {
		struct pool *pool = &s->pools[i];
		unsigned int bits;

		if (prefix_parse(pool_texts[i], &pool->whole))
			return -EINVAL;
		bits = addr_bits(&pool->whole.addr) - pool->whole.len - PAIR_BITS;
		pool->pairs = bits < 14 ? 1UL << bits : PAIRS_MAX;
	}
	return 0;
}

/* How far A, an address of POOL, is from its first, counted in pairs; PAIRS_MAX: beyond the last. */
static size_t pair_of(const struct pool *pool, const struct addr *a)
{
	size_t pair = 0, size = addr_size(a);

	for (size_t i = pool->whole.len / 8U; i < size; i++) {
		uint8_t base = pool->whole.addr.bytes[i];

		if (pair >> (8 * sizeof(pair) - 8))
			return PAIRS_MAX;
		pair = pair << 8 | (uint8_t)(a->bytes[i] - base);
	}
	pair >>= PAIR_BITS;
	return pair < pool->pairs ? pair : PAIRS_MAX;
}

/* Marks the pairs of POOL that P meets. */
static void mark(struct pool *pool, const struct prefix *p)
{
	const unsigned int host_bits = addr_bits(&p->addr) - p->len;
	struct prefix low = *p;
	size_t first = 0, n = pool->pairs;

	if (p->len > pool->whole.len) {
		prefix_mask(&low);
		first = pair_of(pool, &low.addr);
		n = host_bits <= PAIR_BITS ? 1
		    : host_bits < 18       ? 1UL << (host_bits - PAIR_BITS)
					   : n;
	}
	for (size_t i = first; i < first + n && i < pool->pairs; i++)
		pool->taken[i] = true;
}

/* True when P is in the way of an end that words give. */
static bool meets_given(struct survey *s, const struct prefix *p)
{
	for (int f = 0; s->spec->link_given && f < ADDR_FAMILIES; f++) {
		const struct prefix *end = &s->spec->link[f].host;

		if (end->addr.family && prefix_overlaps(end, p)) {
			s->end = *end;
			return true;
		}
	}
	return false;
}

static void note(struct survey *s, const struct prefix *p, bool host, const char *format, ...)
	printf_like(4, 5);

/* P is somebody's: FORMAT says whose. HOST: the host would lose it, also where words ask for it. */
static void note(struct survey *s, const struct prefix *p, bool host, const char *format, ...)
{
	struct obstacle new = { .prefix = *p };
	va_list args;

	if (!p->addr.family || p->len < NETWORK_BITS)
		return;
	prefix_mask(&new.prefix);
	if (host && !s->given.prefix.addr.family && meets_given(s, p)) {
		va_start(args, format);
		vsnprintf(new.words, sizeof(new.words), format, args);
		va_end(args);
		s->given = new;
	}
	for (size_t i = 0; i < ARRAY_SIZE(s->pools); i++) {
		struct pool *pool = &s->pools[i];
		struct obstacle *widest = &pool->widest;

		if (!prefix_overlaps(&pool->whole, p))
			continue;
		mark(pool, p);
		if (widest->prefix.addr.family && widest->prefix.len <= p->len)
			continue;
		va_start(args, format);
		vsnprintf(new.words, sizeof(new.words), format, args);
		va_end(args);
		*widest = new;
	}
}

static void note_address(struct survey *s, const struct addr *a, bool host, const char *what)
{
	const struct prefix one = { .addr = *a, .len = addr_bits(a) };

	note(s, &one, host, "%s", what);
}

/* For words: what an interface that is gone meanwhile was called is not worth an error. */
static const char *name_of(struct survey *s, uint32_t index)
{
	if (index && s->index == index)
		return s->ifname;
	s->index = index;
	if (!if_indextoname(index, s->ifname))
		snprintf(s->ifname, sizeof(s->ifname), "%s", "an interface");
	return s->ifname;
}

/* True when what hangs on the link INDEX is the vault's own, or will be: what is to be adopted. */
static bool is_own(const struct survey *s, uint32_t index)
{
	return index && (index == s->own || index == s->spec->adopt_index);
}

static int note_network(const struct rtnl_address *address, void *arg)
{
	struct survey *s = arg;

	if (!is_own(s, address->index) && !addr_is_linklocal(&address->address.addr))
		note(s, &address->address, true, "the network of %s", name_of(s, address->index));
	return 0;
}

static bool is_null(const struct rtnl_route *route)
{
	return route->type == RTN_BLACKHOLE || route->type == RTN_UNREACHABLE ||
	       route->type == RTN_PROHIBIT || (!route->type && !route->index && !route->via.family);
}

/* What a null route has is nobody's; but where a rule leads there the link would not be asked. */
static int note_route(const struct rtnl_route *route, void *arg)
{
	struct survey *s = arg;

	if (route->type == RTN_THROW || is_own(s, route->index))
		return 0;
	note_address(s, &route->via, true, "the next hop of a route");
	if (is_null(route))
		note(s, &route->dst, false, "a route to nowhere (table %u)", route->table);
	else
		note(s, &route->dst, true, "a route by %s (table %u)", name_of(s, route->index),
		     route->table);
	return 0;
}

static int note_rule(const struct rtnl_rule *rule, void *arg)
{
	struct survey *s = arg;

	if (rule->to.addr.family && rule->table != RT_TABLE_MAIN && rule->table != RT_TABLE_LOCAL)
		note(s, &rule->to, true, "a policy rule of priority %u (ip rule)", rule->priority);
	return 0;
}

/* Words such as "nameserver 10.0.0.53" in a resolv.conf(5). One that is not there names none. */
static void note_nameservers(struct survey *s, const char *path)
{
	char *text = NULL, *rest, *line;
	size_t len = 0;

	if (file_read(path, RESOLV_MAX_BYTES, &text, &len))
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *words = NULL, *word = strtok_r(line, " \t", &words);
		struct addr a;

		if (!word || strcmp(word, "nameserver"))
			continue;
		word = strtok_r(NULL, " \t", &words);
		if (word && !addr_parse(word, &a))
			note_address(s, &a, true, "the host's nameserver");
	}
	free(text);
}

/* A server sends to where a key was heard from last: of two vaults with one key, one is answered. */
static void compare_keys(const struct spec *spec, const struct spec *other, struct problems *p)
{
	if (spec->has_tunnel && other->has_tunnel && !key_is_zero(&spec->wg.public_key) &&
	    key_equal(&spec->wg.public_key, &other->wg.public_key))
		problem_warn(
			p, 0,
			"the vault %s has the same private key: the server answers but the one "
			"that it heard last (a file of its own for each)",
			other->name);
}

/* Links of other vaults, also those that are away at this moment. Who may not read a description
 * (dry-run) sees the links that are there. */
static int note_vaults(struct survey *s, struct problems *p)
{
	char **names = NULL;
	ssize_t n = state_names(&names);
	int r = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; !r && i < n; i++) {
		struct spec other cleanup(spec_free) = { 0 };
		int err = strcmp(names[i], s->spec->name) ? state_load(names[i], &other) : -ENOENT;

		for (int f = 0; !err && f < ADDR_FAMILIES; f++)
			note(s, &other.link[f].host, true, "the link of vault %s", names[i]);
		if (!err)
			compare_keys(s->spec, &other, p);
		if (err == -ENOMEM)
			r = err;
	}
	state_names_free(names, n);
	return r;
}

/* What is reached by the tunnel, the leg or the link itself. */
static void note_own(struct survey *s)
{
	const struct spec *spec = s->spec;

	if (spec_has_leg(spec))
		note(s, &spec->leg.address, false, "the segment's network");
	for (size_t i = 0; i < spec->n_addresses; i++)
		note(s, &spec->addresses[i], false, "the tunnel's network");
	for (size_t i = 0; i < spec->n_dns; i++)
		note_address(s, &spec->dns[i], false, "the vault's resolver");
	for (size_t i = 0; i < spec->wg.n_peers; i++) {
		const struct wg_peer *peer = &spec->wg.peers[i];

		note_address(s, &peer->endpoint.addr, true, "a peer's endpoint");
		for (size_t j = 0; j < peer->n_allowed_ips; j++)
			note(s, &peer->allowed_ips[j], false, "a peer's AllowedIPs");
	}
	for (size_t i = 0; i < spec->reach.n_from; i++)
		note(s, &spec->reach.from[i], false, "accessible-from");
	for (size_t i = 0; i < spec->reach.n_holes; i++)
		note(s, &spec->reach.holes[i].to, false, "allow-to");
}

static int note_host(struct survey *s, struct nl_error *error)
{
	struct nl *nl = &s->w->host_route;
	int r = rtnl_dump_addresses(nl, note_network, s, error);

	for (size_t f = 0; !r && f < (ns_has_ipv6() ? 2U : 1U); f++) {
		uint8_t family = addr_families[f];

		r = rtnl_dump_rules(nl, family, note_rule, s, error);
		if (!r || r == -EOPNOTSUPP) /* a kernel without policy rules */
			r = rtnl_dump_tables(nl, family, note_route, s, error);
	}
	return r;
}

/* Goes through all that is somebody's. 0 or -errno, with the reason in P. */
static int look_around(struct survey *s, struct problems *p)
{
	struct nl_error error = { 0 };
	int r = note_vaults(s, p);

	if (r) {
		problem_error(p, 0, "reading %s: %s", STATE_DIR, strerror(-r));
		return r;
	}
	note_nameservers(s, "/etc/resolv.conf");
	note_nameservers(s, "/run/systemd/resolve/resolv.conf"); /* behind its 127.0.0.53 */
	note_own(s);
	r = note_host(s, &error);
	if (r)
		problem_error(p, 0, "reading the host's addresses and routes: %s %s", strerror(-r),
			      error.text);
	return r;
}

/* 0: the kernel has no way to A but the default. 1: another, which is noted. -errno. */
static int ask_kernel(struct survey *s, const struct addr *a)
{
	struct rtnl_route route = { .index = 0 };
	struct nl_error error = { 0 };
	int r = rtnl_match_route(&s->w->host_route, a, &route, &error);

	if (r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL)
		return 0; /* none; what forbids more than everything was found in tables and rules */
	if (r || route.dst.len < NETWORK_BITS || is_own(s, route.index))
		return r;
	note(s, &route.dst, true, "a route by %s (table %u)", name_of(s, route.index), route.table);
	return 1;
}

/* The I-th pair: the host's end first, then the vault's. */
static void take_pair(const struct pool *pool, size_t i, struct spec_link_ends *ends)
{
	ends->host.addr = addr_add(&pool->whole.addr, (uint32_t)(4 * i + 1));
	ends->vault.addr = addr_add(&pool->whole.addr, (uint32_t)(4 * i + 2));
	ends->host.len = ends->vault.len = (uint8_t)(addr_bits(&ends->host.addr) - PAIR_BITS);
}

/* 0 with a free pair of POOL in *ENDS, -EADDRNOTAVAIL: none is left, -errno. */
static int search_pool(struct survey *s, struct pool *pool, struct spec_link_ends *ends)
{
	for (size_t i = 0; i < pool->pairs; i++) {
		int r;

		if (pool->taken[i])
			continue;
		take_pair(pool, i, ends);
		r = ask_kernel(s, &ends->host.addr);
		if (!r)
			r = ask_kernel(s, &ends->vault.addr);
		if (r <= 0)
			return r;
		pool->taken[i] = true;
	}
	*ends = (struct spec_link_ends){ 0 };
	return -EADDRNOTAVAIL;
}

static int search_family(struct survey *s, uint8_t family, struct spec_link_ends *ends)
{
	int r = -EADDRNOTAVAIL;

	for (size_t i = 0; r == -EADDRNOTAVAIL && i < ARRAY_SIZE(s->pools); i++)
		if (s->pools[i].whole.addr.family == family)
			r = search_pool(s, &s->pools[i], ends);
	return r;
}

/* "in 10.200.0.0/16 is 10.0.0.0/8, the network of eth1; ...": the pools of FAMILY. */
static void say_what_is_taken(const struct survey *s, uint8_t family, struct str *out)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(s->pools); i++) {
		const struct obstacle *widest = &s->pools[i].widest;

		if (s->pools[i].whole.addr.family == family)
			str_addf(out, "%s%s overlaps %s (%s)", out->len ? "; " : "", pool_texts[i],
				 prefix_format(&widest->prefix, text), widest->words);
	}
}

/* An interface that comes now will have IPv6. */
static bool host_has_v6(void)
{
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;

	return !file_read("/proc/sys/net/ipv6/conf/default/disable_ipv6", SETTING_MAX_BYTES, &text,
			  &len) &&
	       !strcmp(text, "0\n");
}

/* Where the tunnel has it (L8), or words ask for it. */
static bool link_wants_v6(const struct spec *spec)
{
	return spec->link_given ? spec->link[ADDR_V6].host.addr.family
				: spec_tunnel_has(spec, AF_INET6) || spec_reaches(spec, AF_INET6);
}

/* Which families the link shall have and has not: IPv4 always, IPv6 where it wants and can. */
static bool lacks(const struct spec *spec, enum addr_family f)
{
	if (!spec->has_link || spec->link_given || spec->link[f].host.addr.family)
		return false;
	return f == ADDR_V4 || (link_wants_v6(spec) && host_has_v6());
}

void gather_families(struct spec *spec, struct problems *p)
{
	if (!spec->has_link || !link_wants_v6(spec) || host_has_v6())
		return;
	memset(&spec->link[ADDR_V6], 0, sizeof(spec->link[ADDR_V6]));
	problem_warn(
		p, 0,
		"the host has IPv6 off (net.ipv6.conf.default.disable_ipv6): the link has IPv4 "
		"alone%s",
		spec_reaches(spec, AF_INET6) ? ", and nothing is reached by IPv6" : "");
}

bool gather_wants_link(const struct spec *spec)
{
	return lacks(spec, ADDR_V4) || lacks(spec, ADDR_V6);
}

static int settle_family(struct survey *s, struct spec *spec, enum addr_family f,
			 struct problems *p)
{
	struct str taken cleanup(str_free) = STR_INIT;
	uint8_t family = addr_families[f];
	int r = lacks(spec, f) ? search_family(s, family, &spec->link[f]) : 0;

	if (r != -EADDRNOTAVAIL)
		return r;
	say_what_is_taken(s, family, &taken);
	/* The host reaches it by IPv4; without IPv6 it has what words ask for. */
	if (f == ADDR_V6 && !spec_reaches(spec, AF_INET6)) {
		problem_warn(p, 0, "no free pair of IPv6 addresses is left, the link has none: %s",
			     taken.s ? taken.s : "");
		return 0;
	}
	problem_error(p, 0,
		      "no free pair of addresses for the link is left: %s (give host-address and "
		      "vault-address, or no-link)",
		      taken.s ? taken.s : "");
	return r;
}

/* What is in the way of the ends that words give. */
static int refuse_given(const struct survey *s, struct problems *p)
{
	char end[PREFIX_STRLEN], text[PREFIX_STRLEN];

	if (!s->given.prefix.addr.family)
		return 0;
	problem_error(p, 0, "host-address %s overlaps %s, %s (give other addresses, or no-link)",
		      prefix_format(&s->end, end), prefix_format(&s->given.prefix, text),
		      s->given.words);
	return -EADDRINUSE;
}

/* Indexes out of a range that the kernel, which counts up from 1, does not reach: they must be free
 * where they go. */
static int settle_indexes(struct spec *spec)
{
	uint32_t random[5];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	spec->link_host_index = SPEC_FIRST_INDEX | (random[0] & 0x0ffffffeU);
	spec->tunnel_index = SPEC_FIRST_INDEX | (random[1] & 0x0ffffffeU) | 1U;
	spec->leg_host_index = 2 * SPEC_FIRST_INDEX | (random[2] & 0x0ffffffeU) | 1U;
	spec->link_index = 0x04000000U | (random[3] & 0x03ffffffU); /* listed before the leg, */
	spec->leg_index = 0x08000000U | (random[4] & 0x07ffffffU); /* and that before the tunnel */
	return 0;
}

int gather_link(struct spec *spec, uint32_t own, struct session *w, struct problems *p)
{
	struct survey *s cleanup(free_ptr) = NULL;
	int r = settle_indexes(spec);

	if (r || !spec->has_link)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->spec = spec;
	s->w = w;
	s->own = own;
	r = init_pools(s);
	if (!r)
		r = look_around(s, p);
	if (!r)
		r = refuse_given(s, p);
	if (!r)
		r = settle_family(s, spec, ADDR_V4, p);
	return r ? r : settle_family(s, spec, ADDR_V6, p);
}
