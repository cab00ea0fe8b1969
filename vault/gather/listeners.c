/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/gather/listeners.c: programs of the host that listen on ports which a vault publishes, and
 * rules of others, such as a container engine's, that forward them.
 *
 * By /proc/net/tcp and its like (proc_net(5)), which every kernel has, of the caller's network
 * namespace. An address there is words of 32 bits as the machine has them in memory.
 */
#include "vault/gather/listeners.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/nftchain.h"
#include "lib/nftothers.h"
#include "lib/ruleset.h"
#include "vault/proc/procs.h"
#include "vault/seal/seal.h"

#define TABLE_MAX_BYTES (256U << 20)
#define WHO_STRLEN 640 /* two names of nf_tables are the most of it */

enum { STATE_LISTENS = 0x0a, STATE_UNCONNECTED = 0x07 }; /* TCP_LISTEN, TCP_CLOSE of tcp_states.h */

/* The columns that count, of those parted by blanks. */
enum { COLUMN_LOCAL = 1, COLUMN_STATE = 3, COLUMN_USER = 7, COLUMN_INODE = 9, COLUMNS };

struct listener {
	struct addr address;
	uint16_t port;
	uint64_t inode, user;
};

static int read_hex(const char *text, size_t len, uint32_t *out)
{
	char copy[9] = "";
	char *end;

	if (len > 8 || strlen(text) < len)
		return -EBADMSG;
	memcpy(copy, text, len);
	*out = (uint32_t)strtoul(copy, &end, 16);
	return *end ? -EBADMSG : 0;
}

/* "0100007F:1F90", or four words for IPv6. */
static int read_local(const char *text, struct listener *l)
{
	const char *colon = strchr(text, ':');
	size_t words = colon ? (size_t)(colon - text) / 8 : 0;
	uint32_t word, port;
	int r = words == 1 || words == 4 ? 0 : -EBADMSG;

	l->address = (struct addr){ .family = words == 4 ? AF_INET6 : AF_INET };
	for (size_t i = 0; !r && i < words; i++) {
		r = read_hex(text + 8 * i, 8, &word);
		if (!r)
			memcpy(l->address.bytes + 4 * i, &word, sizeof(word));
	}
	if (!r)
		r = read_hex(colon + 1, strlen(colon + 1), &port);
	if (r)
		return r;
	l->port = (uint16_t)port;
	if (words == 4 && IN6_IS_ADDR_V4MAPPED(&l->address.v6)) {
		struct addr v4 = { .family = AF_INET };

		memcpy(v4.bytes, l->address.bytes + 12, 4);
		l->address = v4;
	}
	return 0;
}

/* A line of the table. 1 for one that listens, 0 for another, -EBADMSG. */
static int read_line(char *line, uint32_t listens, struct listener *l)
{
	char *column[COLUMNS], *rest = NULL;
	uint32_t state;

	for (size_t i = 0; i < COLUMNS; i++) {
		column[i] = strtok_r(i ? NULL : line, " ", &rest);
		if (!column[i])
			return -EBADMSG;
	}
	if (read_hex(column[COLUMN_STATE], strlen(column[COLUMN_STATE]), &state))
		return -EBADMSG;
	if (state != listens)
		return 0;
	if (read_local(column[COLUMN_LOCAL], l) ||
	    uint_parse(column[COLUMN_USER], strlen(column[COLUMN_USER]), 0, UINT32_MAX, &l->user) ||
	    uint_parse(column[COLUMN_INODE], strlen(column[COLUMN_INODE]), 0, UINT64_MAX,
		       &l->inode))
		return -EBADMSG;
	return 1;
}

/* True when who comes for the port at the listener's address would get the vault. ::1 leads nowhere
 * else; and a socket of :: has IPv4's addresses as well. */
static bool is_taken(const struct listener *l, const struct spec_publish *p)
{
	if (l->port != p->host_port)
		return false;
	if (!p->address.family)
		return l->address.family == AF_INET || !addr_is_loopback(&l->address);
	if (addr_is_any(&l->address))
		return l->address.family == AF_INET6 || p->address.family == AF_INET;
	return addr_equal(&l->address, &p->address);
}

/* True when the process PID has the socket open. */
static bool has_socket(int proc, const char *pid, const char *socket)
{
	DIR *fds cleanup(close_dir) = NULL;
	char path[64], target[64];
	struct dirent *entry;
	int fd;

	snprintf(path, sizeof(path), "%.20s/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds = fd < 0 ? NULL : fdopendir(fd);
	if (!fds) {
		close_fd(&fd);
		return false;
	}
	while ((entry = readdir(fds)) != NULL) {
		ssize_t n = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);

		if (n > 0) {
			target[n] = '\0';
			if (!strcmp(target, socket))
				return true;
		}
	}
	return false;
}

/* Who has it, as far as that can be told. */
static void name_owner(const struct listener *l, char out[static WHO_STRLEN])
{
	DIR *proc cleanup(close_dir) = opendir("/proc");
	char socket[40], name[64], address[ADDR_STRLEN];
	struct dirent *entry;

	addr_format(&l->address, address);
	snprintf(socket, sizeof(socket), "socket:[%llu]", (unsigned long long)l->inode);
	while (l->inode && proc && (entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !has_socket(dirfd(proc), entry->d_name, socket))
			continue;
		procs_read_name(dirfd(proc), entry->d_name, name);
		snprintf(out, WHO_STRLEN, "%s (process %.12s) on %s", name, entry->d_name, address);
		return;
	}
	if (l->inode)
		snprintf(out, WHO_STRLEN, "a program of user %llu on %s",
			 (unsigned long long)l->user, address);
	else
		snprintf(out, WHO_STRLEN, "the kernel on %s", address);
}

