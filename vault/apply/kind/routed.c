/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/routed.c: the host's end of a veth pair by which host and vault reach each
 * other: its addresses and settings. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ip.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/apply/kind/veth.h"

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

static uint32_t setting_value(const struct obj_veth *veth, size_t i)
{
	switch (settings[i].conf.id) {
	case IPV4_DEVCONF_FORWARDING:
		return veth->forwards;
	case IPV4_DEVCONF_ROUTE_LOCALNET:
		return veth->answers_localhost;
	default:
		return settings[i].conf.value;
	}
}

static bool is_fine(const struct obj_veth *veth, size_t i, uint64_t found)
{
	uint32_t wanted = setting_value(veth, i);

	if (wanted != settings[i].conf.value) /* words need it */
		return found == wanted;
	return found >= settings[i].min && found <= settings[i].max;
}

#define SETTING_MAX_BYTES 64

static bool host_end_has(const struct observed *s, const struct obj_veth *veth,
			 const struct prefix *address)
{
	for (size_t i = 0; i < s->host->n_addresses; i++)
		if (s->host->addresses[i].index == veth->index &&
		    prefix_equal(&s->host->addresses[i].address, address))
			return true;
	return false;
}

/* Addresses of the host's end but the link-local one, which the kernel makes. */
static size_t count_host_addresses(const struct observed *s, const struct obj_veth *veth)
{
	size_t n = 0;

	for (size_t i = 0; i < s->host->n_addresses; i++)
		n += s->host->addresses[i].index == veth->index &&
		     !addr_is_linklocal(&s->host->addresses[i].address.addr);
	return n;
}

static const char *fault_of_addresses(const struct obj_veth *veth, const struct observed *s)
{
	size_t wanted = 0;

	for (int f = 0; f < ADDR_FAMILIES; f++) {
		if (!veth->addresses[f].addr.family)
			continue;
		wanted++;
		if (!host_end_has(s, veth, &veth->addresses[f]))
			return "its host end lacks its address";
	}
	return count_host_addresses(s, veth) == wanted ? NULL
						       : "its host end has another address besides";
}

static void differ(const struct obj_veth *veth, struct session *w, const char *name, uint64_t is,
		   uint32_t wanted)
{
	snprintf(w->want, sizeof(w->want), "%u", wanted);
	snprintf(w->have, sizeof(w->have), "%llu", (unsigned long long)is);
	snprintf(w->why, sizeof(w->why), "net/ipv4/conf/%s/%s is %s, not %s", veth->name, name,
		 w->have, w->want);
}

/* 1 when setting I, in FOLDER, is fine; 0 when not, -errno when it cannot be told: W->why then
 * names it.
 */
static int look_at_setting(const struct obj_veth *veth, struct session *w, int folder, size_t i)
{
	char *text cleanup(free_ptr) = NULL;
	uint64_t value = 0;
	size_t len = 0;
	int r = file_read_at(folder, settings[i].name, SETTING_MAX_BYTES, &text, &len);

	if (!r)
		r = len ? uint_parse(text, len - 1, 0, UINT32_MAX, &value) : -EBADMSG;
	if (r)
		snprintf(w->why, sizeof(w->why), "net/ipv4/conf/%s/%s: %s", veth->name,
			 settings[i].name, strerror(-r));
	else if (!is_fine(veth, i, value))
		differ(veth, w, settings[i].name, value, setting_value(veth, i));
	return r ? r : is_fine(veth, i, value);
}

static int look_at_settings6(const struct obj_veth *veth, struct session *w)
{
	char path[128];
	int r = 1;

	for (size_t i = 0; r > 0 && ns_has_ipv6() && i < ARRAY_SIZE(settings6); i++) {
		char *text cleanup(free_ptr) = NULL;
		size_t len = 0;

		if (!settings6[i].demanded)
			continue;
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", veth->name,
			 settings6[i].name);
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
static int set6(const struct obj_veth *veth, struct session *w)
{
	char path[128];
	int r = session_flush(w);

	for (size_t i = 0; !r && ns_has_ipv6() && i < ARRAY_SIZE(settings6); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", veth->name,
			 settings6[i].name);
		r = file_poke(path, "0");
		if (r)
			snprintf(w->why, sizeof(w->why), "%s", path);
	}
	return r;
}

