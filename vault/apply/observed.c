/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/observed.c: what the kernel has of a vault: its links, addresses, routes, rules and
 * tunnel, read once. */
#include "vault/apply/observed.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"
#include "lib/uapi.h"
#include "lib/wg.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"
#include "vault/seal/seal.h"

#define ANSWER_SECONDS 5

static int add_link(const struct rtnl_link *link, void *arg)
{
	struct observed *s = arg;

	return list_append(&s->links, &s->n_links, sizeof(*link), link);
}

static int add_address(const struct rtnl_address *address, void *arg)
{
	struct rtnl_address copy = *address;
	struct observed *s = arg;

	copy.told = NULL;
	return list_append(&s->addresses, &s->n_addresses, sizeof(copy), &copy);
}

static int add_route(const struct rtnl_route *route, void *arg)
{
	struct rtnl_route copy = *route;
	struct observed *s = arg;

	copy.told = NULL;
	return list_append(&s->routes, &s->n_routes, sizeof(copy), &copy);
}

static int add_host_link(const struct rtnl_link *link, void *arg)
{
	struct observed_host *host = arg;

	return list_append(&host->links, &host->n_links, sizeof(*link), link);
}

static int add_host_address(const struct rtnl_address *address, void *arg)
{
	struct rtnl_address copy = *address;
	struct observed_host *host = arg;

	copy.told = NULL;
	return list_append(&host->addresses, &host->n_addresses, sizeof(copy), &copy);
}

static int take_host_interfaces(struct session *w, struct observed_host *host,
				struct nl_error *error)
{
	int r;

	if (host->has_interfaces)
		return 0;
	host->n_links = host->n_addresses = 0;
	r = rtnl_dump_links(&w->host_route, add_host_link, host, error);
	if (!r)
		r = rtnl_dump_addresses(&w->host_route, add_host_address, host, error);
	host->has_interfaces = !r;
	return r;
}

static int take_interfaces(struct session *w, const struct spec *spec, struct observed *s,
			   struct nl_error *error)
{
	int r = rtnl_dump_links(&w->vault_route, add_link, s, error);

	if (!r)
		r = rtnl_dump_addresses(&w->vault_route, add_address, s, error);
	if (!r)
		r = rtnl_dump_tables(&w->vault_route, AF_INET, add_route, s, error);
	if (!r)
		r = rtnl_dump_tables(&w->vault_route, AF_INET6, add_route, s, error);
	if (!r && (spec->has_link || spec_has_leg(spec)))
		r = take_host_interfaces(w, s->host, error);
	return r;
}

/* The sets that the guard's rules leave empty hold what each vault is allowed: apply/kind/guard.c
 * asks for these elements, as it knows whose they are. */
static void leave_out_grants(struct ruleset *guard)
{
	size_t kept = 0;

	for (size_t i = 0; i < guard->n_sets; i++)
		if (guard->sets[i].n_elements)
			guard->sets[kept++] = guard->sets[i];
	guard->n_sets = kept;
}

static int take_guard(struct session *w, enum seal_guard guard, struct observed_guard *out,
		      struct nl_error *error)
{
	struct ruleset rs;
	int r;

	if (out->has_rules)
		return 0;
	seal_build_guard(guard, &rs);
	leave_out_grants(&rs);
	r = rs.err ? rs.err : nftlook_dump(&w->host_nft, &rs, 1, &out->rules, error);
	ruleset_free(&rs);
	if (r)
		nftlook_free(&out->rules);
	out->has_rules = !r;
	return r;
}

static int take_rules(struct session *w, const struct spec *spec, struct observed *s,
		      struct nl_error *error)
{
	struct ruleset rs[SEAL_TABLES] = { 0 };
	int r = 0;

	for (unsigned int t = 0; t < SEAL_TABLES; t++) {
		if (seal_wants(spec, t))
			seal_build(spec, t, &rs[t]);
		r = r ? r : rs[t].err;
	}
	if (!r)
		r = nftlook_dump(&w->vault_nft, rs, SEAL_TABLES, &s->rules, error);
	for (unsigned int t = 0; t < SEAL_TABLES; t++)
		ruleset_free(&rs[t]);
	for (unsigned int g = 0; !r && g < SEAL_GUARDS; g++)
		if (seal_wants_guard(spec, g))
			r = take_guard(w, g, &s->host->guards[g], error);
	return r;
}

/* No device, nobody who listens, or a program that ended before it had answered. */
static bool is_silence(int err)
{
	return err == -ENOENT || err == -ENODEV || err == -EOPNOTSUPP || err == -ECONNREFUSED ||
	       err == -ECONNRESET || err == -EPIPE;
}

int observed_ask_tunnel(struct nl *genl, uint16_t family, const struct spec *spec,
			struct wg_device *out, struct nl_error *error)
{
	int fd cleanup(close_fd) = -1;

	if (spec->backend == SPEC_BACKEND_KERNEL)
		return wg_get(genl, family, spec->tunnel_if, out, error);
	*error = (struct nl_error){ .err = 0 };
	fd = uapi_connect(spec->tunnel_if, ANSWER_SECONDS, NULL);
	return fd < 0 ? fd : uapi_get(fd, out);
}

/* A tunnel that is not there, or whose program does not answer, is no error: has_wg says so. */
static int take_tunnel(struct session *w, const struct spec *spec, struct observed *s,
		       struct nl_error *error)
{
	int r = observed_ask_tunnel(&w->vault_wg, w->wg_family, spec, &s->wg, error);

