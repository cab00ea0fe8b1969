/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/iptables.c: tables of iptables from before nf_tables.
 *
 * A table is a row of entries in one block: each a set of conditions, matches, and a target. A
 * chain at a hook begins at one offset and ends at another, with its policy as the last entry. A
 * table comes with the first look that iptables-legacy(8) takes at it, and stays; its name is told
 * by /proc/net/ip_tables_names.
 */
#include "lib/iptables.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
/* After libc's own, which they are made to go with. */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "lib/file.h"

#define NAMES_MAX_BYTES 4096
#define TRIES_MAX 16
#define STEPS_MAX 65536
#define DEPTH_MAX 256 /* of chains in chains: who has more is not followed */

/* Where the entries of a family have what. */
struct family {
	const char *names, *program;
	int domain, level, info, entries;
	size_t size, conditions, in, in_mask, out, out_mask, flags, target, next;
	uint8_t goes; /* of the flags: it goes to its chain, and does not come back */
};

static const struct family families[] = {
	{ .names = "/proc/thread-self/net/ip_tables_names",
	  .program = "iptables-legacy",
	  .domain = AF_INET,
	  .level = IPPROTO_IP,
	  .info = IPT_SO_GET_INFO,
	  .entries = IPT_SO_GET_ENTRIES,
	  .size = sizeof(struct ipt_entry),
	  .conditions = sizeof(struct ipt_ip),
	  .in = offsetof(struct ipt_entry, ip.iniface),
	  .in_mask = offsetof(struct ipt_entry, ip.iniface_mask),
	  .out = offsetof(struct ipt_entry, ip.outiface),
	  .out_mask = offsetof(struct ipt_entry, ip.outiface_mask),
	  .flags = offsetof(struct ipt_entry, ip.flags),
	  .goes = IPT_F_GOTO,
	  .target = offsetof(struct ipt_entry, target_offset),
	  .next = offsetof(struct ipt_entry, next_offset) },
	{ .names = "/proc/thread-self/net/ip6_tables_names",
	  .program = "ip6tables-legacy",
	  .domain = AF_INET6,
	  .level = IPPROTO_IPV6,
	  .info = IP6T_SO_GET_INFO,
	  .entries = IP6T_SO_GET_ENTRIES,
	  .size = sizeof(struct ip6t_entry),
	  .conditions = sizeof(struct ip6t_ip6),
	  .in = offsetof(struct ip6t_entry, ipv6.iniface),
	  .in_mask = offsetof(struct ip6t_entry, ipv6.iniface_mask),
	  .out = offsetof(struct ip6t_entry, ipv6.outiface),
	  .out_mask = offsetof(struct ip6t_entry, ipv6.outiface_mask),
	  .flags = offsetof(struct ip6t_entry, ipv6.flags),
	  .goes = IP6T_F_GOTO,
	  .target = offsetof(struct ip6t_entry, target_offset),
	  .next = offsetof(struct ip6t_entry, next_offset) },
};

/* The entries of one table. */
struct block {
	const struct family *family;
	const uint8_t *bytes;
	size_t len;
	const char *interface;
};

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool is_asked_for(const char *name, const uint8_t *entry, size_t at, size_t mask)
{
	size_t n = 0;

	while (n < IFNAMSIZ && entry[mask + n])
		n++;
	return n && !strncmp(name, (const char *)entry + at, n);
}

/* True when the matches of an entry, before its TARGET, ask nothing of a packet. */
static bool asks_nothing(const struct family *f, const uint8_t *entry, size_t target)
{
	struct xt_entry_match match;

	for (size_t at = f->size; at < target; at += match.u.match_size) {
		if (target - at < sizeof(match))
			return false;
		memcpy(&match, entry + at, sizeof(match));
		if (strcmp(match.u.user.name, "comment") != 0 ||
		    match.u.match_size < sizeof(match) || match.u.match_size > target - at)
			return false;
	}
	return true;
}

/* Of an entry of LEN bytes. */
static bool is_unconditional(const struct family *f, const uint8_t *entry, size_t len)
{
	static const uint8_t zeroes[sizeof(struct ip6t_ip6)];
	uint8_t conditions[sizeof(zeroes)];

	if (get16(entry + f->target) > len)
		return false;
	memcpy(conditions, entry, f->conditions);
	conditions[f->flags] &= (uint8_t)~f->goes;
	return !memcmp(conditions, zeroes, f->conditions) &&
	       asks_nothing(f, entry, get16(entry + f->target));
}

/* What becomes of a packet. */
enum end { GOES_ON, ACCEPTED, REFUSED, RETURNS, JUMPS, GOES };

/* By the target of an entry of LEN bytes; *TO is the offset of the chain that it leads to. */
static enum end read_target(const struct family *f, const uint8_t *entry, size_t len, size_t *to)
{
	size_t at = get16(entry + f->target);
	struct xt_standard_target target = { .verdict = 0 };

	if (at > len || len - at < sizeof(target.target))
		return GOES_ON;
	memcpy(&target, entry + at, len - at < sizeof(target) ? len - at : sizeof(target));
	if (*target.target.u.user.name)
		return strcmp(target.target.u.user.name, "REJECT") ? GOES_ON : REFUSED;
	*to = (size_t)target.verdict;
	if (target.verdict >= 0)
		return entry[f->flags] & f->goes ? GOES : JUMPS;
	return target.verdict == -NF_DROP - 1     ? REFUSED
	       : target.verdict == -NF_ACCEPT - 1 ? ACCEPTED
	       : target.verdict == XT_RETURN      ? RETURNS
						  : GOES_ON;
}

