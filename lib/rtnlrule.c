/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/rtnlrule.c: the part of lib/rtnl.h about where packets are sent, routes apart: policy rules
 * and what they choose, neighbours. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/rtnl.h"

/* More than this kernel's headers know: what a newer kernel says must not go unseen. */
#define MOST 63

struct dump {
	uint8_t family;
	rtnl_rule_fn *fn;
	void *arg;
};

/* What the kernel says of every rule; anything else narrows the rule down. */
static bool says_nothing(uint16_t type)
{
	return type == FRA_TABLE || type == FRA_PRIORITY || type == FRA_PROTOCOL ||
	       type == FRA_SUPPRESS_PREFIXLEN || type == FRA_SUPPRESS_IFGROUP || type == FRA_PAD;
}

static bool is_plain(const struct fib_rule_hdr *frh, const struct nlattr *const *tb)
{
	uint32_t suppress = UINT32_MAX, group = UINT32_MAX;

	if (frh->action != FR_ACT_TO_TBL || frh->dst_len || frh->src_len || frh->tos ||
	    frh->flags & FIB_RULE_INVERT)
		return false;
	for (uint16_t type = 1; type <= MOST; type++)
		if (tb[type] && !says_nothing(type))
			return false;
	if (tb[FRA_SUPPRESS_PREFIXLEN] &&
	    nl_copy(tb[FRA_SUPPRESS_PREFIXLEN], &suppress, sizeof(suppress)))
		return false;
	if (tb[FRA_SUPPRESS_IFGROUP] && nl_copy(tb[FRA_SUPPRESS_IFGROUP], &group, sizeof(group)))
		return false;
	return suppress == UINT32_MAX && group == UINT32_MAX;
}

static int read_to(const struct fib_rule_hdr *frh, const struct nlattr *dst, struct prefix *out)
{
	out->addr.family = frh->family;
	out->len = frh->dst_len;
	return out->len > addr_bits(&out->addr)
		       ? -EBADMSG
		       : nl_copy(dst, out->addr.bytes, addr_size(&out->addr));
}

static int read_rule(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[MOST + 1];
	const struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);
	struct rtnl_rule rule = { .priority = 0 };
	const struct dump *dump = arg;
	int err;

	if (nlh->nlmsg_type != RTM_NEWRULE)
		return -EBADMSG;
	err = nl_attrs(nlh, sizeof(*frh), tb, MOST);
	if (err)
		return err;
	if (frh->family != dump->family)
		return 0;
	rule.table = frh->table;
	if (tb[FRA_TABLE])
		err = nl_copy(tb[FRA_TABLE], &rule.table, sizeof(rule.table));
	if (!err && tb[FRA_PRIORITY])
		err = nl_copy(tb[FRA_PRIORITY], &rule.priority, sizeof(rule.priority));
	if (!err && frh->dst_len && !(frh->flags & FIB_RULE_INVERT))
		err = read_to(frh, tb[FRA_DST], &rule.to);
	rule.plain = is_plain(frh, tb);
	rule.told = nlh;
	return err ? err : dump->fn(&rule, dump->arg);
}

int rtnl_dump_rules(struct nl *nl, uint8_t family, rtnl_rule_fn *fn, void *arg,
		    struct nl_error *error)
{
	const struct fib_rule_hdr request = { .family = family };
	struct dump dump = { .family = family, .fn = fn, .arg = arg };

	return nl_dump(nl, RTM_GETRULE, 0, &request, sizeof(request), read_rule, &dump, error);
}

/* Sends the question which way leads to DST, with FLAGS of rtmsg; the answer goes to FN. */
static int ask(struct nl *nl, const struct addr *dst, unsigned int flags, nl_reply_fn *fn,
	       void *arg, struct nl_error *error)
{
	struct nl_batch b cleanup(nl_batch_free) = { 0 };
	struct nlmsghdr *nlh = nl_batch_add(&b, nl, RTM_GETROUTE, 0, sizeof(struct rtmsg), 64, 0);
	struct rtmsg *rtm = nl_extra(nlh);

	rtm->rtm_family = dst->family;
	rtm->rtm_dst_len = addr_bits(dst);
	rtm->rtm_flags = flags;
	mnl_attr_put(nlh, RTA_DST, addr_size(dst), dst->bytes);
	nl_batch_end(&b, nlh);
	return nl_batch_send(&b, fn, arg, error);
}