	s->has_wg = !r;
	return is_silence(r) ? 0 : r;
}

int observed_take(struct session *w, const struct spec *spec, struct observed *out,
		  char why[static 256])
{
	struct nl_error error = { 0 };
	int r;

	memset(out, 0, sizeof(*out));
	out->host = w->host ? w->host : &out->own;
	r = take_interfaces(w, spec, out, &error);
	if (!r)
		r = nftlook_generation(&w->vault_nft, &w->generation,
				       &error); /* before: what comes later shows */
	if (!r)
		r = take_rules(w, spec, out, &error);
	if (!r && spec->has_tunnel)
		r = take_tunnel(w, spec, out, &error);
	if (r) {
		snprintf(why, 256, "reading what there is: %s %.180s", strerror(-r), error.text);
		observed_free(out);
	}
	return r;
}

void observed_free_host(struct observed_host *host)
{
	free(host->links);
	free(host->addresses);
	for (unsigned int g = 0; g < SEAL_GUARDS; g++) {
		nftlook_free(&host->guards[g].rules);
		ruleset_free(&host->guards[g].grants);
	}
	memset(host, 0, sizeof(*host));
}

void observed_free(struct observed *observed)
{
	free(observed->links);
	free(observed->addresses);
	free(observed->routes);
	nftlook_free(&observed->rules);
	observed_free_host(&observed->own);
	wg_device_free(&observed->wg);
	memset(observed, 0, sizeof(*observed));
}

/* Takes out of the list of N elements of SIZE those whose index, at offset AT, is GONE. Returns how
 * many stay. */
static size_t forget(void *list, size_t n, size_t size, size_t at, uint32_t gone)
{
	char *base = list;
	uint32_t index;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		memcpy(&index, base + i * size + at, sizeof(index));
		if (index != gone)
			memmove(base + kept++ * size, base + i * size, size);
	}
	return kept;
}

void observed_forget_link(struct observed *s, uint32_t index, const char *table)
{
	char key[64];

	s->n_links = forget(s->links, s->n_links, sizeof(*s->links),
			    offsetof(struct rtnl_link, index), index);
	s->n_addresses = forget(s->addresses, s->n_addresses, sizeof(*s->addresses),
				offsetof(struct rtnl_address, index), index);
	s->n_routes = forget(s->routes, s->n_routes, sizeof(*s->routes),
			     offsetof(struct rtnl_route, index), index);
	snprintf(key, sizeof(key), "netdev %s", table);
	nftlook_forget(&s->rules, key); /* the kernel took its chain away with it */
}

bool observed_route_is(const struct rtnl_route *route, const struct obj_route *wanted)
{
	/* The kernel gives an IPv6 route without a metric 1024, and an unreachable one the
	 * loopback's index. */
	uint32_t metric =
		wanted->metric || wanted->dst.addr.family == AF_INET ? wanted->metric : 1024;

	return !route->type && !route->by_kernel && route->table == RT_TABLE_MAIN &&
	       addr_equal(&route->via, &wanted->via) && !route->prefsrc.family &&
	       prefix_equal(&route->dst, &wanted->dst) && route->index == wanted->index &&
	       route->metric == metric;
}

bool observed_is_own(const struct rtnl_link *link, const char *kind, const char *alias)
{
	if (strcmp(link->kind, kind) != 0)
		return false;
	if (!strncmp(link->alias, SPEC_ALIAS_PREFIX, strlen(SPEC_ALIAS_PREFIX)))
		return !strcmp(link->alias, alias);
	return link->index >= SPEC_FIRST_INDEX;
}

/* The route that the kernel makes for the address itself, or for its network. */
static bool has_kernel_route(const struct observed *s, const struct rtnl_address *a, bool local)
{
	struct prefix dst = a->address;

	if (local)
		dst.len = addr_bits(&dst.addr);
	prefix_mask(&dst);
	for (size_t i = 0; i < s->n_routes; i++) {
		const struct rtnl_route *route = &s->routes[i];

		if (route->index == a->index && prefix_equal(&route->dst, &dst) &&
		    route->table == (local ? RT_TABLE_LOCAL : RT_TABLE_MAIN))
			return true;
	}
	return false;
}

static bool is_link_up(const struct observed *s, uint32_t index)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i].index == index)
			return s->links[i].flags & IFF_UP;
	return false;
}

const char *observed_address_fault(const struct observed *s, const struct rtnl_address *a)
{
	bool v4 = a->address.addr.family == AF_INET;

	if (a->peer.family)
		return "it has a peer's address";
	if (a->has_broadcast)
		return "it has a broadcast address";
	if (v4 && a->scope != RT_SCOPE_UNIVERSE)
		return "its scope is not global";
	if (!(a->flags & IFA_F_PERMANENT))
		return "its lifetime ends";
	if (a->flags & IFA_F_DADFAILED)
		return "another has it";
	if (!is_link_up(s, a->index))
		return NULL; /* routes come with the link */
	/* The one for an IPv6 address comes a moment after the address. */
	if (v4 && !has_kernel_route(s, a, true))
		return "the kernel's route to it is missing";
	if (a->address.len < addr_bits(&a->address.addr) && !has_kernel_route(s, a, false))
		return "the kernel's route to its network is missing";
	return NULL;
}

const struct rtnl_link *observed_link(const struct rtnl_link *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}
