/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/rtnldump.c: the part of lib/rtnl.h that reads: dumps of links, addresses and routes. */
#include "lib/rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* What a reply is taken apart for: the caller's function and its argument. */
struct dump {
	uint8_t family;
	uint32_t table; /* of routes; RT_TABLE_UNSPEC: all */
	union {
		rtnl_link_fn *link;
		rtnl_address_fn *address;
		rtnl_route_fn *route;
	} fn;
	void *arg;
};

/* A request for strict checking holds the family header, at most one attribute, and nothing else. */
struct request {
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		struct rtmsg route;
		char bytes[16 + sizeof(struct nlattr) + sizeof(uint32_t)];
	};
};

static size_t add_u32(struct request *r, size_t len, uint16_t type, uint32_t value)
{
	struct nlattr attr = { .nla_len = sizeof(attr) + sizeof(value), .nla_type = type };

	len = NLMSG_ALIGN(len);
	memcpy(r->bytes + len, &attr, sizeof(attr));
	memcpy(r->bytes + len + sizeof(attr), &value, sizeof(value));
	return len + attr.nla_len;
}

/* Copies a text that ends within the attribute and fits OUT. */
static int copy_text(const struct nlattr *attr, char *out, size_t size)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (len > 0)
		len = strnlen(mnl_attr_get_payload(attr), len);
	if (len == 0 || len >= size)
		return -EBADMSG;
	memcpy(out, mnl_attr_get_payload(attr), len);
	out[len] = '\0';
	return 0;
}

static int copy_addr(const struct nlattr *attr, uint8_t family, struct addr *out)
{
	*out = (struct addr){ .family = family };
	return nl_copy(attr, out->bytes, addr_size(out));
}

static int read_flag(const struct nlattr *attr, bool *out)
{
	uint8_t value = 0;
	int err = attr ? nl_copy(attr, &value, sizeof(value)) : 0;

	*out = value;
	return err;
}

/* What an older kernel does not know of cannot be otherwise. */
static int read_bridge(const struct nlattr *data, struct rtnl_bridge *bridge)
{
	const struct nlattr *tb[RTNL_ATTR_MAX_LEARNED + 1];
	struct br_boolopt_multi options = { 0 };
	uint32_t spans = 0, learned = RTNL_BRIDGE_LEARNED;
	int err = nl_nested(data, tb, RTNL_ATTR_MAX_LEARNED);

	if (!err && tb[IFLA_BR_STP_STATE])
		err = nl_copy(tb[IFLA_BR_STP_STATE], &spans, sizeof(spans));
	if (!err)
		err = read_flag(tb[IFLA_BR_MCAST_SNOOPING], &bridge->snoops);
	if (!err && tb[IFLA_BR_MULTI_BOOLOPT])
		err = nl_copy(tb[IFLA_BR_MULTI_BOOLOPT], &options, sizeof(options));
	if (!err && tb[RTNL_ATTR_MAX_LEARNED])
		err = nl_copy(tb[RTNL_ATTR_MAX_LEARNED], &learned, sizeof(learned));
	bridge->spans = spans;
	bridge->learns_local = !(options.optval & 1U << BR_BOOLOPT_NO_LL_LEARN);
	bridge->is_bounded = learned == RTNL_BRIDGE_LEARNED;
	return err;
}

static int read_port(const struct nlattr *data, struct rtnl_link *link)
{
	const struct nlattr *tb[IFLA_BRPORT_UNICAST_FLOOD + 1];
	int err = nl_nested(data, tb, IFLA_BRPORT_UNICAST_FLOOD);

	if (!err)
		err = read_flag(tb[IFLA_BRPORT_LEARNING], &link->learns);
	return err ? err : read_flag(tb[IFLA_BRPORT_UNICAST_FLOOD], &link->floods);
}

static bool is_bridge(const struct nlattr *kind)
{
	static const char word[] = "bridge";
	size_t len = kind ? mnl_attr_get_payload_len(kind) : 0;

	return len >= sizeof(word) - 1 &&
	       !strncmp(mnl_attr_get_payload(kind), word, len < sizeof(word) ? len : sizeof(word));
}

