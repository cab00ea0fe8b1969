/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/kind/tunnel.c: the tunnel's interface. Its encrypted socket lives on the host, the
 * interface in the vault only (MV-4): the kernel makes it straight there; a userspace program makes
 * it on the host, down and without keys, and it is moved in. One that somebody else made there is
 * moved in and down by the same request, and its addresses and routes on the host are gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"
#include "vault/proc/program.h"

/* Whatever is left of the tunnel that was, of either backend. */
static int remove_remains(const struct obj *obj, struct session *w)
{
	const struct observed *s = w->observed;
	int r = 0;

	for (size_t i = 0; !r && i < s->n_links; i++) {
		if (s->links[i].index != obj->tunnel.index &&
		    strcmp(s->links[i].name, obj->tunnel.name))
			continue;
		r = session_queue(w, &w->vault_route);
		if (!r)
			rtnl_queue_del_link(&w->batch, &w->vault_route, w->current,
					    s->links[i].name);
	}
	if (!r)
		r = session_flush(w);
	if (r)
		return r;
	observed_forget_link(w->observed, obj->tunnel.index, SEAL_TUNNEL_TABLE);
	wg_device_free(&w->observed->wg);
	w->observed->has_wg = false;
	r = program_end(obj->tunnel.name);
	return r == -EADDRINUSE ? 0 : r;
}

static void tell_another(const struct obj *obj, struct session *w, const struct rtnl_link *link,
			 const char *kind)
{
	snprintf(w->want, sizeof(w->want), "%s, index %u", kind, obj->tunnel.index);
	snprintf(w->have, sizeof(w->have), "%s, index %u", link->kind, link->index);
	snprintf(w->why, sizeof(w->why), "another interface has its name");
}

/* A device whose program does not answer is as good as none: it carries nothing any more. */
static int tunnel_look(const struct obj *obj, struct session *w)
{
	const struct observed *s = w->observed;
	const struct rtnl_link *link = observed_link(s->links, s->n_links, obj->tunnel.name);
	const char *kind = obj->tunnel.is_userspace ? "tun" : "wireguard";

	if (!link)
		return LOOK_ABSENT;
	if (obj->tunnel.adopt_index)
		snprintf(w->why, sizeof(w->why), "another one is on the host, to be adopted");
	else if (link->index != obj->tunnel.index || strcmp(link->kind, kind))
		tell_another(obj, w, link, kind);
	else if (link->group != SPEC_GROUP || link->master)
		snprintf(w->why, sizeof(w->why), "%s",
			 link->master ? "a port of another interface" : "in another group");
	else if (!s->has_wg)
		snprintf(w->why, sizeof(w->why), "its WireGuard does not answer");
	else
		return LOOK_SAME;
	return LOOK_OTHER;
}

struct tun {
	const struct obj_tunnel *tunnel;
	int fd;
};

static int open_tun(void *arg)
{
	struct tun *tun = arg;
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int index = (int)tun->tunnel->index;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", tun->tunnel->name);
	tun->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (tun->fd < 0 || ioctl(tun->fd, TUNSETIFINDEX, &index) || ioctl(tun->fd, TUNSETIFF, &ifr))
		return -errno;
	return 0;
}

static int make_tun(const struct obj *obj, struct session *w)
{
	struct tun tun = { &obj->tunnel, -1 };
	int r = session_flush(w);

	if (!r)
		r = ns_run(w->vault_ns, open_tun, &tun);
	*obj->tunnel.tun = tun.fd;
	if (!r)
		r = session_queue(w, &w->vault_route);
	if (!r)
		rtnl_queue_mtu(&w->batch, &w->vault_route, w->current, obj->tunnel.index,
			       obj->tunnel.mtu);
	return r;
}

static int adopt(const struct obj *obj, struct session *w)
{
	const struct obj_tunnel *t = &obj->tunnel;
	int r = t->adopt_index ? session_queue(w, &w->host_route) : -ENODEV;

	if (!r)
		rtnl_queue_move_as(&w->batch, &w->host_route, w->current, t->adopt_index,
				   w->vault_ns, t->name, t->index, t->mtu, SPEC_GROUP);
	return r;
}

