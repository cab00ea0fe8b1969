/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/rtnl.c: links, addresses and routes made in namespaces of the test's own and read back.
 */
#include "lib/rtnl.c"
#include "lib/rtnldump.c"

#include <fcntl.h>
#include <linux/ip.h>
#include <stdio.h>

#include "lib/ns.h"
#include "test/unit/sandbox.h"
#include "test/unit/tap.h"

enum {
	HOST_INDEX = 70001,
	VAULT_INDEX = 70002,
	MOVED_INDEX = 70003,
	GROUP = 4242,
};

/* One socket in either namespace; and the name of the other one. */
static struct nl host = NL_CLOSED, vault = NL_CLOSED;
static int vault_ns = -1;
static struct nl_batch batch;
static struct nl_error error;

/* What dumps found. */
static struct rtnl_link links[16];
static struct rtnl_address addresses[32];
static struct rtnl_route routes[32];
static size_t n_links, n_addresses, n_routes;

static int keep_link(const struct rtnl_link *link, void *arg)
{
	(void)arg;
	if (n_links == ARRAY_SIZE(links))
		return -ENOSPC;
	links[n_links++] = *link;
	return 0;
}

static int keep_address(const struct rtnl_address *address, void *arg)
{
	(void)arg;
	if (n_addresses == ARRAY_SIZE(addresses))
		return -ENOSPC;
	addresses[n_addresses++] = *address;
	return 0;
}

static int keep_route(const struct rtnl_route *route, void *arg)
{
	(void)arg;
	if (n_routes == ARRAY_SIZE(routes))
		return -ENOSPC;
	routes[n_routes++] = *route;
	return 0;
}

static const struct rtnl_link *find_link(struct nl *nl, uint32_t index)
{
	n_links = 0;
	if (rtnl_dump_links(nl, keep_link, NULL, &error)) {
		printf("# link dump: %d %s\n", error.err, error.text);
		return NULL;
	}
	for (size_t i = 0; i < n_links; i++)
		if (links[i].index == index)
			return &links[i];
	return NULL;
}

static const struct rtnl_address *find_address(struct nl *nl, const struct prefix *p)
{
	n_addresses = 0;
	if (rtnl_dump_addresses(nl, keep_address, NULL, &error)) {
		printf("# address dump: %d %s\n", error.err, error.text);
		return NULL;
	}
	for (size_t i = 0; i < n_addresses; i++)
		if (prefix_equal(&addresses[i].address, p))
			return &addresses[i];
	return NULL;
}

static bool same_route(const struct rtnl_route *a, const struct rtnl_route *b)
{
	return prefix_equal(&a->dst, &b->dst) && addr_equal(&a->via, &b->via) &&
	       addr_equal(&a->prefsrc, &b->prefsrc) && a->index == b->index &&
	       a->metric == b->metric && a->type == b->type;
}

static bool has_route(struct nl *nl, const struct rtnl_route *wanted)
{
	n_routes = 0;
	if (rtnl_dump_routes(nl, AF_UNSPEC, keep_route, NULL, &error)) {
		printf("# route dump: %d %s\n", error.err, error.text);
		return false;
	}
	for (size_t i = 0; i < n_routes; i++)
		if (same_route(&routes[i], wanted))
			return true;
	return false;
}

static struct prefix prefix(const char *text)
{
	struct prefix p = { .len = 0 };

	if (prefix_parse(text, &p))
		ok(false, text);
	return p;
}

static struct addr addr(const char *text)
{
	return prefix(text).addr;
}

static int send_batch(void)
{
	int err = nl_batch_send(&batch, NULL, NULL, &error);

	if (err)
		printf("# message %u: %d '%s'\n", error.tag, err, error.text);
	return err;
}

static void test_veth(void)
{
	const struct rtnl_veth veth = {
		.name = "vt-host",
		.peer_name = "link",
		.index = HOST_INDEX,
		.peer_index = VAULT_INDEX,
		.peer_ns = vault_ns,
		.group = GROUP,
		.peer_group = 7,
		.mtu = 1400,
	};
	const struct rtnl_link *link;

	ok(rtnl_dump_routes(&host, AF_UNSPEC, keep_route, NULL, &error) == 0 && n_routes == 0,
	   "a table of routes that does not exist yet is empty");
	rtnl_queue_veth(&batch, &host, 1, &veth);
	rtnl_queue_veth(&batch, &host, 2, &veth);
	ok(send_batch() == -EEXIST && error.tag == 2,
	   "a veth is made; a second one of its indexes is refused");
	link = find_link(&host, HOST_INDEX);
	ok(link && !strcmp(link->name, "vt-host") && !strcmp(link->kind, "veth") &&
		   link->mtu == 1400 && link->group == GROUP && !(link->flags & IFF_UP),
	   "its end here: index, name, kind, MTU, group, down");
	ok(n_links >= 2 && find_link(&host, 1) && !find_link(&host, 1)->kind[0],
	   "loopback has no kind");
	link = find_link(&vault, VAULT_INDEX);
	ok(link && !strcmp(link->name, "link") && link->mtu == 1400 && link->group == 7 &&
		   !(link->flags & IFF_UP),
	   "its end in the other namespace");
	ok(!find_link(&host, VAULT_INDEX), "which is not seen here");
}

