/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/plan/plan.c: the complete description of a vault -> the ordered list of its objects.
 *
 * Why in this order. The namespace has no name, so nobody can enter it, and only our descriptor
 * holds it: a crash here leaves the kernel to take it all away. The kill switch is complete, and
 * read back, before there is any interface; the settings are in place before interfaces inherit
 * them; the guard stands on the host before the link's end does, and the second wall on that before
 * the end inside is up. The filters for frames name their
 * devices, so they come after these and before any of them is up. The tunnel gets its keys while it
 * is down. The name comes last: nobody enters before all is sealed.
 */
#include "vault/plan/plan.h"

#include <stdio.h>
#include <string.h>

/* Appends an object of KIND; the slot past the end is reused, and the plan marked, when there are
 * too many. */
static struct obj *add(struct plan *plan, const struct kind *kind, unsigned int flags,
		       const char *label, const char *what)
{
	struct obj *o = &plan->objs[plan->n];

	if (plan->n + 1 < PLAN_MAX)
		plan->n++;
	else
		plan->overflow = true;
	memset(o, 0, sizeof(*o));
	o->kind = kind;
	o->vault = plan->spec->name;
	o->flags = flags;
	snprintf(o->label, sizeof(o->label), "%s%s%s", label, *what ? " " : "", what);
	return o;
}

static void add_seal(struct plan *plan, enum seal_table table, unsigned int flags,
		     const char *label, const char *what)
{
	add(plan, &kind_seal, flags, label, what)->seal =
		(struct obj_seal){ .spec = plan->spec, .table = table };
}

static void add_frames(struct plan *plan, enum seal_table table, unsigned int flags, uint32_t index)
{
	add_seal(plan, table, OBJ_OPTIONAL | flags, "frame filter on",
		 spec_interface(plan->spec, index));
	plan->objs[plan->n - 1].seal.index = index;
}

static struct obj_interface interface(const struct spec *spec, uint32_t index)
{
	return (struct obj_interface){
		.name = spec_interface(spec, index),
		.index = index,
		.mtu = index == spec->tunnel_index && spec->has_tunnel ? spec->mtu : 0,
	};
}

static void add_address(const struct spec *spec, struct plan *plan, uint32_t index,
			const struct prefix *address)
{
	char text[PREFIX_STRLEN], what[PREFIX_STRLEN + IFNAMSIZ + 8];
	struct obj *o;

	snprintf(what, sizeof(what), "%s on %s", prefix_format(address, text),
		 spec_interface(spec, index));
	o = add(plan, &kind_address, 0, "address", what);
	o->address = (struct obj_address){ interface(spec, index), *address };
}

static struct obj *add_route(const struct spec *spec, struct plan *plan, const struct prefix *dst,
			     uint32_t index, uint32_t metric)
{
	char text[PREFIX_STRLEN], what[PREFIX_STRLEN + IFNAMSIZ + 8];
	struct obj *o;

	snprintf(what, sizeof(what), "%s by %s", prefix_format(dst, text),
		 index ? spec_interface(spec, index) : "nothing");
	o = add(plan, &kind_route, 0, "route", what);
	o->route = (struct obj_route){
		.dst = *dst, .name = spec_interface(spec, index), .index = index, .metric = metric
	};
	return o;
}

/*
 * The default by the tunnel, or by the gateway; and, behind it, an unreachable one, so that no
 * other route is ever looked for (L15). An isolated vault has none: its network is unreachable. Nor
 * is there one behind a gateway of IPv6: while that does not answer the kernel would choose it, and
 * so never look for the gateway again.
 */
static void add_defaults(const struct spec *spec, struct plan *plan, uint8_t family)
{
	const struct prefix all = { .addr.family = family };
	const bool by_gateway =
		spec->leg.role == SPEC_VIA && spec->leg.address.addr.family == family;

	if (spec_tunnel_has(spec, family))
		(void)add_route(spec, plan, &all, spec->tunnel_index, 0);
	if (by_gateway)
		add_route(spec, plan, &all, spec->leg_index, 0)->route.via = spec->leg.via;
	if (spec_uses(spec, family) && (spec->has_tunnel || spec->leg.role == SPEC_VIA) &&
	    !(by_gateway && family == AF_INET6))
		(void)add_route(spec, plan, &all, 0, UINT32_MAX);
}

/* A resolver inside what is reached over the link is still asked by the tunnel alone (L6). */
static void add_resolver_routes(const struct spec *spec, struct plan *plan)
{
	for (size_t i = 0; i < spec->n_dns; i++) {
		const struct addr *dns = &spec->dns[i];
		const struct prefix one = { .addr = *dns, .len = addr_bits(dns) };
		struct prefix which;

		if (spec->has_tunnel && spec_goes_by_link(spec, dns, &which))
			(void)add_route(spec, plan, &one, spec->tunnel_index, 0);
	}
}