static int read_xdp(const struct nlattr *attr, const char **out)
{
	static const char *const words[] = { [XDP_ATTACHED_DRV] = "xdp",
					     [XDP_ATTACHED_SKB] = "xdpgeneric",
					     [XDP_ATTACHED_HW] = "xdpoffload" };
	const struct nlattr *tb[IFLA_XDP_ATTACHED + 1];
	uint8_t how = XDP_ATTACHED_NONE;
	int err = nl_nested(attr, tb, IFLA_XDP_ATTACHED);

	if (!err && tb[IFLA_XDP_ATTACHED])
		err = nl_copy(tb[IFLA_XDP_ATTACHED], &how, sizeof(how));
	*out = how == XDP_ATTACHED_NONE ? NULL : how < ARRAY_SIZE(words) ? words[how] : "xdp";
	return err;
}

/* The kind is for comparing: one too long for it is cut and equals none of ours. */
static void copy_kind(const struct nlattr *attr, char *out, size_t size)
{
	size_t len = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	if (len >= size)
		len = size - 1;
	memcpy(out, mnl_attr_get_payload(attr), len);
}

static int read_info(const struct nlattr *info, struct rtnl_link *link)
{
	const struct nlattr *tb[IFLA_INFO_SLAVE_DATA + 1];
	int err = nl_nested(info, tb, IFLA_INFO_SLAVE_DATA);

	if (err)
		return err;
	if (tb[IFLA_INFO_KIND])
		copy_kind(tb[IFLA_INFO_KIND], link->kind, sizeof(link->kind));
	if (tb[IFLA_INFO_DATA] && is_bridge(tb[IFLA_INFO_KIND]))
		err = read_bridge(tb[IFLA_INFO_DATA], &link->bridge);
	if (!err && tb[IFLA_INFO_SLAVE_DATA] && is_bridge(tb[IFLA_INFO_SLAVE_KIND]))
		err = read_port(tb[IFLA_INFO_SLAVE_DATA], link);
	return err;
}

/* What is at work on the link or above it. */
static int read_company(const struct nlattr *const *tb, struct rtnl_link *link)
{
	int err = 0;

	if (tb[IFLA_MASTER])
		err = nl_copy(tb[IFLA_MASTER], &link->master, sizeof(link->master));
	if (!err && tb[IFLA_LINK] && !tb[IFLA_LINK_NETNSID])
		err = nl_copy(tb[IFLA_LINK], &link->lower, sizeof(link->lower));
	if (!err && tb[IFLA_QDISC])
		err = copy_text(tb[IFLA_QDISC], link->qdisc, sizeof(link->qdisc));
	if (!err && tb[IFLA_XDP])
		err = read_xdp(tb[IFLA_XDP], &link->xdp);
	return err;
}

static int read_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[IFLA_XDP + 1];
	const struct ifinfomsg *ifm = mnl_nlmsg_get_payload(nlh);
	struct rtnl_link link = { .index = 0 };
	struct dump *dump = arg;
	int err;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return -EBADMSG;
	err = nl_attrs(nlh, sizeof(*ifm), tb, IFLA_XDP);
	if (err)
		return err;
	link.index = (uint32_t)ifm->ifi_index;
	link.flags = ifm->ifi_flags;
	err = copy_text(tb[IFLA_IFNAME], link.name, sizeof(link.name));
	if (!err)
		err = nl_copy(tb[IFLA_MTU], &link.mtu, sizeof(link.mtu));
	if (!err)
		err = nl_copy(tb[IFLA_GROUP], &link.group, sizeof(link.group));
	if (!err && tb[IFLA_ADDRESS] && mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == RTNL_MAC_LEN)
		err = nl_copy(tb[IFLA_ADDRESS], link.mac, RTNL_MAC_LEN);
	if (!err)
		err = read_company(tb, &link);
	if (!err && tb[IFLA_LINKINFO])
		err = read_info(tb[IFLA_LINKINFO], &link);
	if (!err && tb[IFLA_IFALIAS] && copy_text(tb[IFLA_IFALIAS], link.alias, sizeof(link.alias)))
		link.alias[0] = '\0'; /* too long for one of ours */
	return err ? err : dump->fn.link(&link, dump->arg);
}

