/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/kind/sysctl.c: the namespace's settings, also for interfaces still to come. Die with the
 * namespace. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "vault/obj.h"
#include "vault/world.h"

#define VALUE_MAX_BYTES 256

struct setting {
	const char *path; /* below /proc/sys/net/ */
	const char *value;
	enum { ALWAYS, WITHOUT_V6, WITH_V6, NO_ROUTER4, ROUTER6, NO_ROUTER6 } when;
};

/* "all" for what is there, "default" for what interfaces inherit when they come (ip-sysctl in the
 * kernel's tree). */
static const struct setting settings[] = {
	{ "ipv4/ip_forward", "0",
	  ALWAYS }, /* a vault routes for nobody (L20); first: it resets others */
	{ "ipv4/conf/default/forwarding", "0",
	  NO_ROUTER4 }, /* nor one that was a gateway before; a gateway's: forward.c */
	{ "ipv4/conf/all/rp_filter", "1", ALWAYS }, /* an answer comes the way it was asked (L10) */
	{ "ipv4/conf/default/rp_filter", "1", ALWAYS },
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
	{ "ipv4/ping_group_range", "0 2147483647", ALWAYS }, /* ping works without CAP_NET_RAW */
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

static bool is_router(const struct spec *spec, uint8_t family)
{
	return spec->leg.role == SPEC_GATEWAY && spec->leg.address.addr.family == family;
}

static bool applies(const struct setting *s, const struct spec *spec)
{
	if (s->when == NO_ROUTER4)
		return !is_router(spec, AF_INET);
	if (s->when == ROUTER6 || s->when == NO_ROUTER6)
		return (s->when == ROUTER6) == is_router(spec, AF_INET6);
	return s->when == ALWAYS || (s->when == WITH_V6) == spec_uses(spec, AF_INET6);
}

/* A kernel without IPv6 has none to settle; a tunnel that needs it fails on the first setting. */
static bool is_moot(const struct setting *s, const struct spec *spec)
{
	return !strncmp(s->path, "ipv6/", 5) && !spec_uses(spec, AF_INET6) &&
	       access("/proc/sys/net/ipv6", F_OK);
}

enum { INTERFACES = 3 };

/*
 * The setting of the I-th of our interfaces that S is the default of, into PATH. False when S is
 * none such, or the interface is not there: it will inherit.
 */
static bool make_interface_path(const struct setting *s, const struct spec *spec, int i,
				char path[static 128])
{
	const char *const names[INTERFACES] = { spec->link_name, spec->tunnel_name,
						spec->leg_name };
	const char *name = names[i];
	const char *at = strstr(s->path, "/default/");

	if (!at || !*name)
		return false;
	snprintf(path, 128, "/proc/sys/net/%.*s/%s/%s", (int)(at - s->path), s->path, name,
		 at + strlen("/default/"));
	return !access(path, F_OK);
}

static int write_one(const struct setting *s, struct world *w)
{
	char path[128];
	int r;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", s->path);
	r = file_poke(path, s->value);
	for (int i = 0; !r && w->sight && i < INTERFACES; i++)
		if (make_interface_path(s, w->spec, i, path))
			r = file_poke(path, s->value);
	if (r)
		snprintf(w->why, sizeof(w->why), "%s", path);
	return r;
}

static int write_all(void *arg)
{
	struct world *w = arg;
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(settings); i++)
		if (applies(&settings[i], w->spec) && !is_moot(&settings[i], w->spec))
			r = write_one(&settings[i], w);
	return r;
}

/* Compares the value at PATH, which shows the numbers of a pair parted by a tab. Enum look, or
 * -errno; *WHY tells. */
static int look_at(const char *path, const char *value, char why[static 256])
{
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;
	int r = file_read(path, VALUE_MAX_BYTES, &text, &len);

	if (r) {
		snprintf(why, 256, "%s", path);
		return r;
	}
	text[strcspn(text, "\n")] = '\0';
	for (char *tab = strchr(text, '\t'); tab; tab = strchr(tab, '\t'))
		*tab = ' ';
	if (!strcmp(text, value))
		return LOOK_SAME;
	snprintf(why, 256, "%s is %.40s, not %s", path, text, value);
	return LOOK_OTHER;
}

static int look_one(const struct setting *s, struct world *w)
{
	char path[128];
	int r;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", s->path);
	r = look_at(path, s->value, w->why);
	for (int i = 0; r == LOOK_SAME && i < INTERFACES; i++)
		if (make_interface_path(s, w->spec, i, path))
			r = look_at(path, s->value, w->why);
	return r;
}

static int look_all(void *arg)
{
	struct world *w = arg;
	int r = LOOK_SAME;

	for (size_t i = 0; r == LOOK_SAME && i < ARRAY_SIZE(settings); i++)
		if (applies(&settings[i], w->spec) && !is_moot(&settings[i], w->spec))
			r = look_one(&settings[i], w);
	return r;
}

static int sysctl_look(const struct obj *obj, struct world *w)
{
	(void)obj;
	return ns_run(w->vault_ns, look_all, w);
}

static int sysctl_make(const struct obj *obj, struct world *w)
{
	int r = world_flush(w);

	(void)obj;
	return r ? r : ns_run(w->vault_ns, write_all, w);
}

static void sysctl_print(const struct obj *obj, const struct spec *spec, struct str *out)
{
	(void)obj;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (applies(&settings[i], spec))
			str_addf(out, "ip netns exec %s sysctl -qw 'net/%s=%s'\n", spec->name,
				 settings[i].path, settings[i].value);
}

const struct kind kind_sysctl = {
	.name = "sysctl", .make = sysctl_make, .look = sysctl_look, .print = sysctl_print
};
