/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/rtnl.h: links, addresses and routes by rtnetlink(7). Requests are queued on a batch; dumps
 * call back. */
#ifndef LIB_RTNL_H
#define LIB_RTNL_H

#include <net/if.h>

#include "lib/addr.h"
#include "lib/nl.h"

#define RTNL_MAC_LEN 6

/* The two ends of a veth; the peer is made straight in the namespace PEER_NS (a descriptor). Both
 * ends start down. */
struct rtnl_veth {
	const char *name, *peer_name;
	uint32_t index,
		peer_index; /* both given: the kernel takes a peer's only together with the other */
	int peer_ns;
	uint32_t group, peer_group; /* 0: default */
	uint32_t mtu; /* 0: default */
	const uint8_t *peer_mac; /* RTNL_MAC_LEN bytes; NULL: the kernel's choice */
	uint32_t master; /* the bridge that the first end is a port of; 0: none */
};

void rtnl_queue_veth(struct nl_batch *b, struct nl *nl, unsigned int tag,
		     const struct rtnl_veth *veth);

/* How a bridge is set, as far as we set it. */
struct rtnl_bridge {
	bool spans, snoops; /* spanning tree; IGMP and MLD */
	bool learns_local; /* also from frames that it passes on to nobody (01:80:c2:00:00:0X) */
	bool is_bounded; /* it learns no more than so many; observed before Linux 6.7: true */
};

/* How many addresses one of ours learns: IFLA_BR_FDB_MAX_LEARNED, Linux 6.7; others skip it. The
 * value is the kernel's, whose headers may be older than this. */
#define RTNL_BRIDGE_LEARNED 16384
#define RTNL_ATTR_MAX_LEARNED 49

/* A bridge NAME with INDEX, down: set as rtnl_queue_bridge_settings does, and its own end without
 * ARP. */
void rtnl_queue_bridge(struct nl_batch *b, struct nl *nl, unsigned int tag, const char *name,
		       uint32_t index);
/* Sets the bridge INDEX: each setting above is false, but it is bounded. */
void rtnl_queue_bridge_settings(struct nl_batch *b, struct nl *nl, unsigned int tag,
				uint32_t index);

/* What the port INDEX of a bridge does not: learn from what comes, and take what is for a MAC
 * address that the bridge does not know. */
void rtnl_queue_port_settings(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index);

/* Tells the bridge of the port INDEX that MAC is there for good: it neither ages nor is learned
 * elsewhere. In place of what it has. */
void rtnl_queue_station(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
			const uint8_t mac[static RTNL_MAC_LEN]);

/*
 * A link of KIND "wireguard" made straight in namespace NS; its UDP socket stays in NL's namespace.
 * Down. Before Linux 6.15 the kernel looks for INDEX in NL's namespace too, and says -EEXIST:
 * choose one that is free in both (with INDEX 0 it does so for the name).
 */
void rtnl_queue_wireguard(struct nl_batch *b, struct nl *nl, unsigned int tag, const char *name,
			  uint32_t index, int ns, uint32_t mtu, uint32_t group);

/* Moves the link NAME of NL's namespace to namespace NS, with INDEX, MTU and GROUP there
 * (IFLA_NEW_IFINDEX, Linux 5.13). */
void rtnl_queue_move(struct nl_batch *b, struct nl *nl, unsigned int tag, const char *name, int ns,
		     uint32_t index, uint32_t mtu, uint32_t group);

/* Moves the link INDEX of NL's namespace to namespace NS, as NAME; with NEW_INDEX, MTU and GROUP
 * there (0: none in particular, as it is). It is down afterwards. When NAME is taken there,
 * -EEXIST: it has moved, under the name it had. */
void rtnl_queue_move_as(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index, int ns,
			const char *name, uint32_t new_index, uint32_t mtu, uint32_t group);

/* One setting of net.ipv4.conf.IFNAME: ID is IPV4_DEVCONF_* of linux/ip.h. */
struct rtnl_conf4 {
	uint16_t id;
	uint32_t value;
};

/* Sets N settings of the link INDEX in one message (IFLA_AF_SPEC), so that no moment lies between
 * them. */
void rtnl_queue_conf4(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
		      const struct rtnl_conf4 *conf, size_t n);

