/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/system.c: what this kernel and host have for vaults. Reads only. */
#include "vault/check/system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "lib/file.h"
#include "lib/nftlook.h"
#include "lib/nftnames.h"
#include "lib/str.h"
#include "lib/wg.h"
#include "vault/confine/helpers.h"
#include "vault/proc/program.h"
#include "vault/seal/seal.h"

#define LIST_MAX_BYTES (16U << 20)
#define SYMBOLS_MAX_BYTES (64U << 20)

static bool file_names(const char *path, const char *needle)
{
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;

	return !file_read(path, LIST_MAX_BYTES, &text, &len) && strstr(text, needle);
}

/* True for a module that is not there yet and would be loaded when it is asked for. */
static bool waits_on_disk(const char *module)
{
	char path[sizeof(((struct utsname *)0)->release) + 64], needle[64];
	struct utsname u;

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	if (uname(&u) || !access(path, F_OK))
		return false;
	snprintf(needle, sizeof(needle), "/%s.ko", module);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", u.release);
	return file_names(path, needle);
}

static bool kernel_is(unsigned int want_major, unsigned int want_minor)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	return !uname(&u) && sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	       (major > want_major || (major == want_major && minor >= want_minor));
}

/* 0 when the kernel has WireGuard, -ENOENT when not, -errno. */
static int ask_wireguard(void)
{
	struct nl genl cleanup(nl_close) = NL_CLOSED;
	struct nl_error error = { 0 };
	uint16_t family;
	int r;

	if (waits_on_disk("wireguard"))
		return 0;
	r = nl_open(&genl, NETLINK_GENERIC);
	return r ? r : wg_family(&genl, &family, &error);
}

static void look_at_wireguard(struct check *c)
{
	char *path cleanup(free_ptr) = NULL;
	int kernel = ask_wireguard(), program = program_find(NULL, &path);

	if (!kernel)
		check_add(c, "system-wireguard", FOUND_OK, NULL, NULL, "in the kernel");
	else if (kernel != -ENOENT)
		check_add(c, "system-wireguard", FOUND_UNKNOWN, NULL, NULL, "in the kernel: %s",
			  strerror(-kernel));
	else if (program)
		check_tell(c, "system-wireguard", FOUND_FAIL, REMEDY(HAVE_WIREGUARD, NULL), NULL,
			   NULL, "neither in the kernel nor as a program");
	else
		check_add(c, "system-wireguard", FOUND_OK, NULL, NULL,
			  "not in the kernel; %s is run instead", path);
	if (kernel && !program && access("/dev/net/tun", F_OK))
		check_tell(c, "system-tun", FOUND_FAIL, REMEDY(LOAD, "tun"), NULL, NULL,
			   "/dev/net/tun: %s; %s needs it", strerror(errno), path);
	else
		check_add(c, "system-tun", kernel ? FOUND_OK : FOUND_SKIP, NULL, NULL,
			  kernel ? "/dev/net/tun" : "not needed: WireGuard is in the kernel");
}

static int add_table(const struct nft_named *t, void *arg)
{
	struct str *out = arg;

	if (t->what == NFT_WHAT_TABLE &&
	    !((t->family == NFPROTO_INET || t->family == NFPROTO_BRIDGE) &&
	      !strcmp(t->table, SEAL_GUARD_TABLE)))
		str_addf(out, " %s", t->table);
	return out->err;
}

static int list_tables(struct nl *nl, struct str *out)
{
	struct nl_error error = { 0 };

	return nft_dump_names(nl, add_table, out, &error);
}

