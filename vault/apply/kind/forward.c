/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/forward.c: an interface inside a gateway forwards what comes by it; no other
 * does. Ends with the interface. IPv6 knows no such setting an interface: see sysctl.c. */
#include <errno.h>
#include <linux/ip.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

#define VALUE_MAX_BYTES 64

static int forward_make(const struct obj *obj, struct session *w)
{
	const struct rtnl_conf4 conf = { IPV4_DEVCONF_FORWARDING, 1 };
	int r = session_queue(w, &w->vault_route);

	if (!r)
		rtnl_queue_conf4(&w->batch, &w->vault_route, w->current, obj->interface.index,
				 &conf, 1);
	return r;
}

struct reading {
	const char *name;
	bool on;
};

static int read_inside(void *arg)
{
	struct reading *reading = arg;
	char path[64 + IFNAMSIZ], *text cleanup(free_ptr) = NULL;
	size_t len = 0;
	int r;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/forwarding", reading->name);
	r = file_read(path, VALUE_MAX_BYTES, &text, &len);
	reading->on = !r && !strcmp(text, "1\n");
	return r;
}

static int forward_look(const struct obj *obj, struct session *w)
{
	struct reading reading = { .name = obj->interface.name };
	int r = ns_run(w->vault_ns, read_inside, &reading);

	if (r == -ENOENT)
		return LOOK_ABSENT;
	return r ? r : reading.on ? LOOK_SAME : LOOK_OTHER;
}

static void forward_print(const struct obj *obj, struct str *out)
{
	str_addf(out, "ip netns exec %s sysctl -qw 'net/ipv4/conf/%s/forwarding=1'\n", obj->vault,
		 obj->interface.name);
}

const struct kind kind_forward = {
	.name = "forward", .make = forward_make, .look = forward_look, .print = forward_print
};