struct search {
	const struct spec_reach *reach;
	bool told[SPEC_PUBLISH_MAX];
	struct nl *nft;
	struct nftothers others; /* rules of others */
	listener_fn *fn;
	void *arg;
};

static void compare(struct search *s, const struct listener *l, uint8_t protocol)
{
	for (size_t i = 0; i < s->reach->n_publish; i++) {
		const struct spec_publish *p = &s->reach->publish[i];
		char who[WHO_STRLEN];

		if (s->told[i] || p->protocol != protocol || !is_taken(l, p))
			continue;
		s->told[i] = true;
		name_owner(l, who);
		s->fn(p, who, "listens there", true, s->arg);
	}
}

static int search_table(struct search *s, const char *path, uint8_t protocol, uint32_t listens)
{
	char *text cleanup(free_ptr) = NULL, *rest = NULL;
	struct listener l;
	size_t len = 0;
	int r = file_read(path, TABLE_MAX_BYTES, &text, &len);

	if (r)
		return r == -ENOENT ? 0 : r; /* this kernel has no IPv6 */
	/* The first line has the columns' names. */
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strstr(line, "local_address"))
			continue;
		r = read_line(line, listens, &l);
		if (r < 0)
			return r;
		if (r)
			compare(s, &l, protocol);
	}
	return 0;
}

/* A socket can be bound to what is the host's own. */
static bool is_hosts(const struct addr *a)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(a, 0, 0, &sa);
	int fd cleanup(close_fd) = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 || !bind(fd, (const struct sockaddr *)&sa, len) || errno != EADDRNOTAVAIL;
}

/* True when RULE is about packets to where P is published. */
static bool is_there(const struct nftother *rule, const struct spec_publish *p)
{
	const uint8_t family = p->address.family;

	if ((rule->family == NFPROTO_IPV4 && family == AF_INET6) ||
	    (rule->family == NFPROTO_IPV6 && family == AF_INET))
		return false;
	if (family && rule->except.addr.family && prefix_contains(&rule->except, &p->address))
		return false;
	if (!rule->where.addr.family)
		return true;
	if (family)
		return prefix_contains(&rule->where, &p->address);
	return rule->where.len < addr_bits(&rule->where.addr) || is_hosts(&rule->where.addr);
}

/* True when RULE sends elsewhere what P would send to the vault. */
static bool is_forwarded(const struct nftother *rule, const struct spec_publish *p)
{
	return rule->reached && rule->act == NFTOTHER_TRANSLATES && rule->first &&
	       p->host_port >= rule->first && p->host_port <= rule->last &&
	       (!rule->protocol || rule->protocol == p->protocol) && is_there(rule, p);
}

static bool is_sure(const struct nftother *rule)
{
	return !rule->asks_more &&
	       (!rule->where.addr.family || rule->where.len == addr_bits(&rule->where.addr));
}

static int compare_rule(struct search *s, const struct nftother *rule)
{
	struct nl_error error = { 0 };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < s->reach->n_publish; i++) {
		const struct spec_publish *p = &s->reach->publish[i];
		char who[WHO_STRLEN];

		if (s->told[i] || !is_forwarded(rule, p))
			continue;
		r = rule->set ? nftothers_is_in_set(s->nft, rule, p->host_port, &error) : 1;
		if (r <= 0)
			continue;
		s->told[i] = true;
		snprintf(who, sizeof(who), "table %s %s, chain %s",
			 ruleset_family_word(rule->family), rule->table, rule->chain);
		s->fn(p, who, "forwards it", is_sure(rule), s->arg);
	}
	return r < 0 ? r : 0;
}

/* What a chain does at another hook, to the host's own packets say, is no matter of who comes. */
static int follow_chain(const struct nftchain *chain, void *arg)
{
	struct search *s = arg;

	if (chain->hook == NF_INET_PRE_ROUTING)
		nftothers_reach(&s->others, chain->family, chain->table, chain->name);
	return 0;
}

static int search_rules(struct search *s)
{
	struct nl_error error = { 0 };
	int r = nftothers_dump(s->nft, SEAL_GUARD_TABLE, "", &s->others, &error);

	if (!r)
		r = nftchain_dump(s->nft, follow_chain, s, &error);
	for (size_t i = 0; !r && i < s->others.n; i++)
		r = compare_rule(s, &s->others.list[i]);
	nftothers_free(&s->others);
	return r == -EPERM ? 0 : r; /* who may not ask (dry-run) publishes nothing */
}

int listeners_find(const struct spec_reach *reach, struct nl *nft, listener_fn *fn, void *arg)
{
	static const struct {
		const char *path;
		uint8_t protocol;
		uint32_t listens;
	} tables[] = { { "/proc/net/tcp", IPPROTO_TCP, STATE_LISTENS },
		       { "/proc/net/tcp6", IPPROTO_TCP, STATE_LISTENS },
		       { "/proc/net/udp", IPPROTO_UDP, STATE_UNCONNECTED },
		       { "/proc/net/udp6", IPPROTO_UDP, STATE_UNCONNECTED } };
	struct search s = { .reach = reach, .nft = nft, .fn = fn, .arg = arg };
	int r = 0;

	for (size_t i = 0; !r && reach->n_publish && i < ARRAY_SIZE(tables); i++)
		r = search_table(&s, tables[i].path, tables[i].protocol, tables[i].listens);
	return r || !reach->n_publish ? r : search_rules(&s);
}
