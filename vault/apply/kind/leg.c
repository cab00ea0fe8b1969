/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/kind/leg.c: a vault's leg on a segment: a veth pair, its host end a port of the
 * segment's bridge, which comes with the first leg and goes with the last.
 *
 * The bridge is nobody's uplink: no address, no ARP, no IPv6 of the host's on it. It is shared, so
 * all of it happens under the host's lock; who else is a port is asked of the kernel. It has every
 * leg's MAC address at its port for good, and learns nothing there (L30): what the guard's rules
 * (seal/segment.c) hold alone is held once more by the bridge itself. Where the
 * bridge of a leg was is not known after a crash: any segment without a port is one that nobody
 * needs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/list.h"
#include "lib/ns.h"
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

/* True for the bridge of SPEC's own segment: another's name may be cut to the same. */
static bool is_own_bridge(const struct spec *spec, const struct rtnl_link *link)
{
	char alias[SPEC_ALIAS_LEN];

	spec_bridge_alias(spec->leg.segment, alias);
	return observed_is_own(link, "bridge", alias);
}

static bool is_own_port(const struct spec *spec, const struct rtnl_link *link)
{
	char alias[SPEC_ALIAS_LEN];

	spec_alias(spec, alias);
	return observed_is_own(link, "veth", alias);
}

/* IPv6 off on an interface of the host that is to have none of its own; it is down so far. */
static int silence(const char *name, struct session *w)
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

/* What the host has of segments. */
struct survey {
	const struct spec *spec;
	struct segment {
		uint32_t index;
		size_t ports; /* but this vault's */
	} * segments; /* owned: those of the name's prefix */
	size_t n;
	uint32_t bridge; /* the index of this vault's; 0: none */
	uint32_t port; /* the index of this vault's; 0: none */
	bool is_strange;
	int pass;
};

static void free_survey(struct survey *s)
{
	free(s->segments);
}

static int add_segment(struct survey *s, const struct rtnl_link *link)
{
	const struct segment segment = { .index = link->index };

	return list_append(&s->segments, &s->n, sizeof(segment), &segment);
}

/* First the bridges, then their ports: an index says nothing of the order in a dump. */
static int survey_link(const struct rtnl_link *link, void *arg)
{
	struct survey *s = arg;
	bool ours = !strcmp(link->name, s->spec->leg_host_if);

	if (s->pass) {
		for (size_t i = 0; !ours && i < s->n; i++)
			s->segments[i].ports += s->segments[i].index == link->master;
		return 0;
	}
	if (ours && is_own_port(s->spec, link))
		s->port = link->index;
	if (!strcmp(link->name, s->spec->bridge_name)) {
		s->bridge = link->index;
		s->is_strange = !is_own_bridge(s->spec, link);
	}
	return is_bridge(link) &&
			       !strncmp(link->name, SPEC_BRIDGE_PREFIX, strlen(SPEC_BRIDGE_PREFIX))
		       ? add_segment(s, link)
		       : 0;
}

static int survey_host(const struct obj *obj, struct session *w, struct survey *s)
{
	struct nl_error error = { 0 };
	int r;

	*s = (struct survey){ .spec = obj->spec };
	r = rtnl_dump_links(&w->host_route, survey_link, s, &error);
	s->pass = 1;
	return r ? r : rtnl_dump_links(&w->host_route, survey_link, s, &error);
}

/* Takes away what is left of the leg that was, and bridges that nobody needs but, if KEEP, its own.
 */
static int remove_remains(struct session *w, const struct survey *s, bool keep)
{
	struct nl *nl = &w->host_route;
	int r = session_queue(w, nl);

	if (r)
		return r;
	if (s->port)
		rtnl_queue_del_index(&w->batch, nl, w->current, s->port);
	for (size_t i = 0; i < s->n; i++)
		if (!s->segments[i].ports && !(keep && s->segments[i].index == s->bridge))
			rtnl_queue_del_index(&w->batch, nl, w->current, s->segments[i].index);
	r = session_flush(w);
	return r == -ENODEV ? 0 : r; /* the end inside takes the other with it, in its own time */
}

static int make_bridge(const struct obj *obj, struct session *w, uint32_t *index)
{
	const struct spec *spec = obj->spec;
	char alias[SPEC_ALIAS_LEN];
	int r = session_queue(w, &w->host_route);

	if (r)
		return r;
	spec_bridge_alias(spec->leg.segment, alias);
	*index = spec->leg_host_index ^ 1U; /* the ports' are odd, and as random */
	rtnl_queue_bridge(&w->batch, &w->host_route, w->current, spec->bridge_name, *index);
	rtnl_queue_alias(&w->batch, &w->host_route, w->current, *index, alias);
	r = session_flush(w);
	return r ? r : silence(spec->bridge_name, w);
}

