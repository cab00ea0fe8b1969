/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/hostpath.c: does the host let pass what a vault's words allow? */
#include "vault/hostpath.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/nftchain.h"
#include "lib/rtnl.h"

#define SETTING_MAX_BYTES 64
#define DUMP_TRIES 8
#define CHAINS_MAX 32

/* True when the setting can be read and is 0. */
static bool is_off(const char *path)
{
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;

	return !file_read(path, SETTING_MAX_BYTES, &text, &len) && !strcmp(text, "0\n");
}

/* Linux forwards IPv4 by the interface that a packet comes in by; IPv6 for the whole host or not. */
static void check_forwarding(const char *word, const struct prefix *prefix, const char *name,
			     struct problems *p)
{
	char setting[64], path[96], text[PREFIX_STRLEN];

	if (prefix->addr.family == AF_INET6)
		snprintf(setting, sizeof(setting), "net/ipv6/conf/all/forwarding");
	else
		snprintf(setting, sizeof(setting), "net/ipv4/conf/%s/forwarding", name);
	snprintf(path, sizeof(path), "/proc/sys/%s", setting);
	if (is_off(path))
		problem_warn(p, 0,
			     "%s %s: the host does not forward what comes by %s; to let it: sysctl "
			     "-w %s=1",
			     word, prefix_format(prefix, text), name, setting);
}

/* The way to PREFIX, and so, as the guard holds a source to it, the way from there. */
static void check_way(struct world *w, const char *word, const struct prefix *prefix,
		      struct problems *p)
{
	char name[IFNAMSIZ] = "", text[PREFIX_STRLEN];
	struct nl_error error = { 0 };
	uint32_t index;
	int r = rtnl_ask_route(&w->host_route, &prefix->addr, &index, &error);

	if (!r && !if_indextoname(index, name))
		r = -errno;
	if (r)
		problem_warn(p, 0, "%s %s: which way the host has there: %s %s", word,
			     prefix_format(prefix, text), strerror(-r), error.text);
	else
		check_forwarding(word, prefix, name, p);
}

struct chains {
	struct nftchain list[CHAINS_MAX];
	size_t n;
};

/* Other tables' chains that drop what they do not accept. */
static int note_chain(const struct nftchain *chain, void *arg)
{
	struct chains *chains = arg;
	bool ours = chain->family == NFPROTO_INET && !strcmp(chain->table, "vault");
	bool ip = chain->family == NFPROTO_INET || chain->family == NFPROTO_IPV4 ||
		  chain->family == NFPROTO_IPV6;

	if (ip && !ours && chain->drops && chains->n < CHAINS_MAX)
		chains->list[chains->n++] = *chain;
	return 0;
}

/* WAY is "iifname" or "oifname": each needs a rule of its own. */
static void advise(const struct world *w, const struct nftchain *chain, const char *what,
		   const char *way, struct problems *p)
{
	const char *family = nftchain_family(chain->family);

	problem_warn(
		p, 0,
		"%s: another firewall (table %s %s, chain %s) drops by policy and does not name "
		"%s; to let it: nft insert rule %s %s %s %s %s accept",
		what, family, chain->table, chain->name, w->spec->host_name, family, chain->table,
		chain->name, way, w->spec->host_name);
}

static void check_chain(struct world *w, const struct nftchain *chain, struct problems *p)
{
	const struct spec_reach *reach = &w->spec->reach;
	bool forwards = reach->n_from || reach->n_holes;
	struct nl_error error = { 0 };
	bool named = false;
	int r;

	if ((chain->hook != NF_INET_FORWARD || !forwards) &&
	    (chain->hook != NF_INET_LOCAL_IN || !reach->n_host_ports))
		return;
	r = nftchain_mentions(&w->host_nft, chain, w->spec->host_name, &named, &error);
	if (r)
		problem_warn(p, 0, "reading the rules of table %s: %s %s", chain->table,
			     strerror(-r), error.text);
	if (r || named)
		return;
	if (chain->hook == NF_INET_LOCAL_IN) {
		advise(w, chain, "allow-host", "iifname", p);
	} else {
		advise(w, chain, "into the vault", "oifname", p);
		advise(w, chain, "out of the vault", "iifname", p);
	}
}

static void check_firewalls(struct world *w, struct problems *p)
{
	struct chains *chains cleanup(free_ptr) = calloc(1, sizeof(*chains));
	struct nl_error error = { 0 };
	int r = chains ? -EINTR : -ENOMEM;

	for (int tries = 0; r == -EINTR && tries < DUMP_TRIES; tries++) {
		chains->n = 0;
		r = nftchain_dump(&w->host_nft, note_chain, chains, &error);
	}
	if (r)
		problem_warn(p, 0, "reading the host's firewalls: %s %s", strerror(-r), error.text);
	for (size_t i = 0; !r && i < chains->n; i++)
		check_chain(w, &chains->list[i], p);
}

void hostpath_check(struct world *w, struct problems *p)
{
	const struct spec_reach *reach = &w->spec->reach;

	if (!reach->n_from && !reach->n_holes && !reach->n_host_ports)
		return;
	for (size_t i = 0; i < reach->n_from; i++)
		check_way(w, "accessible-from", &reach->from[i], p);
	for (size_t i = 0; i < reach->n_holes; i++)
		if (!i || !prefix_equal(&reach->holes[i - 1].to, &reach->holes[i].to))
			check_way(w, "allow-to", &reach->holes[i].to, p);
	check_firewalls(w, p);
}