static int read_conf4(const char *name)
{
	char path[128], digit = 0;
	int fd cleanup(close_fd) = -1;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/vt-host/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &digit, 1) == 1 ? digit - '0' : -1;
}

static void test_conf4(void)
{
	const struct rtnl_conf4 conf[] = {
		{ IPV4_DEVCONF_RP_FILTER, 1 },        { IPV4_DEVCONF_ARP_IGNORE, 2 },
		{ IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 }, { IPV4_DEVCONF_ROUTE_LOCALNET, 1 },
		{ IPV4_DEVCONF_ARPFILTER, 1 },
	};
	const struct rtnl_conf4 bad = { 9999, 1 };

	rtnl_queue_conf4(&batch, &host, 1, HOST_INDEX, conf, ARRAY_SIZE(conf));
	ok(send_batch() == 0 && read_conf4("rp_filter") == 1 && read_conf4("arp_ignore") == 2 &&
		   read_conf4("accept_redirects") == 0 && read_conf4("route_localnet") == 1 &&
		   read_conf4("arp_filter") == 1,
	   "settings of a link in one message");
	rtnl_queue_conf4(&batch, &host, 1, HOST_INDEX, &bad, 1);
	ok(send_batch() == -EINVAL, "a setting that there is not");
}

static void test_addresses(void)
{
	struct prefix v4 = prefix("192.0.2.2/30"), v6 = prefix("fd00:7::2/64"),
		      noroute = prefix("198.51.100.9/24");
	const struct rtnl_address *found;

	rtnl_queue_up(&batch, &host, 1, HOST_INDEX, true);
	rtnl_queue_up(&batch, &vault, 1, VAULT_INDEX, true);
	ok(send_batch() == -EINVAL, "links of two namespaces in one batch: refused");
	rtnl_queue_up(&batch, &host, 1, HOST_INDEX, true);
	ok(send_batch() == 0 && find_link(&host, HOST_INDEX)->flags & IFF_UP, "up");
	rtnl_queue_up(&batch, &vault, 1, VAULT_INDEX, true);
	rtnl_queue_address(&batch, &vault, 2, VAULT_INDEX, &v4, false);
	rtnl_queue_address(&batch, &vault, 3, VAULT_INDEX, &v6, false);
	rtnl_queue_address(&batch, &vault, 4, VAULT_INDEX, &noroute, true);
	ok(send_batch() == 0, "up and addresses in one batch");
	found = find_address(&vault, &v4);
	ok(found && found->index == VAULT_INDEX && !(found->flags & IFA_F_NOPREFIXROUTE),
	   "IPv4 address");
	found = find_address(&vault, &noroute);
	ok(found && found->flags & IFA_F_NOPREFIXROUTE, "IPv4 address without a route");
	found = find_address(&vault, &v6);
	ok(found && !(found->flags & IFA_F_TENTATIVE), "IPv6 address, usable at once");
	ok(!find_address(&host, &v4), "none of them here");
}