static int keep_one(const struct rtnl_link *link, void *out)
{
	*(struct rtnl_link *)out = *link;
	return 0;
}

int rtnl_get_link(struct nl *nl, const char *name, struct rtnl_link *out, struct nl_error *error)
{
	struct nl_batch b cleanup(nl_batch_free) = { 0 };
	struct nlmsghdr *nlh =
		nl_batch_add(&b, nl, RTM_GETLINK, 0, sizeof(struct ifinfomsg), 64, 0);
	struct dump dump = { .fn.link = keep_one, .arg = out };
	int err;

	nl_put_name(&b, nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_batch_end(&b, nlh);
	*out = (struct rtnl_link){ .index = 0 };
	err = nl_batch_send(&b, read_link, &dump, error);
	return err ? err : out->index ? 0 : -EBADMSG;
}

int rtnl_dump_links(struct nl *nl, rtnl_link_fn *fn, void *arg, struct nl_error *error)
{
	struct request request = { .link = { .ifi_family = AF_UNSPEC } };
	struct dump dump = { .fn.link = fn, .arg = arg };
	size_t len;

	len = add_u32(&request, sizeof(request.link), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return nl_dump(nl, RTM_GETLINK, 0, &request, len, read_link, &dump, error);
}

static int read_peer(const struct nlattr *attr, struct rtnl_address *address)
{
	struct addr other;
	int err = copy_addr(attr, address->address.addr.family, &other);

	if (!err && !addr_equal(&other, &address->address.addr))
		address->peer = other;
	return err;
}

static int read_address(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[IFA_FLAGS + 1];
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct rtnl_address address = { .index = 0 };
	struct dump *dump = arg;
	int err;

	if (nlh->nlmsg_type != RTM_NEWADDR)
		return -EBADMSG;
	err = nl_attrs(nlh, sizeof(*ifa), tb, IFA_FLAGS);
	if (err)
		return err;
	if (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6)
		return 0; /* MCTP and others answer the same request */
	address.index = ifa->ifa_index;
	/* IPv6 gives IFA_LOCAL only where there is a peer address besides. */
	err = copy_addr(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], ifa->ifa_family,
			&address.address.addr);
	address.address.len = ifa->ifa_prefixlen;
	if (!err && address.address.len > addr_bits(&address.address.addr))
		err = -EBADMSG;
	if (!err && tb[IFA_LOCAL] && tb[IFA_ADDRESS])
		err = read_peer(tb[IFA_ADDRESS], &address);
	address.has_broadcast = tb[IFA_BROADCAST];
	address.scope = ifa->ifa_scope;
	address.told = nlh;
	address.flags = ifa->ifa_flags;
	if (!err && tb[IFA_FLAGS])
		err = nl_copy(tb[IFA_FLAGS], &address.flags, sizeof(address.flags));
	return err ? err : dump->fn.address(&address, dump->arg);
}

int rtnl_dump_addresses(struct nl *nl, rtnl_address_fn *fn, void *arg, struct nl_error *error)
{
	struct request request = { .address = { .ifa_family = AF_UNSPEC } };
	struct dump dump = { .fn.address = fn, .arg = arg };

	return nl_dump(nl, RTM_GETADDR, 0, &request, sizeof(request.address), read_address, &dump,
		       error);
}

/* The next hop of a route of an IPv4 destination may be an IPv6 one: RTA_VIA. */
static int read_via(const struct nlattr *const *tb, uint8_t family, struct addr *out)
{
	const struct nlattr *attr = tb[RTA_VIA];
	struct rtvia via;
	size_t len;

	if (tb[RTA_GATEWAY])
		return copy_addr(tb[RTA_GATEWAY], family, out);
	if (!attr)
		return 0;
	len = mnl_attr_get_payload_len(attr);
	if (len < sizeof(via))
		return -EBADMSG;
	memcpy(&via, mnl_attr_get_payload(attr), sizeof(via));
	*out = (struct addr){ .family = (uint8_t)via.rtvia_family };
	len -= sizeof(via);
	if (via.rtvia_family > UINT8_MAX || !len || addr_size(out) != len)
		return -EBADMSG;
	memcpy(out->bytes, (const char *)mnl_attr_get_payload(attr) + sizeof(via), len);
	return 0;
}

/* Takes the next hop at *POS off the *LEFT bytes there: ROUTE with its link and gateway. */
static int take_nexthop(const char **pos, size_t *left, struct rtnl_route *route)
{
	const struct nlattr *tb[RTA_ENCAP_TYPE + 1];
	struct rtnexthop hop;
	size_t step;
	int err;

	if (*left < sizeof(hop))
		return -EBADMSG;
	memcpy(&hop, *pos, sizeof(hop));
	if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > *left)
		return -EBADMSG;
	err = nl_range(*pos + sizeof(hop), hop.rtnh_len - sizeof(hop), tb, RTA_ENCAP_TYPE);
	if (!err)
		err = read_via(tb, route->dst.addr.family, &route->via);
	route->index = (uint32_t)hop.rtnh_ifindex;
	step = NLMSG_ALIGN((size_t)hop.rtnh_len);
	step = step < *left ? step : *left;
	*pos += step;
	*left -= step;
	return err;
}

