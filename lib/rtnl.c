/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/rtnl.c: links, addresses and routes by rtnetlink(7): requests. The dumps are in
 * lib/rtnldump.c. */
#include "lib/rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

enum {
	ROOM = 512, /* more than any message here takes but conf4's: a name or kind is at most 20
		       bytes, an address 20 */
};

/* Linux 5.13; the value is the kernel's, whose headers may be older than this. */
#define ATTR_NEW_IFINDEX 49

static struct nlmsghdr *start_link(struct nl_batch *b, struct nl *nl, unsigned int tag,
				   uint16_t type, uint16_t flags, uint32_t index, size_t room)
{
	struct nlmsghdr *nlh =
		nl_batch_add(b, nl, type, flags, sizeof(struct ifinfomsg), room, tag);
	struct ifinfomsg *ifm = nl_extra(nlh);

	ifm->ifi_index = (int)index;
	return nlh;
}

static void put_sizes(struct nlmsghdr *nlh, uint32_t mtu, uint32_t group)
{
	if (mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	if (group)
		mnl_attr_put_u32(nlh, IFLA_GROUP, group);
}

/* The other end's attributes, as of a link message of its own. */
static void put_veth_peer(struct nl_batch *b, struct nlmsghdr *nlh, const struct rtnl_veth *veth)
{
	struct nlattr *peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	struct ifinfomsg *ifm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifm));

	ifm->ifi_index = (int)veth->peer_index;
	nl_put_name(b, nlh, IFLA_IFNAME, veth->peer_name);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)veth->peer_ns);
	put_sizes(nlh, veth->mtu, veth->peer_group);
	if (veth->peer_mac)
		mnl_attr_put(nlh, IFLA_ADDRESS, RTNL_MAC_LEN, veth->peer_mac);
	mnl_attr_nest_end(nlh, peer);
}

void rtnl_queue_veth(struct nl_batch *b, struct nl *nl, unsigned int tag,
		     const struct rtnl_veth *veth)
{
	struct nlmsghdr *nlh;
	struct nlattr *info, *data;

	nlh = start_link(b, nl, tag, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, veth->index, ROOM);
	nl_put_name(b, nlh, IFLA_IFNAME, veth->name);
	put_sizes(nlh, veth->mtu, veth->group);
	if (veth->master)
		mnl_attr_put_u32(nlh, IFLA_MASTER, veth->master);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	put_veth_peer(b, nlh, veth);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	nl_batch_end(b, nlh);
}

static void put_bridge(struct nlmsghdr *nlh)
{
	const struct br_boolopt_multi options = { .optmask = 1U << BR_BOOLOPT_NO_LL_LEARN,
						  .optval = 1U << BR_BOOLOPT_NO_LL_LEARN };
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO), *data;

	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u32(nlh, IFLA_BR_STP_STATE, 0);
	mnl_attr_put_u8(nlh, IFLA_BR_MCAST_SNOOPING, 0);
	mnl_attr_put(nlh, IFLA_BR_MULTI_BOOLOPT, sizeof(options), &options);
	mnl_attr_put_u32(nlh, RTNL_ATTR_MAX_LEARNED, RTNL_BRIDGE_LEARNED);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
}

void rtnl_queue_bridge(struct nl_batch *b, struct nl *nl, unsigned int tag, const char *name,
		       uint32_t index)
{
	struct nlmsghdr *nlh =
		start_link(b, nl, tag, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index, ROOM);
	struct ifinfomsg *ifm = nl_extra(nlh);

	ifm->ifi_flags = ifm->ifi_change = IFF_NOARP;
	nl_put_name(b, nlh, IFLA_IFNAME, name);
	put_bridge(nlh);
	nl_batch_end(b, nlh);
}

/* RTM_SETLINK takes none of these. */
void rtnl_queue_bridge_settings(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_NEWLINK, 0, index, ROOM);

	put_bridge(nlh);
	nl_batch_end(b, nlh);
}

void rtnl_queue_port_settings(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_NEWLINK, 0, index, ROOM);
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO), *data;

	mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, "bridge");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_LEARNING, 0);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_UNICAST_FLOOD, 0);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	nl_batch_end(b, nlh);
}

void rtnl_queue_station(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
			const uint8_t mac[static RTNL_MAC_LEN])
{
	struct ndmsg *ndm;
	struct nlmsghdr *nlh = nl_batch_add(b, nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE,
					    sizeof(*ndm), ROOM, tag);

	ndm = nl_extra(nlh);
	ndm->ndm_family = AF_BRIDGE;
	ndm->ndm_ifindex = (int)index;
	ndm->ndm_state = NUD_NOARP; /* not learned, but that alone still moves */
	ndm->ndm_flags = NTF_MASTER | NTF_STICKY;
	mnl_attr_put(nlh, NDA_LLADDR, RTNL_MAC_LEN, mac);
	nl_batch_end(b, nlh);
}

void rtnl_queue_wireguard(struct nl_batch *b, struct nl *nl, unsigned int tag, const char *name,
			  uint32_t index, int ns, uint32_t mtu, uint32_t group)
{
	struct nlmsghdr *nlh;
	struct nlattr *info;

	nlh = start_link(b, nl, tag, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index, ROOM);
	nl_put_name(b, nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)ns);
	put_sizes(nlh, mtu, group);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "wireguard");
	mnl_attr_nest_end(nlh, info);
	nl_batch_end(b, nlh);
}

/* The kernel moves the link first and sets the rest there: when the MTU is refused, the link has
 * moved all the same. */
