/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/kind/tunnel.c: the tunnel's interface. Its encrypted socket lives on the host, the interface in the vault
 * only (MV-4): the kernel makes it straight there; a userspace program makes it on the host, down and without keys,
 * and it is moved in.
 */
#include <errno.h>
#include <stdio.h>

#include "lib/rtnl.h"
#include "vault/obj.h"
#include "vault/program.h"
#include "vault/world.h"

static int tunnel_make(const struct obj *obj, struct world *w)
{
	const struct spec *spec = w->spec;
	struct nl *nl = &w->host_route;
	int r;

	(void)obj;
	if (spec->backend == SPEC_BACKEND_KERNEL) {
		r = world_queue(w, nl);
		if (!r)
			rtnl_queue_wireguard(&w->batch, nl, w->current, spec->tunnel_name, spec->tunnel_index,
					     w->vault_ns, spec->mtu, SPEC_GROUP);
		return r;
	}
	r = world_flush(w);
	if (r)
		return r;
	world_unlock_host(w); /* the program takes its time, and touches nothing that vaults share */
	r = program_start(spec->program, spec->tunnel_name, w->why);
	if (!r)
		r = world_queue(w, nl);
	if (!r)
		rtnl_queue_move(&w->batch, nl, w->current, spec->tunnel_name, w->vault_ns, spec->tunnel_index,
				spec->mtu, SPEC_GROUP);
	return r;
}

/* All that carries packets in the vault goes in one request: the tunnel and the vault's end of the link. */
static int tunnel_remove(const struct obj *obj, struct world *w)
{
	int r = 0, end;

	(void)obj;
	if (w->vault_ns >= 0) {
		r = world_queue(w, &w->vault_route);
		if (!r) {
			rtnl_queue_del_group(&w->batch, &w->vault_route, w->current, SPEC_GROUP);
			r = world_flush(w);
		}
		if (r == -ENODEV)
			r = 0;
	}
	end = w->spec->backend == SPEC_BACKEND_KERNEL ? 0 : program_end(w->spec->tunnel_name);
	return r ? r : end == -EADDRINUSE ? 0 : end; /* somebody else's tunnel of that name is not ours to end */
}

static void tunnel_print(const struct obj *obj, const struct spec *spec, struct str *out)
{
	(void)obj;
	if (spec->backend == SPEC_BACKEND_KERNEL) {
		str_addf(out, "ip link add %s netns %s mtu %u group %u type wireguard\n", spec->tunnel_name,
			 spec->name, spec->mtu, SPEC_GROUP);
		return;
	}
	str_addf(out, "WG_PROCESS_FOREGROUND=1 setsid %s -f %s >/dev/null 2>&1 &\n", spec->program,
		 spec->tunnel_name);
	str_addf(out, "until wg show %s >/dev/null 2>&1; do sleep 0.1; done\n", spec->tunnel_name);
	str_addf(out, "ip link set %s netns %s mtu %u group %u\n", spec->tunnel_name, spec->name, spec->mtu,
		 SPEC_GROUP);
}

const struct kind kind_tunnel = {
	.name = "tunnel", .make = tunnel_make, .remove = tunnel_remove, .print = tunnel_print
};