struct addresses {
	uint32_t bridge;
	struct session *w;
};

static int drop_address(const struct rtnl_address *address, void *arg)
{
	const struct addresses *a = arg;
	struct session *w = a->w;

	if (address->index == a->bridge)
		rtnl_queue_delete(&w->batch, &w->host_route, w->current, address->told);
	return 0;
}

/* A bridge that is there is made what ours are. */
static int mend_bridge(const struct obj *obj, struct session *w, uint32_t index)
{
	struct addresses addresses = { index, w };
	struct nl_error error = { 0 };
	int r = silence(obj->spec->bridge_name, w);

	if (!r)
		r = session_flush(w);
	if (r)
		return r;
	r = session_queue(w, &w->host_route);
	if (r)
		return r;
	rtnl_queue_nomaster(&w->batch, &w->host_route, w->current, index);
	rtnl_queue_noarp(&w->batch, &w->host_route, w->current, index);
	rtnl_queue_bridge_settings(&w->batch, &w->host_route, w->current, index);
	rtnl_queue_up(&w->batch, &w->host_route, w->current, index, true);
	r = rtnl_dump_addresses(&w->host_route, drop_address, &addresses, &error);
	return r ? r : session_flush(w);
}

/* The leg's port: what it does not, and whose it is. The bridge takes both while it is down, too. */
static void queue_port(const struct obj *obj, struct session *w)
{
	const struct spec *spec = obj->spec;
	uint8_t mac[RTNL_MAC_LEN];

	spec_leg_mac(&spec->leg.address.addr, mac);
	rtnl_queue_port_settings(&w->batch, &w->host_route, w->current, spec->leg_host_index);
	rtnl_queue_station(&w->batch, &w->host_route, w->current, spec->leg_host_index, mac);
}

static int make_pair(const struct obj *obj, struct session *w, uint32_t bridge)
{
	const struct spec *spec = obj->spec;
	char alias[SPEC_ALIAS_LEN];
	uint8_t mac[RTNL_MAC_LEN];
	const struct rtnl_veth veth = {
		.name = spec->leg_host_if,
		.peer_name = spec->leg_if,
		.index = spec->leg_host_index,
		.peer_index = spec->leg_index,
		.peer_ns = w->vault_ns,
		.peer_group = SPEC_GROUP,
		.peer_mac = mac,
		.master = bridge,
	};
	struct nl *nl = &w->host_route;
	int r = session_queue(w, nl);

	if (r)
		return r;
	spec_leg_mac(&spec->leg.address.addr, mac);
	spec_alias(spec, alias);
	rtnl_queue_veth(&w->batch, nl, w->current, &veth);
	rtnl_queue_alias(&w->batch, nl, w->current, spec->leg_host_index, alias);
	r = session_flush(w);
	if (!r)
		r = silence(spec->leg_host_if, w);
	if (!r)
		r = session_queue(w, nl);
	if (r)
		return r;
	queue_port(obj, w);
	rtnl_queue_up(&w->batch, nl, w->current, bridge, true);
	rtnl_queue_up(&w->batch, nl, w->current, spec->leg_host_index, true);
	return 0;
}

/* What is wrong with the bridge, its own leg's port included, and nothing with the leg. */
static int mend_around(const struct obj *obj, struct session *w, uint32_t bridge)
{
	int r = mend_bridge(obj, w, bridge);

	if (!r)
		r = session_queue(w, &w->host_route);
	if (!r)
		queue_port(obj, w);
	return r;
}

/* The end inside under any name: it goes first, and its partner with it. */
static int remove_inside(const struct obj *obj, struct session *w)
{
	const struct observed *s = w->observed;
	int r = 0;

	for (size_t i = 0; !r && i < s->n_links; i++) {
		if (s->links[i].index != obj->spec->leg_index &&
		    strcmp(s->links[i].name, obj->spec->leg_if))
			continue;
		r = session_queue(w, &w->vault_route);
		if (!r)
			rtnl_queue_del_link(&w->batch, &w->vault_route, w->current,
					    s->links[i].name);
	}
	if (!r)
		r = session_flush(w);
	if (!r)
		observed_forget_link(w->observed, obj->spec->leg_index, SEAL_LEG_TABLE);
	return r;
}