static void test_routes(void)
{
	const struct rtnl_route wanted[] = {
		{ .dst = prefix("203.0.113.0/24"), .index = VAULT_INDEX, .metric = 5 },
		{ .dst = prefix("0.0.0.0/0"),
		  .via = addr("192.0.2.1"),
		  .prefsrc = addr("192.0.2.2"),
		  .index = VAULT_INDEX },
		{ .dst = prefix("0.0.0.0/0"), .metric = 4278198272 },
		{ .dst = prefix("2001:db8::/32"),
		  .via = addr("fd00:7::1"),
		  .index = VAULT_INDEX,
		  .metric = 1024 },
		{ .dst = prefix("2001:db8:1::/48"),
		  .prefsrc = addr("fd00:7::2"),
		  .index = VAULT_INDEX,
		  .metric = 9 },
		{ .dst = prefix("::/0"), .metric = 4278198272 },
	};
	const struct rtnl_route auto4 = { .dst = prefix("192.0.2.0/30"),
					  .index = VAULT_INDEX,
					  .prefsrc = addr("192.0.2.2") };
	struct rtnl_route mixed = wanted[0];
	bool has_all = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++)
		rtnl_queue_route(&batch, &vault, i, &wanted[i]);
	ok(send_batch() == 0, "routes of both families in one batch");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		has_all &= has_route(&vault, &wanted[i]);
	ok(has_all, "each is read back as it was given");
	ok(has_route(&vault, &auto4), "the route of the address is there");
	ok(!rtnl_dump_routes(&vault, AF_INET, keep_route, (n_routes = 0, NULL), &error) &&
		   n_routes == 4,
	   "of IPv4 alone: three, and that of the address with one");
	rtnl_queue_route(&batch, &vault, 3, &wanted[2]);
	ok(send_batch() == -EEXIST && error.tag == 3, "the same route twice");
	mixed.via = addr("fd00:7::1");
	rtnl_queue_route(&batch, &vault, 4, &mixed);
	ok(send_batch() == -EINVAL, "a gateway of the other family is not cut to fit");
}

/* Routes that ours must not be confused with. */
static void test_strange_routes(void)
{
	struct rtnl_route wanted = { .dst = prefix("100.64.0.0/10"), .type = RTN_BLACKHOLE };
	struct nlmsghdr *nlh = nl_batch_add(&batch, &vault, RTM_NEWROUTE, NLM_F_CREATE,
					    sizeof(struct rtmsg), 64, 0);
	struct rtmsg *rtm = nl_extra(nlh);
	struct {
		struct rtnexthop hop;
	} * hops;
	struct nlattr *nest;

	*rtm = (struct rtmsg){ .rtm_family = AF_INET,
			       .rtm_dst_len = 10,
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_type = RTN_BLACKHOLE };
	mnl_attr_put(nlh, RTA_DST, 4, wanted.dst.addr.bytes);
	nl_batch_end(&batch, nlh);
	ok(send_batch() == 0 && has_route(&vault, &wanted),
	   "a blackhole is told from an unreachable route");

	nlh = nl_batch_add(&batch, &vault, RTM_NEWROUTE, NLM_F_CREATE, sizeof(struct rtmsg), 64, 0);
	rtm = nl_extra(nlh);
	*rtm = (struct rtmsg){ .rtm_family = AF_INET,
			       .rtm_dst_len = 12,
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_type = RTN_UNICAST };
	mnl_attr_put(nlh, RTA_DST, 4, wanted.dst.addr.bytes);
	nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);
	hops = mnl_nlmsg_put_extra_header(nlh, 2 * sizeof(*hops));
	hops[0].hop = (struct rtnexthop){ .rtnh_len = sizeof(*hops), .rtnh_ifindex = VAULT_INDEX };
	hops[1].hop = (struct rtnexthop){ .rtnh_len = sizeof(*hops),
					  .rtnh_ifindex = VAULT_INDEX,
					  .rtnh_hops = 3 };
	mnl_attr_nest_end(nlh, nest);
	nl_batch_end(&batch, nlh);
	wanted = (struct rtnl_route){ .dst = prefix("100.64.0.0/12"),
				      .index = VAULT_INDEX,
				      .type = RTN_UNICAST };
	ok(send_batch() == 0 && has_route(&vault, &wanted),
	   "a multipath route is told by its next hops, and equals none of ours");
}

static int queue_delete(const struct rtnl_route *route, void *arg)
{
	(void)arg;
	if (!route->by_kernel && route->dst.addr.family == AF_INET)
		rtnl_queue_delete(&batch, &vault, 0, route->told);
	return 0;
}

static int count_ours(const struct rtnl_route *route, void *arg)
{
	*(size_t *)arg += !route->by_kernel;
	return 0;
}