/* The entry at AT, of *LEN bytes; NULL at the end, and for one that is malformed. */
static const uint8_t *entry_at(const struct block *b, size_t at, size_t *len)
{
	const uint8_t *entry = b->bytes ? b->bytes + at : NULL;

	if (!entry || at > b->len || b->len - at < b->family->size)
		return NULL;
	*len = get16(entry + b->family->next);
	return *len < b->family->size || *len > b->len - at ? NULL : entry;
}

/* What an entry with that END says of the interface, into TABLE's lists for HOOK. */
static void note_names(const struct block *b, const uint8_t *entry, enum end end,
		       struct iptables *table, size_t hook)
{
	const struct family *f = b->family;

	if (end != ACCEPTED && end != JUMPS && end != GOES)
		return;
	table->names_in[hook] |= is_asked_for(b->interface, entry, f->in, f->in_mask);
	table->names_out[hook] |= is_asked_for(b->interface, entry, f->out, f->out_mask);
}

/* Goes through the entries of the chain of HOOK from AT, and of those that every packet is led to.
 * What becomes of one that no condition is about. */
static enum end follow(const struct block *b, size_t at, struct iptables *table, size_t hook)
{
	size_t places[DEPTH_MAX] = { at }, depth = 1, to = 0, len;

	for (size_t steps = 0; depth && steps < STEPS_MAX; steps++) {
		const uint8_t *entry = entry_at(b, places[depth - 1], &len);
		enum end end = entry ? read_target(b->family, entry, len, &to) : RETURNS;

		if (entry)
			note_names(b, entry, end, table, hook);
		if (entry && !is_unconditional(b->family, entry, len))
			end = GOES_ON;
		if (end == ACCEPTED || end == REFUSED)
			return end;
		if (end == RETURNS) {
			depth--;
			continue;
		}
		places[depth - 1] = end == GOES ? to : places[depth - 1] + len;
		if (end == JUMPS && depth < DEPTH_MAX)
			places[depth++] = to;
	}
	return GOES_ON;
}

/* Both families' requests are made alike. */
static int read_entries(int fd, const struct family *f, const struct ipt_getinfo *info,
			uint8_t **out)
{
	const size_t head = offsetof(struct ipt_get_entries, entrytable);
	socklen_t len = (socklen_t)(head + info->size);
	struct ipt_get_entries *request = calloc(1, len);

	static_assert(offsetof(struct ip6t_get_entries, entrytable) ==
			      offsetof(struct ipt_get_entries, entrytable),
		      "of both families alike");
	if (!request)
		return -ENOMEM;
	memcpy(request->name, info->name, sizeof(request->name));
	request->size = info->size;
	if (getsockopt(fd, f->level, f->entries, request, &len)) {
		free(request);
		return -errno;
	}
	memmove(request, (uint8_t *)request + head, info->size);
	*out = (uint8_t *)request;
	return 0;
}

/* One that changes between the two questions is asked for again. */
static int read_table(const struct family *f, const char *interface, struct iptables *table)
{
	int fd cleanup(close_fd) = socket(f->domain, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = -EAGAIN;
	struct block b = { .family = f, .interface = interface };
	uint8_t *entries cleanup(free_ptr) = NULL;
	struct ipt_getinfo info = { .size = 0 };
	socklen_t len;

	if (fd < 0)
		return -errno;
	for (int tries = 0; r == -EAGAIN && tries < TRIES_MAX; tries++) {
		len = sizeof(info);
		memcpy(info.name, table->name, sizeof(info.name));
		r = getsockopt(fd, f->level, f->info, &info, &len) ? -errno : 0;
		if (!r)
			r = read_entries(fd, f, &info, &entries);
	}
	if (r)
		return r;
	b.bytes = entries;
	b.len = info.size;
	table->has_rules = info.num_entries > (uint32_t)__builtin_popcount(info.valid_hooks) + 1;
	for (size_t hook = 0; hook < IPTABLES_HOOKS; hook++)
		if (info.valid_hooks & 1U << hook)
			table->refuses[hook] =
				follow(&b, info.hook_entry[hook], table, hook) == REFUSED;
	return 0;
}

static int read_family(const struct family *f, const char *interface, iptables_fn *fn, void *arg)
{
	char *text cleanup(free_ptr) = NULL, *rest;
	size_t len = 0;
	int r = file_read(f->names, NAMES_MAX_BYTES, &text, &len);

	if (r)
		return r == -ENOENT ? 0 : r; /* this kernel has no such tables */
	rest = text;
	for (const char *name = strsep(&rest, "\n"); !r && name; name = strsep(&rest, "\n")) {
		struct iptables table = { .program = f->program, .family = f->domain };

		if (!*name)
			continue;
		snprintf(table.name, sizeof(table.name), "%s", name);
		r = read_table(f, interface, &table);
		if (!r)
			r = fn(&table, arg);
	}
	return r;
}

int iptables_read(const char *interface, iptables_fn *fn, void *arg)
{
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(families); i++)
		r = read_family(&families[i], interface, fn, arg);
	return r;
}
