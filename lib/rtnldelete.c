/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/rtnldelete.c: the part of lib/rtnl.h that deletes what a dump told of.
 *
 * What names a thing to the kernel is more than it seems: a route has a TOS, a source, next hops or
 * a nexthop object, a metric; an address has a peer; and each version of the kernel may add to
 * that. So nothing is picked: what was told is sent back, but for what only describes, which some
 * requests may not have.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lib/rtnl.h"

#define BIT(n) (1ULL << (n))

/* Where a nexthop object is named, its own next hops are told too, and may not be sent. */
static const uint64_t of_object = BIT(RTA_OIF) | BIT(RTA_GATEWAY) | BIT(RTA_VIA) |
				  BIT(RTA_MULTIPATH) | BIT(RTA_ENCAP) | BIT(RTA_ENCAP_TYPE);

static const struct form {
	uint16_t told; /* RTM_NEW…; the one that deletes is the next */
	uint16_t size; /* of its family header */
	uint64_t describing; /* attributes that are not sent */
} forms[] = {
	{ RTM_NEWADDR, sizeof(struct ifaddrmsg),
	  BIT(IFA_CACHEINFO) | BIT(IFA_FLAGS) | BIT(IFA_RT_PRIORITY) | BIT(IFA_BROADCAST) },
	{ RTM_NEWROUTE, sizeof(struct rtmsg), BIT(RTA_CACHEINFO) | BIT(RTA_EXPIRES) },
	{ RTM_NEWRULE, sizeof(struct fib_rule_hdr), 0 },
	{ RTM_NEWNEIGH, sizeof(struct ndmsg), ~BIT(NDA_DST) },
	{ RTM_NEWQDISC, sizeof(struct tcmsg), ~BIT(TCA_KIND) },
};

static const struct form *find_form(uint16_t told)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (forms[i].told == told)
			return &forms[i];
	return NULL;
}

/* What the family header says of a route's state is not its own. */
static void clear_state(struct nlmsghdr *nlh)
{
	struct rtmsg *rtm = nl_extra(nlh);

	if (nlh->nlmsg_type == RTM_DELROUTE)
		rtm->rtm_flags = 0;
}

void rtnl_queue_delete(struct nl_batch *b, struct nl *nl, unsigned int tag,
		       const struct nlmsghdr *told)
{
	const struct form *form = find_form(told->nlmsg_type);
	const char *pos = (const char *)told + NLMSG_HDRLEN;
	const char *end = (const char *)told + told->nlmsg_len;
	size_t size = form ? form->size : 0, len = (size_t)(end - pos);
	uint64_t skip = form ? form->describing : 0;
	const struct nlattr *attr, *object = NULL;
	struct nlmsghdr *nlh =
		nl_batch_add(b, nl, (uint16_t)(told->nlmsg_type + 1), 0, size, len, tag);

	if (!form || len < size) {
		b->err = b->err ? b->err : -EINVAL;
		return;
	}
	memcpy(nl_extra(nlh), pos, size);
	clear_state(nlh);
	pos += NLMSG_ALIGN(size);
	for (const char *at = pos; (attr = nl_next_attr(&at, end)) != NULL;)
		if (form->told == RTM_NEWROUTE && mnl_attr_get_type(attr) == RTA_NH_ID)
			object = attr;
	if (object)
		skip |= of_object;
	while ((attr = nl_next_attr(&pos, end)) != NULL)
		if (mnl_attr_get_type(attr) >= 64 || !(skip & BIT(mnl_attr_get_type(attr))))
			mnl_attr_put(nlh, attr->nla_type, mnl_attr_get_payload_len(attr),
				     mnl_attr_get_payload(attr));
	nl_batch_end(b, nlh);
}
