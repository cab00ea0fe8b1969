/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/link.c: the host link, a veth pair made straight in both namespaces; and its
 * host end's addresses. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ip.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

/*
 * The host's end: answers ARP for its own address only, checks sources, takes and sends no
 * redirects (L9, L11). It forwards where words ask for a network beyond the host (VC-7), and
 * answers for localhost where a port is published: never by a setting of the whole host.
 *
 * MIN to MAX is what has to be found again. Others write on the interfaces of a host, too: udev
 * lays systemd's rp_filter=2 on each that comes, and whoever sets ip_forward turns the forwarding
 * of all of them. What the guard holds without the setting is set once, and left to them.
 */
static const struct {
	struct rtnl_conf4 conf;
	const char *name;
	uint32_t min, max;
} settings[] = {
	{ { IPV4_DEVCONF_ARP_IGNORE, 2 }, "arp_ignore", 1, 2 },
	{ { IPV4_DEVCONF_ARP_ANNOUNCE, 2 }, "arp_announce", 1, 2 },
	{ { IPV4_DEVCONF_RP_FILTER, 1 }, "rp_filter", 0, UINT32_MAX },
	{ { IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 }, "accept_redirects", 0, 0 },
	{ { IPV4_DEVCONF_SEND_REDIRECTS, 0 }, "send_redirects", 0, 0 },
	{ { IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0 }, "accept_source_route", 0, 0 },
	{ { IPV4_DEVCONF_FORWARDING, 0 }, "forwarding", 0, UINT32_MAX }, /* or what words ask for */
	{ { IPV4_DEVCONF_ROUTE_LOCALNET, 0 }, "route_localnet", 0, 0 },
	{ { IPV4_DEVCONF_PROXY_ARP, 0 }, "proxy_arp", 0, 0 },
	{ { IPV4_DEVCONF_ACCEPT_LOCAL, 0 }, "accept_local", 0, UINT32_MAX },
	{ { IPV4_DEVCONF_ARP_ACCEPT, 0 }, "arp_accept", 0, UINT32_MAX },
	{ { IPV4_DEVCONF_BOOTP_RELAY, 0 }, "bootp_relay", 0, UINT32_MAX },
};

/* The same of IPv6, by files, as rtnetlink sets none of them: nothing is learned from inside, no
 * route, no address (L39). All are 0. */
static const struct {
	const char *name;
	bool demanded;
} settings6[] = {
	{ "accept_ra", true },
	{ "accept_redirects", true },
	{ "autoconf", false }, /* by router advertisements alone */
	{ "proxy_ndp", false }, /* by entries that somebody makes alone */
};

/* A published port is asked for at 127.0.0.1 too, unless at an address that is another. */
static bool answers_localhost(const struct spec *spec)
{
	for (size_t i = 0; i < spec->reach.n_publish; i++) {
		const struct addr *a = &spec->reach.publish[i].address;

		if (!a->family || (a->family == AF_INET && addr_is_loopback(a)))
			return true;
	}
	return false;
}

static uint32_t setting_value(const struct spec *spec, size_t i)
{
	switch (settings[i].conf.id) {
	case IPV4_DEVCONF_FORWARDING:
		return spec->reach.n_from || spec->reach.n_holes;
	case IPV4_DEVCONF_ROUTE_LOCALNET:
		return answers_localhost(spec);
	default:
		return settings[i].conf.value;
	}
}

static bool is_fine(const struct spec *spec, size_t i, uint64_t found)
{
	uint32_t wanted = setting_value(spec, i);

	if (wanted != settings[i].conf.value) /* words need it */
		return found == wanted;
	return found >= settings[i].min && found <= settings[i].max;
}

#define SETTING_MAX_BYTES 64

static bool is_own(const struct spec *spec, const struct rtnl_link *host_end)
{
	char alias[SPEC_ALIAS_LEN];

	spec_alias(spec, alias);
	return observed_is_own(host_end, "veth", alias);
}

/* Whatever is left of the link that was: an end inside under any name takes the other with it.
 * -EEXIST, and nothing is done, when somebody else has the name of its host end, or the one that
 * its end inside, which is there, shall have. */
