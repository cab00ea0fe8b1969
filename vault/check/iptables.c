/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/iptables.c: rules of iptables from before nf_tables, inside a vault. No dump of
 * nf_tables shows them. A table comes with the first look that iptables-legacy(8) takes at it, and
 * stays: what counts is whether it holds rules.
 */
#include "vault/check/iptables.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/file.h"
#include "lib/ns.h"

#define NAMES_MAX_BYTES 4096

/* Of linux/netfilter_ipv{4,6}/ip{,6}_tables.h, which not every libc's own headers bear beside them.
 */
enum { GET_INFO = 64 }; /* IPT_SO_GET_INFO, IP6T_SO_GET_INFO */

struct info {
	char name[32];
	uint32_t valid_hooks, hook_entry[5], underflow[5], num_entries, size;
};

struct search {
	struct check *c;
	size_t found;
};

static const struct {
	const char *names, *program;
	int domain, level;
} kinds[] = {
	{ "/proc/thread-self/net/ip_tables_names", "iptables-legacy", AF_INET, IPPROTO_IP },
	{ "/proc/thread-self/net/ip6_tables_names", "ip6tables-legacy", AF_INET6, IPPROTO_IPV6 },
};

/* 1 when TABLE holds a rule, 0 when not, -errno. An empty one has an entry for the policy of each
 * of its chains, and one at the end. */
static int has_rules(size_t kind, const char *table)
{
	int fd cleanup(close_fd) = socket(kinds[kind].domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct info info = { .valid_hooks = 0 };
	socklen_t size = sizeof(info);

	if (fd < 0)
		return -errno;
	snprintf(info.name, sizeof(info.name), "%s", table);
	if (getsockopt(fd, kinds[kind].level, GET_INFO, &info, &size))
		return -errno;
	return info.num_entries > (uint32_t)__builtin_popcount(info.valid_hooks) + 1;
}

static int look_at_tables(size_t kind, struct search *s)
{
	char *text cleanup(free_ptr) = NULL, *rest;
	size_t len = 0;
	int r = file_read(kinds[kind].names, NAMES_MAX_BYTES, &text, &len);

	if (r)
		return r == -ENOENT ? 0 : r; /* this kernel has no such tables */
	rest = text;
	for (const char *table = strsep(&rest, "\n"); table; table = strsep(&rest, "\n")) {
		r = *table ? has_rules(kind, table) : 0;
		if (r < 0)
			return r;
		if (!r)
			continue;
		s->found++;
		check_tell(s->c, "stranger", FOUND_FAIL,
			   REMEDY(FLUSH_LEGACY_INSIDE, s->c->name, kinds[kind].program, table),
			   "none", table, "rules of %s inside, in table %s, are not the vault's",
			   kinds[kind].program, table);
	}
	return 0;
}

static int look_inside(void *arg)
{
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(kinds); i++)
		r = look_at_tables(i, arg);
	return r;
}

void check_iptables(struct check *c, int ns)
{
	struct search s = { .c = c };
	int r = ns_run(ns, look_inside, &s);

	if (r)
		check_add(c, "stranger", FOUND_UNKNOWN, NULL, NULL,
			  "rules of legacy iptables: cannot be told: %s", strerror(-r));
	else if (!s.found)
		check_add(c, "stranger", FOUND_OK, NULL, NULL, "no rule of legacy iptables inside");
}
