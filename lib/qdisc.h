/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/qdisc.h: the queues of interfaces, and what filters hang on them: tc(8). */
#ifndef LIB_QDISC_H
#define LIB_QDISC_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/nl.h"

struct qdisc {
	uint32_t index; /* of its interface */
	uint32_t handle; /* 0: the kernel gave it to the interface, and nobody chose it */
	char kind[16]; /* "noqueue", "clsact", … */
};

typedef int qdisc_fn(const struct qdisc *qdisc, void *arg);

/*
 * Calls FN for each queue of NL's namespace; FN returns 0 to go on, -errno to stop. 0 or -errno:
 * -EOPNOTSUPP when this kernel has none.
 */
int must_check qdisc_dump(struct nl *nl, qdisc_fn *fn, void *arg, struct nl_error *error);

/* A filter that is a program of classic BPF whose result is the verdict (bpf direct-action). */
struct qdisc_filter {
	uint32_t priority, handle; /* handle 0: what the kernel tells of a priority, not a filter */
	uint16_t protocol; /* ETH_P_* of linux/if_ether.h */
	char kind[16];
	bool is_direct;
	const struct sock_filter *code; /* valid during the call; NULL: of another kind */
	size_t n;
};

typedef int qdisc_filter_fn(const struct qdisc_filter *filter, void *arg);

/*
 * Calls FN for each filter of the interface INDEX: those on the queue with the handle PARENT (0:
 * its first), or at TC_H_MIN_INGRESS or TC_H_MIN_EGRESS of TC_H_CLSACT. As above.
 */
int must_check qdisc_dump_filters(struct nl *nl, uint32_t index, uint32_t parent,
				  qdisc_filter_fn *fn, void *arg, struct nl_error *error);

/*
 * Queues a clsact for the interface INDEX, where there is none, and FILTER, of kind "bpf", for what
 * comes in there, in the place of the one of its priority and handle: exchanged in one step. The
 * kernel says -ENOENT when it lacks either, -EINVAL when another kind is there.
 */
void qdisc_queue_filter(struct nl_batch *b, struct nl *nl, unsigned int tag, uint32_t index,
			const struct qdisc_filter *filter);

#endif
