/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/isolated_netns.c: network namespaces that lead nowhere. Browsers put their pages'
 * processes into one, `bwrap --unshare-net` its command (L25): such a process is not in the vault,
 * and has less than the vault. One with any other interface is told from it, also with one that is
 * down, as its owner may bring it up; slirp4netns(1) and the like lead out by one from wherever
 * they run.
 */
#include "vault/check/isolated_netns.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/apply/unexpected.h"

static int note_way(const struct rtnl_link *link, void *arg)
{
	bool *way = arg;

	*way = *way || (!(link->flags & IFF_LOOPBACK) && !unexpected_is_idle(link));
	return 0;
}

static int find_way(void *arg)
{
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	struct nl_error error;
	int r = nl_open(&nl, NETLINK_ROUTE);

	return r ? r : rtnl_dump_links(&nl, note_way, arg, &error);
}

int isolated_netns_is(int ns)
{
	bool way = false;
	int r = ns_run(ns, find_way, &way);

	return r ? r : !way;
}
