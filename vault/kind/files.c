/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/kind/files.c: the vault's resolv.conf and nsswitch.conf, and its description, in
 * /run/vault/NAME. */
#include <errno.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "vault/obj.h"
#include "vault/state.h"
#include "vault/world.h"

/* A resolver library given no server at all would ask 127.0.0.1 (resolv.conf(5)): inside, nobody
 * answers there. */
static void resolv_conf(const struct spec *spec, struct str *out)
{
	char text[ADDR_STRLEN];

	str_addf(out, "# made by vault for %s\n", spec->name);
	for (size_t i = 0; i < spec->n_dns; i++)
		str_addf(out, "nameserver %s\n", addr_format(&spec->dns[i], text));
	if (spec->n_search)
		str_add(out, "search");
	for (size_t i = 0; i < spec->n_search; i++)
		str_addf(out, " %s", spec->search[i]);
	if (spec->n_search)
		str_add(out, "\n");
	if (!spec->n_dns)
		str_add(out,
			"# the configuration names no resolver: names do not resolve in this vault\n");
}

/* "hosts" by the local file, then by the resolvers above; no service of the host is asked (L3). */
static const char nsswitch_conf[] = "# made by vault\n"
				    "passwd: files\n"
				    "group: files\n"
				    "shadow: files\n"
				    "gshadow: files\n"
				    "hosts: files dns\n"
				    "networks: files\n"
				    "protocols: files\n"
				    "services: files\n"
				    "ethers: files\n"
				    "rpc: files\n"
				    "netgroup: files\n";

static int files_make(const struct obj *obj, struct world *w)
{
	struct str resolv cleanup(str_free) = STR_INIT;
	uint64_t inode = 0;
	int r = world_flush(w);

	(void)obj;
	resolv_conf(w->spec, &resolv);
	if (!r)
		r = resolv.err;
	if (!r)
		r = file_replace(w->dir, "resolv.conf", 0644, resolv.s, resolv.len);
	if (!r)
		r = file_replace(w->dir, "nsswitch.conf", 0644, nsswitch_conf,
				 sizeof(nsswitch_conf) - 1);
	if (!r)
		r = ns_inode(w->vault_ns, &inode);
	return r ? r : state_save(w->dir, w->spec, inode, w->generation);
}

static int files_look(const struct obj *obj, struct world *w)
{
	struct str resolv cleanup(str_free) = STR_INIT;
	uint64_t inode = 0;
	int r = world_flush(w); /* the rules' generation is in the description */

	(void)obj;
	if (!r)
		r = ns_inode(w->vault_ns, &inode);
	if (r)
		return r;
	resolv_conf(w->spec, &resolv);
	if (resolv.err)
		return resolv.err;
	return file_is(w->dir, "resolv.conf", resolv.s, resolv.len) &&
			       file_is(w->dir, "nsswitch.conf", nsswitch_conf,
				       sizeof(nsswitch_conf) - 1) &&
			       state_is_saved(w->dir, w->spec, inode, w->generation)
		       ? LOOK_SAME
		       : LOOK_OTHER;
}

static int files_remove(const struct obj *obj, struct world *w)
{
	int r = world_flush(w);

	(void)obj;
	return r || w->keeps_name ? r : state_remove_files(w->dir);
}

static void files_print(const struct obj *obj, const struct spec *spec, struct str *out)
{
	struct str resolv cleanup(str_free) = STR_INIT;

	(void)obj;
	resolv_conf(spec, &resolv);
	str_addf(out, "mkdir -p %s/%s\n", STATE_DIR, spec->name);
	str_addf(out, "cat >%s/%s/resolv.conf <<'EOF'\n%sEOF\n", STATE_DIR, spec->name,
		 resolv.s ? resolv.s : "");
	str_addf(out, "cat >%s/%s/nsswitch.conf <<'EOF'\n%sEOF\n", STATE_DIR, spec->name,
		 nsswitch_conf);
	if (resolv.err)
		out->err = resolv.err;
}

const struct kind kind_files = { .name = "files",
				 .make = files_make,
				 .remove = files_remove,
				 .look = files_look,
				 .print = files_print };
