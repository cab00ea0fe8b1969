/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/kind/bridge.c: a segment's bridge, which comes with the first leg and goes with the
 * last.
 *
 * It is nobody's uplink: no address, no ARP, no IPv6 of the host's on it. It is shared, so all of
 * it happens under the host's lock; who else is a port is asked of the kernel. Where the bridge of
 * a leg was is not known after a crash: any segment without a port is one that nobody needs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"
#include "lib/rtnl.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

/* True for the bridge of the segment that its name, of our prefix, or what is written on it says. */
static bool is_bridge(const struct rtnl_link *link)
{
	char prefix[SPEC_ALIAS_LEN];

	spec_bridge_alias("", prefix);
	return observed_is_own(link, "bridge",
			       strncmp(link->alias, prefix, strlen(prefix)) ? "" : link->alias);
}

/* Another segment's name may be cut to the same. */
static bool is_own(const struct obj_bridge *bridge, const struct rtnl_link *link)
{
	char alias[SPEC_ALIAS_LEN];

	spec_bridge_alias(bridge->segment, alias);
	return observed_is_own(link, "bridge", alias);
}

/* The segments of the host. */
struct survey {
	struct segment {
		uint32_t index;
		size_t ports;
	} * segments; /* owned */
	size_t n;
	int pass;
};

static void free_survey(struct survey *s)
{
	free(s->segments);
}

/* First the bridges, then their ports: an index says nothing of the order in a dump. */
static int survey_link(const struct rtnl_link *link, void *arg)
{
	struct survey *s = arg;
	const struct segment segment = { .index = link->index };

	if (!s->pass)
		return is_bridge(link) && !strncmp(link->name, SPEC_BRIDGE_PREFIX,
						   strlen(SPEC_BRIDGE_PREFIX))
			       ? list_append(&s->segments, &s->n, sizeof(segment), &segment)
			       : 0;
	for (size_t i = 0; i < s->n; i++)
		s->segments[i].ports += s->segments[i].index == link->master;
	return 0;
}

static int survey_host(struct session *w, struct survey *s)
{
	struct nl_error error = { 0 };
	int r = rtnl_dump_links(&w->host_route, survey_link, s, &error);

	s->pass = 1;
	return r ? r : rtnl_dump_links(&w->host_route, survey_link, s, &error);
}

/* One that is there is made what ours are. */
static int mend(const struct obj_bridge *bridge, struct session *w, uint32_t index)
{
	struct nl *nl = &w->host_route;
	int r = session_silence(w, bridge->name);

	if (!r)
		r = session_queue(w, nl);
	if (r)
		return r;
	rtnl_queue_nomaster(&w->batch, nl, w->current, index);
	rtnl_queue_noarp(&w->batch, nl, w->current, index);
	rtnl_queue_bridge_settings(&w->batch, nl, w->current, index);
	rtnl_queue_up(&w->batch, nl, w->current, index, true);
	r = session_drop_addresses(w, index);
	return r ? r : session_flush(w);
}

static int make_anew(const struct obj_bridge *bridge, struct session *w)
{
	struct nl *nl = &w->host_route;
	char alias[SPEC_ALIAS_LEN];
	int r = session_queue(w, nl);

	if (r)
		return r;
	spec_bridge_alias(bridge->segment, alias);
	rtnl_queue_bridge(&w->batch, nl, w->current, bridge->name, bridge->index);
	rtnl_queue_alias(&w->batch, nl, w->current, bridge->index, alias);
	r = session_flush(w);
	if (!r)
		r = session_silence(w, bridge->name);
	if (!r)
		r = session_queue(w, nl);
	if (!r)
		rtnl_queue_up(&w->batch, nl, w->current, bridge->index, true);
	return r;
}

