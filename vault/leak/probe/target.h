/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/target.h: where to the probes send. */
#ifndef VAULT_LEAK_PROBE_TARGET_H
#define VAULT_LEAK_PROBE_TARGET_H

#include "lib/nl.h"
#include "vault/spec/spec.h"

enum target_kind {
	TARGET_PUBLIC = 1U << 0, /* of the networks kept for documentation: nobody's */
	TARGET_LAN = 1U << 1, /* beside one of the host's addresses: nobody's that it knows of */
	TARGET_HOST = 1U << 2, /* the host's own, the link's end first */
	TARGET_ENDPOINT = 1U << 3, /* where the tunnel's packets go */
	TARGET_GATEWAY = 1U << 4, /* the host's */
};

struct target {
	unsigned int kind;
	struct addr addr;
	uint32_t index; /* TARGET_LAN: of the host's interface to it */
};

#define TARGET_MAX 32

struct targets {
	struct target list[TARGET_MAX];
	size_t n;
	/* To send from, in each family: of the networks kept for documentation, nobody's. */
	struct addr stranger[ADDR_FAMILIES];
};

/*
 * Chooses targets by the host's addresses and routes (NL: a socket there) and SPEC; those inside
 * what SPEC allows to be reached are left out. 0 or -errno.
 */
int must_check targets_gather(struct targets *t, const struct spec *spec, struct nl *nl);

/* True when A is a target of one of the KINDS. */
bool targets_has(const struct targets *t, unsigned int kinds, const struct addr *a);

#endif
