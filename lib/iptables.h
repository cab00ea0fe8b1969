/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/iptables.h: tables of iptables from before nf_tables (iptables-legacy(8)), which no dump of
 * nf_tables shows. Reads only. */
#ifndef LIB_IPTABLES_H
#define LIB_IPTABLES_H

#include <stdbool.h>

#include "lib/base.h"

#define IPTABLES_HOOKS 5 /* enum nf_inet_hooks of linux/netfilter.h: INPUT is 1, FORWARD 2 */

struct iptables {
	const char *program; /* that shows it: "iptables-legacy", "ip6tables-legacy" */
	int family; /* AF_INET, AF_INET6 */
	char name[32]; /* "filter" */
	bool has_rules; /* more than a policy a chain */
	/* Of the chain at each hook, and of those that every packet is led to from there: */
	bool refuses[IPTABLES_HOOKS]; /* what no condition is about, by a rule or the policy */
	/* a rule lets by, or leads elsewhere, what comes or leaves by the INTERFACE: */
	bool names_in[IPTABLES_HOOKS], names_out[IPTABLES_HOOKS];
};

typedef int iptables_fn(const struct iptables *table, void *arg);

/*
 * Calls FN, which returns 0 to go on, for each table that the calling thread's network namespace
 * has; none is made by looking. 0 or -errno, also FN's. By getsockopt(2) as of
 * linux/netfilter_ipv4/ip_tables.h and its like for IPv6; needs CAP_NET_ADMIN there.
 */
int must_check iptables_read(const char *interface, iptables_fn *fn, void *arg);

#endif