/* Writes on the link INDEX what it is (IFLA_IFALIAS): a text of the host's own, that nothing else
 * depends on. */
void rtnl_queue_alias(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
		      const char *alias);

/* Takes ARP off the link INDEX: it answers none and asks none. */
void rtnl_queue_noarp(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index);
void rtnl_queue_up(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index, bool up);
/* Takes the link INDEX out of the bridge, or whatever else, that it is a port of, if any. */
void rtnl_queue_nomaster(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index);
void rtnl_queue_del_link(struct nl_batch *b, struct nl *nl, unsigned int tag, const char *name);
void rtnl_queue_del_index(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index);
/* Deletes every link of GROUP in NL's namespace at once: one wait instead of one each. -ENODEV when
 * there is none. */
void rtnl_queue_del_group(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t group);

/* Adds ADDRESS/LEN (IFA_F_NODAD: usable at once; IFA_F_NOPREFIXROUTE when NOPREFIX) to the link
 * INDEX. */
void rtnl_queue_address(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
			const struct prefix *address, bool noprefix);

/* Sets the MTU of the link INDEX. */
void rtnl_queue_mtu(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
		    uint32_t mtu);

/*
 * A unicast route to DST by the link INDEX (VIA is AF_UNSPEC for an on-link one), or, with INDEX 0,
 * an unreachable one. Both have TYPE 0. What a dump finds besides (blackhole, by source or TOS,
 * encapsulated, with metrics such as an MTU, by a nexthop object or several next hops, with a next
 * hop of no known link) has the kernel's RTN_* there, so that it equals none of ours; a multipath
 * route is handed out once for each next hop.
 */
struct rtnl_route {
	struct prefix dst; /* len 0 of its family: default */
	struct addr via;
	struct addr prefsrc; /* AF_UNSPEC: the kernel's choice */
	uint32_t index;
	uint32_t metric;
	uint8_t type; /* 0; else RTN_*, observed only */
	bool by_kernel; /* made by the kernel for an address (RTPROT_KERNEL), observed only */
	uint32_t table; /* RT_TABLE_* of linux/rtnetlink.h, observed only */
	const struct nlmsghdr *told; /* rtnl_queue_delete takes it; of a dump, while FN runs */
};

void rtnl_queue_route(struct nl_batch *b, struct nl *nl, unsigned int tag,
		      const struct rtnl_route *route);
/* A policy rule that looks TABLE up for every packet of FAMILY, at PRIORITY. */
void rtnl_queue_rule(struct nl_batch *b, struct nl *nl, unsigned int tag, uint8_t family,
		     uint32_t priority, uint32_t table);

/*
 * Deletes what the message TOLD of a dump tells of: an address, a route, a policy rule, a
 * neighbour, a queue of tc(8). The kernel is told all that it told itself and that names the thing:
 * what is left out, or unknown to us, could name another, or none.
 */
void rtnl_queue_delete(struct nl_batch *b, struct nl *nl, unsigned int tag,
		       const struct nlmsghdr *told);

#define RTNL_ALIAS_LEN 96

/* What dumps hand out; names are copies. */
struct rtnl_link {
	uint32_t index;
	char name[IFNAMSIZ];
	char kind[16]; /* "" for physical ones and loopback */
	uint32_t mtu, group;
	uint32_t master; /* the bridge or other link that this one is a port of; 0: none */
	uint32_t lower; /* the link of the same namespace that this one sits on (macvlan); 0: none */
	char qdisc[16]; /* the kind of its first queue, "noqueue" for most */
	char alias[RTNL_ALIAS_LEN]; /* "" where it has none, or a longer one */
	const char
		*xdp; /* how ip(8) calls the way that a program is attached by which sees what comes
			 in, before all else: "xdp", "xdpgeneric", ...; NULL: there is none */
	unsigned int flags; /* IFF_* */
	uint8_t mac[RTNL_MAC_LEN]; /* zero where it has none of that length */
	struct rtnl_bridge bridge; /* of one */
	bool learns, floods; /* a port of a bridge: what rtnl_queue_port_settings takes away */
};