static const char *fault_of_settings(const struct rtnl_bridge *bridge)
{
	if (bridge->spans)
		return "its bridge does spanning tree (stp_state)";
	if (bridge->snoops)
		return "its bridge does multicast snooping (mcast_snooping)";
	if (bridge->learns_local)
		return "its bridge learns from link-local frames (no_linklocal_learn)";
	return bridge->is_bounded ? NULL : "its bridge learns without that bound (fdb_max_learned)";
}

/* What is wrong with the bridge, or NULL. */
static const char *fault_of_bridge(const struct obj *obj, const struct session *w,
				   const struct rtnl_link *bridge)
{
	const struct observed *s = w->observed;

	if (!is_own_bridge(obj->spec, bridge))
		return "another interface has the name of its bridge";
	if (bridge->master)
		return "its bridge is a port of another interface";
	if (!(bridge->flags & IFF_UP) || !(bridge->flags & IFF_NOARP))
		return bridge->flags & IFF_UP ? "its bridge does ARP" : "its bridge is down";
	for (size_t i = 0; i < s->host->n_addresses; i++)
		if (s->host->addresses[i].index == bridge->index)
			return "its bridge has an address of the host";
	return fault_of_settings(&bridge->bridge);
}

/* What the bridge does at its port, or NULL: 0, or -errno, when that cannot be told. */
static int find_port_fault(const struct obj *obj, struct session *w, const struct rtnl_link *bridge,
			   const char **fault)
{
	const struct observed_host *host = w->observed->host;
	const struct rtnl_link *port =
		observed_link(host->links, host->n_links, obj->spec->leg_host_if);
	struct rtnl_station station;
	struct nl_error error = { 0 };
	uint8_t mac[RTNL_MAC_LEN];
	int r;

	spec_leg_mac(&obj->spec->leg.address.addr, mac);
	r = rtnl_ask_station(&w->host_route, bridge->index, mac, &station, &error);
	if (r && r != -ENOENT) {
		snprintf(w->why, sizeof(w->why), "where its bridge has its MAC address: %.200s",
			 error.text);
		return r;
	}
	if (r || station.port != port->index || !station.stays)
		*fault = r ? "its bridge does not know its MAC address (fdb)"
			   : "its bridge has its MAC address elsewhere, or not for good (fdb)";
	else if (port->learns || port->floods)
		*fault = port->learns ? "its port learns (bridge_slave learning)"
				      : "its port is flooded (bridge_slave flood)";
	return 0;
}

static const char *fault_of_pair(const struct spec *spec, const struct rtnl_link *port,
				 const struct rtnl_link *inside, uint32_t bridge)
{
	uint8_t mac[RTNL_MAC_LEN];

	spec_leg_mac(&spec->leg.address.addr, mac);
	if (strcmp(port->kind, "veth") || port->index != spec->leg_host_index)
		return "another interface has the name of its port";
	if (port->master != bridge)
		return "its port is not one of its bridge";
	if (inside->index != spec->leg_index || inside->master || inside->group != SPEC_GROUP)
		return "its inner end is another, or a port of one, or in another group";
	if (inside->flags & IFF_NOARP)
		return "its inner end does no ARP";
	if (memcmp(inside->mac, mac, sizeof(mac)))
		return "its MAC address is another";
	return port->flags & IFF_UP ? NULL : "its port is down";
}

/* The leg as it was seen, both ends of it, and its bridge in *BRIDGE: what is wrong with those
 * ends, or NULL; "" for what is not there. */
static const char *fault_of_leg(const struct obj *obj, const struct session *w,
				const struct rtnl_link **bridge)
{
	const struct observed *s = w->observed;
	const struct spec *spec = obj->spec;
	const struct rtnl_link *port, *inside;

	port = observed_link(s->host->links, s->host->n_links, spec->leg_host_if);
	inside = observed_link(s->links, s->n_links, spec->leg_if);
	*bridge = observed_link(s->host->links, s->host->n_links, spec->bridge_name);
	if (!port || !inside || !*bridge)
		return "";
	return fault_of_pair(spec, port, inside, (*bridge)->index);
}

/* Before anything is taken away: what has the name of its port may be somebody else's. */
static int refuse_strange_port(const struct obj *obj, struct session *w)
{
	const struct observed_host *host = w->observed->host;
	const struct rtnl_link *port =
		observed_link(host->links, host->n_links, obj->spec->leg_host_if);

	if (!port || is_own_port(obj->spec, port))
		return 0;
	snprintf(w->why, sizeof(w->why), "%s is not vault's", port->name);
	return -EEXIST;
}

