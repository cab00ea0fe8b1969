/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/gather.h: what only the host knows: endpoints' addresses, MTU, backend, free
 * addresses. Reads, changes nothing. */
#ifndef VAULT_GATHER_GATHER_H
#define VAULT_GATHER_GATHER_H

#include <stdbool.h>

#include "lib/base.h"
#include "vault/apply/session.h"
#include "vault/problem.h"
#include "vault/spec/spec.h"

/*
 * Completes SPEC's tunnel in the caller's namespace: leaves IPv6 out where the kernel has none,
 * resolves endpoints that are names, by the family that has a route, takes the path's MTU less 80
 * where none was given, and chooses the backend. What the host cannot tell now stays as it is in
 * OLD, the vault of that name (NULL: there is none). What stands in the way goes to P. 0 or -errno.
 */
int must_check gather_tunnel(struct spec *spec, const struct spec *old, struct session *w,
			     struct problems *p);

/* The last part of that alone: chooses the backend; W->wg_family is set for the kernel's. */
int must_check gather_backend(struct spec *spec, struct session *w, struct problems *p);

/* Leaves IPv6 out of SPEC's link where the host has it off, saying so in P: the host's end could
 * have no address of it. */
void gather_families(struct spec *spec, struct problems *p);

/*
 * Gives SPEC, a member by a gateway without resolvers of its own, those of the vault that is this
 * gateway now. 0 or -errno, with the reason in P where there is more to say: -ENOENT none is up, or
 * it has none that serve.
 */
int must_check gather_resolvers(struct spec *spec, struct problems *p);
/* Fills SPEC's, which has none, with those of its gateway OTHER that the segment's family reaches. 0
 * or -ENOMEM. */
int must_check gather_copy_resolvers(struct spec *spec, const struct spec *other);

/* True when SPEC's link has not all the addresses it shall have: gather_link is to find them. */
bool gather_wants_link(const struct spec *spec);

/*
 * Completes SPEC's link: the next free pair of addresses of each family in use, unless words give
 * it, and interface indexes. Free is what belongs to nobody: no network, route, policy rule, next
 * hop or nameserver of the host's, however wide; no link of another vault, and nothing that the
 * tunnel leads to. OWN is the host's index of the link that the vault has (0: none), which is in
 * nobody's way. Take W's host lock before, and hold it until the link is made (dry-run makes none,
 * and needs none). 0 or -errno with the reason in P, such as what is in the way.
 */
int must_check gather_link(struct spec *spec, uint32_t own, struct session *w, struct problems *p);

/*
 * All of the above but the tunnel, as far as SPEC needs it, and whether a program of the host has a
 * port that it publishes. OLD (or NULL) is the vault that is there, OWN the index of its link on
 * the host (or 0). 0 or -errno; both with what stands in the way reported.
 */
int must_check gather_host(struct spec *spec, const struct spec *old, uint32_t own,
			   struct session *w);

/*
 * Notes in SPEC, which is W's and complete, what stands on the host in the way of what it may reach
 * and be reached by: check finds fault with more than that alone. Of that what ACCEPTED has, where
 * it is not NULL: who mends one thing accepts no other. Each, and what is in doubt, is added to P
 * as a warning with its remedy. 0 or -ENOMEM.
 */
int must_check gather_ways(struct spec *spec, const struct spec_lines *accepted, struct session *w,
			   struct problems *p);

#endif
