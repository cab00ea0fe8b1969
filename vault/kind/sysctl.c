/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/kind/sysctl.c: the namespace's settings, also for interfaces still to come. Die with the namespace. */
#include <errno.h>
#include <stdio.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "vault/obj.h"
#include "vault/world.h"

struct setting {
	const char *path; /* below /proc/sys/net/ */
	const char *value;
	bool only_without_v6, only_with_v6;
};

/* "all" for what is there, "default" for what interfaces inherit when they come (ip-sysctl in the kernel's tree). */
static const struct setting settings[] = {
	{ "ipv4/ip_forward", "0", false, false }, /* a vault routes for nobody (L20); first: it resets others */
	{ "ipv4/conf/all/rp_filter", "1", false, false }, /* an answer comes the way it was asked (L10) */
	{ "ipv4/conf/default/rp_filter", "1", false, false },
	{ "ipv4/conf/all/arp_ignore", "2", false, false }, /* the tunnel's address is nobody's on the link (L11) */
	{ "ipv4/conf/default/arp_ignore", "2", false, false },
	{ "ipv4/conf/all/arp_announce", "2", false, false },
	{ "ipv4/conf/default/arp_announce", "2", false, false },
	{ "ipv4/conf/all/accept_redirects", "0", false, false }, /* routes come from us alone (L9) */
	{ "ipv4/conf/default/accept_redirects", "0", false, false },
	{ "ipv4/conf/all/secure_redirects", "0", false, false },
	{ "ipv4/conf/default/secure_redirects", "0", false, false },
	{ "ipv4/conf/all/send_redirects", "0", false, false },
	{ "ipv4/conf/default/send_redirects", "0", false, false },
	{ "ipv4/conf/all/accept_source_route", "0", false, false },
	{ "ipv4/conf/default/accept_source_route", "0", false, false },
	{ "ipv4/ping_group_range", "0 2147483647", false, false }, /* ping works without CAP_NET_RAW */
	{ "ipv6/conf/all/disable_ipv6", "1", true, false }, /* a family the tunnel has not is off (L8) */
	{ "ipv6/conf/default/disable_ipv6", "1", true, false },
	{ "ipv6/conf/default/addr_gen_mode", "1", false, true }, /* no link-local address by itself */
	{ "ipv6/conf/all/forwarding", "0", false, true },
	{ "ipv6/conf/default/forwarding", "0", false, true },
	{ "ipv6/conf/all/accept_ra", "0", false, true }, /* no router advertises anything here (L9) */
	{ "ipv6/conf/default/accept_ra", "0", false, true },
	{ "ipv6/conf/all/autoconf", "0", false, true },
	{ "ipv6/conf/default/autoconf", "0", false, true },
	{ "ipv6/conf/all/accept_redirects", "0", false, true },
	{ "ipv6/conf/default/accept_redirects", "0", false, true },
	{ "ipv6/conf/all/router_solicitations", "0", false, true },
	{ "ipv6/conf/default/router_solicitations", "0", false, true },
};

static bool applies(const struct setting *s, const struct spec *spec)
{
	bool v6 = spec_uses(spec, AF_INET6);

	return v6 ? !s->only_without_v6 : !s->only_with_v6;
}

static int write_all(void *arg)
{
	struct world *w = arg;
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		int r;

		if (!applies(&settings[i], w->spec))
			continue;
		snprintf(path, sizeof(path), "/proc/sys/net/%s", settings[i].path);
		r = file_poke(path, settings[i].value);
		if (r == -ENOENT && settings[i].only_without_v6)
			continue; /* a kernel without IPv6 has none to turn off */
		if (r) {
			snprintf(w->why, sizeof(w->why), "%s", path);
			return r;
		}
	}
	return 0;
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
			str_addf(out, "ip netns exec %s sysctl -qw 'net/%s=%s'\n", spec->name, settings[i].path,
				 settings[i].value);
}

const struct kind kind_sysctl = { .name = "sysctl", .make = sysctl_make, .print = sysctl_print };
