/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/tc_xdp.c: what sits on a vault's interfaces, beside the rules, which then do not
 * see all that comes and goes: XDP programs, filters of tc(8), BPF programs in their place (tcx);
 * on the host's ends also chains and flowtables of nftables, and interfaces on top (macvlan).
 */
#include "vault/check/examine.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/list.h"
#include "lib/nftchain.h"
#include "lib/nftnames.h"
#include "lib/ns.h"
#include "lib/qdisc.h"
#include "lib/ruleset.h"
#include "vault/apply/observed.h"
#include "vault/seal/wall.h"

/* Linux 6.6; the values are the kernel's, whose headers may be older than this. */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };

/* One namespace's share of the look. */
struct side {
	struct check *c;
	const char *at; /* " inside" or " on the host" */
	bool inside;
	struct nl *nl;
	int ns;
	const struct rtnl_link *links; /* those to be looked at */
	size_t n_links;
	struct qdisc *queues; /* owned */
	size_t n_queues;
	size_t found;
	bool has_wall; /* it is the end where the second wall belongs */
};

static void add_unexpected(struct side *look, const char *name, const char *what,
			   const struct remedy *remedy)
{
	look->found++;
	check_tell(look->c, "attached", FOUND_FAIL, remedy, "none", what, "%s%s has %s", name,
		   look->at, what);
}

static void del_qdisc(const struct side *look, const char *name, const char *queue,
		      struct remedy *out)
{
	*out = *(look->inside ? REMEDY(DEL_QDISC_INSIDE, look->c->name, name, queue)
			      : REMEDY(DEL_QDISC, name, queue));
}

static void add_unknown(const struct side *look, const char *what, int err, const char *why)
{
	check_add(look->c, "attached", FOUND_UNKNOWN, NULL, NULL, "%s%s: cannot be told: %s %s",
		  what, look->at, strerror(-err), why);
}

static const char *name_of(const struct side *look, uint32_t index)
{
	for (size_t i = 0; i < look->n_links; i++)
		if (look->links[i].index == index)
			return look->links[i].name;
	return NULL;
}

static bool is_one_of(const char *kind, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(kind, list[i]))
			return true;
	return false;
}

/* Queues that no filter can hang on. */
static bool bears_no_filter(const char *kind)
{
	static const char *const kinds[] = { "noqueue", "noop",  "mq",         "fq",
					     "pfifo",   "bfifo", "pfifo_fast", "pfifo_head_drop" };

	return is_one_of(kind, kinds, ARRAY_SIZE(kinds));
}

/* The kernel gives an interface whatever net.core.default_qdisc says, with the handle 0. */
static bool is_usual(const struct qdisc *queue)
{
	return !queue->handle || bears_no_filter(queue->kind) || !strcmp(queue->kind, "fq_codel");
}

static int keep_queue(const struct qdisc *queue, void *arg)
{
	struct side *look = arg;

	return list_append(&look->queues, &look->n_queues, sizeof(*queue), queue);
}

static int dump_queues(struct side *look, struct nl_error *error)
{
	int r = qdisc_dump(look->nl, keep_queue, look, error);

	return r == -EOPNOTSUPP ? 0 : r; /* a kernel that has no tc has nothing of it attached */
}

static int count_filter(const struct qdisc_filter *filter, void *arg)
{
	size_t *n = arg;

	++*n;
	return filter->kind[0] ? 0 : -EBADMSG;
}

/* Others' filters where the second wall is: that itself is looked at by its kind. */
static int count_strange(const struct qdisc_filter *filter, void *arg)
{
	bool ours = filter->priority == WALL_PRIORITY && !strcmp(filter->kind, WALL_KIND) &&
		    (!filter->handle || filter->handle == WALL_HANDLE);

	return ours ? 0 : count_filter(filter, arg);
}

/* The filters on the queue PARENT of INDEX, or at one of the two ends of clsact. */
static void look_at_filters(struct side *look, uint32_t index, uint32_t parent)
{
	const char *name = name_of(look, index);
	bool has_wall = look->has_wall && parent == TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
	struct nl_error error = { 0 };
	bool is_clsact = TC_H_MAJ(parent) == TC_H_MAJ(TC_H_CLSACT);
	struct remedy del;
	size_t n = 0;
	int r = qdisc_dump_filters(look->nl, index, parent, has_wall ? count_strange : count_filter,
				   &n, &error);

	if (r && r != -EOPNOTSUPP) {
		add_unknown(look, "filters of tc", r, error.text);
	} else if (!r && n && name) {
		del_qdisc(look, name, is_clsact ? "clsact" : "root", &del);
		add_unexpected(look, name, "filters of tc, which nobody asked for",
			       look->has_wall && is_clsact
				       ? REMEDY_AFTER(&del, AS_MADE, look->c->name)
				       : &del);
	}
}