static int each_nexthop(const struct nlattr *hops, const struct rtnl_route *route,
			const struct dump *dump)
{
	const char *pos = mnl_attr_get_payload(hops);
	size_t left = mnl_attr_get_payload_len(hops);
	struct rtnl_route one;
	int err = 0;

	while (!err && left > 0) {
		one = *route;
		err = take_nexthop(&pos, &left, &one);
		if (!err)
			err = dump->fn.route(&one, dump->arg);
	}
	return err;
}

/* The kind of route as rtnl.h has it: 0 for the two plain ones. */
static uint8_t route_type(const struct rtmsg *rtm, const struct nlattr *const *tb,
			  struct rtnl_route *route)
{
	bool special = rtm->rtm_src_len || rtm->rtm_tos || tb[RTA_ENCAP_TYPE] || tb[RTA_METRICS] ||
		       tb[RTA_MULTIPATH] || tb[RTA_NH_ID];

	if (rtm->rtm_type == RTN_UNREACHABLE && !special) {
		route->index = 0; /* IPv6 hangs it on the loopback link */
		return 0;
	}
	return rtm->rtm_type == RTN_UNICAST && !special && route->index ? 0 : rtm->rtm_type;
}

static int read_route_attrs(const struct rtmsg *rtm, const struct nlattr *const *tb,
			    struct rtnl_route *route)
{
	int err = 0;

	route->dst.addr.family = rtm->rtm_family;
	route->dst.len = rtm->rtm_dst_len;
	if (route->dst.len > addr_bits(&route->dst.addr))
		return -EBADMSG;
	if (tb[RTA_DST] || route->dst.len)
		err = copy_addr(tb[RTA_DST], rtm->rtm_family, &route->dst.addr);
	if (!err && tb[RTA_PREFSRC])
		err = copy_addr(tb[RTA_PREFSRC], rtm->rtm_family, &route->prefsrc);
	if (!err && tb[RTA_OIF])
		err = nl_copy(tb[RTA_OIF], &route->index, sizeof(route->index));
	if (!err && tb[RTA_PRIORITY])
		err = nl_copy(tb[RTA_PRIORITY], &route->metric, sizeof(route->metric));
	return err ? err : read_via(tb, rtm->rtm_family, &route->via);
}

