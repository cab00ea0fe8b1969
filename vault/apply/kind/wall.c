/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/kind/wall.c: the second wall, a filter of tc(8) at the link's host end (seal/wall.c).
 * It goes with the link. Who else may have hung something there is told by check/tc_xdp.c.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "lib/qdisc.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"
#include "vault/seal/wall.h"

static struct qdisc_filter filter_of(const struct wall *wall)
{
	return (struct qdisc_filter){ .priority = WALL_PRIORITY,
				      .handle = WALL_HANDLE,
				      .protocol = ETH_P_ALL,
				      .kind = WALL_KIND,
				      .is_direct = true,
				      .code = wall->code,
				      .n = wall->n };
}

static int build(const struct spec *spec, struct wall **out)
{
	*out = malloc(sizeof(**out));
	if (!*out)
		return -ENOMEM;
	wall_build(spec, *out);
	return (*out)->overflow ? -E2BIG : 0;
}

/* What is there in its place cannot be exchanged for it: another queue, another type of filter. */
static void tell_taken(const struct obj *obj, struct session *w)
{
	snprintf(w->why, sizeof(w->why), "another filter of tc, or another queue, is in its place");
	w->before = *REMEDY(DEL_QDISC, obj->wall.name, "clsact");
}

static int wall_make(const struct obj *obj, struct session *w)
{
	struct wall *wall cleanup(free_ptr) = NULL;
	struct qdisc_filter filter;
	int r = build(obj->wall.spec, &wall);

	if (!r)
		r = session_flush(w); /* what it says is not of this */
	if (!r)
		r = session_queue(w, &w->host_route);
	if (r)
		return r;
	filter = filter_of(wall);
	qdisc_queue_filter(&w->batch, &w->host_route, w->current, obj->wall.index, &filter);
	r = session_flush(w);
	if (r == -EINVAL)
		tell_taken(obj, w);
	return r == -ENOENT ? -EOPNOTSUPP : r; /* no clsact, or no cls_bpf */
}

struct comparison {
	const struct qdisc_filter *wanted;
	bool found, same, taken;
};

static int compare(const struct qdisc_filter *have, void *arg)
{
	const struct qdisc_filter *want = ((struct comparison *)arg)->wanted;
	struct comparison *c = arg;

	if (have->priority != want->priority)
		return 0;
	c->taken = c->taken || have->protocol != want->protocol || strcmp(have->kind, want->kind);
	if (have->handle != want->handle)
		return 0;
	c->found = true;
	c->same = have->protocol == want->protocol && !strcmp(have->kind, want->kind) &&
		  have->is_direct && have->n == want->n &&
		  !memcmp(have->code, want->code, want->n * sizeof(*want->code));
	return 0;
}

static int wall_look(const struct obj *obj, struct session *w)
{
	struct wall *wall cleanup(free_ptr) = NULL;
	struct nl_error error = { 0 };
	struct comparison c = { 0 };
	struct qdisc_filter wanted;
	int r = build(obj->wall.spec, &wall);

	if (r)
		return r;
	wanted = filter_of(wall);
	c.wanted = &wanted;
	r = qdisc_dump_filters(&w->host_route, obj->wall.index,
			       TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), compare, &c, &error);
	/* No such interface, no clsact on it, no tc in this kernel. */
	if (r == -ENODEV || r == -EINVAL || r == -EOPNOTSUPP)
		return LOOK_ABSENT;
	if (r)
		snprintf(w->why, sizeof(w->why), "%.200s", error.text);
	if (c.taken)
		tell_taken(obj, w);
	return r          ? r
	       : c.taken  ? LOOK_OTHER
	       : !c.found ? LOOK_ABSENT
	       : c.same   ? LOOK_SAME
			  : LOOK_OTHER;
}

static void wall_print(const struct obj *obj, struct str *out)
{
	struct wall *wall cleanup(free_ptr) = NULL;
	int r = build(obj->wall.spec, &wall);

	if (r) {
		out->err = r;
		return;
	}
	str_addf(out, "tc qdisc add dev %s clsact\n", obj->wall.name);
	str_addf(out,
		 "tc filter add dev %s ingress protocol all prio %u handle %u %s da bytecode '%zu,",
		 obj->wall.name, WALL_PRIORITY, WALL_HANDLE, WALL_KIND, wall->n);
	for (size_t i = 0; i < wall->n; i++)
		str_addf(out, "%u %u %u %u%s", wall->code[i].code, wall->code[i].jt,
			 wall->code[i].jf, wall->code[i].k, i + 1 < wall->n ? "," : "'\n");
}

const struct kind kind_wall = {
	.name = "wall", .make = wall_make, .look = wall_look, .print = wall_print
};
