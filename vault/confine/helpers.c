/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/helpers.c: the host's helpers, by which a confined program has things done outside,
 * and where they listen. */
#include "vault/confine/helpers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/file.h"
#include "lib/list.h"

#define DEPTH_MAX \
	4 /* below a helper's folder: user/1000/systemd/private, containerd's of each task */
#define ENTRIES_MAX 16384 /* of all folders */

static const char *const systemd_shown[] = {
	"notify",
	"journal", /* sd_notify(3), syslog(3) */
	"system", /* sd_booted(3): an empty sign to most; units to read */
	"seats",
	"sessions",
	"users", /* sd-login(3) reads them */
	"userdb", /* nss-systemd: names of dynamic users */
	/* So not: resolve, private (starts programs outside), the io.systemd.*. */
	NULL,
};

static const char *const user_shown[] = {
	"wayland-*",
	"pipewire-*",
	"pulse", /* screen and sound */
	"xauth*",
	".mutter-Xwaylandauth*",
	"Xauthority",
	"gdm",
	"ICEauthority",
	"iceauth*", /* X cookies */
	"dconf", /* settings */
	/* So not: bus (gvfs fetches, the portal opens links, systemd starts programs outside),
	   systemd, gnupg (dirmngr). */
	NULL,
};

/*
 * Right below run/, or in a folder that the host's package manager, or udev, alone makes and
 * removes, so that a mount over it holds.
 */
const struct helper helpers[] = {
	{ "run/nscd", HELPER_RESOLVES, NULL }, /* glibc asks it before it looks at nsswitch.conf */
	{ "run/nslcd", HELPER_RESOLVES, NULL }, /* LDAP, hosts too */
	{ "run/sssd*", HELPER_RESOLVES, NULL }, /* its own bus and pipes */
	{ "var/lib/sss/pipes", HELPER_RESOLVES, NULL }, /* it answers for hosts, too */
	{ "run/avahi-daemon", HELPER_RESOLVES, NULL }, /* multicast names */
	{ "run/samba", HELPER_RESOLVES, NULL }, /* winbindd: WINS names */
	{ "run/dbus", HELPER_STARTS, NULL }, /* systemd1; resolve1 and NetworkManager, too */
	{ "run/resolvconf", HELPER_RESOLVES, NULL }, /* the host's resolv.conf */
	{ "run/NetworkManager", HELPER_RESOLVES, NULL }, /* the same, and its private bus */
	{ "run/connman", HELPER_RESOLVES, NULL }, /* the same */
	{ "run/dnsmasq*", HELPER_RESOLVES, NULL }, /* the same */
	{ "run/unbound*", HELPER_RESOLVES, NULL }, /* control socket: looks names up */
	{ "run/docker*", HELPER_STARTS, NULL },
	{ "run/containerd*", HELPER_STARTS, NULL },
	{ "run/podman", HELPER_STARTS, NULL },
	{ "run/crio", HELPER_STARTS, NULL },
	{ "run/lxc", HELPER_STARTS, NULL },
	{ "run/lxd*", HELPER_STARTS, NULL },
	{ "var/lib/lxd", HELPER_STARTS, NULL },
	{ "var/snap/lxd/common/lxd", HELPER_STARTS, NULL },
	{ "run/incus*", HELPER_STARTS, NULL },
	{ "var/lib/incus", HELPER_STARTS, NULL },
	{ "run/libvirt", HELPER_STARTS, NULL },
	{ "run/snapd*", HELPER_STARTS, NULL },
	{ "run/initctl", HELPER_STARTS, NULL }, /* sysvinit */
	{ "run/tor", HELPER_CARRIES, NULL }, /* SOCKS by a path */
	{ "run/tailscale", HELPER_CARRIES, NULL }, /* dials for whoever asks */
	{ "run/wireguard", HELPER_CARRIES, NULL }, /* keys and peers, this vault's too */
	{ "dev/infiniband", HELPER_CARRIES, NULL }, /* remote memory, past namespaces and rules */
	{ "run/systemd", HELPER_STARTS, systemd_shown },
	{ "run/user/*", HELPER_STARTS, user_shown },
};
const size_t n_helpers = ARRAY_SIZE(helpers);

