/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/veth.c: a veth pair between the host and the vault, made straight in both
 * namespaces: the host link, a leg on a segment, and leaktest's twin's link. */
#include "vault/apply/kind/veth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/rtnl.h"

static const struct veth_end *end_of(const struct obj_veth *veth)
{
	return veth->bridge.name ? &veth_port : &veth_routed;
}

static bool is_own(const struct obj *obj, const struct rtnl_link *host_end)
{
	char alias[SPEC_ALIAS_LEN];

	spec_alias(obj->vault, alias);
	return observed_is_own(host_end, "veth", alias);
}

static const struct rtnl_link *find_host_end(const struct obj_veth *veth, const struct observed *s)
{
	return observed_link(s->host->links, s->host->n_links, veth->name);
}

static const struct rtnl_link *find_peer(const struct obj_veth *veth, const struct observed *s)
{
	return observed_link(s->links, s->n_links, veth->peer);
}

/* Whatever is left of the pair that was: an end inside under any name takes the other with it.
 * -EEXIST, and nothing is done, when somebody else has the name of its host end, or the one that
 * its end inside, which is there, shall have. */
static int remove_remains(const struct obj *obj, struct session *w)
{
	const struct obj_veth *veth = &obj->veth;
	const struct observed *s = w->observed;
	const struct rtnl_link *host = find_host_end(veth, s), *named = find_peer(veth, s);
	const char *inside = NULL;
	struct nl *nl = &w->host_route;
	int r = 0;

	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i].index == veth->peer_index)
			inside = s->links[i].name;
	if (host && !is_own(obj, host)) {
		snprintf(w->why, sizeof(w->why), "%s is not vault's", host->name);
		return -EEXIST;
	}
	if (inside && named && named->index != veth->peer_index) {
		snprintf(w->why, sizeof(w->why), "%s inside is not vault's", named->name);
		return -EEXIST;
	}
	if (inside)
		nl = &w->vault_route;
	if (inside || host)
		r = session_queue(w, nl);
	if (!r && inside)
		rtnl_queue_del_link(&w->batch, nl, w->current, inside);
	else if (!r && host)
		rtnl_queue_del_index(&w->batch, nl, w->current, host->index);
	if (!r)
		r = session_flush(w);
	if (!r)
		observed_forget_link(w->observed, veth->peer_index, veth->peer_frames);
	return r;
}

/* An MTU below this ends IPv6 on an interface (IPV6_MIN_MTU). */
#define MTU_LEAST_V6 1280

/* The segment's, which nobody else's of that name is. */
static bool is_own_bridge(const struct obj_veth *veth, const struct rtnl_link *link)
{
	char alias[SPEC_ALIAS_LEN];

	spec_bridge_alias(veth->bridge.segment, alias);
	return observed_is_own(link, "bridge", alias);
}

/* A port of a bridge sends frames where no rule of IP looks. */
static const char *fault_of_masters(const struct obj_veth *veth, const struct rtnl_link *host,
				    const struct rtnl_link *inside, const struct observed *s)
{
	const struct rtnl_link *bridge = NULL;

	if (inside->master)
		return "its inner end is a port of another interface";
	if (!veth->bridge.name)
		return host->master ? "its host end is a port of another interface" : NULL;
	bridge = observed_link(s->host->links, s->host->n_links, veth->bridge.name);
	return bridge && is_own_bridge(veth, bridge) && host->master == bridge->index
		       ? NULL
		       : "its host end is no port of its bridge";
}

/* What is wrong with the pair, what `end` looks at apart; or NULL. */
static const char *fault_of_pair(const struct obj_veth *veth, const struct observed *s)
{
	const struct rtnl_link *host = find_host_end(veth, s), *inside = find_peer(veth, s);
	const char *fault;

	if (!host || !inside)
		return "an end is missing";
	if (strcmp(host->kind, "veth") || host->index != veth->index)
		return "another interface has the name of its host end";
	if (inside->index != veth->peer_index)
		return "another interface has the name of its inner end";
	fault = fault_of_masters(veth, host, inside, s);
	if (fault)
		return fault;
	if (inside->group != SPEC_GROUP)
		return "its inner end is in another group";
	if ((!veth->bridge.name && host->flags & IFF_NOARP) || inside->flags & IFF_NOARP)
		return "one of its ends does no ARP";
	if (veth->addresses[ADDR_V6].addr.family &&
	    (host->mtu < MTU_LEAST_V6 || inside->mtu < MTU_LEAST_V6))
		return "the MTU of one of its ends is too small for IPv6";
	if (veth->bridge.name && memcmp(inside->mac, veth->mac, sizeof(veth->mac)))
		return "its MAC address is another";
	return host->flags & IFF_UP ? NULL : "its host end is down";
}

