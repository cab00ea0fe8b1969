/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/validate.c: words and wg-quick file together -> the description as asked for. */
#include "vault/read/words.h"

#include <string.h>

static bool routes_family(const struct wg_device *wg, uint8_t family)
{
	for (size_t i = 0; i < wg->n_peers; i++)
		for (size_t j = 0; j < wg->peers[i].n_allowed_ips; j++)
			if (wg->peers[i].allowed_ips[j].addr.family == family)
				return true;
	return false;
}

/* Leaves out the addresses of FAMILY where no peer carries it: they could send nothing, and receive
 * nothing (L8). */
static void drop_family(struct spec *spec, uint8_t family, struct problems *p)
{
	size_t kept = 0;

	if (!spec_tunnel_has(spec, family) || routes_family(&spec->wg, family))
		return;
	problem_warn(p, 0, "no peer has %s in its AllowedIPs: %s stays off",
		     addr_family_name(family), addr_family_name(family));
	for (size_t i = 0; i < spec->n_addresses; i++)
		if (spec->addresses[i].addr.family != family)
			spec->addresses[kept++] = spec->addresses[i];
	spec->n_addresses = kept;
}

/* Who has a way out only by a gateway asks names of his segment's family. */
static bool reaches_resolver(const struct spec *spec, const struct addr *dns)
{
	return spec->leg.role == SPEC_VIA ? dns->family == spec->leg.address.addr.family
					  : spec_tunnel_has(spec, dns->family);
}

/* Leaves out resolvers that the tunnel cannot reach, and those given twice. */
static void sift_resolvers(struct spec *spec, struct problems *p)
{
	char text[ADDR_STRLEN];
	size_t kept = 0;

	for (size_t i = 0; i < spec->n_dns; i++) {
		bool twice = false;

		for (size_t j = 0; j < kept; j++)
			twice = twice || addr_equal(&spec->dns[i], &spec->dns[j]);
		if (!reaches_resolver(spec, &spec->dns[i]))
			problem_warn(p, 0,
				     "resolver %s: the vault has no %s to reach it by: left out",
				     addr_format(&spec->dns[i], text),
				     addr_family_name(spec->dns[i].family));
		else if (!twice)
			spec->dns[kept++] = spec->dns[i];
	}
	spec->n_dns = kept;
	if (!kept && spec->has_tunnel)
		problem_warn(
			p, 0,
			"no resolver: names will not resolve inside (name one with `dns ADDR`)");
}

static void warn_unused(const struct wgconf *conf, struct problems *p)
{
	if (conf->save_config)
		problem_warn(p, 0, "SaveConfig: the file is never written to");
	if (conf->table == WGCONF_TABLE_NUMBER || conf->table == WGCONF_TABLE_OFF)
		problem_warn(
			p, 0,
			"Table: a vault's routes are its own, in the main table of its namespace");
}

/* The two ends of one family: both given, in one prefix, and two addresses. */
static void check_ends(const struct spec_link_ends *ends, const char *family, struct problems *p)
{
	if (!ends->host.addr.family && !ends->vault.addr.family)
		return;
	if (!ends->host.addr.family || !ends->vault.addr.family)
		problem_error(p, 0, "host-address and vault-address: give both for %s", family);
	else if (addr_equal(&ends->host.addr, &ends->vault.addr))
		problem_error(p, 0, "host-address and vault-address: the same %s address", family);
	else if (!prefix_contains(&ends->host, &ends->vault.addr) ||
		 !prefix_contains(&ends->vault, &ends->host.addr))
		problem_error(p, 0, "host-address and vault-address: not in one %s network",
			      family);
}

/* Marks what the tunnel sends, for the guard to know it by (L18). */
static void settle_mark(struct spec *spec)
{
	if (spec->adopt || spec->wg.flags & WG_DEVICE_GIVES_FWMARK)
		return;
	for (size_t i = 0; i < spec->wg.n_peers; i++)
		if (!spec->wg.peers[i].endpoint.port)
			return; /* it answers wherever that peer calls from */
	spec->wg.fwmark = spec_mark(spec);
}

/* An end of the link that is in the tunnel's network, or a resolver, would be in its place. What is
 * narrower than the link's network goes on by the tunnel. */
static void refuse_tunnels_own(const struct spec *spec, const char *word, const struct prefix *end,
			       struct problems *p)
{
	char text[PREFIX_STRLEN], whose[PREFIX_STRLEN];

