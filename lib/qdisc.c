/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/qdisc.c: the queues of interfaces, and what filters hang on them: tc(8). */
#include "lib/qdisc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum { ROOM = 128 }; /* more than a message takes, its program apart */

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

struct filters {
	qdisc_filter_fn *fn;
	void *arg;
};

static int read_program(const struct nlattr *options, struct qdisc_filter *filter)
{
	const struct nlattr *tb[TCA_BPF_FLAGS + 1];
	uint32_t flags = 0;
	int err = nl_nested(options, tb, TCA_BPF_FLAGS);

	if (!err && tb[TCA_BPF_FLAGS])
		err = nl_copy(tb[TCA_BPF_FLAGS], &flags, sizeof(flags));
	filter->is_direct = flags & TCA_BPF_FLAG_ACT_DIRECT;
	if (err || !tb[TCA_BPF_OPS])
		return err;
	filter->code = mnl_attr_get_payload(tb[TCA_BPF_OPS]);
	filter->n = mnl_attr_get_payload_len(tb[TCA_BPF_OPS]) / sizeof(*filter->code);
	return 0;
}

static int read_filter(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[TCA_OPTIONS + 1];
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	const struct filters *filters = arg;
	struct qdisc_filter filter = { 0 };
	size_t len;
	int err;

	if (nlh->nlmsg_type != RTM_NEWTFILTER)
		return -EBADMSG;
	err = nl_attrs(nlh, sizeof(*tcm), tb, TCA_OPTIONS);
	if (err || !tb[TCA_KIND])
		return err ? err : -EBADMSG;
	len = strnlen(mnl_attr_get_payload(tb[TCA_KIND]), mnl_attr_get_payload_len(tb[TCA_KIND]));
	if (len >= sizeof(filter.kind))
		len = sizeof(filter.kind) - 1; /* for comparing: equals none of ours */
	memcpy(filter.kind, mnl_attr_get_payload(tb[TCA_KIND]), len);
	filter.priority = TC_H_MAJ(tcm->tcm_info) >> 16;
	filter.protocol = ntohs((uint16_t)TC_H_MIN(tcm->tcm_info));
	filter.handle = tcm->tcm_handle;
	if (tb[TCA_OPTIONS] && !strcmp(filter.kind, "bpf"))
		err = read_program(tb[TCA_OPTIONS], &filter);
	return err ? err : filters->fn(&filter, filters->arg);
}

int qdisc_dump_filters(struct nl *nl, uint32_t index, uint32_t parent, qdisc_filter_fn *fn,
		       void *arg, struct nl_error *error)
{
	const struct tcmsg request = { .tcm_family = AF_UNSPEC,
				       .tcm_ifindex = (int)index,
				       .tcm_parent = parent };
	struct filters filters = { .fn = fn, .arg = arg };

	return nl_dump(nl, RTM_GETTFILTER, 0, &request, sizeof(request), read_filter, &filters,
		       error);
}

static struct nlmsghdr *start(struct nl_batch *b, struct nl *nl, unsigned int tag, uint16_t type,
			      uint32_t index, size_t room, const char *kind)
{
	struct nlmsghdr *nlh =
		nl_batch_add(b, nl, type, NLM_F_CREATE, sizeof(struct tcmsg), ROOM + room, tag);
	struct tcmsg *tcm = nl_extra(nlh);

	tcm->tcm_ifindex = (int)index;
	mnl_attr_put_strz(nlh, TCA_KIND, kind);
	return nlh;
}

void qdisc_queue_filter(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
			const struct qdisc_filter *filter)
{
	const size_t size = filter->n * sizeof(*filter->code);
	struct nlmsghdr *nlh = start(b, nl, tag, RTM_NEWQDISC, index, 0, "clsact");
	struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct nlattr *options;

	tcm->tcm_parent = TC_H_CLSACT;
	tcm->tcm_handle = TC_H_MAJ(TC_H_CLSACT);
	nl_batch_end(b, nlh);

	nlh = start(b, nl, tag, RTM_NEWTFILTER, index, size, filter->kind);
	tcm = mnl_nlmsg_get_payload(nlh);
	tcm->tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
	tcm->tcm_info = TC_H_MAKE(filter->priority << 16, htons(filter->protocol));
	tcm->tcm_handle = filter->handle;
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put_u16(nlh, TCA_BPF_OPS_LEN, (uint16_t)filter->n);
	mnl_attr_put(nlh, TCA_BPF_OPS, size, filter->code);
	mnl_attr_put_u32(nlh, TCA_BPF_FLAGS, filter->is_direct ? TCA_BPF_FLAG_ACT_DIRECT : 0U);
	mnl_attr_nest_end(nlh, options);
	nl_batch_end(b, nlh);
}