/* The more a route has to it, the more must be said to name it: all that the dump said. */
static void test_delete(void)
{
	struct nlmsghdr *nlh = nl_batch_add(&batch, &vault, RTM_NEWROUTE, NLM_F_CREATE,
					    sizeof(struct rtmsg), 64, 0);
	const struct rtnl_route bare = { .dst = prefix("100.80.0.0/16"), .index = VAULT_INDEX };
	struct rtmsg *rtm = nl_extra(nlh);
	size_t n = 0;

	*rtm = (struct rtmsg){ .rtm_family = AF_INET,
			       .rtm_dst_len = 16,
			       .rtm_tos = 0x10,
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_scope = RT_SCOPE_LINK,
			       .rtm_type = RTN_UNICAST };
	mnl_attr_put(nlh, RTA_DST, 4, bare.dst.addr.bytes);
	mnl_attr_put_u32(nlh, RTA_OIF, VAULT_INDEX);
	nl_batch_end(&batch, nlh);
	ok(send_batch() == 0, "a route of a TOS");
	nlh = nl_batch_add(&batch, &vault, RTM_DELROUTE, 0, sizeof(struct rtmsg), 64, 0);
	*(struct rtmsg *)nl_extra(nlh) = (struct rtmsg){ .rtm_family = AF_INET,
							 .rtm_dst_len = 16,
							 .rtm_table = RT_TABLE_MAIN,
							 .rtm_scope = RT_SCOPE_NOWHERE };
	mnl_attr_put(nlh, RTA_DST, 4, bare.dst.addr.bytes);
	nl_batch_end(&batch, nlh);
	ok(send_batch() == -ESRCH, "the control: destination and link do not name it");
	ok(rtnl_dump_routes(&vault, AF_INET, queue_delete, NULL, &error) == 0 && batch.count >= 3 &&
		   rtnl_dump_routes(&vault, AF_INET, count_ours, &n, &error) == 0 && n >= 3,
	   "there are strange ones");
	(void)!send_batch(); /* a multipath route is named once for each of its next hops */
	n = 0;
	ok(rtnl_dump_routes(&vault, AF_INET, count_ours, &n, &error) == 0 && n == 0,
	   "sent back as they were told, all are gone");
}

static void test_move(void)
{
	const struct rtnl_veth veth = {
		.name = "tun",
		.peer_name = "other",
		.index = 70010,
		.peer_index = 70011,
		.peer_ns = vault_ns,
	};
	const struct rtnl_link *link;

	rtnl_queue_veth(&batch, &host, 1, &veth);
	rtnl_queue_move(&batch, &host, 2, "tun", vault_ns, MOVED_INDEX, 1380, 99);
	ok(send_batch() == 0, "a link is moved");
	link = find_link(&vault, MOVED_INDEX);
	ok(link && !strcmp(link->name, "tun") && link->mtu == 1380 && link->group == 99,
	   "there: index, MTU, group");
	ok(!find_link(&host, 70010), "here no more");
	rtnl_queue_del_link(&batch, &vault, 1, "tun");
	ok(send_batch() == 0 && !find_link(&vault, MOVED_INDEX) && !find_link(&vault, 70011),
	   "deleted by name, with its peer");
	rtnl_queue_del_link(&batch, &vault, 1, "tun");
	ok(send_batch() == -ENODEV, "a second time: no such device");

	rtnl_queue_veth(&batch, &host, 1, &veth);
	rtnl_queue_up(&batch, &host, 1, 70010, true);
	rtnl_queue_move_as(&batch, &host, 2, 70010, vault_ns, "inside", MOVED_INDEX, 1380, 99);
	ok(send_batch() == 0, "a link is moved under another name");
	link = find_link(&vault, MOVED_INDEX);
	ok(link && !strcmp(link->name, "inside") && link->mtu == 1380 && link->group == 99 &&
		   !(link->flags & IFF_UP),
	   "there: name, index, MTU, group, and it is down");
	ok(!find_link(&host, 70010), "here no more");
	rtnl_queue_del_link(&batch, &vault, 1, "inside");
	ok(send_batch() == 0, "deleted by that name");
}

static void test_wireguard(void)
{
	const struct rtnl_link *link;
	int err;

	rtnl_queue_wireguard(&batch, &host, 1, "wg0", 70020, vault_ns, 1408, 7);
	err = send_batch();
	if (err == -EOPNOTSUPP) {
		skip("wireguard link", "this kernel has no WireGuard");
		return;
	}
	link = find_link(&vault, 70020);
	ok(err == 0 && link && !strcmp(link->kind, "wireguard") && !strcmp(link->name, "wg0") &&
		   link->mtu == 1408 && link->group == 7 && !(link->flags & IFF_UP),
	   "wireguard link");
	rtnl_queue_wireguard(&batch, &host, 1, "wg0", 70021, vault_ns, 0, 0);
	ok(send_batch() == -EEXIST, "a second one of its name");
	rtnl_queue_del_link(&batch, &vault, 1, "wg0");
	ok(send_batch() == 0, "deleted");
}

