/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/hide.c: takes the host's helpers out of sight: sockets by which a confined program has
 * things done outside. */
#include "vault/hide.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/tree.h"

/*
 * Theory of operation
 *
 * /run: a folder of its own, into which the host's entries are bound one by one, but for the ones
 *hidden. Mounts over the hidden ones would be cheaper but no answer: systemd removes a daemon's
 *folder when it stops, which takes the mount away everywhere (L5 again), and a folder that does not
 *exist yet cannot be mounted on; then nscd, started or restarted later, would be asked by glibc
 *whatever nsswitch.conf says. /run itself can be neither removed nor renamed by the host. An
 *overlay would do but that no socket connects through one. The price: four calls an entry, and what
 *appears in /run later, right below, is not seen inside (below an entry that is bound, it is).
 *	/run/systemd and /run/user/UID list what is shown instead: new ways to have something done
 *outside come up there with each release. /run/vault shows this vault's two files, of the same
 *tmpfs that the overlay reads.
 */

/* What of a folder is seen inside. A name that ends in '*' stands for all that begin so. */
struct view {
	bool lists_hidden; /* the names are hidden and the rest is shown; else the reverse */
	const char *const *names;
};

static const char *const run_hidden[] = {
	/* They resolve names, or tell the host's resolvers. */
	"nscd", /* glibc asks it before it looks at nsswitch.conf */
	"nslcd", /* LDAP, hosts too */
	"sssd*", /* its own bus and pipes */
	"avahi-daemon", /* multicast names */
	"samba", /* winbindd: WINS names */
	"dbus", /* resolve1, NetworkManager, systemd1: starts programs outside */
	"resolvconf", /* the host's resolv.conf */
	"NetworkManager", /* the same, and its private bus */
	"connman", /* the same */
	"dnsmasq*", /* the same */
	"unbound*", /* control socket: looks names up */
	/* They carry traffic, or start programs that do, in the host's network namespace. */
	"docker*",
	"containerd*",
	"podman",
	"crio",
	"lxc",
	"lxd*",
	"incus*",
	"libvirt",
	"snapd*",
	"tor", /* SOCKS by a path */
	"tailscale", /* dials for whoever asks */
	"wireguard", /* the userspace WireGuard's keys and peers, this vault's too */
	"netns", /* of use only to who could enter them, and a mount each */
	"initctl", /* sysvinit */
	/* Made anew below. */
	"systemd",
	"user",
	"vault",
	NULL,
};

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

/* Folders beyond /run that the host's package manager alone makes and removes: a mount over them
 * holds. */
static const char *const covered[] = {
	"/var/lib/sss/pipes", /* sssd answers for hosts too */
	"/var/lib/lxd", "/var/lib/incus", "/var/snap/lxd/common/lxd", /* start containers */
};

static bool is_listed(const char *const *names, const char *name)
{
	for (; *names; names++) {
		size_t len = strlen(*names);

		if ((*names)[len - 1] == '*' ? !strncmp(*names, name, len - 1)
					     : !strcmp(*names, name))
			return true;
	}
	return false;
}

static int show_link(int from, int to, const char *name)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	target[n] = '\0';
	return symlinkat(target, to, name) ? -errno : 0;
}

/* Binds the entry NAME of FROM into TO. One that is gone by now is none. */
static int show_entry(int from, int to, const char *name, unsigned char type)
{
	int tree cleanup(close_fd) = -1;
	struct stat st;

	if (type == DT_UNKNOWN) {
		if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
			return errno == ENOENT ? 0 : -errno;
		type = (unsigned char)IFTODT(st.st_mode);
	}
	if (type == DT_LNK)
		return show_link(from, to, name);
	tree = tree_clone(from, name);
	if (tree < 0)
		return tree == -ENOENT ? 0 : tree;
	if (type == DT_DIR ? mkdirat(to, name, 0755) : mknodat(to, name, S_IFREG | 0444, 0))
		return -errno;
	return tree_attach(tree, to, name);
}

/* Fills the folder TO with what VIEW shows of the folder FROM. */
static int show_folder(const struct view *view, int from, int to)
{
	DIR *dir cleanup(close_dir) = NULL;
	const struct dirent *d;
	int err, fd;

	fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		err = -errno;
		close(fd);
		return err;
	}
	while ((errno = 0, d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (is_listed(view->names, d->d_name) == view->lists_hidden)
			continue;
		err = show_entry(from, to, d->d_name, d->d_type);
		if (err)
			return err;
	}
	return -errno;
}

/* Makes the folder NAME of FROM in TO, owner and mode too, and shows in it what VIEW says. None
 * there, none here. */
static int make_folder(const struct view *view, int from, int to, const char *name)
{
	int source cleanup(close_fd) = -1, made cleanup(close_fd) = -1;
	struct stat st;

	source = openat(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (source < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(source, &st) || mkdirat(to, name, st.st_mode & 07777))
		return -errno;
	made = openat(to, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (made < 0 || fchownat(made, "", st.st_uid, st.st_gid, AT_EMPTY_PATH))
		return -errno;
	return show_folder(view, source, made);
}

static int make_run(uid_t uid, const char **what)
{
	static const struct view run = { true, run_hidden };
	static const struct view systemd = { false, systemd_shown }, user = { false, user_shown };
	int from cleanup(close_fd) = -1, to cleanup(close_fd) = -1;
	char home[sizeof("user/4294967295")];
	int err;

	*what = "/run: a folder of its own";
	from = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=20%"))
		return -errno;
	to = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (to < 0 || mkdirat(to, "user", 0755) || mkdirat(to, "vault", 0755))
		return -errno;
	*what = "/run: the host's entries in it";
	err = show_folder(&run, from, to);
	if (err)
		return err;
	*what = "/run/systemd";
	err = make_folder(&systemd, from, to, "systemd");
	if (err)
		return err;
	*what = "/run/user";
	snprintf(home, sizeof(home), "user/%u", uid);
	return make_folder(&user, from, to, home);
}

/* A /var/run that is a folder and no link to /run would show all that is hidden there. */
static int cover_var_run(const char **what)
{
	struct stat run, var_run;

	*what = "/var/run: /run over it";
	if (stat("/var/run", &var_run))
		return errno == ENOENT ? 0 : -errno;
	if (stat("/run", &run))
		return -errno;
	if (run.st_dev == var_run.st_dev && run.st_ino == var_run.st_ino)
		return 0;
	return mount("/run", "/var/run", NULL, MS_BIND | MS_REC, NULL) ? -errno : 0;
}

static int cover_folders(const char **what)
{
	for (size_t i = 0; i < ARRAY_SIZE(covered); i++) {
		*what = covered[i];
		if (mount("tmpfs", covered[i], "tmpfs",
			  MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0555,size=4k") &&
		    errno != ENOENT)
			return -errno;
	}
	return 0;
}

int hide_helpers(uid_t uid, const char **what)
{
	int err = make_run(uid, what);

	if (!err)
		err = cover_var_run(what);
	return err ? err : cover_folders(what);
}
