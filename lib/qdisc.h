/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/qdisc.h: the queues of interfaces, and what filters hang on them: tc(8). Reads only. */
#ifndef LIB_QDISC_H
#define LIB_QDISC_H

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
 * -EINTR when they changed meanwhile; -EOPNOTSUPP when this kernel has none.
 */
int must_check qdisc_dump(struct nl *nl, qdisc_fn *fn, void *arg, struct nl_error *error);

/*
 * Counts the filters of the interface INDEX in *N: those on the queue with the handle PARENT (0:
 * its first), or at TC_H_MIN_INGRESS or TC_H_MIN_EGRESS of TC_H_CLSACT. As above.
 */
int must_check qdisc_count_filters(struct nl *nl, uint32_t index, uint32_t parent, size_t *n,
				   struct nl_error *error);

#endif
