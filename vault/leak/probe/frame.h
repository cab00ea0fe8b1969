/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/frame.h: what packet sockets may try: frames that meet no rule of the IP stack. */
#ifndef VAULT_LEAK_PROBE_FRAME_H
#define VAULT_LEAK_PROBE_FRAME_H

#include "vault/leak/probe/probe.h"

/* Frames on the link, to the host's end and to everybody, from every address there is. */
int frame_on_link(struct probing *p, const struct probe *self);
/* The same with a VLAN tag. */
int frame_vlan(struct probing *p, const struct probe *self);
/* Frames that are no IP, and IP of a protocol that no rule names. */
int frame_other(struct probing *p, const struct probe *self);
/* ARP requests on the link, for others than its host end, and from others than the vault. */
int frame_arp(struct probing *p, const struct probe *self);
/* Packets into the tunnel from addresses that are not its own. */
int frame_on_tunnel(struct probing *p, const struct probe *self);

#endif