static int remove_remains(const struct obj *obj, struct session *w)
{
	const struct observed *s = w->observed;
	const struct rtnl_link *host =
		observed_link(s->host->links, s->host->n_links, obj->spec->link_host_if);
	const struct rtnl_link *named = observed_link(s->links, s->n_links, obj->spec->link_if);
	const char *inside = NULL;
	struct nl *nl = &w->host_route;
	int r = 0;

	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i].index == obj->spec->link_index)
			inside = s->links[i].name;
	if (host && !is_own(obj->spec, host)) {
		snprintf(w->why, sizeof(w->why), "%s is not vault's", host->name);
		return -EEXIST;
	}
	if (inside && named && named->index != obj->spec->link_index) {
		snprintf(w->why, sizeof(w->why), "%s inside is not vault's", named->name);
		return -EEXIST;
	}
	if (inside)
		nl = &w->vault_route;
	if (inside || host)
		r = session_queue(w, nl);
	if (!r && inside)
		rtnl_queue_del_link(&w->batch, nl, w->current, inside);
	else if (!r && host)
		rtnl_queue_del_index(&w->batch, nl, w->current, host->index);
	if (!r)
		r = session_flush(w);
	if (!r)
		observed_forget_link(w->observed, obj->spec->link_index, SEAL_LINK_TABLE);
	return r;
}

/* An MTU below this ends IPv6 on an interface (IPV6_MIN_MTU). */
#define MTU_LEAST_V6 1280

static bool host_end_has(const struct observed *s, const struct spec *spec,
			 const struct prefix *address)
{
	for (size_t i = 0; i < s->host->n_addresses; i++)
		if (s->host->addresses[i].index == spec->link_host_index &&
		    prefix_equal(&s->host->addresses[i].address, address))
			return true;
	return false;
}

/* Addresses of the host's end but the link-local one, which the kernel makes. */
static size_t count_host_addresses(const struct observed *s, const struct spec *spec)
{
	size_t n = 0;

	for (size_t i = 0; i < s->host->n_addresses; i++)
		n += s->host->addresses[i].index == spec->link_host_index &&
		     !addr_is_linklocal(&s->host->addresses[i].address.addr);
	return n;
}

/* What is wrong with the pair, or NULL. A port of a bridge sends frames where no rule of IP looks. */
static const char *fault_of_ends(const struct spec *spec, const struct rtnl_link *host,
				 const struct rtnl_link *inside)
{
	if (strcmp(host->kind, "veth") || host->index != spec->link_host_index)
		return "another interface has the name of its host end";
	if (inside->index != spec->link_index)
		return "another interface has the name of its inner end";
	if (host->master || inside->master)
		return host->master ? "its host end is a port of another interface"
				    : "its inner end is a port of another interface";
	if (inside->group != SPEC_GROUP)
		return "its inner end is in another group";
	if (host->flags & IFF_NOARP || inside->flags & IFF_NOARP)
		return "one of its ends does no ARP";
	if (spec->link[ADDR_V6].host.addr.family &&
	    (host->mtu < MTU_LEAST_V6 || inside->mtu < MTU_LEAST_V6))
		return "the MTU of one of its ends is too small for IPv6";
	return host->flags & IFF_UP ? NULL : "its host end is down";
}

static const char *fault_of_addresses(const struct spec *spec, const struct observed *s)
{
	size_t wanted = 0;

	for (int f = 0; f < ADDR_FAMILIES; f++) {
		if (!spec->link[f].host.addr.family)
			continue;
		wanted++;
		if (!host_end_has(s, spec, &spec->link[f].host))
			return "its host end lacks its address";
	}
	return count_host_addresses(s, spec) == wanted ? NULL
						       : "its host end has another address besides";
}

/* What is wrong with the pair, or NULL: its host end's addresses and settings apart. */
static const char *fault_of_pair(const struct obj *obj, const struct session *w)
{
	const struct spec *spec = obj->spec;
	const struct observed *s = w->observed;
	const struct rtnl_link *host =
		observed_link(s->host->links, s->host->n_links, spec->link_host_if);
	const struct rtnl_link *inside = observed_link(s->links, s->n_links, spec->link_if);

	return host && inside ? fault_of_ends(spec, host, inside) : "an end is missing";
}

static void differ(const struct obj *obj, struct session *w, const char *name, uint64_t is,
		   uint32_t wanted)
{
	snprintf(w->want, sizeof(w->want), "%u", wanted);
	snprintf(w->have, sizeof(w->have), "%llu", (unsigned long long)is);
	snprintf(w->why, sizeof(w->why), "net/ipv4/conf/%s/%s is %s, not %s",
		 obj->spec->link_host_if, name, w->have, w->want);
}

/* 1 when setting I, in FOLDER, is fine; 0 when not, -errno when it cannot be told: W->why then
 * names it.
 */