static int leg_make(const struct obj *obj, struct session *w)
{
	struct survey s cleanup(free_survey) = { 0 };
	const struct rtnl_link *bridge;
	int r = session_lock_host(w);

	if (!r && w->observed)
		r = refuse_strange_port(obj, w);
	/* For a fault of the bridge alone no connection by the leg is cut. */
	if (!r && w->observed && !fault_of_leg(obj, w, &bridge) && is_own_bridge(obj->spec, bridge))
		return mend_around(obj, w, bridge->index);
	if (!r && w->observed)
		r = remove_inside(obj, w);
	if (!r)
		r = session_flush(w);
	if (!r)
		r = survey_host(obj, w, &s);
	if (!r && s.is_strange) {
		snprintf(w->why, sizeof(w->why), "%s is there and is not this segment's",
			 obj->spec->bridge_name);
		r = -EEXIST;
	}
	if (!r && w->observed)
		r = remove_remains(w, &s, true);
	if (!r)
		r = s.bridge ? mend_bridge(obj, w, s.bridge) : make_bridge(obj, w, &s.bridge);
	return r ? r : make_pair(obj, w, s.bridge);
}

static int leg_remove(const struct obj *obj, struct session *w)
{
	struct survey s cleanup(free_survey) = { 0 };
	int r = session_flush(w);

	if (!r)
		r = session_lock_host(w);
	if (!r)
		r = survey_host(obj, w, &s);
	return r ? r : remove_remains(w, &s, false);
}

static int leg_look(const struct obj *obj, struct session *w)
{
	const struct rtnl_link *bridge;
	const char *fault = fault_of_leg(obj, w, &bridge), *of_bridge;
	int r = 0;

	if (fault && !*fault)
		return LOOK_ABSENT;
	of_bridge = fault_of_bridge(obj, w, bridge);
	fault = of_bridge ? of_bridge : fault;
	if (!fault)
		r = find_port_fault(obj, w, bridge, &fault);
	if (r)
		return r;
	snprintf(w->why, sizeof(w->why), "%s", fault ? fault : "");
	return fault ? LOOK_OTHER : LOOK_SAME;
}

static void leg_print(const struct obj *obj, struct str *out)
{
	const struct spec *spec = obj->spec;
	const char *bridge = spec->bridge_name, *port = spec->leg_host_if;
	char alias[SPEC_ALIAS_LEN];
	uint8_t mac[RTNL_MAC_LEN];
	char ether[ETHER_STRLEN];

	spec_leg_mac(&spec->leg.address.addr, mac);
	(void)ether_format(mac, ether);
	str_addf(out, "ip link show %s >/dev/null 2>&1 ||\n\tip link add %s type bridge\n", bridge,
		 bridge);
	spec_bridge_alias(spec->leg.segment, alias);
	str_addf(out, "ip link set %s alias '%s'\n", bridge, alias);
	str_addf(out,
		 "ip link set %s arp off type bridge stp_state 0 mcast_snooping 0 "
		 "no_linklocal_learn 1\n",
		 bridge);
	str_addf(out,
		 "# where the kernel and ip(8) have it, Linux 6.7:\n"
		 "ip link set %s type bridge fdb_max_learned %d 2>/dev/null || :\n",
		 bridge, RTNL_BRIDGE_LEARNED);
	str_addf(out, "sysctl -qw 'net/ipv6/conf/%s/disable_ipv6=1'\n", bridge);
	str_addf(out,
		 "ip link add %s master %s type veth peer name %s netns %s "
		 "address %s group %u\n",
		 port, bridge, spec->leg_if, spec->name, ether, SPEC_GROUP);
	spec_alias(spec, alias);
	str_addf(out, "ip link set %s alias '%s'\n", port, alias);
	str_addf(out, "sysctl -qw 'net/ipv6/conf/%s/disable_ipv6=1'\n", port);
	str_addf(out, "ip link set %s type bridge_slave learning off flood off\n", port);
	str_addf(out, "bridge fdb replace %s dev %s master static sticky\n", ether, port);
	str_addf(out, "ip link set %s up\nip link set %s up\n", bridge, port);
}

const struct kind kind_leg = {
	.name = "leg", .make = leg_make, .remove = leg_remove, .look = leg_look, .print = leg_print
};