static int read_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[RTA_NH_ID + 1];
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct rtnl_route route = { .index = 0 };
	struct dump *dump = arg;
	uint32_t table;
	int err;

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return -EBADMSG;
	err = nl_attrs(nlh, sizeof(*rtm), tb, RTA_NH_ID);
	if (err)
		return err;
	/* Kernels that check less strictly hand out all tables, cached routes and other families as
	 * well. */
	table = rtm->rtm_table;
	if (tb[RTA_TABLE] && nl_copy(tb[RTA_TABLE], &table, sizeof(table)))
		return -EBADMSG;
	if (rtm->rtm_family != dump->family || (dump->table && table != dump->table) ||
	    (rtm->rtm_flags & RTM_F_CLONED))
		return 0;
	route.table = table;
	route.told = nlh;
	err = read_route_attrs(rtm, tb, &route);
	if (err)
		return err;
	route.type = route_type(rtm, tb, &route);
	route.by_kernel = rtm->rtm_protocol == RTPROT_KERNEL;
	if (tb[RTA_MULTIPATH])
		return each_nexthop(tb[RTA_MULTIPATH], &route, dump);
	return dump->fn.route(&route, dump->arg);
}

static int dump_family(struct nl *nl, uint8_t family, rtnl_route_fn *fn, void *arg,
		       struct nl_error *error)
{
	struct request request = { .route = { .rtm_family = family } };
	struct dump dump = { .family = family, .table = RT_TABLE_MAIN, .fn.route = fn, .arg = arg };
	size_t len;
	int err;

	len = add_u32(&request, sizeof(request.route), RTA_TABLE, RT_TABLE_MAIN);
	err = nl_dump(nl, RTM_GETROUTE, 0, &request, len, read_route, &dump, error);
	if (err != -ENOENT)
		return err;
	*error =
		(struct nl_error){ .err = 0 }; /* the table does not exist before its first route */
	return 0;
}

int rtnl_dump_tables(struct nl *nl, uint8_t family, rtnl_route_fn *fn, void *arg,
		     struct nl_error *error)
{
	const struct request request = { .route = { .rtm_family = family } };
	struct dump dump = { .family = family, .fn.route = fn, .arg = arg };

	return nl_dump(nl, RTM_GETROUTE, 0, &request, sizeof(request.route), read_route, &dump,
		       error);
}

int rtnl_dump_routes(struct nl *nl, uint8_t family, rtnl_route_fn *fn, void *arg,
		     struct nl_error *error)
{
	int err;

	if (family != AF_UNSPEC)
		return dump_family(nl, family, fn, arg, error);
	err = dump_family(nl, AF_INET, fn, arg, error);
	return err ? err : dump_family(nl, AF_INET6, fn, arg, error);
}

static int read_station(const struct nlmsghdr *nlh, void *arg)
{
	struct rtnl_station *out = arg;
	struct ndmsg ndm;

	if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(ndm))
		return -EBADMSG;
	memcpy(&ndm, mnl_nlmsg_get_payload(nlh), sizeof(ndm));
	out->port = (uint32_t)ndm.ndm_ifindex;
	out->stays = ndm.ndm_state == NUD_NOARP && ndm.ndm_flags & NTF_STICKY;
	return 0;
}

int rtnl_ask_station(struct nl *nl, uint32_t index, const uint8_t mac[static RTNL_MAC_LEN],
		     struct rtnl_station *out, struct nl_error *error)
{
	struct nl_batch b cleanup(nl_batch_free) = { 0 };
	struct nlmsghdr *nlh = nl_batch_add(&b, nl, RTM_GETNEIGH, 0, sizeof(struct ndmsg), 64, 0);
	struct ndmsg *ndm = nl_extra(nlh);
	int err;

	ndm->ndm_family = AF_BRIDGE;
	mnl_attr_put(nlh, NDA_LLADDR, RTNL_MAC_LEN, mac);
	mnl_attr_put_u32(nlh, NDA_MASTER, index);
	nl_batch_end(&b, nlh);
	*out = (struct rtnl_station){ .port = 0 };
	err = nl_batch_send(&b, read_station, out, error);
	return err ? err : out->port ? 0 : -EBADMSG;
}