static void look_at_queue(struct side *look, const struct qdisc *queue)
{
	const char *name = name_of(look, queue->index);
	bool ends = queue->handle == TC_H_MAJ(TC_H_CLSACT);
	struct remedy del;
	char what[64];

	if (!name)
		return;
	if (is_usual(queue)) {
		if (!bears_no_filter(queue->kind))
			look_at_filters(look, queue->index,
					queue->handle == TC_H_ROOT ? 0 : queue->handle);
		return;
	}
	snprintf(what, sizeof(what), "a queue of tc, %s, which nobody asked for", queue->kind);
	del_qdisc(look, name, ends ? queue->kind : "root", &del);
	add_unexpected(look, name, what, &del);
}

/* True when the BPF link ID is one that holds an XDP program on the interface INDEX, of some
 * namespace: which one the kernel does not tell. */
static bool is_xdp_link(uint32_t id, uint32_t index)
{
	struct bpf_link_info info;
	union bpf_attr attr;
	int fd cleanup(close_fd) = -1;

	memset(&attr, 0, sizeof(attr));
	attr.link_id = id;
	fd = (int)syscall(SYS_bpf, BPF_LINK_GET_FD_BY_ID, &attr, sizeof(attr));
	if (fd < 0)
		return false;
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	return !syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) &&
	       info.type == BPF_LINK_TYPE_XDP && info.xdp.ifindex == index;
}

/* True when the XDP program on the interface INDEX lives as long as who holds a BPF link to it:
 * netlink cannot take such a one off. */
static bool is_held(uint32_t index)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	while (!syscall(SYS_bpf, BPF_LINK_GET_NEXT_ID, &attr, sizeof(attr))) {
		if (is_xdp_link(attr.next_id, index))
			return true;
		attr.start_id = attr.next_id;
	}
	return false;
}

static void tell_xdp(struct side *look, const struct rtnl_link *link)
{
	const struct remedy *remedy =
		is_held(link->index) ? REMEDY(END_XDP_LINK, NULL)
		: look->inside       ? REMEDY(END_XDP_INSIDE, look->c->name, link->name, link->xdp)
				     : REMEDY(END_XDP, link->name, link->xdp);

	add_unexpected(look, link->name, "an XDP program", remedy);
}

static void look_at_xdp(struct side *look)
{
	for (size_t i = 0; i < look->n_links; i++) {
		const struct rtnl_link *link = &look->links[i];

		if (link->xdp)
			tell_xdp(look, link);
	}
}

/* How many programs are at the end TYPE of the link INDEX, in our namespace: a number or -errno. */
static int count_tcx(uint32_t index, uint32_t type)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = index; /* target_ifindex, in newer headers */
	attr.query.attach_type = type;
	if (!syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)))
		return (int)attr.query.prog_cnt;
	switch (errno) {
	case EINVAL: /* Linux before 6.6 */
	case ENOSYS: /* no BPF at all */
	case ENOENT:
	case ENODEV: /* gone meanwhile, which others tell */
		return 0;
	default:
		return -errno;
	}
}

static int look_at_tcx(void *arg)
{
	struct side *look = arg;

	for (size_t i = 0; i < look->n_links; i++) {
		int in = count_tcx(look->links[i].index, TCX_INGRESS);
		int out = in < 0 ? in : count_tcx(look->links[i].index, TCX_EGRESS);

		if (out < 0)
			return out;
		if (in || out)
			add_unexpected(look, look->links[i].name, "a BPF program (tcx)",
				       REMEDY(END_TCX, NULL));
	}
	return 0;
}

/* What can be told of both sides alike. */
static void look_at_programs(struct side *look)
{
	int r;

	look_at_xdp(look);
	r = ns_run(look->ns, look_at_tcx, look);
	if (r)
		add_unknown(look, "BPF programs", r, "");
}

static void look_inside(struct side *look)
{
	struct nl_error error = { 0 };
	int r = dump_queues(look, &error);

	if (r)
		add_unknown(look, "queues of tc", r, error.text);
	for (size_t i = 0; !r && i < look->n_queues; i++)
		look_at_queue(look, &look->queues[i]);
	look_at_programs(look);
	free(look->queues);
}

