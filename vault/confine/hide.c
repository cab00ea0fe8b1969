/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/hide.c: takes the host's helpers out of sight: sockets by which a confined program
 * has things done outside. */
#include "vault/confine/hide.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/tree.h"

#include "vault/confine/helpers.h"
#include "vault/spec/state.h"

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
 *	Of /run/systemd and /run/user/UID the table (helpers.c) lists what is shown instead: new
 *ways to have something done outside come up there with each release. /run/vault shows this vault's
 *two files, of the same tmpfs that the overlay reads.
 */

/* What is seen of /run, and what of the folder of a helper. */
struct view {
	bool is_run;
	const char *const *shown;
};

/* True when a helper's row is about the entry NAME of /run. */
static bool is_helpers(const char *name)
{
	char path[sizeof("run/") + NAME_MAX];

	snprintf(path, sizeof(path), "run/%s", name);
	for (size_t i = 0; i < n_helpers; i++) {
		size_t len = strlen(path);

		if (helper_is_named(helpers[i].path, path) ||
		    (!strncmp(helpers[i].path, path, len) && helpers[i].path[len] == '/'))
			return true;
	}
	return false;
}

static bool is_seen(const struct view *view, const char *name)
{
	if (!view->is_run)
		return helper_is_shown(view->shown, name);
	/* The first of use only to who could enter them, and a mount each; the second made anew. */
	return strcmp(name, "netns") && strcmp(name, "vault") && !is_helpers(name);
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
		if (!is_seen(view, d->d_name))
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

/* Of helpers' folders below /run: what they show. /run/user has UID's alone. */
static int make_helpers(int from, int to, uid_t uid, const char **what)
{
	char path[sizeof("run/user/4294967295")];
	int err = 0;

	for (size_t i = 0; !err && i < n_helpers; i++) {
		const struct view view = { .shown = helpers[i].shown };
		const char *star = strchr(helpers[i].path, '*');

		if (!view.shown)
			continue;
		*what = helpers[i].path;
		if (star)
			snprintf(path, sizeof(path), "%.*s%u", (int)(star - helpers[i].path),
				 helpers[i].path, uid);
		else
			snprintf(path, sizeof(path), "%s", helpers[i].path);
		err = make_folder(&view, from, to, path + strlen("run/"));
	}
	return err;
}

static int make_run(uid_t uid, const char **what)
{
	static const struct view run = { .is_run = true };
	int from cleanup(close_fd) = -1, to cleanup(close_fd) = -1;
	int err;

	*what = "/run: a folder of its own";
	from = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=20%"))
		return -errno;
	to = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (to < 0 || mkdirat(to, "user", 0755) || mkdirat(to, "vault", 0755) ||
	    mknodat(to, "vault/" STATE_INSIDE, S_IFREG | 0444, 0))
		return -errno;
	*what = "/run: the host's entries in it";
	err = show_folder(&run, from, to);
	return err ? err : make_helpers(from, to, uid, what);
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

/* Those of helpers that are not in /run. */
static int cover_folders(const char **what)
{
	char path[64];

	for (size_t i = 0; i < n_helpers; i++) {
		if (!strncmp(helpers[i].path, "run/", strlen("run/")))
			continue;
		*what = helpers[i].path;
		snprintf(path, sizeof(path), "/%s", helpers[i].path);
		if (mount("tmpfs", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
			  "mode=0555,size=4k") &&
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
