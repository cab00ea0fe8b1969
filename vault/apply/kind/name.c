/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/name.c: the namespace's name, bound as ip-netns(8) binds it. The last object:
 * now others may enter. */
#include <errno.h>

#include "lib/ns.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

static int name_make(const struct obj *obj, struct session *w)
{
	const char *name = obj->vault;
	int r = session_flush(w);

	if (!r)
		r = ns_bind_name(w->vault_ns, name);
	if (r == -EEXIST && !ns_unbind_name(w->vault_ns, name)) /* a file that was left of it */
		r = ns_bind_name(w->vault_ns, name);
	return r;
}

static int name_remove(const struct obj *obj, struct session *w)
{
	int r = session_flush(w);

	if (!r)
		r = ns_unbind_name(w->vault_ns, obj->vault);
	if (r == -EEXIST || r == -ELOOP || r == -EMEDIUMTYPE)
		return 0; /* somebody else's */
	w->keeps_name = r && r != -ENOENT;
	return r == -ENOENT ? 0 : r;
}

/* Another's is told before anybody looks at objects. */
static int name_look(const struct obj *obj, struct session *w)
{
	int ns cleanup(close_fd) = ns_open_name(obj->vault);

	(void)w;
	return ns < 0 ? LOOK_ABSENT : LOOK_SAME;
}

static void name_print(const struct obj *obj, struct str *out)
{
	str_addf(out, "# only now vault binds the namespace to /run/netns/%s\n", obj->vault);
}

const struct kind kind_name = { .name = "name",
				.make = name_make,
				.remove = name_remove,
				.look = name_look,
				.print = name_print };