	for (size_t i = 0; i < spec->n_addresses; i++) {
		struct prefix own = spec->addresses[i];

		prefix_mask(&own);
		if (prefix_contains(&own, &end->addr))
			problem_error(p, 0, "%s %s: that is in the tunnel's network %s", word,
				      prefix_format(end, text), prefix_format(&own, whose));
	}
	for (size_t i = 0; i < spec->n_dns; i++)
		if (addr_equal(&spec->dns[i], &end->addr))
			problem_error(p, 0, "%s %s: that is the vault's resolver", word,
				      prefix_format(end, text));
}

/* One name, one interface. */
static void check_link_name(const struct words *words, struct problems *p)
{
	const struct spec *spec = words->spec;

	if (!*spec->link_name)
		return;
	if (words->no_link)
		problem_error(p, 0, "no-link: there is no link to have a link-name");
	if (!strcmp(spec->link_name, spec->tunnel_if) || !strcmp(spec->link_name, spec->leg_if))
		problem_error(p, 0, "link-name %s: that is the %s's name", spec->link_name,
			      strcmp(spec->link_name, spec->leg_if) ? "tunnel" : "leg");
}

static void check_link(const struct words *words, struct problems *p)
{
	const struct spec *spec = words->spec;

	check_ends(&spec->link[ADDR_V4], "IPv4", p);
	check_ends(&spec->link[ADDR_V6], "IPv6", p);
	for (int f = 0; f < ADDR_FAMILIES; f++) {
		refuse_tunnels_own(spec, "host-address", &spec->link[f].host, p);
		refuse_tunnels_own(spec, "vault-address", &spec->link[f].vault, p);
	}
	if (words->no_link &&
	    (spec->link[ADDR_V4].host.addr.family || spec->link[ADDR_V6].host.addr.family))
		problem_error(p, 0,
			      "no-link: there is no link to have host-address or vault-address");
	check_link_name(words, p);
}

/* The kernel routes the tunnel's own network into the tunnel: answers to it could not go by the
 * link. */
static void refuse_tunnel_network(const struct spec *spec, const char *word,
				  const struct prefix *prefix, struct problems *p)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < spec->n_addresses; i++) {
		struct prefix own = spec->addresses[i];

		prefix_mask(&own);
		if (prefix_equal(&own, prefix))
			problem_error(
				p, 0,
				"%s %s: that is the tunnel's own network, which is reached by it alone",
				word, prefix_format(prefix, text));
	}
}

/* What is asked for over the link needs one, of its family. */
static void check_reach(const struct spec *spec, struct problems *p)
{
	const struct spec_reach *reach = &spec->reach;
	char text[PREFIX_STRLEN], which[PREFIX_STRLEN];
	struct prefix prefix;

	if (!spec->has_link &&
	    (reach->n_from || reach->n_publish || reach->n_host_ports || reach->n_holes))
		problem_error(p, 0,
			      "no-link: there is no link for accessible-from, publish, allow-host "
			      "or allow-to");
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (spec->link_given && !spec->link[f].host.addr.family &&
		    spec_reaches(spec, addr_families[f]))
			problem_error(
				p, 0,
				"the link has no %s, which words ask to be reached by (give its "
				"host-address and vault-address)",
				f == ADDR_V6 ? "IPv6" : "IPv4");
	for (size_t i = 0; i < reach->n_from; i++)
		refuse_tunnel_network(spec, "accessible-from", &reach->from[i], p);
	for (size_t i = 0; i < reach->n_holes; i++) /* one a protocol, one behind the other */
		if (!i || !prefix_equal(&reach->holes[i].to, &reach->holes[i - 1].to))
			refuse_tunnel_network(spec, "allow-to", &reach->holes[i].to, p);
	for (size_t i = 0; i < spec->n_dns; i++)
		if (spec_goes_by_link(spec, &spec->dns[i], &prefix))
			problem_warn(
				p, 0,
				"resolver %s lies in %s, which is reached over the link: it is "
				"asked by the tunnel alone",
				addr_format(&spec->dns[i], text), prefix_format(&prefix, which));
}

/* The parts that change owner. */
static void take(struct spec *spec, struct wgconf *conf)
{
	spec->wg = conf->device;
	explicit_bzero(&conf->device, sizeof(conf->device));
	spec->addresses = steal_ptr(&conf->addresses);
	spec->n_addresses = conf->n_addresses;
	conf->n_addresses = 0;
	if (!spec->n_dns) {
		free(spec->dns);
		spec->dns = steal_ptr(&conf->dns);
		spec->n_dns = conf->n_dns;
		conf->n_dns = 0;
	}
	spec->search = steal_ptr(&conf->search.list);
	spec->n_search = conf->search.n;
	conf->search.n = 0;
	if (!spec->mtu)
		spec->mtu = conf->mtu;
}