struct rtnl_address {
	uint32_t index;
	struct prefix address; /* the local one (IFA_LOCAL), with its prefix length */
	struct addr peer; /* the other end's (IFA_ADDRESS), where that is another; else AF_UNSPEC */
	bool has_broadcast;
	uint8_t scope; /* RT_SCOPE_* */
	uint32_t flags; /* IFA_F_* */
	const struct nlmsghdr *told; /* as of struct rtnl_route */
};

typedef int rtnl_link_fn(const struct rtnl_link *link, void *arg);
typedef int rtnl_address_fn(const struct rtnl_address *address, void *arg);
typedef int rtnl_route_fn(const struct rtnl_route *route, void *arg);

/*
 * Dump all links, all addresses, or the routes of the main table of FAMILY (AF_UNSPEC: both) in
 * NL's namespace; FN returns 0 to go on, -errno to stop. 0 or -errno.
 */
int must_check rtnl_dump_links(struct nl *nl, rtnl_link_fn *fn, void *arg, struct nl_error *error);
int must_check rtnl_dump_addresses(struct nl *nl, rtnl_address_fn *fn, void *arg,
				   struct nl_error *error);
int must_check rtnl_dump_routes(struct nl *nl, uint8_t family, rtnl_route_fn *fn, void *arg,
				struct nl_error *error);
/* The same, of FAMILY (AF_INET, AF_INET6), in all tables; entries of caches are left out. */
int must_check rtnl_dump_tables(struct nl *nl, uint8_t family, rtnl_route_fn *fn, void *arg,
				struct nl_error *error);

/* The link of that name. 0, or -errno: -ENODEV there is none. */
int must_check rtnl_get_link(struct nl *nl, const char *name, struct rtnl_link *out,
			     struct nl_error *error);

/* A rule of ip-rule(8): which table is looked up, when. */
struct rtnl_rule {
	uint32_t priority, table;
	bool plain; /* looks TABLE up for every packet, with nothing else said */
	struct prefix to; /* of packets to there alone; AF_UNSPEC: to anywhere */
	const struct nlmsghdr *told; /* as of struct rtnl_route */
};

typedef int rtnl_rule_fn(const struct rtnl_rule *rule, void *arg);

/* Dumps the rules of FAMILY (AF_INET, AF_INET6), in order. As the dumps above. */
int must_check rtnl_dump_rules(struct nl *nl, uint8_t family, rtnl_rule_fn *fn, void *arg,
			       struct nl_error *error);

/* Where a bridge has a MAC address. */
struct rtnl_station {
	uint32_t port; /* its index */
	bool stays; /* as rtnl_queue_station has it */
};

/* Asks the bridge INDEX where it has MAC. 0 with *OUT set, or -errno: -ENOENT nowhere. */
int must_check rtnl_ask_station(struct nl *nl, uint32_t index,
				const uint8_t mac[static RTNL_MAC_LEN], struct rtnl_station *out,
				struct nl_error *error);

/* A neighbour that somebody entered by hand; those that the kernel finds itself are left out. */
struct rtnl_neighbour {
	uint32_t index; /* of its link; 0: a proxy on all of them */
	struct addr address;
	bool proxy; /* is answered for, in its place */
	const struct nlmsghdr *told; /* as of struct rtnl_route */
};

typedef int rtnl_neighbour_fn(const struct rtnl_neighbour *neighbour, void *arg);

/* Dumps those of both families. As the dumps above. */
int must_check rtnl_dump_neighbours(struct nl *nl, rtnl_neighbour_fn *fn, void *arg,
				    struct nl_error *error);

/*
 * Asks the kernel by which link it would send a packet to DST, by rules and tables as they are;
 * nothing is sent. 0 with *INDEX set, or -errno: -ENETUNREACH no route.
 */
int must_check rtnl_ask_route(struct nl *nl, const struct addr *dst, uint32_t *index,
			      struct nl_error *error);

/*
 * Asks the kernel which route it would take to DST, as above: its prefix, table, gateway and link
 * (0: none, or several) go to *ROUTE. 0, or -errno: -ENETUNREACH no route; -EHOSTUNREACH, -EACCES
 * or -EINVAL one that leads nowhere.
 */
int must_check rtnl_match_route(struct nl *nl, const struct addr *dst, struct rtnl_route *route,
				struct nl_error *error);

#endif
