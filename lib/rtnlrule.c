/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/rtnlrule.c: the part of lib/rtnl.h about choosing routes: policy rules, and what they choose.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

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
	rule.plain = is_plain(frh, tb);
	return err ? err : dump->fn(&rule, dump->arg);
}

int rtnl_dump_rules(struct nl *nl, uint8_t family, rtnl_rule_fn *fn, void *arg,
		    struct nl_error *error)
{
	const struct fib_rule_hdr request = { .family = family };
	struct dump dump = { .family = family, .fn = fn, .arg = arg };

	return nl_dump(nl, RTM_GETRULE, 0, &request, sizeof(request), read_rule, &dump, error);
}

static int read_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[RTA_OIF + 1];
	int err = nl_attrs(nlh, sizeof(struct rtmsg), tb, RTA_OIF);

	return err ? err : nl_copy(tb[RTA_OIF], arg, sizeof(uint32_t));
}

int rtnl_ask_route(struct nl *nl, const struct addr *dst, uint32_t *index, struct nl_error *error)
{
	struct nl_batch b cleanup(nl_batch_free) = { 0 };
	struct nlmsghdr *nlh = nl_batch_add(&b, nl, RTM_GETROUTE, 0, sizeof(struct rtmsg), 64, 0);
	struct rtmsg *rtm = nl_extra(nlh);
	int err;

	rtm->rtm_family = dst->family;
	rtm->rtm_dst_len = addr_bits(dst);
	mnl_attr_put(nlh, RTA_DST, addr_size(dst), dst->bytes);
	nl_batch_end(&b, nlh);
	*index = 0;
	err = nl_batch_send(&b, read_answer, index, error);
	return err ? err : *index ? 0 : -EBADMSG;
}
