/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/twin.c: a scratch vault of the same plan, to try what would disturb the real one.
 *
 * Theory of operation. The twin is made by the very walk that makes vaults, so the same rules are
 * under test. Inside it has the same names and tunnel addresses; on the host a link of its own,
 * whose name no vault can have ('+' is in no name). Nothing of it outlives this process but its
 * entries in the guard, which allow only what the vault's do, to a link that is gone: the next run,
 * or `down`, finds them by that name.
 */
#include "vault/leak/twin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/nft.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/apply/walk.h"
#include "vault/gather/gather.h"
#include "vault/plan/plan.h"

static int copy_spec(struct spec *spec, const struct spec *real)
{
	json_t *json = spec_to_json(real);
	int r = json ? spec_from_json(json, spec) : -ENOMEM;

	json_decref(json);
	if (r)
		return r;
	snprintf(spec->name, sizeof(spec->name), "%.50s+twin", real->name);
	spec_name_interfaces(spec);
	spec_twin_link(real, spec->link_host_if);
	memcpy(spec->link_if, real->link_if, sizeof(spec->link_if));
	memcpy(spec->tunnel_if, real->tunnel_if, sizeof(spec->tunnel_if));
	memset(spec->link, 0, sizeof(spec->link));
	memset(&spec->leg, 0, sizeof(spec->leg)); /* the segment is of real vaults */
	spec->link_given = false;
	spec->reach.n_publish = 0; /* the host's ports are the real vault's */
	spec->wg.fwmark = 0; /* it sends nothing to endpoints */
	return 0;
}

static int pass_over(const struct set_element *element, void *arg)
{
	(void)element;
	(void)arg;
	return 0;
}

/* False without the guard's sets: then there is nothing to put entries in. */
static bool has_guard(struct session *w)
{
	struct nl_error error = { 0 };
	struct ruleset rs;
	int r;

	seal_build_grants(SEAL_HOST, NULL, &rs);
	r = rs.err ? rs.err
		   : nft_dump_elements(&w->host_nft, &rs, rs.sets[0].name, pass_over, NULL, &error);
	ruleset_free(&rs);
	return r != -ENOENT;
}

/* The second wall of the real vault is under test as well. */
static bool has_wall(struct twin *t, const struct spec *real)
{
	const struct obj wall = { .kind = &kind_wall,
				  .wall = { real, real->link_host_if, real->link_host_index } };

	bool has = real->has_link && kind_wall.look(&wall, &t->session) == LOOK_SAME;

	session_clear_words(&t->session);
	return has;
}

/* What the twin needs of the plan: no keys, no files, no name. */
static void edit_plan(struct twin *t, const struct spec *real)
{
	struct plan *plan = &t->plan;
	bool guard = has_guard(&t->session), wall = has_wall(t, real);
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		struct obj *o = &plan->objs[i];

		if (o->kind == &kind_peers || o->kind == &kind_files || o->kind == &kind_hosts ||
		    o->kind == &kind_name || (o->kind == &kind_guard && !guard) ||
		    (o->kind == &kind_wall && !wall))
			continue;
		if (o->kind == &kind_tunnel)
			o->tunnel.tun = &t->tun;
		if (o->kind == &kind_guard) /* itself under test */
			o->guard.grants_alone = true;
		plan->objs[n++] = *o;
	}
	plan->n = n;
}

static int fail(struct twin *t, const char *what, int err)
{
	if (!t->why[0])
		snprintf(t->why, sizeof(t->why), "%s: %s", what, strerror(-err));
	return err;
}

static int gather(struct twin *t, const struct spec *real)
{
	struct problems p = { 0 };
	int r = session_lock_host(&t->session);

	if (!r)
		r = gather_link(&t->spec, 0, &t->session, &p);
	if (r && p.n)
		snprintf(t->why, sizeof(t->why), "%s", p.list[0].text);
	problems_free(&p);
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (!real->link[f].vault.addr.family)
			memset(&t->spec.link[f], 0, sizeof(t->spec.link[f]));
	return r;
}

int twin_open(struct twin *t, const struct spec *real, int real_ns)
{
	const struct obj link = { .vault = t->spec.name, .veth.name = t->spec.link_host_if },
			 entries = { .guard = { .spec = &t->spec, .table = SEAL_HOST } };
	int r = copy_spec(&t->spec, real);

	t->tun = -1;
	if (r)
		return fail(t, "its description", r);
	t->open = true;
	r = session_open(&t->session, &t->spec);
	if (r)
		return fail(t, "opening the host", r);
	t->session.unbroken = true; /* a run is whole, or it proves nothing */
	r = kind_veth.remove(&link, &t->session);
	if (!r)
		r = kind_guard.remove(&entries, &t->session);
	if (r)
		return fail(t, "removing what a killed run left", r);
	r = gather(t, real);
	if (r)
		return fail(t, "looking for free addresses", r);
	plan_build(&t->spec, &t->plan);
	edit_plan(t, real);
	r = walk_make(&t->plan, &t->session);
	if (r)
		return fail(t, "making it", r);
	t->made = true;
	r = copy_rules(&t->spec, t->session.vault_ns, real, real_ns, t->why);
	return r ? fail(t, "copying the rules", r) : 0;
}

/* Sends what is queued for the twin's own namespace. */
static int flush(struct twin *t, int r)
{
	return r ? r : session_flush(&t->session);
}

int twin_cut(struct twin *t)
{
	struct session *w = &t->session;
	struct nl *nl = &w->vault_route;
	int r = session_queue(w, nl);

	if (r)
		return r;
	if (t->spec.has_tunnel)
		rtnl_queue_up(&w->batch, nl, 0, t->spec.tunnel_index, false);
	r = flush(t, 0);
	for (size_t i = 0; !r && i < t->spec.n_addresses; i++) {
		const struct addr *a = &t->spec.addresses[i].addr;
		const struct prefix own = { .addr = *a, .len = addr_bits(a) };
		const struct rtnl_route all = {
			.dst.addr.family = a->family,
			.via = t->spec.link[addr_index(a->family)].host.addr,
			.index = t->spec.link_index,
			.metric = 1,
		};

		if (!all.via.family)
			continue;
		r = session_queue(w, nl);
		if (r)
			break;
		rtnl_queue_address(&w->batch, nl, 0, t->spec.link_index, &own, true);
		rtnl_queue_route(&w->batch, nl, 0, &all);
		r = flush(t, 0);
		r = r == -EEXIST ? 0 : r;
	}
	return r;
}

int twin_flush(struct twin *t)
{
	struct session *w = &t->session;
	int r = 0;

	for (unsigned int table = 0; !r && table < SEAL_TABLES; table++) {
		struct ruleset rs;

		if (!seal_wants(&t->spec, table))
			continue;
		seal_build(&t->spec, table, &rs);
		r = session_queue(w, &w->vault_nft);
		if (!r)
			nft_queue_del_table(&w->batch, &w->vault_nft, 0, &rs);
		ruleset_free(&rs);
		r = flush(t, r);
		if (r == -ENOENT) /* the vault has none either */
			r = 0;
	}
	return r;
}

size_t twin_close(struct twin *t)
{
	size_t failures = t->made ? walk_remove(&t->plan, &t->session) : 0;

	close_fd(&t->tun);
	if (t->open)
		session_close(&t->session);
	spec_free(&t->spec);
	return failures;
}