/* Tables of others are left alone; but one that flushes all takes the guard away, too. */
static void look_at_firewall(struct check *c, struct nl *nl)
{
	struct str tables cleanup(str_free) = STR_INIT;
	int r = list_tables(nl, &tables);
	bool flushes = file_names("/etc/nftables.conf", "flush ruleset");

	if (r)
		check_tell(c, "system-firewall", FOUND_UNKNOWN,
			   r == -EPERM ? REMEDY(AS_ROOT, NULL) : NULL, NULL, NULL, "%s",
			   strerror(-r));
	else
		check_tell(c, "system-firewall", FOUND_OK, flushes ? REMEDY(UP_AFTER, NULL) : NULL,
			   NULL, NULL, "tables of others:%s%s", tables.len ? tables.s : " none",
			   flushes ? "; /etc/nftables.conf flushes the guard as well when it is "
				     "loaded"
				   : "");
}

static void look_at_nftables(struct check *c)
{
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	struct nl_error error = { 0 };
	uint32_t generation;
	int r;

	if (waits_on_disk("nf_tables")) {
		check_add(c, "system-nftables", FOUND_OK, NULL, NULL, "a module, not loaded yet");
		return;
	}
	r = nl_open(&nl, NETLINK_NETFILTER);
	if (!r)
		r = nftlook_generation(&nl, &generation, &error);
	if (r == -EPERM)
		check_tell(c, "system-nftables", FOUND_UNKNOWN, REMEDY(AS_ROOT, NULL), NULL, NULL,
			   "%s", strerror(-r));
	else if (r)
		check_tell(c, "system-nftables", FOUND_FAIL, REMEDY(LOAD, "nf_tables"), NULL, NULL,
			   "this kernel has none: %s", strerror(-r));
	else
		check_add(c, "system-nftables", FOUND_OK, NULL, NULL, "in the kernel");
	if (!r)
		look_at_firewall(c, &nl);
}

/* What came with which Linux; without it something is weaker, not broken. */
static void look_at_kernel(struct check *c)
{
	static const struct {
		const char *id;
		unsigned int major, minor;
		const char *what;
	} features[] = {
		{ "system-frames", 5, 16, "filters for packet sockets (netdev egress)" },
		{ "system-sockets", 5, 6, "looking into sockets of processes (pidfd_getfd)" },
	};
	struct utsname u;

	check_tell(c, "system-kernel", kernel_is(5, 14) ? FOUND_OK : FOUND_FAIL,
		   kernel_is(5, 14) ? NULL : REMEDY(NEWER_KERNEL, NULL), "Linux 5.14 or later",
		   uname(&u) ? NULL : u.release,
		   kernel_is(5, 14) ? "Linux 5.14 or later" : "older than Linux 5.14");
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (kernel_is(features[i].major, features[i].minor))
			check_add(c, features[i].id, FOUND_OK, NULL, NULL, "%s", features[i].what);
		else
			check_tell(c, features[i].id, FOUND_SKIP, REMEDY(NEWER_KERNEL, NULL), NULL,
				   NULL, "no %s: it came with Linux %u.%u", features[i].what,
				   features[i].major, features[i].minor);
}

bool system_has_wall(void)
{
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;

	if (!access("/sys/module/cls_bpf", F_OK) || waits_on_disk("cls_bpf"))
		return true;
	return file_read("/proc/kallsyms", SYMBOLS_MAX_BYTES, &text, &len) ||
	       strstr(text, " cls_bpf_classify");
}

/* Optional: without it the rules, on both sides, hold alone. */
static void look_at_wall(struct check *c)
{
	if (system_has_wall())
		check_add(c, "system-wall", FOUND_OK, NULL, NULL,
			  "filters of tc at links' host ends (cls_bpf)");
	else
		check_tell(c, "system-wall", FOUND_SKIP, REMEDY(HAVE_CLS_BPF, NULL), NULL, NULL,
			   "no filters of tc at links' host ends: a kernel without cls_bpf");
}

/* exec puts the vault's files over /etc by an overlay. */
static void look_at_overlay(struct check *c)
{
	if (file_names("/proc/filesystems", "\toverlay\n") || waits_on_disk("overlay"))
		check_add(c, "system-overlay", FOUND_OK, NULL, NULL, "overlayfs");
	else if (access("/proc/filesystems", R_OK))
		check_add(c, "system-overlay", FOUND_UNKNOWN, NULL, NULL, "/proc/filesystems: %s",
			  strerror(errno));
	else
		check_tell(c, "system-overlay", FOUND_FAIL, REMEDY(LOAD, "overlay"), NULL, NULL,
			   "no overlayfs: vault exec needs it");
}

