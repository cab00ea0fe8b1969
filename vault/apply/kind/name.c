/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/name.c: the namespace's name, bound as ip-netns(8) binds it. The last object:
 * now others may enter. */
#include <errno.h>

#include "lib/ns.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

static int name_make(const struct obj *obj, struct session *w)
{
	int r = session_flush(w);

	return r ? r : ns_bind_name(w->vault_ns, obj->spec->name);
}

static int name_remove(const struct obj *obj, struct session *w)
{
	int r = session_flush(w);

	if (!r)
		r = ns_unbind_name(w->vault_ns, obj->spec->name);
	if (r == -EEXIST || r == -ELOOP || r == -EMEDIUMTYPE)
		return 0; /* somebody else's */
	w->keeps_name = r && r != -ENOENT;
	return r == -ENOENT ? 0 : r;
}

/* We came in by it. */
static int name_look(const struct obj *obj, struct session *w)
{
	(void)obj;
	(void)w;
	return LOOK_SAME;
}

static void name_print(const struct obj *obj, struct str *out)
{
	const struct spec *spec = obj->spec;
	str_addf(out, "# only now vault binds the namespace to /run/netns/%s\n", spec->name);
}

const struct kind kind_name = { .name = "name",
				.make = name_make,
				.remove = name_remove,
				.look = name_look,
				.print = name_print };