static bool has_route(const struct plan *plan, const struct prefix *dst)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->objs[i].kind == &kind_route &&
		    prefix_equal(&plan->objs[i].route.dst, dst))
			return true;
	return false;
}

/* Answers to a network beyond the host go by the link (VC-7); the link's own is there already, and
 * a resolver's own route stays. */
static void add_link_route(const struct spec *spec, struct plan *plan, const struct prefix *dst)
{
	const struct spec_link_ends *ends = &spec->link[addr_index(dst->addr.family)];

	if (!ends->vault.addr.family ||
	    (dst->len >= ends->vault.len && prefix_contains(&ends->vault, &dst->addr)) ||
	    has_route(plan, dst))
		return;
	add_route(spec, plan, dst, spec->link_index, 0)->route.via = ends->host.addr;
}

static void add_reach_routes(const struct spec *spec, struct plan *plan)
{
	for (size_t i = 0; i < spec->reach.n_from; i++)
		add_link_route(spec, plan, &spec->reach.from[i]);
	for (size_t i = 0; i < spec->reach.n_holes; i++)
		add_link_route(spec, plan, &spec->reach.holes[i].to);
}

static void add_up(const struct spec *spec, struct plan *plan, uint32_t index)
{
	add(plan, &kind_up, 0, "interface", spec_interface(spec, index))->interface =
		interface(spec, index);
}

static void add_link_addresses(const struct spec *spec, struct plan *plan)
{
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (spec->link[f].vault.addr.family)
			add_address(spec, plan, spec->link_index, &spec->link[f].vault);
	if (spec->link[ADDR_V6].vault.addr.family)
		add_address(spec, plan, spec->link_index, &spec_link_local);
	add_up(spec, plan, spec->link_index);
}

/* The leg has all its packets' way before it is up. */
static void add_leg(const struct spec *spec, struct plan *plan)
{
	const struct prefix local = spec_leg_local(&spec->leg.address.addr);

	if (!spec_has_leg(spec))
		return;
	add_address(spec, plan, spec->leg_index, &spec->leg.address);
	if (spec->leg.address.addr.family == AF_INET6)
		add_address(spec, plan, spec->leg_index, &local);
	add_up(spec, plan, spec->leg_index);
}

static void add_forward(const struct spec *spec, struct plan *plan, uint32_t index)
{
	if (spec->leg.role == SPEC_GATEWAY && spec->leg.address.addr.family == AF_INET)
		add(plan, &kind_forward, 0, "forwarding by", spec_interface(spec, index))
			->interface = interface(spec, index);
}

/* A published port is asked for at 127.0.0.1 too, unless at an address that is another. */
static bool answers_localhost(const struct spec *spec)
{
	for (size_t i = 0; i < spec->reach.n_publish; i++) {
		const struct addr *a = &spec->reach.publish[i].address;

		if (!a->family || (a->family == AF_INET && addr_is_loopback(a)))
			return true;
	}
	return false;
}

static void add_link(const struct spec *spec, struct plan *plan)
{
	struct obj_veth *veth =
		&add(plan, &kind_veth, OBJ_TRAFFIC, "link", spec->link_host_if)->veth;

	*veth = (struct obj_veth){
		.name = spec->link_host_if,
		.peer = spec->link_if,
		.index = spec->link_host_index,
		.peer_index = spec->link_index,
		.peer_frames = SEAL_LINK_TABLE,
		.forwards = spec->reach.n_from || spec->reach.n_holes,
		.answers_localhost = answers_localhost(spec),
	};
	for (int f = 0; f < ADDR_FAMILIES; f++)
		veth->addresses[f] = spec->link[f].host;
	add(plan, &kind_wall, OBJ_OPTIONAL, "second wall on", spec->link_host_if)->wall =
		(struct obj_wall){ spec, spec->link_host_if, spec->link_host_index };
}

static void add_segment(const struct spec *spec, struct plan *plan)
{
	const char *segment = spec->leg.segment;
	const struct obj_bridge bridge = {
		.name = spec->bridge_name,
		.segment = segment,
		.index = spec_bridge_index(segment),
	};
	struct obj_veth *veth;

	add(plan, &kind_bridge, OBJ_TRAFFIC, "bridge of segment", segment)->bridge = bridge;
	veth = &add(plan, &kind_veth, OBJ_TRAFFIC, "leg on segment", segment)->veth;
	*veth = (struct obj_veth){
		.name = spec->leg_host_if,
		.peer = spec->leg_if,
		.index = spec->leg_host_index,
		.peer_index = spec->leg_index,
		.peer_frames = SEAL_LEG_TABLE,
		.bridge = bridge,
	};
	spec_leg_mac(&spec->leg.address.addr, veth->mac);
}