/* The same of all settings of the host's end. */
static int look_at_settings(const struct obj_veth *veth, struct session *w)
{
	char path[128];
	int folder cleanup(close_fd) = -1, r = 1;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s", veth->name);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		r = -errno;
		snprintf(w->why, sizeof(w->why), "%s: %s", path, strerror(-r));
		return r;
	}
	for (size_t i = 0; r > 0 && i < ARRAY_SIZE(settings); i++)
		r = look_at_setting(veth, w, folder, i);
	return r > 0 ? look_at_settings6(veth, w) : r;
}

static int routed_look(const struct obj_veth *veth, struct session *w)
{
	const char *fault = fault_of_addresses(veth, w->observed);
	int r;

	if (fault) {
		snprintf(w->why, sizeof(w->why), "%s", fault);
		return LOOK_OTHER;
	}
	r = look_at_settings(veth, w);
	return r < 0 ? r : r ? LOOK_SAME : LOOK_OTHER;
}

static void queue_settings(const struct obj_veth *veth, struct session *w)
{
	struct rtnl_conf4 conf[ARRAY_SIZE(settings)];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		conf[i] = settings[i].conf;
		conf[i].value = setting_value(veth, i);
	}
	rtnl_queue_conf4(&w->batch, &w->host_route, w->current, veth->index, conf,
			 ARRAY_SIZE(conf));
}

/* IPv6 on at an end that is ours; an interface that comes has it on already, where the host has. */
static int switch_on_v6(const struct obj_veth *veth)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", veth->name);
	return file_poke(path, "0");
}

static int queue_addresses(const struct obj_veth *veth, struct session *w)
{
	int r = session_queue(w, &w->host_route);

	for (int f = 0; !r && f < ADDR_FAMILIES; f++)
		if (veth->addresses[f].addr.family)
			rtnl_queue_address(&w->batch, &w->host_route, w->current, veth->index,
					   &veth->addresses[f], false);
	return r;
}

static int routed_set(const struct obj_veth *veth, struct session *w)
{
	int r;

	queue_settings(veth, w);
	r = set6(veth, w);
	return r ? r : queue_addresses(veth, w);
}

/* It gets what it lacks and loses what it has besides. All addresses go before those come that
 * shall be: the kernel takes others of a network away with its first. */
static int routed_mend(const struct obj_veth *veth, struct session *w)
{
	int r = session_queue(w, &w->host_route);

	if (r)
		return r;
	queue_settings(veth, w);
	if (!fault_of_addresses(veth, w->observed))
		return set6(veth, w);
	r = session_drop_addresses(w, veth->index);
	if (!r && veth->addresses[ADDR_V6].addr.family)
		r = switch_on_v6(veth);
	if (!r)
		r = queue_addresses(veth, w);
	return r ? r : set6(veth, w);
}

static void routed_print(const struct obj_veth *veth, struct str *out)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		str_addf(out, "sysctl -qw 'net/ipv4/conf/%s/%s=%u'\n", veth->name, settings[i].name,
			 setting_value(veth, i));
	for (size_t i = 0; i < ARRAY_SIZE(settings6); i++)
		str_addf(out, "sysctl -qw 'net/ipv6/conf/%s/%s=0'\n", veth->name,
			 settings6[i].name);
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (veth->addresses[f].addr.family)
			str_addf(out, "ip address add %s dev %s%s\n",
				 prefix_format(&veth->addresses[f], text), veth->name,
				 f == ADDR_V6 ? " nodad" : "");
}

const struct veth_end veth_routed = {
	.set = routed_set, .mend = routed_mend, .look = routed_look, .print = routed_print
};