static int look_at_setting(const struct obj *obj, struct session *w, int folder, size_t i)
{
	const struct spec *spec = obj->spec;
	char *text cleanup(free_ptr) = NULL;
	uint64_t value = 0;
	size_t len = 0;
	int r = file_read_at(folder, settings[i].name, SETTING_MAX_BYTES, &text, &len);

	if (!r)
		r = len ? uint_parse(text, len - 1, 0, UINT32_MAX, &value) : -EBADMSG;
	if (r)
		snprintf(w->why, sizeof(w->why), "net/ipv4/conf/%s/%s: %s", spec->link_host_if,
			 settings[i].name, strerror(-r));
	else if (!is_fine(spec, i, value))
		differ(obj, w, settings[i].name, value, setting_value(spec, i));
	return r ? r : is_fine(spec, i, value);
}

static int look_at_settings6(const struct obj *obj, struct session *w)
{
	char path[128];
	int r = 1;

	for (size_t i = 0; r > 0 && ns_has_ipv6() && i < ARRAY_SIZE(settings6); i++) {
		char *text cleanup(free_ptr) = NULL;
		size_t len = 0;

		if (!settings6[i].demanded)
			continue;
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s",
			 obj->spec->link_host_if, settings6[i].name);
		r = file_read(path, SETTING_MAX_BYTES, &text, &len);
		if (r) {
			snprintf(w->why, sizeof(w->why), "%s: %s", path, strerror(-r));
		} else if (strcmp(text, "0\n")) {
			text[strcspn(text, "\n")] = '\0';
			session_differs(w, "0", text);
			snprintf(w->why, sizeof(w->why), "%s is %s, not 0",
				 path + strlen("/proc/sys/"), text);
			r = 0;
		} else {
			r = 1;
		}
	}
	return r;
}

/* On an interface that is not up yet. */
static int set6(const struct obj *obj, struct session *w)
{
	char path[128];
	int r = session_flush(w);

	for (size_t i = 0; !r && ns_has_ipv6() && i < ARRAY_SIZE(settings6); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s",
			 obj->spec->link_host_if, settings6[i].name);
		r = file_poke(path, "0");
		if (r)
			snprintf(w->why, sizeof(w->why), "%s", path);
	}
	return r;
}

/* The same of all settings of the host's end. */
static int look_at_settings(const struct obj *obj, struct session *w)
{
	char path[128];
	int folder cleanup(close_fd) = -1, r = 1;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s", obj->spec->link_host_if);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		r = -errno;
		snprintf(w->why, sizeof(w->why), "%s: %s", path, strerror(-r));
		return r;
	}
	for (size_t i = 0; r > 0 && i < ARRAY_SIZE(settings); i++)
		r = look_at_setting(obj, w, folder, i);
	return r > 0 ? look_at_settings6(obj, w) : r;
}

static int link_look(const struct obj *obj, struct session *w)
{
	const struct observed *s = w->observed;
	const char *fault;
	int r;

	if (!observed_link(s->host->links, s->host->n_links, obj->spec->link_host_if) ||
	    !observed_link(s->links, s->n_links, obj->spec->link_if))
		return LOOK_ABSENT;
	fault = fault_of_pair(obj, w);
	if (!fault)
		fault = fault_of_addresses(obj->spec, s);
	if (fault) {
		snprintf(w->why, sizeof(w->why), "%s", fault);
		return LOOK_OTHER;
	}
	r = look_at_settings(obj, w);
	return r < 0 ? r : r ? LOOK_SAME : LOOK_OTHER;
}

static void queue_settings(const struct obj *obj, struct session *w)
{
	struct rtnl_conf4 conf[ARRAY_SIZE(settings)];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		conf[i] = settings[i].conf;
		conf[i].value = setting_value(obj->spec, i);
	}
	rtnl_queue_conf4(&w->batch, &w->host_route, w->current, obj->spec->link_host_index, conf,
			 ARRAY_SIZE(conf));
}

/* IPv6 on at an end that is ours; an interface that comes has it on already, where the host has. */
static int switch_on_v6(const struct obj *obj)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
		 obj->spec->link_host_if);
	return file_poke(path, "0");
}

struct addresses {
	uint32_t index;
	struct session *w;
};

static int drop_host_address(const struct rtnl_address *a, void *arg)
{
	const struct addresses *of = arg;
	struct session *w = of->w;

	if (a->index == of->index && !addr_is_linklocal(&a->address.addr))
		rtnl_queue_delete(&w->batch, &w->host_route, w->current, a->told);
	return 0;
}

