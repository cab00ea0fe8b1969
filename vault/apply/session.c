/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/session.c: the two namespaces a walk works in: their sockets, the batch under way,
 * what was last said of a failure. */
#include "vault/apply/session.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/nft.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/seal/seal.h"
#include "vault/spec/state.h"

int session_open(struct session *w, const struct spec *spec)
{
	const struct nl closed = NL_CLOSED;
	int r;

	*w = (struct session){
		.spec = spec, .host_ns = -1, .vault_ns = -1, .dir = -1, .host_lock = -1
	};
	w->host_route = w->host_nft = w->vault_route = w->vault_nft = w->vault_wg = closed;
	w->host_ns = ns_open_self();
	if (w->host_ns < 0)
		return w->host_ns;
	r = nl_open(&w->host_route, NETLINK_ROUTE);
	if (!r)
		r = nl_open(&w->host_nft, NETLINK_NETFILTER);
	return r;
}

static int open_vault_sockets(void *arg)
{
	struct session *w = arg;
	int r = nl_open(&w->vault_route, NETLINK_ROUTE);

	if (!r)
		r = nl_open(&w->vault_nft, NETLINK_NETFILTER);
	if (!r)
		r = nl_open(&w->vault_wg, NETLINK_GENERIC);
	return r;
}

int session_enter_vault(struct session *w, int ns)
{
	w->vault_ns = ns;
	return ns_run(ns, open_vault_sockets, w);
}

int session_lock_host(struct session *w)
{
	if (w->host_lock >= 0)
		return 0;
	w->host_lock = state_lock_host();
	return w->host_lock < 0 ? w->host_lock : 0;
}

void session_unlock_host(struct session *w)
{
	close_fd(&w->host_lock);
}

int session_queue(struct session *w, struct nl *nl)
{
	if (w->batch.nl && w->batch.nl != nl) {
		int r = session_flush(w);

		if (r)
			return r;
	}
	if (nl->fd < 0)
		return -ENOTCONN;
	if (!w->batch.nl && nl->bus == NETLINK_NETFILTER)
		nft_queue_begin(&w->batch, nl, w->current);
	return 0;
}

/* Compares the ruleset RS, just sent, with its echo. */
static int verify_one(struct session *w, struct ruleset *rs, enum nftlook_scope scope)
{
	int r = rs->err ? rs->err : nftlook_compare(&w->echo, rs, scope, w->why);

	ruleset_free(rs);
	return r;
}

static int verify(struct session *w)
{
	struct ruleset rs;
	int r = 0;

	for (unsigned int t = 0; !r && t < SEAL_TABLES; t++) {
		if (!(w->unverified & 1U << t))
			continue;
		seal_build(w->unverified_spec, t, &rs);
		r = verify_one(w, &rs, NFTLOOK_WHOLE);
	}
	for (unsigned int g = 0; !r && g < SEAL_GUARDS; g++) {
		if (!(w->unverified & 1U << (SESSION_GUARD_BIT + g)))
			continue;
		seal_build_guard(g, &rs);
		r = verify_one(w, &rs, NFTLOOK_RULES);
	}
	if (r)
		w->failed = w->verifying;
	return r;
}

/*
 * In a vault that is there others may change rules too: only when ours is the very next transaction
 * after the one that was read does its generation vouch for all of them. 0 vouches for nothing.
 */
static void note_generation(struct session *w)
{
	bool is_next = w->echo.generation == w->generation + 1;

	w->generation = !w->observed || is_next ? w->echo.generation : 0;
}

int session_flush(struct session *w)
{
	bool to_vault = w->batch.nl == &w->vault_nft;
	struct nl_error error = { 0 };
	int r;

	if (!w->batch.nl)
		return 0;
	if (w->batch.nl->bus == NETLINK_NETFILTER)
		nft_queue_end(&w->batch, w->batch.nl, w->current);
	r = nl_batch_send(&w->batch, nftlook_add, &w->echo, &error);
	if (r) {
		w->failed = error.tag;
		snprintf(w->why, sizeof(w->why), "%s", error.text);
	} else {
		r = verify(w);
		if (to_vault)
			note_generation(w);
	}
	session_forget(w);
	return r;
}

void session_verify(struct session *w, const struct spec *spec, unsigned int bit)
{
	w->unverified_spec = spec ? spec : w->unverified_spec;
	w->unverified |= 1U << bit;
	w->verifying = w->current;
}

void session_forget(struct session *w)
{
	nl_batch_free(&w->batch);
	nftlook_free(&w->echo);
	w->unverified = 0;
}

void session_clear_words(struct session *w)
{
	w->why[0] = w->want[0] = w->have[0] = '\0';
	w->before.row = REMEDY_NONE;
	w->part = NULL;
}

void session_differs(struct session *w, const char *want, const char *have)
{
	snprintf(w->want, sizeof(w->want), "%s", want);
	snprintf(w->have, sizeof(w->have), "%s", have);
}

int session_silence(struct session *w, const char *name)
{
	char path[64 + IFNAMSIZ];
	int r;

	if (!ns_has_ipv6())
		return 0;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	r = file_poke(path, "1");
	if (r)
		snprintf(w->why, sizeof(w->why), "%s", path);
	return r;
}

struct addresses {
	struct session *w;
	uint32_t index;
};

static int drop_address(const struct rtnl_address *a, void *arg)
{
	const struct addresses *of = arg;
	struct session *w = of->w;
	const struct addr *own = &a->address.addr;

	if (a->index == of->index && !(own->family == AF_INET6 && addr_is_linklocal(own)))
		rtnl_queue_delete(&w->batch, &w->host_route, w->current, a->told);
	return 0;
}

int session_drop_addresses(struct session *w, uint32_t index)
{
	struct addresses addresses = { w, index };
	struct nl_error error = { 0 };

	return rtnl_dump_addresses(&w->host_route, drop_address, &addresses, &error);
}

void session_close(struct session *w)
{
	session_forget(w);
	nl_close(&w->host_route);
	nl_close(&w->host_nft);
	nl_close(&w->vault_route);
	nl_close(&w->vault_nft);
	nl_close(&w->vault_wg);
	close_fd(&w->host_ns);
	close_fd(&w->vault_ns);
	session_unlock_host(w);
	close_fd(&w->dir);
}
