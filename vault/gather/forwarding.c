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
#include "lib/iptables.h"
#include "lib/nftchain.h"
#include "lib/nftothers.h"
#include "lib/rtnl.h"
#include "vault/seal/seal.h"
#include "vault/spec/reach.h"

#define SETTING_MAX_BYTES 64
#define ROUTES_MAX_BYTES (16U << 20)
#define FROM_ROUTER (RTF_DEFAULT | RTF_ADDRCONF)
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
	str_make_printable(
		text); /* others have named interfaces and tables, and it is kept as JSON */
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
		     "%s %s: which way the host has there: %s%s%s", word,
		     prefix_format(prefix, text), strerror(-r), *error.text ? " " : "", error.text);
	else
		check_forwarding(look, word, prefix, name);
}

/* Another's chain, of nf_tables or of legacy iptables, that packets for the link pass. */
struct firewall {
	const char *what; /* "table inet filter, chain forward" */
	uint32_t hook; /* NF_INET_FORWARD, NF_INET_LOCAL_IN */
	const char *how; /* it refuses: "drops by policy" */
	const char *program; /* of iptables that shows it; NULL: it is one of nf_tables */
	const char *family, *table; /* of nf_tables */
	const char *chain;
	uint8_t addresses; /* AF_INET, AF_INET6: of those alone; AF_UNSPEC: of both */
	bool names_in, names_out; /* it knows of the link, on that side */
};

/* Each way needs a rule of its own. */
static void advise(const struct look *look, const struct firewall *f, const char *word, bool in)
{
	const char *link = look->w->spec->link_host_if;
	const struct remedy *remedy =
		f->program ? REMEDY(LET_BY_LEGACY, f->program, f->chain, in ? "-i" : "-o", link)
			   : REMEDY(LET_BY, f->family, f->table, f->chain,
				    in ? "iifname" : "oifname", link);
	const struct forwarding_fault fault = { .how = FORWARDING_DOUBT, .remedy = remedy };

	tell(look, fault, "%s: another firewall (%s) %s and does not name %s", word, f->what,
	     f->how, link);
}

static bool is_about(const struct firewall *f, uint8_t family)
{
	return f->addresses == AF_UNSPEC || f->addresses == family;
}

/* True when what words open has addresses that the firewall sees. */
static bool has_ways(const struct spec_reach *reach, const struct firewall *f)
{
	for (size_t i = 0; i < reach->n_from; i++)
		if (is_about(f, reach->from[i].addr.family))
			return true;
	for (size_t i = 0; i < reach->n_holes; i++)
		if (is_about(f, reach->holes[i].to.addr.family))
			return true;
	return false;
}

static void tell_firewall(const struct look *look, const struct firewall *f)
{
	const struct spec *spec = look->w->spec;
	const bool has_link = f->addresses == AF_UNSPEC ||
			      spec->link[addr_index(f->addresses)].host.addr.family != AF_UNSPEC;
	const bool forwards = f->hook == NF_INET_FORWARD && has_ways(&spec->reach, f);

	if (f->hook == NF_INET_LOCAL_IN && spec->reach.n_host_ports && has_link && !f->names_in)
		advise(look, f, "allow-host", true);
	if (forwards && !f->names_out)
		advise(look, f, "into the vault", false);
	if (forwards && !f->names_in)
		advise(look, f, "out of the vault", true);
}

struct chains {
	const struct look *look;
	struct nftothers others;
};

/* Connections that nobody tracks have no answers, and no port that leads elsewhere. */
static void tell_untracked(const struct look *look, const struct nftchain *chain)
{
	tell(look, (struct forwarding_fault){ .how = FORWARDING_DOUBT },
	     "another table (table %s %s, chain %s) takes all packets from connection tracking: "
	     "what is let into the vault, or out, may get no answer",
	     ruleset_family_word(chain->family), chain->table, chain->name);
}

/* How it refuses what no rule of it accepts; NULL: it does not. */
static const char *how_refuses(enum nftother_act end, const struct nftchain *chain)
{
	if (end == NFTOTHER_REFUSES)
		return "refuses what no rule of it accepts";
	return end == NFTOTHER_GOES_ON && chain->drops ? "drops by policy" : NULL;
}

/* Whether rules that packets may come to in CHAIN let by, or lead elsewhere, those of the link. */
static void find_names(struct nftothers *others, const struct nftchain *chain, struct firewall *f)
{
	nftothers_leave(others);
	nftothers_reach(others, chain->family, chain->table, chain->name);
	for (size_t i = 0; i < others->n; i++) {
		const struct nftother *rule = &others->list[i];
		const bool lets_by = rule->act == NFTOTHER_ACCEPTS || rule->to;

		f->names_in |= rule->reached && lets_by && rule->names_in;
		f->names_out |= rule->reached && lets_by && rule->names_out;
	}
}