static int veth_look(const struct obj *obj, struct session *w)
{
	const struct obj_veth *veth = &obj->veth;
	const char *fault;

	if (!find_host_end(veth, w->observed) || !find_peer(veth, w->observed))
		return LOOK_ABSENT;
	fault = fault_of_pair(veth, w->observed);
	if (!fault)
		return end_of(veth)->look(veth, w);
	snprintf(w->why, sizeof(w->why), "%s", fault);
	return LOOK_OTHER;
}

/* The bridge's index: that of one that was there before is not known beforehand. */
static int find_bridge(const struct obj_veth *veth, struct session *w, uint32_t *index)
{
	struct nl_error error = { 0 };
	struct rtnl_link bridge = { .index = 0 };
	int r;

	*index = 0;
	if (!veth->bridge.name)
		return 0;
	r = session_flush(w);
	if (!r)
		r = rtnl_get_link(&w->host_route, veth->bridge.name, &bridge, &error);
	if (!r && !is_own_bridge(veth, &bridge))
		r = -EEXIST;
	if (!r)
		*index = bridge.index;
	else
		snprintf(w->why, sizeof(w->why), "%s is %s", veth->bridge.name,
			 r == -EEXIST ? "not this segment's" : "not there");
	return r;
}

static int make_anew(const struct obj *obj, struct session *w)
{
	const struct obj_veth *veth = &obj->veth;
	struct rtnl_veth pair = {
		.name = veth->name,
		.peer_name = veth->peer,
		.index = veth->index,
		.peer_index = veth->peer_index,
		.peer_ns = w->vault_ns,
		.peer_group = SPEC_GROUP,
		.peer_mac = veth->bridge.name ? veth->mac : NULL,
	};
	struct nl *nl = &w->host_route;
	char alias[SPEC_ALIAS_LEN];
	int r = find_bridge(veth, w, &pair.master);

	if (!r)
		r = session_queue(w, nl);
	if (r)
		return r;
	spec_alias(obj->vault, alias);
	rtnl_queue_veth(&w->batch, nl, w->current, &pair);
	rtnl_queue_alias(&w->batch, nl, w->current, veth->index, alias);
	r = end_of(veth)->set(veth, w);
	if (!r)
		rtnl_queue_up(&w->batch, nl, w->current, veth->index, true);
	return r;
}

/* What hangs on a pair that is good goes on, while its host end is mended. */
static int veth_make(const struct obj *obj, struct session *w)
{
	int r = 0;

	if (w->observed && !fault_of_pair(&obj->veth, w->observed))
		return end_of(&obj->veth)->mend(&obj->veth, w);
	if (w->observed)
		r = remove_remains(obj, w);
	return r ? r : make_anew(obj, w);
}

/* Both ends go with either; the vault's may have gone before, together with the tunnel. What only
 * has the name is somebody else's. */
static int veth_remove(const struct obj *obj, struct session *w)
{
	struct nl_error error = { 0 };
	struct rtnl_link host;
	int r = session_flush(w);

	if (!r)
		r = rtnl_get_link(&w->host_route, obj->veth.name, &host, &error);
	if (r || !is_own(obj, &host))
		return r == -ENODEV ? 0 : r;
	r = session_queue(w, &w->host_route);
	if (r)
		return r;
	rtnl_queue_del_index(&w->batch, &w->host_route, w->current, host.index);
	r = session_flush(w);
	return r == -ENODEV ? 0 : r;
}

static void veth_print(const struct obj *obj, struct str *out)
{
	const struct obj_veth *veth = &obj->veth;
	char alias[SPEC_ALIAS_LEN], ether[ETHER_STRLEN];

	str_addf(out, "ip link add %s", veth->name);
	if (veth->bridge.name)
		str_addf(out, " master %s", veth->bridge.name);
	str_addf(out, " type veth peer name %s netns %s", veth->peer, obj->vault);
	if (veth->bridge.name)
		str_addf(out, " address %s", ether_format(veth->mac, ether));
	str_addf(out, " group %u\n", SPEC_GROUP);
	spec_alias(obj->vault, alias);
	str_addf(out, "ip link set %s alias '%s'\n", veth->name, alias);
	end_of(veth)->print(veth, out);
	str_addf(out, "ip link set %s up\n", veth->name);
}

const struct kind kind_veth = { .name = "veth",
				.make = veth_make,
				.remove = veth_remove,
				.look = veth_look,
				.print = veth_print };
