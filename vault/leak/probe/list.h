/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/list.h: every probe there is, in the order in which they are told. */
#ifndef VAULT_LEAK_PROBE_LIST_H
#define VAULT_LEAK_PROBE_LIST_H

#include "vault/leak/probe/probe.h"

/* A row each, and below what their `send` points to. */
extern const struct probe probe_list[];
extern const size_t probe_count;

/* direct.c: what any program may try. To SELF's targets by SELF's protocol, by the routes. */
int direct_by_routes(struct probing *p, const struct probe *self);
/* The same, bound to the link. */
int direct_by_link(struct probing *p, const struct probe *self);
/* From addresses that are not the interface's: the tunnel's over the link, the link's and a
 * stranger's into the tunnel. */
int direct_forged(struct probing *p, const struct probe *self);
/* The same packets written by hand, to raw sockets. */
int direct_raw(struct probing *p, const struct probe *self);
/* To groups and to everybody, by the routes, the link and the tunnel. */
int direct_multicast(struct probing *p, const struct probe *self);

/* frame.c: what packet sockets may try, past all rules of the IP stack. Frames on the link, to the
 * host's end and to everybody, from every address there is. */
int frame_on_link(struct probing *p, const struct probe *self);
/* The same with a VLAN tag. */
int frame_vlan(struct probing *p, const struct probe *self);
/* Frames that are no IP, and IP of a protocol that no rule names. */
int frame_other(struct probing *p, const struct probe *self);
/* ARP requests on the link, for others than its host end, and from others than the vault. */
int frame_arp(struct probing *p, const struct probe *self);
/* Packets into the tunnel from addresses that are not its own. */
int frame_on_tunnel(struct probing *p, const struct probe *self);

/* names.c: who may be asked for names. To the name services' ports of SELF's targets, by the
 * routes, the tunnel and the link. */
int names_elsewhere(struct probing *p, const struct probe *self);
/* The vault's resolvers themselves: by the tunnel, or not at all. */
int names_resolvers(struct probing *p, const struct probe *self);
/* What vault exec shows: which sockets of resolvers a command could reach, and its resolv.conf. */
int names_exec(struct probing *p, const struct probe *self);
/* What every process inside sees of these. */
int names_processes(struct probing *p, const struct probe *self);

/* inbound.c: from outside in. On the link, from the host: does the tunnel's address answer there? */
int inbound_tunnel_address(struct probing *p, const struct probe *self);
/* From a stranger, by the host: to the vault's own addresses; also as if from who may enter. */
int inbound_enter(struct probing *p, const struct probe *self);
/* From a stranger, to the published ports of the host's addresses. */
int inbound_publish(struct probing *p, const struct probe *self);

/* cut.c: without the tunnel, and without rules. Flows that began in the tunnel go on. */
int cut_flow(struct probing *p, const struct probe *self);
/* Everything to everywhere, by the routes and the link. */
int cut_all(struct probing *p, const struct probe *self);
/* Both. */
int cut_down(struct probing *p, const struct probe *self);
/* Everything, with frames besides, where no rule is left: only the guard on the host stops it. */
int cut_flushed(struct probing *p, const struct probe *self);

#endif