/* The number in the file at PATH. 0 or -errno. */
static int read_number(const char *path, unsigned long *out)
{
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;
	int r = file_read(path, LIST_MAX_BYTES, &text, &len);

	*out = r ? 0 : strtoul(text, NULL, 10);
	return r;
}

static void look_at_limits(struct check *c)
{
	const char *path = "/proc/sys/user/max_net_namespaces";
	unsigned long most;
	int r = read_number(path, &most);

	if (r)
		check_add(c, "system-limits", FOUND_UNKNOWN, NULL, NULL, "%s: %s", path,
			  strerror(-r));
	else if (!most)
		check_tell(c, "system-limits", FOUND_FAIL, REMEDY(ALLOW_NAMESPACES, NULL),
			   "1 or more", "0", "no network namespace may be made");
	else
		check_add(c, "system-limits", FOUND_OK, NULL, NULL,
			  "%lu network namespaces may be made", most);
}

static void look_at_forwarding(struct check *c)
{
	unsigned long on;
	int r = read_number("/proc/sys/net/ipv4/ip_forward", &on);

	if (r)
		check_add(c, "system-forwarding", FOUND_UNKNOWN, NULL, NULL, "ip_forward: %s",
			  strerror(-r));
	else
		check_add(c, "system-forwarding", FOUND_OK, NULL, NULL,
			  on ? "on: this host is a router; the guard keeps vaults' links out of it"
			     : "off");
}

/* With br_netfilter what a segment passes on meets the host's rules for forwarding, too. */
static void look_at_bridges(struct check *c)
{
	unsigned long on = 0;
	int r = read_number("/proc/sys/net/bridge/bridge-nf-call-iptables", &on);

	if (r && r != -ENOENT)
		check_add(c, "system-bridges", FOUND_UNKNOWN, NULL, NULL, "br_netfilter: %s",
			  strerror(-r));
	else
		check_tell(c, "system-bridges", FOUND_OK, on ? REMEDY(BRIDGE_RULES, NULL) : NULL,
			   NULL, NULL, "%s",
			   on ? "br_netfilter is on: a firewall that drops what is forwarded parts "
				"the members of a segment"
			      : "rules for forwarding do not meet what bridges pass on");
}

struct found_helpers {
	const struct helper *last;
	struct str text;
};

/* Each once: its sockets come one after another. */
static int add_helper(const struct helper *h, const char *path, const struct stat *st, void *arg)
{
	struct found_helpers *found = arg;

	(void)path;
	(void)st;
	if (found->last != h)
		str_addf(&found->text, "%s /%s (%s)", found->last ? "," : "", h->path,
			 helper_does_text(h));
	found->last = h;
	return found->text.err;
}

static void look_at_helpers(struct check *c)
{
	int root cleanup(close_fd) = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct found_helpers found = { .text = STR_INIT };
	int r = root < 0 ? -errno : helpers_each_socket(root, add_helper, &found);

	if (r)
		check_tell(c, "system-helpers", FOUND_UNKNOWN,
			   r == -EACCES ? REMEDY(AS_ROOT, NULL) : NULL, NULL, NULL, "%s",
			   strerror(-r));
	else
		check_add(c, "system-helpers", FOUND_OK, NULL, NULL, "%s%s",
			  found.last ? "vault exec and confine.conf hide:"
				     : "none listens on a path",
			  found.last ? found.text.s : "");
	str_free(&found.text);
}

void check_system(struct check *c)
{
	look_at_wireguard(c);
	look_at_nftables(c);
	look_at_kernel(c);
	look_at_wall(c);
	look_at_overlay(c);
	look_at_limits(c);
	look_at_forwarding(c);
	look_at_bridges(c);
	look_at_helpers(c);
}