void rtnl_queue_move(struct nl_batch *b, struct nl *nl, unsigned int tag, const char *name, int ns,
		     uint32_t index, uint32_t mtu, uint32_t group)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_SETLINK, 0, 0, ROOM);

	nl_put_name(b, nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)ns);
	if (index)
		mnl_attr_put_u32(nlh, ATTR_NEW_IFINDEX, index);
	put_sizes(nlh, mtu, group);
	nl_batch_end(b, nlh);
}

void rtnl_queue_move_as(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index, int ns,
			const char *name, uint32_t new_index, uint32_t mtu, uint32_t group)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_SETLINK, 0, index, ROOM);

	nl_put_name(b, nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)ns);
	if (new_index)
		mnl_attr_put_u32(nlh, ATTR_NEW_IFINDEX, new_index);
	put_sizes(nlh, mtu, group);
	nl_batch_end(b, nlh);
}

void rtnl_queue_conf4(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
		      const struct rtnl_conf4 *conf, size_t n)
{
	size_t room = ROOM + n * NLMSG_ALIGN(sizeof(struct nlattr) + sizeof(conf->value));
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_SETLINK, 0, index, room);
	struct nlattr *spec, *inet, *values;

	spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	inet = mnl_attr_nest_start(nlh, AF_INET);
	values = mnl_attr_nest_start(nlh, IFLA_INET_CONF);
	for (size_t i = 0; i < n; i++)
		mnl_attr_put_u32(nlh, conf[i].id, conf[i].value);
	mnl_attr_nest_end(nlh, values);
	mnl_attr_nest_end(nlh, inet);
	mnl_attr_nest_end(nlh, spec);
	nl_batch_end(b, nlh);
}

void rtnl_queue_noarp(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_SETLINK, 0, index, 0);
	struct ifinfomsg *ifm = nl_extra(nlh);

	ifm->ifi_change = ifm->ifi_flags = IFF_NOARP;
	nl_batch_end(b, nlh);
}

void rtnl_queue_up(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index, bool up)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_SETLINK, 0, index, 0);
	struct ifinfomsg *ifm = nl_extra(nlh);

	ifm->ifi_change = IFF_UP;
	ifm->ifi_flags = up ? IFF_UP : 0;
	nl_batch_end(b, nlh);
}

void rtnl_queue_nomaster(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_SETLINK, 0, index, ROOM);

	mnl_attr_put_u32(nlh, IFLA_MASTER, 0);
	nl_batch_end(b, nlh);
}

void rtnl_queue_mtu(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
		    uint32_t mtu)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_SETLINK, 0, index, ROOM);

	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	nl_batch_end(b, nlh);
}

void rtnl_queue_del_link(struct nl_batch *b, struct nl *nl, unsigned int tag, const char *name)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_DELLINK, 0, 0, ROOM);

	nl_put_name(b, nlh, IFLA_IFNAME, name);
	nl_batch_end(b, nlh);
}

void rtnl_queue_del_index(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index)
{
	nl_batch_end(b, start_link(b, nl, tag, RTM_DELLINK, 0, index, 0));
}

void rtnl_queue_alias(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
		      const char *alias)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_SETLINK, 0, index, ROOM);

	mnl_attr_put_strz(nlh, IFLA_IFALIAS, alias);
	nl_batch_end(b, nlh);
}

void rtnl_queue_del_group(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t group)
{
	struct nlmsghdr *nlh = start_link(b, nl, tag, RTM_DELLINK, 0, 0, ROOM);

	mnl_attr_put_u32(nlh, IFLA_GROUP, group);
	nl_batch_end(b, nlh);
}

static void put_addr(struct nlmsghdr *nlh, uint16_t type, const struct addr *a)
{
	mnl_attr_put(nlh, type, addr_size(a), a->bytes);
}

void rtnl_queue_address(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
			const struct prefix *address, bool noprefix)
{
	struct nlmsghdr *nlh;
	struct ifaddrmsg *ifa;

	nlh = nl_batch_add(b, nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifa), ROOM, tag);
	ifa = nl_extra(nlh);
	ifa->ifa_family = address->addr.family;
	ifa->ifa_prefixlen = address->len;
	ifa->ifa_index = index;
	put_addr(nlh, IFA_LOCAL, &address->addr);
	put_addr(nlh, IFA_ADDRESS, &address->addr);
	mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD | (noprefix ? IFA_F_NOPREFIXROUTE : 0U));
	nl_batch_end(b, nlh);
}

/* The kernel would read the first four bytes of an IPv6 address as an IPv4 one. */
static bool fits_family(const struct addr *a, uint8_t family)
{
	return a->family == AF_UNSPEC || a->family == family;
}

void rtnl_queue_route(struct nl_batch *b, struct nl *nl, unsigned int tag,
		      const struct rtnl_route *route)
{
	const uint8_t family = route->dst.addr.family;
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;

	nlh = nl_batch_add(b, nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(*rtm), ROOM, tag);
	rtm = nl_extra(nlh);
	rtm->rtm_family = family;
	rtm->rtm_dst_len = route->dst.len;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_type = route->index ? RTN_UNICAST : RTN_UNREACHABLE;
	if (family == AF_INET && route->index && !route->via.family)
		rtm->rtm_scope = RT_SCOPE_LINK;
	if (!b->err && (route->type || !family || !fits_family(&route->via, family) ||
			!fits_family(&route->prefsrc, family)))
		b->err = -EINVAL;
	if (route->dst.len)
		put_addr(nlh, RTA_DST, &route->dst.addr);
	if (route->index)
		mnl_attr_put_u32(nlh, RTA_OIF, route->index);
	if (route->via.family)
		put_addr(nlh, RTA_GATEWAY, &route->via);
	if (route->prefsrc.family)
		put_addr(nlh, RTA_PREFSRC, &route->prefsrc);
	if (route->metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
	nl_batch_end(b, nlh);
}