static void add_guard(const struct spec *spec, struct plan *plan, enum seal_guard table,
		      const char *label)
{
	add(plan, &kind_guard, 0, label, "")->guard =
		(struct obj_guard){ .spec = spec, .table = table, .leg = spec->leg.address.addr };
}

/* What is shared on the host, under one lock until all of it is there. */
static void add_shared(const struct spec *spec, struct plan *plan)
{
	if (spec_is_guarded(spec))
		add_guard(spec, plan, SEAL_HOST, "guard on the host");
	if (spec_has_leg(spec))
		add_guard(spec, plan, SEAL_SEGMENTS, "guard of segments");
	if (spec->has_link)
		add_link(spec, plan);
	if (spec_has_leg(spec))
		add_segment(spec, plan);
}

static struct obj_tunnel tunnel(const struct spec *spec)
{
	return (struct obj_tunnel){
		.name = spec->tunnel_if,
		.index = spec->tunnel_index,
		.mtu = spec->mtu,
		.is_userspace = spec->backend != SPEC_BACKEND_KERNEL,
		.program = spec->program,
		.adopt = spec->adopt,
		.adopt_index = spec->adopt_index,
		.wg = &spec->wg,
	};
}

static struct obj_sysctl settings(const struct spec *spec)
{
	struct obj_sysctl of = {
		.has_ipv6 = spec_uses(spec, AF_INET6),
		.interfaces = { spec->link_if, spec->tunnel_if, spec->leg_if },
	};

	if (spec->leg.role == SPEC_GATEWAY)
		of.routes[addr_index(spec->leg.address.addr.family)] = true;
	return of;
}

/* The tunnel, and the filters for frames of all interfaces. */
static void add_interfaces(const struct spec *spec, struct plan *plan)
{
	bool userspace = spec->backend == SPEC_BACKEND_USERSPACE;
	unsigned int unlocks = userspace ? 0 : OBJ_UNLOCKS;

	if (spec->has_tunnel)
		add(plan, &kind_tunnel, OBJ_TRAFFIC | (userspace ? OBJ_UNLOCKS : 0), "tunnel",
		    spec->tunnel_if)
			->tunnel = tunnel(spec);
	if (spec->has_link)
		add_frames(plan, SEAL_LINK, unlocks, spec->link_index);
	if (spec_has_leg(spec))
		add_frames(plan, SEAL_LEG, unlocks, spec->leg_index);
	if (spec->has_tunnel)
		add_frames(plan, SEAL_TUNNEL, 0, spec->tunnel_index);
	if (spec->has_tunnel && !spec->adopt) /* it keeps those that it has */
		add(plan, &kind_peers, 0, "keys and peers of", spec->tunnel_if)->tunnel =
			tunnel(spec);
}

void plan_build(const struct spec *spec, struct plan *plan)
{
	plan->spec = spec;
	plan->n =
		0; /* an object is zeroed when it is added: of hundreds there is room for, few are */
	plan->overflow = false;
	add(plan, &kind_netns, 0, "namespace", spec->name);
	add_seal(plan, SEAL_INET, 0, "kill switch", "");
	add(plan, &kind_sysctl, 0, "settings of the namespace", "")->sysctl = settings(spec);
	add_shared(spec, plan);
	add_interfaces(spec, plan);
	add_up(spec, plan, SPEC_LOOPBACK_INDEX);
	if (spec->has_link)
		add_link_addresses(spec, plan);
	add_leg(spec, plan);
	add_forward(spec, plan, spec->leg_index);
	for (size_t i = 0; i < spec->n_addresses; i++)
		add_address(spec, plan, spec->tunnel_index, &spec->addresses[i]);
	if (spec->has_tunnel)
		add_up(spec, plan, spec->tunnel_index);
	add_forward(spec, plan, spec->tunnel_index);
	add_defaults(spec, plan, AF_INET);
	add_defaults(spec, plan, AF_INET6);
	add_resolver_routes(spec, plan);
	if (spec->has_link)
		add_reach_routes(spec, plan);
	add(plan, &kind_files, 0, "files of", spec->name)->description = spec;
	if (spec_has_leg(spec))
		add(plan, &kind_hosts, 0, "names of segment", spec->leg.segment)->hosts =
			(struct obj_hosts){ spec->leg.segment, spec->leg.address.addr };
	add(plan, &kind_name, 0, "name", spec->name);
}

uint32_t plan_interface(const struct obj *o)
{
	if (o->kind == &kind_veth)
		return o->veth.peer_index;
	if (o->kind == &kind_tunnel || o->kind == &kind_peers)
		return o->tunnel.index;
	if (o->kind == &kind_seal)
		return o->seal.index;
	if (o->kind == &kind_address)
		return o->address.on.index;
	if (o->kind == &kind_up || o->kind == &kind_forward)
		return o->interface.index;
	return o->kind == &kind_route ? o->route.index : 0;
}
