/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/mnt.c: the mount namespace of `exec`: the vault's names and addresses in, the
 * host's helpers out of sight. */
#include "vault/confine/mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "lib/file.h"
#include "lib/mountinfo.h"
#include "lib/tree.h"

#include "vault/confine/hide.h"
#include "vault/spec/spec.h"
#include "vault/spec/state.h"

/*
 * Theory of operation
 *
 * A network namespace does not confine what goes by a path: a socket in the file system connects
 *from any of them (L3), and /etc/resolv.conf is the host's (L4). So the command gets a mount
 *namespace, everything in it a slave of the host's (a disk mounted later is seen inside, nothing
 *mounted inside is seen on the host), with:
 *
 * /etc: a read-only overlay of the whole folder, its top layer the vault's resolv.conf and
 *nsswitch.conf. A file bound over /etc/resolv.conf would be lost when the host renames a new file
 *there (L5: the kernel takes mounts off what is renamed over or deleted, in every mount namespace),
 *and a link would lead the bind elsewhere (L4). The overlay has directory entries of its own, so
 *both are settled (a segment's hosts, which change while it runs, are bound on one of these); what
 *the host mounts over /etc or below it later goes beneath. An overlay takes no mounts along: those
 *below /etc (a container's hosts and hostname) are put on it again, but for one over those files.
 *An /etc that is an overlay itself is one more layer; the kernel allows two, so overlay on overlay
 *on overlay is refused: an error, as is a kernel without overlayfs. A bind of each entry instead
 *would lose passwd and the rest to renames.
 *
 * /run, and a few folders more: without the sockets of those who resolve names or carry packets
 *outside (hide.c).
 *
 * /sys: of the vault's network namespace, with the host's cgroups.
 *
 * /proc: one that shows no process which the command could not trace (L32: /proc/1/net is the
 *host's addresses, routes and connections), with what was mounted below the host's (a container's
 *masks, lxcfs). Wherever else the host's is mounted, as in a chroot, it is this one. It is of the
 *PID namespace of who mounts it.
 *
 * autofs: what is looked up there the host looks for, by its own network (L31). Each gets an empty
 *folder over it; or, where something is mounted on it now, that once more, which then stays when
 *the host takes it off.
 *
 * Every step that fails ends it all; and what was built is read back through the finished tree.
 *Without CAP_SYS_ADMIN none of it can be taken off again, nor in a user namespace made inside:
 *mounts from outside are locked there.
 */

#define FILE_LIMIT (1U << 20)
#define CARRY_MAX 64
#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* The two files, as read on the host: what must be seen inside. */
enum { RESOLV_CONF, NSSWITCH_CONF, N_FILES };

static const char *const file_names[N_FILES] = { "resolv.conf", "nsswitch.conf" };

struct files {
	struct {
		char *data; /* owned */
		size_t len;
	} of[N_FILES];
	int hosts; /* the segment's hosts, a tree to be mounted; -1: it has none */
};

static int printf_like(3, 4) fail(char *why, int err, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(why, MNT_WHY_LEN, format, args);
	va_end(args);
	if (n >= 0 && n < MNT_WHY_LEN)
		snprintf(why + n, (size_t)(MNT_WHY_LEN - n), ": %s", strerror(-err));
	return err;
}

static void free_files(struct files *files)
{
	for (size_t i = 0; i < N_FILES; i++)
		free(files->of[i].data);
	close_fd(&files->hosts);
}

/* Mounts a tmpfs that holds the two files, and can't be written any more, over LAYER, which is
 * made. */