static int bridge_make(const struct obj *obj, struct session *w)
{
	struct nl_error error = { 0 };
	struct rtnl_link link;
	int r = session_lock_host(w);

	if (!r)
		r = session_flush(w);
	if (!r)
		r = rtnl_get_link(&w->host_route, obj->bridge.name, &link, &error);
	if (r == -ENODEV)
		return make_anew(&obj->bridge, w);
	if (!r && !is_own(&obj->bridge, &link)) {
		snprintf(w->why, sizeof(w->why), "%s is there and is not this segment's",
			 obj->bridge.name);
		r = -EEXIST;
	}
	return r ? r : mend(&obj->bridge, w, link.index);
}

/* Every segment that nobody has a leg on; this vault's is gone by now, or is on another. */
static int bridge_remove(const struct obj *obj, struct session *w)
{
	struct survey s cleanup(free_survey) = { 0 };
	int r = session_flush(w);

	(void)obj;
	if (!r)
		r = session_lock_host(w);
	if (!r)
		r = survey_host(w, &s);
	if (!r)
		r = session_queue(w, &w->host_route);
	if (r)
		return r;
	for (size_t i = 0; i < s.n; i++)
		if (!s.segments[i].ports)
			rtnl_queue_del_index(&w->batch, &w->host_route, w->current,
					     s.segments[i].index);
	r = session_flush(w);
	return r == -ENODEV ? 0 : r;
}

static const char *fault_of_settings(const struct rtnl_bridge *bridge)
{
	if (bridge->spans)
		return "it does spanning tree (stp_state)";
	if (bridge->snoops)
		return "it does multicast snooping (mcast_snooping)";
	if (bridge->learns_local)
		return "it learns from link-local frames (no_linklocal_learn)";
	return bridge->is_bounded ? NULL : "it learns without that bound (fdb_max_learned)";
}

/* What is wrong with it, or NULL. */
static const char *fault_of(const struct obj_bridge *bridge, const struct rtnl_link *link,
			    const struct observed_host *host)
{
	if (!is_own(bridge, link))
		return "another interface has its name";
	if (link->master)
		return "it is a port of another interface";
	if (!(link->flags & IFF_UP) || !(link->flags & IFF_NOARP))
		return link->flags & IFF_UP ? "it does ARP" : "it is down";
	for (size_t i = 0; i < host->n_addresses; i++)
		if (host->addresses[i].index == link->index)
			return "it has an address of the host";
	return fault_of_settings(&link->bridge);
}

static int bridge_look(const struct obj *obj, struct session *w)
{
	const struct observed_host *host = w->observed->host;
	const struct rtnl_link *link = observed_link(host->links, host->n_links, obj->bridge.name);
	const char *fault = link ? fault_of(&obj->bridge, link, host) : NULL;

	snprintf(w->why, sizeof(w->why), "%s", fault ? fault : "");
	return fault ? LOOK_OTHER : link ? LOOK_SAME : LOOK_ABSENT;
}

static void bridge_print(const struct obj *obj, struct str *out)
{
	const char *name = obj->bridge.name;
	char alias[SPEC_ALIAS_LEN];

	str_addf(out, "ip link show %s >/dev/null 2>&1 ||\n\tip link add %s type bridge\n", name,
		 name);
	spec_bridge_alias(obj->bridge.segment, alias);
	str_addf(out, "ip link set %s alias '%s'\n", name, alias);
	str_addf(out,
		 "ip link set %s arp off type bridge stp_state 0 mcast_snooping 0 "
		 "no_linklocal_learn 1\n",
		 name);
	str_addf(out,
		 "# where the kernel and ip(8) have it, Linux 6.7:\n"
		 "ip link set %s type bridge fdb_max_learned %d 2>/dev/null || :\n",
		 name, RTNL_BRIDGE_LEARNED);
	str_addf(out, "sysctl -qw 'net/ipv6/conf/%s/disable_ipv6=1'\n", name);
	str_addf(out, "ip link set %s up\n", name);
}

const struct kind kind_bridge = { .name = "bridge",
				  .make = bridge_make,
				  .remove = bridge_remove,
				  .look = bridge_look,
				  .print = bridge_print };
