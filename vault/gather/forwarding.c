/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/forwarding.c: does the host let pass what a vault's words allow? */
#include "vault/gather/forwarding.h"

#include <errno.h>
#include <linux/ipv6_route.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/nftchain.h"
#include "lib/rtnl.h"
#include "vault/seal/seal.h"

#define SETTING_MAX_BYTES 64
#define ROUTES_MAX_BYTES (16U << 20)
#define FROM_ROUTER (RTF_DEFAULT | RTF_ADDRCONF)
#define CHAINS_MAX 32
#define TEXT_SIZE 1024 /* two names of nf_tables, twice, are the most of it */

#define UNREAD ((struct forwarding_fault){ .how = FORWARDING_UNREAD })
#define NO_WAY ((struct forwarding_fault){ .how = FORWARDING_SHUT })

struct look {
	struct session *w;
	forwarding_fn *fn;
	void *arg;
};

static void tell(const struct look *look, struct forwarding_fault fault, const char *format, ...)
	printf_like(3, 4);

static void tell(const struct look *look, struct forwarding_fault fault, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fault.text = text;
	look->fn(&fault, look->arg);
}

/* 1 when the setting is 0, 0 when not, -errno when it cannot be read. */
static int is_off(const char *path)
{
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;
	int r = file_read(path, SETTING_MAX_BYTES, &text, &len);

	return r ? r : !strcmp(text, "0\n");
}

/*
 * A host that forwards IPv6 no longer listens to routers (accept_ra=1), and so loses a default
 * route that it has from one. A line of ipv6_route is "DESTINATION LEN ... FLAGS INTERFACE", in
 * hexadecimal.
 */
static void name_uplinks(struct str *out)
{
	char *text cleanup(free_ptr) = NULL, *rest, name[IFNAMSIZ];
	struct str setting cleanup(str_free) = STR_INIT;
	unsigned int prefix_len, flags;
	size_t len = 0;

	if (file_read("/proc/thread-self/net/ipv6_route", ROUTES_MAX_BYTES, &text, &len))
		return;
	rest = text;
	for (const char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		if (sscanf(line, "%*s %x %*s %*s %*s %*s %*s %*s %x %15s", &prefix_len, &flags,
			   name) != 3 ||
		    prefix_len || (flags & FROM_ROUTER) != FROM_ROUTER)
			continue;
		str_clear(&setting);
		str_add(&setting, " net/ipv6/conf/");
		str_add_quoted(&setting, name);
		str_add(&setting, "/accept_ra=2");
		if (!setting.err && !(out->s && strstr(out->s, setting.s)))
			str_add(out, setting.s);
	}
}

/* Linux forwards IPv4 by the interface that a packet comes in by; IPv6 for the whole host or not. */
static void check_forwarding(const struct look *look, const char *word, const struct prefix *prefix,
			     const char *name)
{
	char setting[64], path[96], text[PREFIX_STRLEN];
	struct str uplinks cleanup(str_free) = STR_INIT;
	int off;

	if (prefix->addr.family == AF_INET6)
		snprintf(setting, sizeof(setting), "net/ipv6/conf/all/forwarding");
	else
		snprintf(setting, sizeof(setting), "net/ipv4/conf/%s/forwarding", name);
	snprintf(path, sizeof(path), "/proc/sys/%s", setting);
	off = is_off(path);
	prefix_format(prefix, text);
	if (off < 0)
		tell(look, UNREAD, "%s %s: %s: %s", word, text, path, strerror(-off));
	if (off <= 0)
		return;
	if (prefix->addr.family == AF_INET6)
		name_uplinks(&uplinks);
	tell(look,
	     (struct forwarding_fault){ FORWARDING_SHUT, NULL,
					REMEDY(FORWARD, uplinks.s ? uplinks.s : "", setting), "1",
					"0" },
	     "%s %s: the host does not forward what comes by %s", word, text, name);
}

/* The kernel's answers that there is none: of type unreachable, prohibit or blackhole, too. Any
 * other error is no answer. */
static bool says_no_way(int r)
{
	return r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL;
}

/* The way to PREFIX, and so, as the guard holds a source to it, the way from there. What is the
 * host's own, or anywhere, has none to look at. */
static void check_way(const struct look *look, const char *word, const struct prefix *prefix)
{
	const struct spec *spec = look->w->spec;
	char name[IFNAMSIZ] = "", text[PREFIX_STRLEN];
	struct nl_error error = { 0 };
	uint32_t index = 0;
	int r;

	if (!prefix->len || !spec->link[addr_index(prefix->addr.family)].host.addr.family)
		return;
	r = rtnl_ask_route(&look->w->host_route, &prefix->addr, &index, &error);
	if (!r && index == SPEC_LOOPBACK_INDEX)
		return;
	if (!r && !if_indextoname(index, name))
		r = -errno;
	if (r)
		tell(look, says_no_way(r) ? NO_WAY : UNREAD,
		     "%s %s: which way the host has there: %s %s", word,
		     prefix_format(prefix, text), strerror(-r), error.text);
	else
		check_forwarding(look, word, prefix, name);
}

struct chains {
	struct nftchain list[CHAINS_MAX];
	size_t n;
};

/* Other tables' chains that drop what they do not accept. */
static int note_chain(const struct nftchain *chain, void *arg)
{
	struct chains *chains = arg;
	bool ours = chain->family == NFPROTO_INET && !strcmp(chain->table, SEAL_GUARD_TABLE);
	bool ip = chain->family == NFPROTO_INET || chain->family == NFPROTO_IPV4 ||
		  chain->family == NFPROTO_IPV6;

	if (ip && !ours && chain->drops && chains->n < CHAINS_MAX)
		chains->list[chains->n++] = *chain;
	return 0;
}

