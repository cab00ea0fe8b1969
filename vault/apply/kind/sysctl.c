/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/sysctl.c: the namespace's settings, also for interfaces still to come. Die with
 * the namespace. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"

#define VALUE_MAX_BYTES 256

struct setting {
	const char *path; /* below /proc/sys/net/ */
	const char *value;
	enum { ALWAYS, WITHOUT_V6, WITH_V6, NO_ROUTER4, ROUTER6, NO_ROUTER6, ONCE } when;
};

/*
 * "all" for what is there, "default" for what interfaces inherit when they come (ip-sysctl in the
 * kernel's tree). What is set ONCE is not asked for again: the rules hold without it, and others
 * write it, too: systemd's sysctl.d has rp_filter=2 for every interface.
 */
static const struct setting settings[] = {
	{ "ipv4/ip_forward", "0",
	  ALWAYS }, /* a vault routes for nobody (L20); first: it resets others */
	{ "ipv4/conf/default/forwarding", "0",
	  NO_ROUTER4 }, /* nor one that was a gateway before; a gateway's: forward.c */
	{ "ipv4/conf/all/rp_filter", "1", ONCE }, /* an answer comes the way it was asked (L10) */
	{ "ipv4/conf/default/rp_filter", "1", ONCE },
	{ "ipv4/conf/all/arp_ignore", "2",
	  ALWAYS }, /* the tunnel's address is nobody's on the link (L11) */
	{ "ipv4/conf/default/arp_ignore", "2", ALWAYS },
	{ "ipv4/conf/all/arp_announce", "2", ALWAYS },
	{ "ipv4/conf/default/arp_announce", "2", ALWAYS },
	{ "ipv4/conf/all/accept_redirects", "0", ALWAYS }, /* routes come from us alone (L9) */
	{ "ipv4/conf/default/accept_redirects", "0", ALWAYS },
	{ "ipv4/conf/all/secure_redirects", "0", ALWAYS },
	{ "ipv4/conf/default/secure_redirects", "0", ALWAYS },
	{ "ipv4/conf/all/send_redirects", "0", ALWAYS },
	{ "ipv4/conf/default/send_redirects", "0", ALWAYS },
	{ "ipv4/conf/all/accept_source_route", "0", ALWAYS },
	{ "ipv4/conf/default/accept_source_route", "0", ALWAYS },
	{ "ipv4/ping_group_range", "0 2147483647", ONCE }, /* ping works without CAP_NET_RAW */
	{ "ipv6/conf/all/disable_ipv6", "1",
	  WITHOUT_V6 }, /* a family the tunnel has not is off (L8) */
	{ "ipv6/conf/default/disable_ipv6", "1", WITHOUT_V6 },
	{ "ipv6/conf/default/addr_gen_mode", "1", ALWAYS }, /* no link-local address by itself */
	{ "ipv6/conf/all/forwarding", "0", NO_ROUTER6 },
	{ "ipv6/conf/all/forwarding", "1",
	  ROUTER6 }, /* a gateway's: IPv6 has no such switch an interface, the rules hold */
	{ "ipv6/conf/default/forwarding", "0", ALWAYS },
	{ "ipv6/conf/all/accept_ra", "0", ALWAYS }, /* no router advertises anything here (L9) */
	{ "ipv6/conf/default/accept_ra", "0", ALWAYS },
	{ "ipv6/conf/all/autoconf", "0", ALWAYS },
	{ "ipv6/conf/default/autoconf", "0", ALWAYS },
	{ "ipv6/conf/all/accept_redirects", "0", ALWAYS },
	{ "ipv6/conf/default/accept_redirects", "0", ALWAYS },
	{ "ipv6/conf/all/router_solicitations", "0", ALWAYS },
	{ "ipv6/conf/default/router_solicitations", "0", ALWAYS },
	{ "ipv6/conf/default/disable_ipv6", "0",
	  WITH_V6 }, /* last: all of the above holds when it comes on */
	{ "ipv6/conf/all/disable_ipv6", "0", WITH_V6 },
};

static bool applies(const struct setting *s, const struct obj_sysctl *of)
{
	if (s->when == NO_ROUTER4)
		return !of->routes[ADDR_V4];
	if (s->when == ROUTER6 || s->when == NO_ROUTER6)
		return (s->when == ROUTER6) == of->routes[ADDR_V6];
	return s->when == ALWAYS || s->when == ONCE || (s->when == WITH_V6) == of->has_ipv6;
}

/*
 * The walk in the vault's namespace. Settings are looked up from the folder of their family: the
 * kernel keeps those of all namespaces in one list, so that a whole path takes the longer the more
 * vaults there are.
 */
struct visit {
	const struct obj_sysctl *of;
	struct session *w;
	int folders[ADDR_FAMILIES]; /* -1: the kernel has no IPv6 */
};

