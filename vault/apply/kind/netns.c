/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/netns.c: the network namespace itself, held by a descriptor alone until it gets
 * its name. */
#include "lib/ns.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

static int netns_make(const struct obj *obj, struct session *w)
{
	int ns = ns_make();

	(void)obj;
	return ns < 0 ? ns : session_enter_vault(w, ns);
}

/* We are in it. */
static int netns_look(const struct obj *obj, struct session *w)
{
	(void)obj;
	(void)w;
	return LOOK_SAME;
}

static void netns_print(const struct obj *obj, struct str *out)
{
	str_add(out,
		"# vault keeps the namespace without a name until all is sealed; by hand it needs one at once\n");
	str_addf(out, "ip netns add %s\n", obj->vault);
}

const struct kind kind_netns = {
	.name = "netns", .make = netns_make, .look = netns_look, .print = netns_print
};