/* The pair is good: what hangs on it goes on, while its host end gets what it lacks and loses what
 * it has besides. */
static int mend_host_end(const struct obj *obj, struct session *w)
{
	const struct spec *spec = obj->spec;
	struct nl *nl = &w->host_route;
	struct addresses addresses = { spec->link_host_index, w };
	struct nl_error error = { 0 };
	int r = session_queue(w, nl);

	if (r)
		return r;
	queue_settings(obj, w);
	if (!fault_of_addresses(spec, w->observed))
		return set6(obj, w);
	/* All go before those come that shall be: the kernel takes other addresses of a network
	 * away with its first. */
	r = rtnl_dump_addresses(nl, drop_host_address, &addresses, &error);
	for (int f = 0; !r && f < ADDR_FAMILIES; f++) {
		if (!spec->link[f].host.addr.family)
			continue;
		if (f == ADDR_V6)
			r = switch_on_v6(obj);
		rtnl_queue_address(&w->batch, nl, w->current, spec->link_host_index,
				   &spec->link[f].host, false);
	}
	return r ? r : set6(obj, w);
}

static int link_make(const struct obj *obj, struct session *w)
{
	const struct spec *spec = obj->spec;
	const struct rtnl_veth veth = {
		.name = spec->link_host_if,
		.peer_name = spec->link_if,
		.index = spec->link_host_index,
		.peer_index = spec->link_index,
		.peer_ns = w->vault_ns,
		.peer_group = SPEC_GROUP,
	};
	struct nl *nl = &w->host_route;
	char alias[SPEC_ALIAS_LEN];
	int r = 0;

	if (w->observed && !fault_of_pair(obj, w))
		return mend_host_end(obj, w);
	if (w->observed)
		r = remove_remains(obj, w);
	if (!r)
		r = session_queue(w, nl);
	if (r)
		return r;
	spec_alias(spec, alias);
	rtnl_queue_veth(&w->batch, nl, w->current, &veth);
	rtnl_queue_alias(&w->batch, nl, w->current, spec->link_host_index, alias);
	queue_settings(obj, w);
	r = set6(obj, w);
	if (!r)
		r = session_queue(w, nl);
	if (r)
		return r;
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (spec->link[f].host.addr.family)
			rtnl_queue_address(&w->batch, nl, w->current, spec->link_host_index,
					   &spec->link[f].host, false);
	rtnl_queue_up(&w->batch, nl, w->current, spec->link_host_index, true);
	return 0;
}

/* Both ends go with either; the vault's may have gone before, together with the tunnel. What only
 * has the name is somebody else's. */
static int link_remove(const struct obj *obj, struct session *w)
{
	struct nl_error error = { 0 };
	struct rtnl_link host;
	int r = session_flush(w);

	if (!r)
		r = rtnl_get_link(&w->host_route, obj->spec->link_host_if, &host, &error);
	if (r || !is_own(obj->spec, &host))
		return r == -ENODEV ? 0 : r;
	r = session_queue(w, &w->host_route);
	if (r)
		return r;
	rtnl_queue_del_index(&w->batch, &w->host_route, w->current, host.index);
	r = session_flush(w);
	return r == -ENODEV ? 0 : r;
}

static void link_print(const struct obj *obj, struct str *out)
{
	const struct spec *spec = obj->spec;
	char text[PREFIX_STRLEN], alias[SPEC_ALIAS_LEN];

	str_addf(out, "ip link add %s type veth peer name %s netns %s group %u\n",
		 spec->link_host_if, spec->link_if, spec->name, SPEC_GROUP);
	spec_alias(spec, alias);
	str_addf(out, "ip link set %s alias '%s'\n", spec->link_host_if, alias);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		str_addf(out, "sysctl -qw 'net/ipv4/conf/%s/%s=%u'\n", spec->link_host_if,
			 settings[i].name, setting_value(spec, i));
	for (size_t i = 0; i < ARRAY_SIZE(settings6); i++)
		str_addf(out, "sysctl -qw 'net/ipv6/conf/%s/%s=0'\n", spec->link_host_if,
			 settings6[i].name);
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (spec->link[f].host.addr.family)
			str_addf(out, "ip address add %s dev %s%s\n",
				 prefix_format(&spec->link[f].host, text), spec->link_host_if,
				 f == ADDR_V6 ? " nodad" : "");
	str_addf(out, "ip link set %s up\n", spec->link_host_if);
}

const struct kind kind_link = { .name = "link",
				.make = link_make,
				.remove = link_remove,
				.look = link_look,
				.print = link_print };
