/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/gather.c: what only the host knows of a tunnel: endpoints' addresses, MTU, backend. */
#include "vault/gather/gather.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/ns.h"
#include "lib/wg.h"
#include "vault/apply/handshake.h"
#include "vault/apply/observed.h"
#include "vault/proc/program.h"

#define OVERHEAD 80 /* what WireGuard adds to a packet over IPv6: 40 + 8 + 32 */
#define MTU_DEFAULT 1420
#define MTU_LEAST_V4 576
#define MTU_LEAST_V6 1280

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
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&e->addr, e->scope, e->port, &sa);

	return try_route((const struct sockaddr *)&sa, len, mtu);
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

/* The peer of the vault OLD (or NULL) whose endpoint had this name when that was made, or NULL. */
static const struct wg_peer *find_before(const struct spec *old, const struct wg_endpoint *e)
{
	for (size_t i = 0; old && i < old->wg.n_peers; i++) {
		const struct wg_endpoint *had = &old->wg.peers[i].endpoint;

		if (had->host && had->addr.family && !strcmp(had->host, e->host))
			return &old->wg.peers[i];
	}
	return NULL;
}

static bool has_names(const struct spec *spec)
{
	for (size_t i = 0; i < spec->wg.n_peers; i++)
		if (spec->wg.peers[i].endpoint.host)
			return true;
	return false;
}

static int open_genl(void *arg)
{
	return nl_open(arg, NETLINK_GENERIC);
}

/* The tunnel of the vault OLD as it is now; without peers where it cannot be asked. */
static void ask_tunnel(const struct spec *old, const struct session *w, struct wg_device *out)
{
	int ns cleanup(close_fd) = ns_open_name(old->name);
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	struct nl_error error;

	if (ns < 0 || ns_run(ns, open_genl, &nl) ||
	    observed_ask_tunnel(&nl, w->wg_family, old, out, &error))
		wg_device_free(out);
}

/* True when the peer HAD has answered at its endpoint not long ago, as THERE tells. */
static bool answers(const struct wg_peer *had, const struct wg_device *there)
{
	for (size_t i = 0; i < there->n_peers; i++) {
		const struct wg_peer *peer = &there->peers[i];

		if (key_equal(&peer->public_key, &had->public_key) &&
		    addr_equal(&peer->endpoint.addr, &had->endpoint.addr) &&
		    peer->endpoint.port == had->endpoint.port)
			return peer->last_handshake > time(NULL) - HANDSHAKE_FRESH_SECONDS;
	}
	return false;
}

static void take_had(struct wg_endpoint *e, const struct wg_endpoint *had)
{
	e->addr = had->addr;
	e->scope = had->scope;
}

/* What cannot be looked up now stays as it is. */
static int keep_address(struct wg_endpoint *e, const struct wg_endpoint *had, int failure, int *mtu,
			struct problems *p)
{
	char text[ADDR_STRLEN];

	if (!had) {
		problem_error(p, 0, "endpoint %s: %s (the host's resolver was asked)", e->host,
			      gai_strerror(failure));
		return -EHOSTUNREACH;
	}
	take_had(e, had);
	if (try_address(e, mtu))
		*mtu = 0;
	problem_warn(p, 0, "endpoint %s: %s (the host's resolver was asked): it stays %s", e->host,
		     gai_strerror(failure), addr_format(&e->addr, text));
	return 0;
}

static bool has_address(const struct addrinfo *list, const struct wg_endpoint *had)
{
	struct wg_endpoint one = { .port = 0 };

	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		take_address(&one, ai);
		if (addr_equal(&one.addr, &had->addr))
			return true;
	}
	return false;
}

/*
 * Looks the endpoint's name up and takes the address it had, where that is one of several and the
 * peer answers there by THERE: names that go by turns would end what runs each time. Else its first
 * address that there is a route to; without any, the one it had, or else its first.
 */
