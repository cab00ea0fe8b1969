/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/files.c: the vault's resolv.conf and nsswitch.conf, what a systemd unit needs to
 * join it, and its description, in /run/vault/NAME. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "vault/apply/session.h"
#include "vault/confine/unit.h"
#include "vault/plan/obj.h"
#include "vault/spec/state.h"

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

/* All but the description, as text. */
struct texts {
	struct str resolv, confine;
};

static void free_texts(struct texts *t)
{
	str_free(&t->resolv);
	str_free(&t->confine);
}

static int make_texts(const struct spec *spec, struct texts *t)
{
	resolv_conf(spec, &t->resolv);
	unit_text(spec->name, &t->confine);
	return t->resolv.err ? t->resolv.err : t->confine.err;
}

/* The folder of what vault@NAME.service lays over /etc: these two files and nothing else. */
static int open_etc(int dir)
{
	int fd = openat(dir, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int write_names(int dir, const struct texts *t)
{
	int r = file_replace(dir, "resolv.conf", 0644, t->resolv.s, t->resolv.len);

	return r ? r
		 : file_replace(dir, "nsswitch.conf", 0644, nsswitch_conf,
				sizeof(nsswitch_conf) - 1);
}

static int make_etc(int dir, const struct texts *t)
{
	int fd cleanup(close_fd) = -1;

	if (mkdirat(dir, "etc", 0755) && errno != EEXIST)
		return -errno;
	fd = open_etc(dir);
	return fd < 0 ? fd : write_names(fd, t);
}

static int files_make(const struct obj *obj, struct session *w)
{
	struct texts t cleanup(free_texts) = { STR_INIT, STR_INIT };
	struct ns_id id = { 0 };
	int r = session_flush(w);

	if (!r)
		r = make_texts(obj->description, &t);
	if (!r)
		r = write_names(w->dir, &t);
	if (!r)
		r = make_etc(w->dir, &t);
	if (!r)
		r = file_replace(w->dir, "confine.conf", 0644, t.confine.s, t.confine.len);
	if (!r)
		r = ns_identify(w->vault_ns, &id);
	if (r || w->keeps_description)
		return r;
	return state_save(w->dir, obj->description, &id, w->generation);
}

/* 1 when all is as it should be; else 0, or -errno, and W->part tells what it is about. */
static int compare_files(const struct obj *obj, struct session *w, const struct texts *t, int etc,
			 const struct ns_id *id)
{
	const struct {
		int dir;
		const char *part, *name, *text;
		size_t len;
	} files[] = {
		{ w->dir, "resolv.conf", "resolv.conf", t->resolv.s, t->resolv.len },
		{ w->dir, "nsswitch.conf", "nsswitch.conf", nsswitch_conf,
		  sizeof(nsswitch_conf) - 1 },
		{ etc, "etc/resolv.conf", "resolv.conf", t->resolv.s, t->resolv.len },
		{ etc, "etc/nsswitch.conf", "nsswitch.conf", nsswitch_conf,
		  sizeof(nsswitch_conf) - 1 },
		{ w->dir, "confine.conf", "confine.conf", t->confine.s, t->confine.len },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		w->part = files[i].part;
		if (files[i].dir < 0)
			return files[i].dir == -ENOENT ? 0 : files[i].dir;
		r = file_is(files[i].dir, files[i].name, files[i].text, files[i].len);
		if (r <= 0)
			return r;
	}
	w->part = STATE_FILE;
	r = state_is_saved(w->dir, obj->description, id, w->generation);
	if (r > 0)
		w->part = NULL;
	return r;
}

static int files_look(const struct obj *obj, struct session *w)
{
	struct texts t cleanup(free_texts) = { STR_INIT, STR_INIT };
	int etc cleanup(close_fd) = open_etc(w->dir);
	struct ns_id id = { 0 };
	int r = session_flush(w); /* the rules' generation is in the description */

	if (!r)
		r = ns_identify(w->vault_ns, &id);
	if (!r)
		r = make_texts(obj->description, &t);
	if (r)
		return r;
	if (obj->description->netns_inode && !obj->description->netns_cookie)
		id.cookie = 0; /* what is looked at is an older vault's description itself */
	r = compare_files(obj, w, &t, etc, &id);
	return r < 0 ? r : r ? LOOK_SAME : LOOK_OTHER;
}

static int files_remove(const struct obj *obj, struct session *w)
{
	int r = session_flush(w);

	(void)obj;
	return r || w->keeps_name ? r : state_remove_files(w->dir);
}

static void print_file(const struct spec *spec, const char *name, const char *text, struct str *out)
{
	str_addf(out, "cat >%s/%s/%s <<'EOF'\n%sEOF\n", STATE_DIR, spec->name, name, text);
}

static void files_print(const struct obj *obj, struct str *out)
{
	const struct spec *spec = obj->description;
	struct texts t cleanup(free_texts) = { STR_INIT, STR_INIT };
	int r = make_texts(spec, &t);

	if (r) {
		out->err = r;
		return;
	}
	str_addf(out, "mkdir -p %s/%s/etc\n", STATE_DIR, spec->name);
	print_file(spec, "resolv.conf", t.resolv.s, out);
	print_file(spec, "nsswitch.conf", nsswitch_conf, out);
	str_addf(out, "cp %s/%s/*.conf %s/%s/etc\n", STATE_DIR, spec->name, STATE_DIR, spec->name);
	print_file(spec, "confine.conf", t.confine.s, out);
}

const struct kind kind_files = { .name = "files",
				 .make = files_make,
				 .remove = files_remove,
				 .look = files_look,
				 .print = files_print };