const char *helper_does_text(const struct helper *h)
{
	switch (h->does) {
	case HELPER_RESOLVES:
		return "looks names up";
	case HELPER_CARRIES:
		return "carries traffic";
	case HELPER_STARTS:
		break;
	}
	return "starts programs";
}

bool helper_is_named(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	return pattern[len - 1] == '*' ? !strncmp(pattern, name, len - 1) : !strcmp(pattern, name);
}

bool helper_is_shown(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (helper_is_named(*names, name))
			return true;
	return false;
}

/* A folder to be looked at. */
struct folder {
	char *path; /* owned */
	int depth; /* below the helper's own, which is 0 */
	dev_t device; /* that one's */
};

struct search {
	const struct helper *h;
	int root;
	size_t entries;
	struct folder *folders; /* owned */
	size_t n;
	int (*fn)(const struct helper *h, const char *path, const struct stat *st, void *arg);
	void *arg;
};

static int add_folder(struct search *s, const char *path, int depth, dev_t device)
{
	const struct folder folder = { strdup(path), depth, device };
	int r = folder.path ? list_append(&s->folders, &s->n, sizeof(folder), &folder) : -ENOMEM;

	if (r)
		free(folder.path);
	return r;
}

/* A descriptor or -errno. */
static int open_below(int root, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -ELOOP;
}

/* The entry PATH, one of the folder IN: a socket is told; a folder of the same file system is
 * noted. */
static int look_at_entry(struct search *s, const char *path, bool is_link, const struct folder *in)
{
	int fd cleanup(close_fd) = open_below(s->root, path, O_PATH);
	struct stat st;

	if (fd < 0)
		return is_gone(fd) ? 0 : fd;
	/* No file server in user space is asked. */
	if (fstatat(fd, "", &st, AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC))
		return errno == EACCES ? 0 : -errno; /* such a one's, which lets nobody in */
	if (S_ISSOCK(st.st_mode))
		return s->fn(s->h, path, &st, s->arg);
	if (!S_ISDIR(st.st_mode) || in->depth == DEPTH_MAX)
		return 0;
	if (in->depth >= 0 && (is_link || st.st_dev != in->device))
		return 0;
	return add_folder(s, path, in->depth + 1, st.st_dev);
}

/* Looks at those entries of FOLDER that PATTERN names. */
static int look_at_folder(struct search *s, const struct folder *folder, const char *pattern)
{
	int fd = open_below(s->root, folder->path, O_RDONLY | O_DIRECTORY), r = 0;
	DIR *dir cleanup(close_dir) = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir)
		return fd >= 0 ? -errno : is_gone(fd) ? 0 : fd;
	while (!r && (errno = 0, e = readdir(dir))) {
		char path[PATH_MAX];

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    !helper_is_named(pattern, e->d_name) ||
		    (folder->depth == 0 && helper_is_shown(s->h->shown, e->d_name)))
			continue;
		if (++s->entries > ENTRIES_MAX)
			return -E2BIG;
		if (snprintf(path, sizeof(path), "%s/%s", folder->path, e->d_name) < PATH_MAX)
			r = look_at_entry(s, path, e->d_type == DT_LNK, folder);
	}
	return r ? r : -errno;
}

static int look_at_helper(struct search *s)
{
	const char *slash = strrchr(s->h->path, '/');
	char above[64];
	const struct folder top = { above, -1, 0 };
	int r;

	snprintf(above, sizeof(above), "%.*s", (int)(slash - s->h->path), s->h->path);
	r = strchr(slash, '*') ? look_at_folder(s, &top, slash + 1)
			       : look_at_entry(s, s->h->path, false, &top);
	while (!r && s->n) {
		struct folder next = s->folders[--s->n];

		r = look_at_folder(s, &next, "*");
		free(next.path);
	}
	return r;
}

int helpers_each_socket(int root,
			int (*fn)(const struct helper *h, const char *path, const struct stat *st,
				  void *arg),
			void *arg)
{
	struct search s = { .root = root, .fn = fn, .arg = arg };
	int r = 0;

	for (size_t i = 0; !r && i < n_helpers; i++) {
		s.h = &helpers[i];
		r = look_at_helper(&s);
	}
	while (s.n)
		free(s.folders[--s.n].path);
	free(s.folders);
	return r;
}