void rtnl_queue_rule(struct nl_batch *b, struct nl *nl, unsigned int tag, uint8_t family,
		     uint32_t priority, uint32_t table)
{
	struct fib_rule_hdr *frh;
	struct nlmsghdr *nlh =
		nl_batch_add(b, nl, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, sizeof(*frh), 64, tag);

	frh = nl_extra(nlh);
	frh->family = family;
	frh->action = FR_ACT_TO_TBL;
	mnl_attr_put_u32(nlh, FRA_PRIORITY, priority);
	mnl_attr_put_u32(nlh, FRA_TABLE, table);
	nl_batch_end(b, nlh);
}

static int read_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[RTA_OIF + 1];
	int err = nl_attrs(nlh, sizeof(struct rtmsg), tb, RTA_OIF);

	return err ? err : nl_copy(tb[RTA_OIF], arg, sizeof(uint32_t));
}

int rtnl_ask_route(struct nl *nl, const struct addr *dst, uint32_t *index, struct nl_error *error)
{
	int err;

	*index = 0;
	err = ask(nl, dst, 0, read_answer, index, error);
	return err ? err : *index ? 0 : -EBADMSG;
}

static int read_match(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RTA_TABLE + 1];
	struct rtnl_route *route = arg;
	int err = nl_attrs(nlh, sizeof(*rtm), tb, RTA_TABLE);

	if (err)
		return err;
	route->dst.addr.family = rtm->rtm_family;
	route->dst.len = rtm->rtm_dst_len;
	route->table = rtm->rtm_table;
	if (route->dst.len > addr_bits(&route->dst.addr))
		return -EBADMSG;
	if (route->dst.len)
		err = nl_copy(tb[RTA_DST], route->dst.addr.bytes, addr_size(&route->dst.addr));
	if (!err && tb[RTA_OIF])
		err = nl_copy(tb[RTA_OIF], &route->index, sizeof(route->index));
	if (!err && tb[RTA_TABLE])
		err = nl_copy(tb[RTA_TABLE], &route->table, sizeof(route->table));
	if (!err && tb[RTA_GATEWAY]) {
		route->via.family = rtm->rtm_family;
		err = nl_copy(tb[RTA_GATEWAY], route->via.bytes, addr_size(&route->via));
	}
	return err;
}

int rtnl_match_route(struct nl *nl, const struct addr *dst, struct rtnl_route *route,
		     struct nl_error *error)
{
	int err;

	*route = (struct rtnl_route){ .index = 0 };
	/* IPv6 tells the table by itself, and refuses to be asked to; IPv4 else says the main one. */
	err = ask(nl, dst,
		  RTM_F_FIB_MATCH |
			  (dst->family == AF_INET ? (unsigned int)RTM_F_LOOKUP_TABLE : 0U),
		  read_match, route, error);
	return err ? err : route->dst.addr.family ? 0 : -EBADMSG;
}

struct neighbours {
	rtnl_neighbour_fn *fn;
	void *arg;
};

static int read_neighbour(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NDA_DST + 1];
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct rtnl_neighbour neighbour = { .told = nlh };
	const struct neighbours *walk = arg;
	int err;

	if (nlh->nlmsg_type != RTM_NEWNEIGH)
		return -EBADMSG;
	err = nl_attrs(nlh, sizeof(*ndm), tb, NDA_DST);
	if (err)
		return err;
	neighbour.proxy = ndm->ndm_flags & NTF_PROXY;
	if ((ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6) ||
	    (!neighbour.proxy && !(ndm->ndm_state & NUD_PERMANENT)))
		return 0;
	neighbour.index = (uint32_t)ndm->ndm_ifindex;
	neighbour.address.family = ndm->ndm_family;
	err = nl_copy(tb[NDA_DST], neighbour.address.bytes, addr_size(&neighbour.address));
	return err ? err : walk->fn(&neighbour, walk->arg);
}

int rtnl_dump_neighbours(struct nl *nl, rtnl_neighbour_fn *fn, void *arg, struct nl_error *error)
{
	struct ndmsg request = { .ndm_family = AF_UNSPEC };
	struct neighbours walk = { .fn = fn, .arg = arg };
	int err = nl_dump(nl, RTM_GETNEIGH, 0, &request, sizeof(request), read_neighbour, &walk,
			  error);

	request.ndm_flags = NTF_PROXY; /* which are told apart from the others */
	return err ? err
		   : nl_dump(nl, RTM_GETNEIGH, 0, &request, sizeof(request), read_neighbour, &walk,
			     error);
}
