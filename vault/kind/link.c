/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/kind/link.c: the host link, a veth pair made straight in both namespaces; and its host end's addresses. */
#include <errno.h>
#include <linux/ip.h>

#include "lib/rtnl.h"
#include "vault/obj.h"
#include "vault/world.h"

/* The host's end: answers ARP for its own address only, checks sources, takes and sends no redirects (L9, L11). */
static const struct {
	struct rtnl_conf4 conf;
	const char *name;
} settings[] = {
	{ { IPV4_DEVCONF_ARP_IGNORE, 2 }, "arp_ignore" },
	{ { IPV4_DEVCONF_ARP_ANNOUNCE, 2 }, "arp_announce" },
	{ { IPV4_DEVCONF_RP_FILTER, 1 }, "rp_filter" },
	{ { IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 }, "accept_redirects" },
	{ { IPV4_DEVCONF_SEND_REDIRECTS, 0 }, "send_redirects" },
	{ { IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0 }, "accept_source_route" },
};

static int link_make(const struct obj *obj, struct world *w)
{
	const struct spec *spec = w->spec;
	const struct rtnl_veth veth = {
		.name = spec->host_name,
		.peer_name = spec->link_name,
		.index = spec->host_index,
		.peer_index = SPEC_LINK_INDEX,
		.peer_ns = w->vault_ns,
		.peer_group = SPEC_GROUP,
	};
	struct rtnl_conf4 conf[ARRAY_SIZE(settings)];
	struct nl *nl = &w->host_route;
	int r = world_queue(w, nl);

	(void)obj;
	if (r)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		conf[i] = settings[i].conf;
	rtnl_queue_veth(&w->batch, nl, w->current, &veth);
	rtnl_queue_conf4(&w->batch, nl, w->current, spec->host_index, conf, ARRAY_SIZE(conf));
	for (int f = 0; f < SPEC_FAMILIES; f++)
		if (spec->link[f].host.addr.family)
			rtnl_queue_address(&w->batch, nl, w->current, spec->host_index, &spec->link[f].host, false);
	rtnl_queue_up(&w->batch, nl, w->current, spec->host_index, true);
	return 0;
}

/* Both ends go with either; the vault's may have gone before, together with the tunnel. */
static int link_remove(const struct obj *obj, struct world *w)
{
	int r = world_queue(w, &w->host_route);

	(void)obj;
	if (r)
		return r;
	rtnl_queue_del_link(&w->batch, &w->host_route, w->current, w->spec->host_name);
	r = world_flush(w);
	return r == -ENODEV ? 0 : r;
}

static void link_print(const struct obj *obj, const struct spec *spec, struct str *out)
{
	char text[PREFIX_STRLEN];

	(void)obj;
	str_addf(out, "ip link add %s type veth peer name %s netns %s group %u\n", spec->host_name, spec->link_name,
		 spec->name, SPEC_GROUP);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		str_addf(out, "sysctl -qw 'net/ipv4/conf/%s/%s=%u'\n", spec->host_name, settings[i].name,
			 settings[i].conf.value);
	for (int f = 0; f < SPEC_FAMILIES; f++)
		if (spec->link[f].host.addr.family)
			str_addf(out, "ip address add %s dev %s%s\n", prefix_format(&spec->link[f].host, text),
				 spec->host_name, f == SPEC_V6 ? " nodad" : "");
	str_addf(out, "ip link set %s up\n", spec->host_name);
}

const struct kind kind_link = { .name = "link", .make = link_make, .remove = link_remove, .print = link_print };