/* A gateway routes what its tunnel takes; a member by a gateway has no other way. */
static void check_way(const struct words *words, struct problems *p)
{
	const struct spec *spec = words->spec;
	const uint8_t family = spec->leg.address.addr.family;
	bool via = spec->leg.role == SPEC_VIA;

	if (spec->isolated && spec->has_tunnel)
		problem_error(p, 0, "isolated: then there is no tunnel for conf or adopt");
	if (via && (spec->has_tunnel || spec->isolated))
		problem_error(p, 0,
			      "segment: via is the vault's only way out: without conf, adopt and "
			      "isolated");
	if (spec->leg.role == SPEC_GATEWAY && !spec_tunnel_has(spec, family))
		problem_error(p, 0, "segment: a gateway needs a tunnel (conf, adopt) that takes %s",
			      addr_family_name(family));
	if (!spec->has_tunnel && !via && spec->n_dns)
		problem_error(p, 0, "dns: an isolated vault has no way to ask anybody");
	if (!spec->has_tunnel && (words->userspace_given || words->userspace_never || spec->mtu ||
				  words->wait_seconds || spec->reach.n_open_ports))
		problem_error(p, 0,
			      "there is no tunnel for userspace, mtu, wait-handshake or open-port");
}

/* What else the vault has must not be in its segment's network: one of the two would be out of
 * reach. */
static void refuse_in_segment(const struct spec *spec, const char *word,
			      const struct prefix *prefix, struct problems *p)
{
	char text[PREFIX_STRLEN];

	if (prefix->addr.family && prefix->len >= spec->leg.address.len &&
	    prefix_overlaps(prefix, &spec->leg.address))
		problem_error(p, 0, "%s %s: that is in the segment's network", word,
			      prefix_format(prefix, text));
}

static void check_segment(const struct spec *spec, struct problems *p)
{
	if (!spec_has_leg(spec))
		return;
	for (size_t i = 0; i < spec->n_addresses; i++)
		refuse_in_segment(spec, "the tunnel's address", &spec->addresses[i], p);
	for (int f = 0; f < ADDR_FAMILIES; f++)
		refuse_in_segment(spec, "vault-address", &spec->link[f].vault, p);
	for (size_t i = 0; i < spec->reach.n_from; i++)
		refuse_in_segment(spec, "accessible-from", &spec->reach.from[i], p);
	for (size_t i = 0; i < spec->reach.n_holes; i++)
		refuse_in_segment(spec, "allow-to", &spec->reach.holes[i].to, p);
}

size_t validate(struct words *words, struct wgconf *conf, struct problems *p)
{
	struct spec *spec = words->spec;
	size_t before = p->n_errors;

	take(spec, conf);
	warn_unused(conf, p);
	spec->has_tunnel = spec->conf || spec->adopt;
	if (spec->has_tunnel && !spec->wg.n_peers) { /* all else would follow from that */
		problem_error(p, 0, "the file has no [Peer]: there is nobody to send to");
		return 1;
	}
	spec->has_link = !words->no_link;
	spec->link_given =
		spec->link[ADDR_V4].host.addr.family || spec->link[ADDR_V6].host.addr.family;
	spec->backend = words->userspace_given   ? SPEC_BACKEND_USERSPACE
			: words->userspace_never ? SPEC_BACKEND_KERNEL
						 : SPEC_BACKEND_AUTO;
	drop_family(spec, AF_INET, p);
	drop_family(spec, AF_INET6, p);
	sift_resolvers(spec, p);
	if (spec->has_tunnel)
		settle_mark(spec);
	check_way(words, p);
	check_segment(spec, p);
	check_link(words, p);
	check_reach(spec, p);
	if (spec->mtu && spec->mtu < 1280 && spec_tunnel_has(spec, AF_INET6))
		problem_error(p, 0, "mtu %u: IPv6 needs 1280 (RFC 8200)", spec->mtu);
	if (spec->has_tunnel && !spec->n_addresses)
		problem_error(
			p, 0,
			"the tunnel has no address that it could send from: Address is missing, or "
			"AllowedIPs of its family");
	return p->n_errors - before;
}