/* An interface on top of the link's end takes what comes before the guard sees it. */
static void look_at_uppers(struct side *look, const struct observed *observed)
{
	char what[64];

	for (size_t i = 0; i < observed->host->n_links; i++) {
		const struct rtnl_link *upper = &observed->host->links[i];

		if (upper->lower != look->links->index || upper->index == look->links->index)
			continue;
		snprintf(what, sizeof(what), "an interface on top, %s", upper->name);
		add_unexpected(look, look->links->name, what, REMEDY(DEL_LINK, upper->name));
	}
}

/* A chain of the families netdev and inet can be bound to a device: it is asked before the guard. */
static int look_at_chain(const struct nftchain *chain, void *arg)
{
	struct side *look = arg;
	const char *name = look->links->name, *family = ruleset_family_word(chain->family);
	char what[NFTCHAIN_NAME_MAX * 2 + 64];
	int has = nft_devices_have(chain->devices, name);

	if (has <= NFT_HAS_NOT)
		return has;
	snprintf(what, sizeof(what), "a chain of nftables, %s %s %s", family, chain->table,
		 chain->name);
	add_unexpected(look, name, what, REMEDY(DEL_CHAIN, family, chain->table, chain->name));
	return 0;
}

/* What a flowtable of the host's has seen once goes on from interface to interface, by no rule of
 * the host's. It may serve others besides, and is in use: our interface alone is taken out. */
static int look_at_flowtable(const struct nft_named *named, void *arg)
{
	struct side *look = arg;
	const char *name = look->links->name, *family = ruleset_family_word(named->family);
	int has = nft_devices_have(named->devices, name);
	char what[NFTCHAIN_NAME_MAX * 2 + 64], word[NFT_WORD_LEN];

	if (has <= NFT_HAS_NOT)
		return has;
	snprintf(what, sizeof(what), "a flowtable of nftables, %s %s %s", family, named->table,
		 named->name);
	add_unexpected(look, name, what,
		       has == NFT_HAS ? REMEDY(DEL_FLOWTABLE_DEVICE, family, named->table,
					       nft_word(named->name, named->handle, word), name)
				      : NULL);
	return 0;
}

static void look_at_nftables(struct side *look, struct nl *nft)
{
	struct nl_error error = { 0 };
	int r = nftchain_dump(nft, look_at_chain, look, &error);

	if (!r)
		r = nft_dump_names(nft, look_at_flowtable, look, &error);
	if (r)
		add_unknown(look, "chains and flowtables of nftables", r, error.text);
}

/* The host's end alone: the host may have thousands of queues, which are not asked for. */
static void look_at_host(struct side *look, struct session *w)
{
	const struct rtnl_link *end = look->links;
	struct qdisc queue = { .index = end->index, .handle = TC_H_ROOT }; /* some other than 0 */

	memcpy(queue.kind, end->qdisc, sizeof(queue.kind));
	look_at_queue(look, &queue);
	look_at_filters(look, end->index, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
	look_at_filters(look, end->index, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS));
	look_at_uppers(look, w->observed);
	look_at_programs(look);
	look_at_nftables(look, &w->host_nft);
}

/* The host's end NAME of a link or a leg; one that is not there is told elsewhere. */
static void look_at_end(struct check *c, struct session *w, const char *name, bool has_wall)
{
	const struct observed_host *host = w->observed->host;
	struct side look = { .c = c,
			     .at = " on the host",
			     .nl = &w->host_route,
			     .ns = w->host_ns,
			     .links = observed_link(host->links, host->n_links, name),
			     .n_links = 1,
			     .has_wall = has_wall };

	if (look.links)
		look_at_host(&look, w);
}

void check_tc_xdp(struct check *c, struct session *w)
{
	const struct spec *spec = w->spec;
	struct side inside = { .c = c,
			       .at = " inside",
			       .inside = true,
			       .nl = &w->vault_route,
			       .ns = w->vault_ns,
			       .links = w->observed->links,
			       .n_links = w->observed->n_links };
	size_t before = c->n;

	look_inside(&inside);
	if (spec->has_link)
		look_at_end(c, w, spec->link_host_if, true);
	if (spec_has_leg(spec))
		look_at_end(c, w, spec->leg_host_if, false);
	if (c->n == before)
		check_add(c, "attached", FOUND_OK, NULL, NULL,
			  "nothing sits on its interfaces beside the rules");
}