static int resolve(struct wg_endpoint *e, const struct spec *old, const struct wg_device *there,
		   int *mtu, struct problems *p)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP };
	const struct wg_peer *before = find_before(old, e);
	const struct wg_endpoint *had = before ? &before->endpoint : NULL;
	struct addrinfo *list = NULL;
	int r = getaddrinfo(e->host, NULL, &hints, &list);

	if (r)
		return keep_address(e, had, r, mtu, p);
	r = -ENETUNREACH;
	if (had && answers(before, there) && has_address(list, had)) {
		take_had(e, had);
		r = try_address(e, mtu);
	}
	for (const struct addrinfo *ai = list; r && ai; ai = ai->ai_next) {
		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		take_address(e, ai);
		r = try_address(e, mtu);
	}
	if (r && had && has_address(list, had)) {
		take_had(e, had);
		r = 0;
		*mtu = 0;
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
static int settle_endpoints(struct spec *spec, const struct spec *old,
			    const struct wg_device *there, int *mtu, struct problems *p)
{
	*mtu = 0;
	for (size_t i = 0; i < spec->wg.n_peers; i++) {
		struct wg_endpoint *e = &spec->wg.peers[i].endpoint;
		int path = 0, r = 0;

		if (!e->port)
			continue;
		if (e->host)
			r = resolve(e, old, there, &path, p);
		else if (try_address(e, &path))
			path = 0; /* no route now: the tunnel waits for one, sealed */
		if (r)
			return r;
		if (path && (!*mtu || path < *mtu))
			*mtu = path;
	}
	return 0;
}

/* Without a path there is nothing to know it by: then it stays as it is. */
static void settle_mtu(struct spec *spec, const struct spec *old, int path)
{
	int least = spec_uses(spec, AF_INET6) ? MTU_LEAST_V6 : MTU_LEAST_V4;
	int mtu = path ? path - OVERHEAD : MTU_DEFAULT;

	if (!spec->mtu && !path && old)
		spec->mtu = old->mtu;
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
int gather_backend(struct spec *spec, struct session *w, struct problems *p)
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

/* On a kernel without IPv6 the tunnel has IPv4 alone: nothing of the other family can get out. */
static int leave_out_v6(struct spec *spec, struct problems *p)
{
	size_t n = 0, n_dns = 0;

	if (ns_has_ipv6() || !spec_tunnel_has(spec, AF_INET6))
		return 0;
	for (size_t i = 0; i < spec->n_addresses; i++)
		if (spec->addresses[i].addr.family == AF_INET)
			spec->addresses[n++] = spec->addresses[i];
	for (size_t i = 0; i < spec->n_dns; i++)
		if (spec->dns[i].family == AF_INET)
			spec->dns[n_dns++] = spec->dns[i];
	if (!n || (spec->n_dns && !n_dns)) {
		problem_error(
			p, 0,
			"this kernel has no IPv6, and the tunnel no IPv4 %s (ipv6.disable=1 is "
			"on its command line?)",
			n ? "resolver" : "address");
		return -EAFNOSUPPORT;
	}
	spec->n_addresses = n;
	spec->n_dns = n_dns;
	problem_warn(p, 0, "this kernel has no IPv6: the tunnel has IPv4 alone");
	return 0;
}

int gather_tunnel(struct spec *spec, const struct spec *old, struct session *w, struct problems *p)
{
	struct wg_device there cleanup(wg_device_free) = { .flags = 0 };
	int mtu, r;

	if (!spec->has_tunnel)
		return 0;
	r = leave_out_v6(spec, p);
	if (!r)
		r = gather_backend(spec, w, p);
	if (!r && old && old->has_tunnel && has_names(old))
		ask_tunnel(old, w, &there);
	if (!r)
		r = settle_endpoints(spec, old, &there, &mtu, p);
	if (!r)
		settle_mtu(spec, old, mtu);
	return r;
}
