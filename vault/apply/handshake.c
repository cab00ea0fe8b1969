/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/handshake.c: has a peer of the tunnel answered? Makes it so that one can.
 *
 * WireGuard is silent until there is something to send: so a datagram is sent, from inside, bound
 * to the tunnel. Setting a keepalive would do the same, but it changes the configuration, and a
 * kill at the wrong moment would leave it changed. The datagram is for nobody: where a peer takes
 * them, to an address that documentation uses and nobody has; else to the first of those that the
 * peer takes. It goes to port 9, discard. So any family will do, whatever AllowedIPs are, and what
 * becomes of it beyond the peer does not matter.
 */
#include "vault/apply/handshake.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/ns.h"
#include "lib/str.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/proc/signals.h"
#include "vault/report.h"

#define DISCARD 9
#define LOOK_NSEC 50000000L /* how often to look */
#define SEND_SECONDS 5 /* WireGuard itself asks again for 90 s, then wants another datagram */

static const char *const nobody[] = { "192.0.2.1", "2001:db8::1" }; /* RFC 5737, RFC 3849 */

bool handshake_has_keys(const struct wg_device *want, const struct wg_device *have)
{
	if (memcmp(&want->private_key, &have->private_key, sizeof(want->private_key)) != 0)
		return false;
	for (size_t i = 0; i < want->n_peers; i++)
		for (size_t j = 0; j < have->n_peers; j++) {
			const struct wg_peer *a = &want->peers[i], *b = &have->peers[j];

			if (!memcmp(&a->public_key, &b->public_key, sizeof(a->public_key)) &&
			    memcmp(&a->preshared_key, &b->preshared_key,
				   sizeof(a->preshared_key)) != 0)
				return false;
		}
	return true;
}

/* Whom to send to so that it goes to PEER: an address among those it takes. */
static bool choose(const struct spec *spec, const struct wg_peer *peer, struct addr *out)
{
	for (size_t i = 0; i < peer->n_allowed_ips; i++)
		for (size_t j = 0; j < ARRAY_SIZE(nobody); j++)
			if (!addr_parse(nobody[j], out) && spec_tunnel_has(spec, out->family) &&
			    prefix_contains(&peer->allowed_ips[i], out))
				return true;
	for (size_t i = 0; i < peer->n_allowed_ips; i++) {
		const struct prefix *p = &peer->allowed_ips[i];

		*out = p->len < addr_bits(&p->addr) ? addr_add(&p->addr, 1) : p->addr;
		if (spec_tunnel_has(spec, out->family) && !addr_is_multicast(out) &&
		    !addr_is_loopback(out) && !addr_is_linklocal(out))
			return true;
	}
	return false;
}

/* One that cannot be sent is no matter: there is no handshake then, and that is what is told. */
static void send_to(const struct addr *a, const char *ifname)
{
	int fd cleanup(close_fd) = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(a, 0, DISCARD, &sa);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname)))
		return;
	(void)!sendto(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&sa, len);
}

/* Inside: a datagram to each peer that can be reached. */
static int send_inside(void *arg)
{
	const struct session *w = arg;
	const struct spec *spec = w->spec;
	struct addr a;

	for (size_t i = 0; i < spec->wg.n_peers; i++)
		if (spec->wg.peers[i].endpoint.port && choose(spec, &spec->wg.peers[i], &a))
			send_to(&a, spec->tunnel_if);
	return 0;
}

static bool is_since(const struct wg_peer *peer, const struct timespec *since)
{
	if (peer->last_handshake != since->tv_sec)
		return peer->last_handshake > since->tv_sec;
	return peer->last_handshake_nsec >= since->tv_nsec;
}

/* 1: a peer has; 0: none has; or -errno. */
static int has_answered(struct session *w, const struct timespec *since)
{
	struct nl_error error = { 0 };
	struct wg_device dev = { .flags = 0 };
	bool found = false;
	int r = observed_ask_tunnel(&w->vault_wg, w->wg_family, w->spec, &dev, &error);

	for (size_t i = 0; !r && i < dev.n_peers; i++)
		found = found || is_since(&dev.peers[i], since);
	wg_device_free(&dev);
	if (r)
		snprintf(w->why, sizeof(w->why), "asking the tunnel: %s %.180s", strerror(-r),
			 error.text);
	return r ? r : found;
}

/* Waits a moment; -EINTR when a signal that is blocked is there. */
static int pause_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = LOOK_NSEC };
	const sigset_t set = signals_ending();

	return sigtimedwait(&set, NULL, &moment) < 0 ? 0 : -EINTR;
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static int wait_for_answer(struct session *w, const struct timespec *since, unsigned int seconds)
{
	time_t end = now() + (time_t)seconds, next = now();
	int r;

	while (!(r = has_answered(w, since))) {
		if (now() > end) /* in whole seconds: at least as many as asked for */
			return -ETIMEDOUT;
		if (now() >= next) {
			r = ns_run(w->vault_ns, send_inside, w);
			next = now() + SEND_SECONDS;
		}
		if (!r)
			r = pause_a_moment();
		if (r)
			return r;
	}
	return r > 0 ? 0 : r;
}

static void list_endpoints(const struct spec *spec, struct str *out)
{
	char text[ENDPOINT_STRLEN];

	for (size_t i = 0; i < spec->wg.n_peers; i++) {
		const struct wg_endpoint *e = &spec->wg.peers[i].endpoint;

		if (e->port)
			str_addf(out, "%s%s", out->len ? ", " : "",
				 endpoint_format(&e->addr, e->scope, e->port, text));
	}
	if (!out->len)
		str_add(out, "the file names no Endpoint");
}

int handshake_wait(struct session *w, const struct timespec *since, unsigned int seconds)
{
	struct str endpoints cleanup(str_free) = STR_INIT;
	const char *name = w->spec->name;
	int r;

	w->why[0] = '\0';
	report_progress(name, "waiting for a peer to answer, %u s at most", seconds);
	r = wait_for_answer(w, since, seconds);
	list_endpoints(w->spec, &endpoints);
	if (r == -ETIMEDOUT)
		report_error(
			name,
			"no peer has answered in %u s (%s): the vault is up, sealed, and without "
			"a network (does the host reach the endpoint by UDP, is the key still "
			"valid? `vault up %s wait-handshake %u` waits again)",
			seconds, endpoints.err ? "" : endpoints.s, name, seconds);
	else if (r)
		report_error(name, "waiting for a peer to answer: %s: the vault is up and sealed",
			     r == -EINTR ? "interrupted"
			     : w->why[0] ? w->why
					 : strerror(-r));
	return r;
}
