/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/qdisc.c: the queues of interfaces, and what filters hang on them: tc(8). Reads only. */
#include "lib/qdisc.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

struct walk {
	qdisc_fn *fn;
	void *arg;
};

static int read_qdisc(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[TCA_KIND + 1];
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	const struct walk *walk = arg;
	struct qdisc qdisc = { 0 };
	size_t len;
	int err;

	if (nlh->nlmsg_type != RTM_NEWQDISC)
		return -EBADMSG;
	err = nl_attrs(nlh, sizeof(*tcm), tb, TCA_KIND);
	if (err || !tb[TCA_KIND])
		return err ? err : -EBADMSG;
	len = mnl_attr_get_payload_len(tb[TCA_KIND]);
	if (len > sizeof(qdisc.kind) || !memchr(mnl_attr_get_payload(tb[TCA_KIND]), '\0', len))
		return -EBADMSG;
	memcpy(qdisc.kind, mnl_attr_get_payload(tb[TCA_KIND]), len);
	qdisc.index = (uint32_t)tcm->tcm_ifindex;
	qdisc.handle = tcm->tcm_handle;
	return walk->fn(&qdisc, walk->arg);
}

int qdisc_dump(struct nl *nl, qdisc_fn *fn, void *arg, struct nl_error *error)
{
	const struct tcmsg request = { .tcm_family = AF_UNSPEC };
	struct walk walk = { .fn = fn, .arg = arg };

	return nl_dump(nl, RTM_GETQDISC, 0, &request, sizeof(request), read_qdisc, &walk, error);
}

/* The kernel tells a filter before its entries; each is one to us. */
static int count_filter(const struct nlmsghdr *nlh, void *arg)
{
	size_t *n = arg;

	++*n;
	return nlh->nlmsg_type == RTM_NEWTFILTER ? 0 : -EBADMSG;
}

int qdisc_count_filters(struct nl *nl, uint32_t index, uint32_t parent, size_t *n,
			struct nl_error *error)
{
	const struct tcmsg request = { .tcm_family = AF_UNSPEC,
				       .tcm_ifindex = (int)index,
				       .tcm_parent = parent };

	*n = 0;
	return nl_dump(nl, RTM_GETTFILTER, 0, &request, sizeof(request), count_filter, n, error);
}
