/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/veth.h: the host's end of a veth pair, which is routed or a port of a bridge. */
#ifndef VAULT_APPLY_KIND_VETH_H
#define VAULT_APPLY_KIND_VETH_H

#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

/*
 * `set` is asked of an end that was just made and is down, `mend` of one that stands, `look` of one
 * whose pair is right; as the verbs of struct kind. `print` appends what `set` does.
 */
struct veth_end {
	int (*set)(const struct obj_veth *veth, struct session *w);
	int (*mend)(const struct obj_veth *veth, struct session *w);
	int (*look)(const struct obj_veth *veth, struct session *w);
	void (*print)(const struct obj_veth *veth, struct str *out);
};

extern const struct veth_end veth_routed, veth_port;

#endif