/* WAY is "iifname" or "oifname": each needs a rule of its own. */
static void advise(const struct look *look, const struct nftchain *chain, const char *what,
		   const char *way)
{
	const char *family = ruleset_family_word(chain->family),
		   *link = look->w->spec->link_host_if;

	const struct remedy *remedy = REMEDY(LET_BY, family, chain->table, chain->name, way, link);
	const struct forwarding_fault fault = { FORWARDING_DOUBT, NULL, remedy, NULL, NULL };

	tell(look, fault,
	     "%s: another firewall (table %s %s, chain %s) drops by policy and does not name %s",
	     what, family, chain->table, chain->name, link);
}

static void check_chain(const struct look *look, const struct nftchain *chain)
{
	const struct spec *spec = look->w->spec;
	bool forwards = spec->reach.n_from || spec->reach.n_holes;
	struct nl_error error = { 0 };
	bool named = false;
	int r;

	if ((chain->hook != NF_INET_FORWARD || !forwards) &&
	    (chain->hook != NF_INET_LOCAL_IN || !spec->reach.n_host_ports))
		return;
	r = nftchain_mentions(&look->w->host_nft, chain, spec->link_host_if, &named, &error);
	if (r)
		tell(look, UNREAD, "reading the rules of table %s: %s %s", chain->table,
		     strerror(-r), error.text);
	if (r || named)
		return;
	if (chain->hook == NF_INET_LOCAL_IN) {
		advise(look, chain, "allow-host", "iifname");
	} else {
		advise(look, chain, "into the vault", "oifname");
		advise(look, chain, "out of the vault", "iifname");
	}
}

static void check_firewalls(const struct look *look)
{
	struct chains *chains cleanup(free_ptr) = calloc(1, sizeof(*chains));
	struct nl_error error = { 0 };
	int r = chains ? nftchain_dump(&look->w->host_nft, note_chain, chains, &error) : -ENOMEM;

	if (r)
		tell(look, UNREAD, "reading the host's firewalls: %s %s", strerror(-r), error.text);
	for (size_t i = 0; !r && i < chains->n; i++)
		check_chain(look, &chains->list[i]);
}

/* What takes the host's own packets elsewhere is a route as narrow as the link's, or one of another
 * table, whose rule is the host's affair: ours alone comes before it. */
static void tell_diverted(const struct look *look, const struct prefix *own,
			  const struct rtnl_route *route, const char *name)
{
	const char *six = own->addr.family == AF_INET6 ? " -6" : "";
	char address[ADDR_STRLEN], net[PREFIX_STRLEN], via[ADDR_STRLEN + 8] = "", text[ADDR_STRLEN];
	const struct remedy *remedy;
	struct prefix link = *own;

	prefix_mask(&link);
	addr_format(&own->addr, address);
	if (route->via.family)
		snprintf(via, sizeof(via), " via %s", addr_format(&route->via, text));
	prefix_format(route->dst.len < own->len ? &link : &route->dst, net);
	remedy = route->table != RT_TABLE_MAIN ? REMEDY(ADD_RULE, six, address)
		 : route->dst.len < own->len
			 ? REMEDY(ADD_ROUTE, six, net, look->w->spec->link_host_if)
			 : REMEDY(DEL_ROUTE, six, net, via, name);
	tell(look,
	     (struct forwarding_fault){ FORWARDING_SHUT, NULL, remedy, look->w->spec->link_host_if,
					name },
	     "the host's way to %s is by %s, where the guard drops what is for the vault", address,
	     name);
}

static void check_way_in(const struct look *look, const struct prefix *own)
{
	char name[IFNAMSIZ] = "nothing", text[ADDR_STRLEN];
	struct nl_error error = { 0 };
	struct rtnl_route route;
	int r = rtnl_match_route(&look->w->host_route, &own->addr, &route, &error);

	if (!r && route.index == look->w->spec->link_host_index)
		return;
	if (!r && route.index)
		(void)if_indextoname(route.index, name);
	if (r)
		tell(look, says_no_way(r) ? NO_WAY : UNREAD, "which way the host has to %s: %s %s",
		     addr_format(&own->addr, text), strerror(-r), error.text);
	else
		tell_diverted(look, own, &route, name);
}

void forwarding_check_link(struct session *w, forwarding_fn *fn, void *arg)
{
	const struct look look = { .w = w, .fn = fn, .arg = arg };

	for (int f = 0; w->spec->has_link && f < ADDR_FAMILIES; f++)
		if (w->spec->link[f].vault.addr.family)
			check_way_in(&look, &w->spec->link[f].vault);
}

void forwarding_check(struct session *w, forwarding_fn *fn, void *arg)
{
	const struct spec_reach *reach = &w->spec->reach;
	const struct look look = { .w = w, .fn = fn, .arg = arg };

	if (!reach->n_from && !reach->n_holes && !reach->n_host_ports)
		return;
	for (size_t i = 0; i < reach->n_from; i++)
		check_way(&look, "accessible-from", &reach->from[i]);
	for (size_t i = 0; i < reach->n_holes; i++)
		if (!i || !prefix_equal(&reach->holes[i - 1].to, &reach->holes[i].to))
			check_way(&look, "allow-to", &reach->holes[i].to);
	check_firewalls(&look);
}