static const char *const folders[ADDR_FAMILIES] = { "/proc/sys/net/ipv4", "/proc/sys/net/ipv6" };

static enum addr_family family_of(const struct setting *s)
{
	return strncmp(s->path, "ipv6/", 5) ? ADDR_V4 : ADDR_V6;
}

static int open_folders(struct visit *v)
{
	int r = 0;

	for (int f = 0; f < ADDR_FAMILIES; f++) {
		v->folders[f] = open(folders[f], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (v->folders[f] < 0 && (f == ADDR_V4 || errno != ENOENT) && !r)
			r = -errno;
	}
	if (r)
		snprintf(v->w->why, sizeof(v->w->why), "/proc/sys/net");
	return r;
}

static void close_folders(struct visit *v)
{
	for (int f = 0; f < ADDR_FAMILIES; f++)
		close_fd(&v->folders[f]);
}

/* A kernel without IPv6 has none to settle; a tunnel that needs it fails on the first setting. */
static bool is_moot(const struct setting *s, const struct visit *v)
{
	return family_of(s) == ADDR_V6 && v->folders[ADDR_V6] < 0 && !v->of->has_ipv6;
}

/* What is done with a setting, at PATH in its family's folder: 0, enum look, or -errno. */
typedef int setting_fn(struct visit *v, const struct setting *s, const char *path);

static void tell(struct visit *v, const struct setting *s, const char *path, const char *more)
{
	snprintf(v->w->why, sizeof(v->w->why), "%s/%s%s", folders[family_of(s)], path, more);
}

static int write_one(struct visit *v, const struct setting *s, const char *path)
{
	int fd = v->folders[family_of(s)], r = fd < 0 ? -ENOENT : file_poke_at(fd, path, s->value);

	if (r)
		tell(v, s, path, "");
	return r;
}

static int look_at(struct visit *v, const struct setting *s, const char *path)
{
	char *text cleanup(free_ptr) = NULL, more[128];
	size_t len = 0;
	int fd = v->folders[family_of(s)], r;

	if (s->when == ONCE)
		return LOOK_SAME;
	r = fd < 0 ? -ENOENT : file_read_at(fd, path, VALUE_MAX_BYTES, &text, &len);
	if (r) {
		tell(v, s, path, "");
		return r;
	}
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, s->value))
		return LOOK_SAME;
	session_differs(v->w, s->value, text);
	snprintf(more, sizeof(more), " is %.40s, not %s", text, s->value);
	tell(v, s, path, more);
	return LOOK_OTHER;
}

/* Our interfaces have their own of what S is the default of; one that is not there will inherit. */
static int for_interfaces(struct visit *v, const struct setting *s, setting_fn *fn)
{
	static const char pattern[] = "conf/default/";
	const char *own = s->path + strlen("ipv4/");
	char path[128];
	int r = 0;

	if (strncmp(own, pattern, strlen(pattern)) != 0)
		return 0;
	for (int i = 0; !r && i < OBJ_INTERFACES; i++) {
		if (!*v->of->interfaces[i])
			continue;
		snprintf(path, sizeof(path), "conf/%s/%s", v->of->interfaces[i],
			 own + strlen(pattern));
		r = fn(v, s, path);
		if (r == -ENOENT) {
			v->w->why[0] = '\0';
			r = 0;
		}
	}
	return r;
}

/* FN for each setting, and, where OWN, for those of our interfaces. */
static int visit(struct visit *v, setting_fn *fn, bool own)
{
	int r = open_folders(v);

	for (size_t i = 0; !r && i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		if (!applies(s, v->of) || is_moot(s, v))
			continue;
		r = fn(v, s, s->path + strlen("ipv4/"));
		if (!r && own)
			r = for_interfaces(v, s, fn);
	}
	close_folders(v);
	return r;
}

static int write_all(void *arg)
{
	struct visit *v = arg;

	return visit(v, write_one, v->w->observed);
}

static int look_all(void *arg)
{
	return visit(arg, look_at, true);
}

static int sysctl_look(const struct obj *obj, struct session *w)
{
	struct visit v = { .of = &obj->sysctl, .w = w, .folders = { -1, -1 } };

	return ns_run(w->vault_ns, look_all, &v);
}

static int sysctl_make(const struct obj *obj, struct session *w)
{
	struct visit v = { .of = &obj->sysctl, .w = w, .folders = { -1, -1 } };
	int r = session_flush(w);

	return r ? r : ns_run(w->vault_ns, write_all, &v);
}

static void sysctl_print(const struct obj *obj, struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (applies(&settings[i], &obj->sysctl))
			str_addf(out, "ip netns exec %s sysctl -qw 'net/%s=%s'\n", obj->vault,
				 settings[i].path, settings[i].value);
}

const struct kind kind_sysctl = {
	.name = "sysctl", .make = sysctl_make, .look = sysctl_look, .print = sysctl_print
};