static int judge_chain(const struct nftchain *chain, void *arg)
{
	struct chains *c = arg;
	const bool ours = chain->family == NFPROTO_INET && !strcmp(chain->table, SEAL_GUARD_TABLE);
	const bool ip = chain->family == NFPROTO_INET || chain->family == NFPROTO_IPV4 ||
			chain->family == NFPROTO_IPV6;
	char what[TEXT_SIZE];
	struct firewall f = { .what = what,
			      .hook = chain->hook,
			      .family = ruleset_family_word(chain->family),
			      .table = chain->table,
			      .chain = chain->name,
			      .addresses = chain->family == NFPROTO_IPV4   ? AF_INET
					   : chain->family == NFPROTO_IPV6 ? AF_INET6
									   : AF_UNSPEC };
	enum nftother_act end;

	if (!ip || ours)
		return 0;
	end = nftothers_end(&c->others, chain->family, chain->table, chain->name);
	if (end == NFTOTHER_UNTRACKS && chain->hook == NF_INET_PRE_ROUTING)
		tell_untracked(c->look, chain);
	f.how = how_refuses(end, chain);
	if (!f.how)
		return 0;
	snprintf(what, sizeof(what), "table %s %s, chain %s", f.family, chain->table, chain->name);
	find_names(&c->others, chain, &f);
	tell_firewall(c->look, &f);
	return 0;
}

static int judge_legacy(const struct iptables *table, void *arg)
{
	static const struct {
		uint32_t hook;
		const char *chain;
	} chains[] = { { NF_INET_LOCAL_IN, "INPUT" }, { NF_INET_FORWARD, "FORWARD" } };
	const struct chains *c = arg;
	char what[64];

	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		uint32_t hook = chains[i].hook;

		if (strcmp(table->name, "filter") != 0 || !table->refuses[hook])
			continue;
		snprintf(what, sizeof(what), "%s, chain %s", table->program, chains[i].chain);
		tell_firewall(c->look,
			      &(struct firewall){ .what = what,
						  .hook = hook,
						  .how = "refuses what no rule of it accepts",
						  .program = table->program,
						  .chain = chains[i].chain,
						  .addresses = (uint8_t)table->family,
						  .names_in = table->names_in[hook],
						  .names_out = table->names_out[hook] });
	}
	return 0;
}

static void check_firewalls(const struct look *look)
{
	struct session *w = look->w;
	struct chains c = { .look = look };
	struct nl_error error = { 0 };
	int r = nftothers_dump(&w->host_nft, SEAL_GUARD_TABLE, w->spec->link_host_if, &c.others,
			       &error);

	if (!r)
		r = nftchain_dump(&w->host_nft, judge_chain, &c, &error);
	nftothers_free(&c.others);
	if (r)
		tell(look, UNREAD, "reading the host's firewalls: %s %s", strerror(-r), error.text);
	r = iptables_read(w->spec->link_host_if, judge_legacy, &c);
	if (r) /* as in a container: no more is known than before anybody looked */
		tell(look, (struct forwarding_fault){ .how = FORWARDING_DOUBT },
		     "whether legacy iptables refuses what is for the vault: %s", strerror(-r));
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

struct published {
	const struct spec_reach *reach;
	bool is_own[SPEC_PUBLISH_MAX]; /* its address is one of the host's */
};

static int note_address(const struct rtnl_address *own, void *arg)
{
	struct published *p = arg;

	for (size_t i = 0; i < p->reach->n_publish; i++)
		p->is_own[i] = p->is_own[i] ||
			       addr_equal(&own->address.addr, &p->reach->publish[i].address);
	return 0;
}

/* All of 127.0.0.0/8 is the host's, whatever addresses it has. */
static bool is_anywhere(const struct addr *a)
{
	return !a->family || addr_is_loopback(a);
}

static void check_addresses(const struct look *look)
{
	struct published p = { .reach = &look->w->spec->reach };
	char text[REACH_STRLEN], address[ADDR_STRLEN];
	struct nl_error error = { 0 };
	int r = rtnl_dump_addresses(&look->w->host_route, note_address, &p, &error);

	if (r)
		tell(look, UNREAD, "the host's addresses: %s %s", strerror(-r), error.text);
	for (size_t i = 0; !r && i < p.reach->n_publish; i++) {
		const struct spec_publish *publish = &p.reach->publish[i];
		const struct forwarding_fault fault = { .how = FORWARDING_SHUT,
							.remedy = REMEDY(OTHER_ADDRESS, NULL) };

		if (!p.is_own[i] && !is_anywhere(&publish->address))
			tell(look, fault, "publish %s: the host has no address %s",
			     reach_tell_publish(publish, text),
			     addr_format(&publish->address, address));
	}
}

void forwarding_check(struct session *w, forwarding_fn *fn, void *arg)
{
	const struct spec_reach *reach = &w->spec->reach;
	const struct look look = { .w = w, .fn = fn, .arg = arg };

	if (reach->n_publish)
		check_addresses(&look);
	if (!reach->n_from && !reach->n_holes && !reach->n_host_ports)
		return;
	for (size_t i = 0; i < reach->n_from; i++)
		check_way(&look, "accessible-from", &reach->from[i]);
	for (size_t i = 0; i < reach->n_holes; i++)
		if (!i || !prefix_equal(&reach->holes[i - 1].to, &reach->holes[i].to))
			check_way(&look, "allow-to", &reach->holes[i].to);
	check_firewalls(&look);
}

void forwarding_warn(const struct forwarding_fault *fault, void *arg)
{
	struct str hint cleanup(str_free) = STR_INIT;

	remedy_add_hint(fault->remedy, &hint);
	problem_warn(arg, 0, "%s%s", fault->text, hint.s ? hint.s : "");
}
