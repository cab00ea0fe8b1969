/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/adopt.c: the tunnel that somebody else has made, as if a wg-quick file described it.
 */
#include "vault/gather/adopt.h"

#include <errno.h>
#include <string.h>

#include "lib/list.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "lib/wg.h"
#include "vault/spec/state.h"

/* What is read of the interface NAME of the namespace that it is done in. */
struct reading {
	const char *name;
	struct wgconf *conf;
	struct rtnl_link link; /* index 0: there is none of that name */
	char why[sizeof(((struct nl_error *)0)->text)];
};

static int take_link(const struct rtnl_link *link, void *arg)
{
	struct reading *r = arg;

	if (!strcmp(link->name, r->name))
		r->link = *link;
	return 0;
}

/* Link-local addresses are not taken along: a vault has none. */
static int take_address(const struct rtnl_address *address, void *arg)
{
	struct reading *r = arg;
	struct wgconf *conf = r->conf;

	if (address->index != r->link.index || addr_is_linklocal(&address->address.addr))
		return 0;
	return list_append(&conf->addresses, &conf->n_addresses, sizeof(address->address),
			   &address->address);
}

static int read_link(struct reading *r, struct nl *route, struct nl_error *error)
{
	int err;

	r->link.index = 0;
	r->conf->n_addresses = 0;
	err = rtnl_dump_links(route, take_link, r, error);
	if (!err && !r->link.index)
		err = -ENODEV;
	if (!err && strcmp(r->link.kind, "wireguard"))
		err = -EMEDIUMTYPE;
	if (!err)
		err = rtnl_dump_addresses(route, take_address, r, error);
	return err;
}

/* Runs in the namespace of the interface. -ENODEV: it is not there; -EMEDIUMTYPE: it is something
 * else. */
static int read_here(void *arg)
{
	struct nl route cleanup(nl_close) = NL_CLOSED, genl cleanup(nl_close) = NL_CLOSED;
	struct nl_error error = { 0 };
	struct reading *r = arg;
	uint16_t family;
	int err = nl_open(&route, NETLINK_ROUTE);

	if (!err)
		err = read_link(r, &route, &error);
	if (!err)
		err = nl_open(&genl, NETLINK_GENERIC);
	if (!err)
		err = wg_family(&genl, &family, &error);
	if (!err)
		err = wg_get(&genl, family, r->name, &r->conf->device, &error);
	memcpy(r->why, error.text, sizeof(r->why));
	if (!err)
		r->conf->mtu = r->link.mtu < UINT16_MAX ? (uint16_t)r->link.mtu : UINT16_MAX;
	return err;
}

/*
 * The vault has it, adopted by an earlier `up`: keys and peers are those of the device, addresses
 * and MTU those of the description, to which they are put back. -ENODEV: it has not.
 */
static int read_inside(const char *name, const char *adopted, struct reading *r)
{
	struct spec old cleanup(spec_free) = { 0 };
	int ns cleanup(close_fd) = ns_open_name(name);
	int err = state_load(name, &old);

	if (ns < 0 || err || !old.adopt || strcmp(old.adopt, adopted))
		return -ENODEV;
	r->name = old.tunnel_if;
	err = ns_run(ns, read_here, r);
	if (err)
		return err;
	free(r->conf->addresses);
	r->conf->addresses = steal_ptr(&old.addresses);
	r->conf->n_addresses = old.n_addresses;
	r->conf->mtu = old.mtu;
	return 0;
}

static void say_why_not(const struct spec *spec, const struct reading *r, int err,
			struct problems *p)
{
	if (err == -ENODEV)
		problem_error(
			p, 0,
			"adopt %s: no such interface, here or in the vault (`wg-quick up %s` makes it)",
			spec->adopt, spec->adopt);
	else if (err == -EMEDIUMTYPE)
		problem_error(p, 0,
			      "adopt %s: not a WireGuard interface of the kernel's (give its file "
			      "with `conf` instead)",
			      spec->adopt);
	else
		problem_error(p, 0, "adopt %s: reading it: %s%s%s%s", spec->adopt, strerror(-err),
			      r->why[0] ? ": " : "", r->why,
			      err == -EPERM ? " (run it as root)" : "");
}

/* wg-quick marks what a tunnel for everything sends, and makes the host's rules by that mark. */
static void warn_of_rest(const struct spec *spec, const struct wgconf *conf, struct problems *p)
{
	if (conf->device.fwmark)
		problem_warn(p, 0,
			     "what wg-quick made for %s on the host stays there until `wg-quick "
			     "down`: rules and table %u (`ip rule`), the table wg-quick-%s of nft; "
			     "`Table = off` in its file makes none",
			     spec->adopt, conf->device.fwmark, spec->adopt);
}

size_t adopt_read(struct spec *spec, struct wgconf *conf, struct problems *p)
{
	struct reading r = { .name = spec->adopt, .conf = conf };
	size_t before = p->n_errors;
	int err = read_here(&r);

	spec->adopt_index = err ? 0 : r.link.index;
	if (!err)
		warn_of_rest(spec, conf, p);
	if (err == -ENODEV)
		err = read_inside(spec->name, spec->adopt, &r);
	if (err)
		say_why_not(spec, &r, err, p);
	return p->n_errors - before;
}