static int make_layer(const char *layer, const struct files *files, char *why)
{
	int dir cleanup(close_fd) = -1;

	if (mkdir(layer, 0755) || mount("tmpfs", layer, "tmpfs", SAFE, "mode=0755,size=4m"))
		return fail(why, -errno, "%s", layer);
	dir = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(why, -errno, "%s", layer);
	for (size_t i = 0; i < N_FILES; i++) {
		int fd cleanup(close_fd) =
			openat(dir, file_names[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
		ssize_t n = fd < 0 ? -1 : write(fd, files->of[i].data, files->of[i].len);

		if (n < 0 || (size_t)n != files->of[i].len)
			return fail(why, n < 0 ? -errno : -EIO, "%s/%s", layer, file_names[i]);
	}
	if (files->hosts >= 0 && mknodat(dir, "hosts", S_IFREG | 0444, 0))
		return fail(why, -errno, "%s/hosts", layer);
	if (mount(NULL, layer, NULL, MS_REMOUNT | MS_RDONLY | SAFE, NULL))
		return fail(why, -errno, "%s: read-only", layer);
	return 0;
}

/* Mounts below a folder, held while something goes over that. */
struct carried {
	struct {
		const char *path; /* borrowed */
		int tree;
	} of[CARRY_MAX];
	size_t n;
};

static void drop_carried(struct carried *c)
{
	for (size_t i = 0; i < c->n; i++)
		close(c->of[i].tree);
}

/* True when PATH is FOLDER, or below it. */
static bool is_within(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return !strncmp(path, folder, len) && (path[len] == '/' || !path[len]);
}

/* The mounts below /etc that are not kept: on the two files, and on the host's hosts where the
 * segment's have them. */
static bool is_of_ours(const char *path, bool has_hosts)
{
	if (has_hosts && !strcmp(path, "/etc/hosts"))
		return true;
	for (size_t i = 0; i < N_FILES; i++)
		if (!strncmp(path, "/etc/", 5) && !strcmp(path + 5, file_names[i]))
			return true;
	return false;
}

/* True when the mount M is to keep: below FOLDER, and not below one that is kept whole. */
static bool is_to_carry(const struct carried *c, const struct mounted *m, const char *folder)
{
	if (!is_within(m->path, folder) || !strcmp(m->path, folder) || !strcmp(m->type, "autofs"))
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (is_within(m->path, c->of[i].path))
			return false;
	return true;
}

/* Takes copies of the mounts below FOLDER. */
static int carry_mounts(const struct mountinfo *info, const char *folder, bool has_hosts,
			struct carried *c)
{
	for (size_t i = 0; i < info->n; i++) {
		const char *path = info->list[i].path;

		if (!is_to_carry(c, &info->list[i], folder) || is_of_ours(path, has_hosts))
			continue;
		if (c->n == CARRY_MAX)
			return -E2BIG;
		c->of[c->n].path = path;
		c->of[c->n].tree = tree_clone(AT_FDCWD, path);
		if (c->of[c->n].tree >= 0)
			c->n++;
		else if (c->of[c->n].tree !=
			 -ENOENT) /* ENOENT: below another mount, nobody sees it */
			return c->of[c->n].tree;
	}
	return 0;
}

static int put_carried(const struct carried *c, char *why)
{
	for (size_t i = 0; i < c->n; i++) {
		int err = tree_attach(c->of[i].tree, AT_FDCWD, c->of[i].path);

		if (err)
			return fail(why, err, "%s: the mount that was there", c->of[i].path);
	}
	return 0;
}

/*
 * The segment's hosts, the file itself: who comes and goes is written there in place. Not by who is
 * inside. What the host renames cannot take it away: it is mounted on a name of the overlay.
 */
static int mount_hosts(int tree, char *why)
{
	int err = tree_attach(tree, AT_FDCWD, "/etc/hosts");

	if (!err && mount(NULL, "/etc/hosts", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | SAFE, NULL))
		err = -errno;
	return err ? fail(why, err, "/etc/hosts: the segment's") : 0;
}

static int make_etc(const char *layer, int hosts, const struct mountinfo *info, char *why)
{
	struct carried carried cleanup(drop_carried) = { .n = 0 };
	char options[sizeof(STATE_DIR) + SPEC_NAME_MAX + sizeof("/lowerdir=:/etc")];
	int err = carry_mounts(info, "/etc", hosts >= 0, &carried);

	if (err)
		return fail(why, err, "mounts below /etc");
	snprintf(options, sizeof(options), "lowerdir=%s:/etc", layer);
	if (mount("overlay", "/etc", "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, options)) {
		err = -errno;
		return fail(
			why, err, "/etc: overlayfs%s",
			err == -EINVAL
				? " (it may already be an overlay upon an overlay; two are the limit)"
				: "");
	}
	err = put_carried(&carried, why);
	if (err)
		return err;
	return hosts < 0 ? 0 : mount_hosts(hosts, why);
}

/* Puts the new /proc, a tree, over each other one of the host's that INFO tells of. */
static int cover_procs(const struct mountinfo *info, char *why)
{
	for (size_t i = 0; i < info->n; i++) {
		const struct mounted *m = &info->list[i];

		if (strcmp(m->type, "proc") || strcmp(m->root, "/") || is_within(m->path, "/proc"))
			continue;
		if (mount("/proc", m->path, NULL, MS_BIND | MS_REC, NULL) && errno != ENOENT)
			return fail(why, -errno, "%s: /proc over it", m->path);
	}
	return 0;
}

static int make_proc(const struct mountinfo *info, char *why)
{
	struct carried carried cleanup(drop_carried) = { .n = 0 };
	int err = carry_mounts(info, "/proc", false, &carried);

	if (err)
		return fail(why, err, "mounts below /proc");
	if (mount("proc", "/proc", "proc", SAFE, "hidepid=ptraceable")) {
		err = -errno;
		return fail(why, err, "/proc: of its own%s",
			    err == -EPERM
				    ? " (in a container: let it have a /proc that nothing covers)"
				    : "");
	}
	err = put_carried(&carried, why);
	return err ? err : cover_procs(info, why);
}

/* Covers the autofs at PATH. What is looked at last is not looked up in it. */
static int cover_autofs(const char *path)
{
	int fd cleanup(close_fd) = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC),
	       tree cleanup(close_fd) = -1;
	struct statfs st;

	if (fd < 0 || fstatfs(fd, &st))
		return errno == ENOENT ? 0 : -errno;
	if (st.f_type == AUTOFS_SUPER_MAGIC)
		return mount("tmpfs", path, "tmpfs", MS_RDONLY | SAFE, "mode=0555,size=4k") ? -errno
											    : 0;
	tree = tree_clone(AT_FDCWD, path);
	return tree < 0 ? tree : tree_attach(tree, AT_FDCWD, path);
}

static int cover_all_autofs(const struct mountinfo *info, char *why)
{
	for (size_t i = 0; i < info->n; i++) {
		const struct mounted *m = &info->list[i];
		int err;

		if (strcmp(m->type, "autofs") || is_within(m->path, "/proc"))
			continue;
		err = cover_autofs(m->path);
		if (err)
			return fail(why, err, "%s: an empty folder over autofs", m->path);
	}
	return 0;
}

/* Read-only where the host's is (containers). */
static int make_sys(char *why)
{
	int cgroup cleanup(close_fd) = tree_clone(AT_FDCWD, "/sys/fs/cgroup");
	unsigned long flags = SAFE;
	struct statvfs st;
	int err;

	if (cgroup < 0 && cgroup != -ENOENT)
		return fail(why, cgroup, "/sys/fs/cgroup");
	if (statvfs("/sys", &st))
		return fail(why, -errno, "/sys");
	if (st.f_flag & ST_RDONLY)
		flags |= MS_RDONLY;
	if (mount("sysfs", "/sys", "sysfs", flags, NULL))
		return fail(why, -errno, "/sys: of the vault's network namespace");
	err = cgroup < 0 ? 0 : tree_attach(cgroup, AT_FDCWD, "/sys/fs/cgroup");
	return err ? fail(why, err, "/sys/fs/cgroup") : 0;
}

static int read_files(const char *folder, struct files *files, char *why)
{
	char path[sizeof(STATE_DIR) + SPEC_NAME_MAX + sizeof("/nsswitch.conf")];

	for (size_t i = 0; i < N_FILES; i++) {
		int err;

		snprintf(path, sizeof(path), "%s/%s", folder, file_names[i]);
		err = file_read(path, FILE_LIMIT, &files->of[i].data, &files->of[i].len);
		if (err)
			return fail(why, err, "%s", path);
	}
	return 0;
}

/* The finished tree, asked as the command will: an answer that differs by a byte is a leak of
 * names. */
static int verify_files(const struct files *files, char *why)
{
	struct files seen cleanup(free_files) = { .hosts = -1 };
	int err = read_files("/etc", &seen, why);

	for (size_t i = 0; !err && i < N_FILES; i++)
		if (seen.of[i].len != files->of[i].len ||
		    memcmp(seen.of[i].data, files->of[i].data, seen.of[i].len))
			err = fail(why, -ESTALE, "/etc/%s does not read as the vault's",
				   file_names[i]);
	return err;
}

static int build_tree(const char *layer, uid_t uid, const struct files *files, char *why)
{
	struct mountinfo info cleanup(mountinfo_free) = { 0 };
	const char *what;
	int err = mountinfo_read(&info);

	if (err)
		return fail(why, err, "/proc/self/mountinfo");
	err = cover_all_autofs(&info, why);
	if (err)
		return err;
	err = hide_helpers(uid, &what);
	if (err)
		return fail(why, err, "%s", what);
	err = make_layer(layer, files, why);
	if (!err)
		err = make_etc(layer, files->hosts, &info, why);
	if (!err)
		err = make_sys(why);
	return err ? err : make_proc(&info, why);
}

int mnt_enter(const char *name, uid_t uid, char why[static MNT_WHY_LEN])
{
	struct files files cleanup(free_files) = { .hosts = -1 };
	char layer[sizeof(STATE_DIR) + 1 + SPEC_NAME_MAX], hosts[sizeof(layer) + sizeof("/hosts")];
	mode_t mask;
	int err;

	snprintf(layer, sizeof(layer), "%s/%s", STATE_DIR, name);
	err = read_files(layer, &files, why);
	if (err)
		return err;
	if (unshare(CLONE_NEWNS))
		return fail(why, -errno, "no mount namespace of its own");
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return fail(why, -errno, "/: mounts inside would be seen on the host");
	snprintf(hosts, sizeof(hosts), "%s/hosts", layer);
	files.hosts = tree_clone(AT_FDCWD, hosts);
	if (files.hosts < 0 && files.hosts != -ENOENT)
		return fail(why, files.hosts, "%s", hosts);
	mask = umask(0);
	err = build_tree(layer, uid, &files, why);
	umask(mask);
	return err ? err : verify_files(&files, why);
}
