/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/mnt.c: the mount namespace of `exec`: the vault's names and addresses in, the host's
 * helpers out of sight. */
#include "vault/mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "lib/file.h"
#include "lib/tree.h"

#include "vault/hide.h"
#include "vault/spec.h"
#include "vault/state.h"

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
 * Every step that fails ends it all; and what was built is read back through the finished tree.
 *Without CAP_SYS_ADMIN none of it can be taken off again, nor in a user namespace made inside:
 *mounts from outside are locked there.
 */

#define FILE_LIMIT (1U << 20)
#define MOUNTINFO_LIMIT (64U << 20)
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

/* Mounts below /etc, held while the overlay goes over them. */
struct carried {
	struct {
		char *path; /* borrowed from the text of mountinfo */
		int tree;
	} of[CARRY_MAX];
	size_t n;
	bool has_hosts; /* the segment's: the host's are in them */
};

static void drop_carried(struct carried *c)
{
	for (size_t i = 0; i < c->n; i++)
		close(c->of[i].tree);
}

/* Undoes the \OOO of proc_pid_mountinfo(5), in place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* True when PATH is a mount to keep: below /etc, not one of the two files, and not below one that
 * is kept whole. */
static bool is_to_carry(const struct carried *c, const char *path)
{
	if (strncmp(path, "/etc/", 5) || (c->has_hosts && !strcmp(path, "/etc/hosts")))
		return false;
	for (size_t i = 0; i < N_FILES; i++)
		if (!strcmp(path + 5, file_names[i]))
			return false;
	for (size_t i = 0; i < c->n; i++) {
		size_t len = strlen(c->of[i].path);

		if (!strncmp(path, c->of[i].path, len) && (path[len] == '/' || !path[len]))
			return false;
	}
	return true;
}

/* Takes copies of the mounts below /etc that TEXT, a mountinfo, tells of. */
static int carry_mounts(char *text, struct carried *c)
{
	char *lines = text, *line, *path;

	while ((line = strsep(&lines, "\n"))) {
		for (int i = 0; i < 4; i++)
			strsep(&line, " ");
		path = strsep(&line, " "); /* the fifth field; NULL where there are fewer */
		if (!path)
			continue;
		unescape(path);
		if (!is_to_carry(c, path))
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

static int make_etc(const char *layer, int hosts, char *why)
{
	struct carried carried cleanup(drop_carried) = { .n = 0, .has_hosts = hosts >= 0 };
	char *text cleanup(free_ptr) = NULL;
	char options[sizeof(STATE_DIR) + SPEC_NAME_MAX + sizeof("/lowerdir=:/etc")];
	size_t len;
	int err = file_read("/proc/self/mountinfo", MOUNTINFO_LIMIT, &text, &len);

	if (err)
		return fail(why, err, "/proc/self/mountinfo");
	err = carry_mounts(text, &carried);
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
	for (size_t i = 0; i < carried.n; i++) {
		err = tree_attach(carried.of[i].tree, AT_FDCWD, carried.of[i].path);
		if (err)
			return fail(why, err, "%s: the mount that was there", carried.of[i].path);
	}
	return hosts < 0 ? 0 : mount_hosts(hosts, why);
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
	const char *what;
	int err = hide_helpers(uid, &what);

	if (err)
		return fail(why, err, "%s", what);
	err = make_layer(layer, files, why);
	if (!err)
		err = make_etc(layer, files->hosts, why);
	return err ? err : make_sys(why);
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