static void test_group(void)
{
	struct rtnl_veth veth = { .peer_ns = vault_ns, .group = GROUP };
	char name[IFNAMSIZ];

	for (unsigned int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "vt-%u", i);
		veth.name = veth.peer_name = name;
		veth.index = 71000 + i;
		veth.peer_index = 72000 + i;
		rtnl_queue_veth(&batch, &host, i, &veth);
	}
	ok(send_batch() == 0 && find_link(&host, 71004) && find_link(&vault, 72004),
	   "five more links of a group");
	rtnl_queue_del_group(&batch, &host, 1, GROUP);
	ok(send_batch() == 0 && !find_link(&host, 71000) && !find_link(&host, HOST_INDEX) &&
		   !find_link(&vault, 72004),
	   "all deleted at once, with their peers");
	ok(find_link(&host, 1), "others stay");
	rtnl_queue_del_group(&batch, &host, 1, GROUP);
	ok(send_batch() == -ENODEV, "none of them left");
}

static int open_vault(void *arg)
{
	return nl_open(arg, NETLINK_ROUTE);
}

static bool is_ours(const struct rtnl_bridge *bridge)
{
	return !bridge->spans && !bridge->snoops && !bridge->learns_local && bridge->is_bounded;
}

/* A bridge of the kernel's own settings, INDEX. */
static void queue_plain_bridge(uint32_t index)
{
	struct nlmsghdr *nlh =
		start_link(&batch, &host, 1, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index, ROOM);
	struct nlattr *info;

	nl_put_name(&batch, nlh, IFLA_IFNAME, "plain");
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(nlh, info);
	nl_batch_end(&batch, nlh);
}

static void test_bridge(void)
{
	enum { OURS = 70020, PLAIN = 70021, PORT = 70022, OTHER = 70023 };
	static const uint8_t mac[RTNL_MAC_LEN] = { 2, 0x76, 1, 2, 3, 4 };
	struct rtnl_veth veth = { .name = "port",
				  .peer_name = "far",
				  .index = PORT,
				  .peer_index = 70024,
				  .peer_ns = vault_ns,
				  .master = OURS };
	struct rtnl_station station;
	const struct rtnl_link *link;

	rtnl_queue_bridge(&batch, &host, 1, "ours", OURS);
	queue_plain_bridge(PLAIN);
	ok(send_batch() == 0 && (link = find_link(&host, OURS)) && is_ours(&link->bridge),
	   "a bridge of ours is set as it should be");
	ok((link = find_link(&host, PLAIN)) && !link->bridge.spans && link->bridge.snoops &&
		   link->bridge.learns_local,
	   "another is as the kernel has it");
	rtnl_queue_bridge_settings(&batch, &host, 1, PLAIN);
	ok(send_batch() == 0 && (link = find_link(&host, PLAIN)) && is_ours(&link->bridge),
	   "and then is set as ours");
	rtnl_queue_veth(&batch, &host, 1, &veth);
	veth.name = "other";
	veth.peer_name = "far2";
	veth.index = OTHER;
	veth.peer_index = 70025;
	rtnl_queue_veth(&batch, &host, 2, &veth);
	ok(send_batch() == 0 && (link = find_link(&host, PORT)) && link->master == OURS &&
		   link->learns && link->floods,
	   "a port learns, and is flooded");
	ok(rtnl_ask_station(&host, OURS, mac, &station, &error) == -ENOENT, "nobody is behind it");
	rtnl_queue_port_settings(&batch, &host, 1, PORT);
	rtnl_queue_station(&batch, &host, 2, OTHER, mac);
	ok(send_batch() == 0 && (link = find_link(&host, PORT)) && !link->learns && !link->floods,
	   "it does not any more");
	ok(rtnl_ask_station(&host, OURS, mac, &station, &error) == 0 && station.port == OTHER &&
		   station.stays,
	   "who is behind the other stays there");
	rtnl_queue_station(&batch, &host, 1, PORT, mac);
	ok(send_batch() == 0 && rtnl_ask_station(&host, OURS, mac, &station, &error) == 0 &&
		   station.port == PORT && station.stays,
	   "but where he is told to be");
	rtnl_queue_del_link(&batch, &host, 1, "port");
	ok(send_batch() == 0 && rtnl_ask_station(&host, OURS, mac, &station, &error) == -ENOENT,
	   "and goes with it");
}

int main(void)
{
	if (!sandbox_enter()) {
		skip("all that takes a namespace", "needs root (of a user namespace at least)");
		return tap_done();
	}
	vault_ns = ns_make();
	if (!ok(vault_ns >= 0 && nl_open(&host, NETLINK_ROUTE) == 0 &&
			ns_run(vault_ns, open_vault, &vault) == 0,
		"sockets"))
		return tap_done();
	test_veth();
	test_bridge();
	test_conf4();
	test_addresses();
	test_routes();
	test_strange_routes();
	test_delete();
	test_move();
	test_wireguard();
	test_group();
	nl_close(&host);
	nl_close(&vault);
	close_fd(&vault_ns);
	return tap_done();
}