/*
 * What was adopted goes back to who made it, to be taken down there: wg-quick needs the interface
 * for that. It is down, and its addresses and routes do not come back.
 */
static int give_back(const struct obj *obj, struct session *w)
{
	int r = session_queue(w, &w->vault_route);

	if (r)
		return r;
	rtnl_queue_move_as(&w->batch, &w->vault_route, w->current, obj->tunnel.index, w->host_ns,
			   obj->tunnel.adopt, 0, 0, 0);
	r = session_flush(w);
	return r == -ENODEV ? 0 : r;
}

static int tunnel_make(const struct obj *obj, struct session *w)
{
	const struct obj_tunnel *t = &obj->tunnel;
	struct nl *nl = &w->host_route;
	int r;

	r = w->observed ? remove_remains(obj, w) : 0;
	if (r)
		return r;
	if (t->tun)
		return make_tun(obj, w);
	if (t->adopt)
		return adopt(obj, w);
	if (!t->is_userspace) {
		r = session_queue(w, nl);
		if (!r)
			rtnl_queue_wireguard(&w->batch, nl, w->current, t->name, t->index,
					     w->vault_ns, t->mtu, SPEC_GROUP);
		return r;
	}
	r = session_flush(w);
	if (r)
		return r;
	session_unlock_host(
		w); /* the program takes its time, and touches nothing that vaults share */
	r = program_start(t->program, t->name, w->why);
	if (!r)
		r = session_queue(w, nl);
	if (!r)
		rtnl_queue_move(&w->batch, nl, w->current, t->name, w->vault_ns, t->index, t->mtu,
				SPEC_GROUP);
	return r;
}

/* All that carries packets in the vault goes in one request: the tunnel and, unless it is kept, the
 * vault's end of the link. */
static int tunnel_remove(const struct obj *obj, struct session *w)
{
	int r = 0, end, back = 0;

	if (obj->tunnel.tun) {
		close_fd(obj->tunnel.tun);
		return 0;
	}
	if (w->vault_ns >= 0 && obj->tunnel.adopt)
		back = give_back(obj, w);
	if (w->vault_ns >= 0) {
		r = session_queue(w, &w->vault_route);
		if (!r && w->keeps_link)
			rtnl_queue_del_link(&w->batch, &w->vault_route, w->current,
					    obj->tunnel.name);
		else if (!r)
			rtnl_queue_del_group(&w->batch, &w->vault_route, w->current, SPEC_GROUP);
		if (!r)
			r = session_flush(w);
		if (r == -ENODEV)
			r = 0;
	}
	end = obj->tunnel.is_userspace ? program_end(obj->tunnel.name) : 0;
	r = r ? r : back;
	return r ? r
	       : end == -EADDRINUSE
		       ? 0
		       : end; /* somebody else's tunnel of that name is not ours to end */
}

static void tunnel_print(const struct obj *obj, struct str *out)
{
	const struct obj_tunnel *t = &obj->tunnel;
	if (t->adopt) {
		str_addf(out, "ip link set %s netns %s name %s mtu %u group %u\n", t->adopt,
			 obj->vault, t->name, t->mtu, SPEC_GROUP);
		return;
	}
	if (!t->is_userspace) {
		str_addf(out, "ip link add %s netns %s mtu %u group %u type wireguard\n", t->name,
			 obj->vault, t->mtu, SPEC_GROUP);
		return;
	}
	str_addf(out, "WG_PROCESS_FOREGROUND=1 setsid %s -f %s >/dev/null 2>&1 &\n", t->program,
		 t->name);
	str_addf(out, "until wg show %s >/dev/null 2>&1; do sleep 0.1; done\n", t->name);
	str_addf(out, "ip link set %s netns %s mtu %u group %u\n", t->name, obj->vault, t->mtu,
		 SPEC_GROUP);
}

const struct kind kind_tunnel = { .name = "tunnel",
				  .make = tunnel_make,
				  .remove = tunnel_remove,
				  .look = tunnel_look,
				  .print = tunnel_print };
