/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ns.c: network namespaces: make one, name one as ip-netns(8) does, open one, run a function
 * inside one. */
/*
 * A network namespace belongs to a thread and decides, at the moment a socket is made or /proc/sys
 * is opened, whose network that is. So nothing here lets a caller stay in another one: ns_make and
 * ns_run leave, do one thing and come back. When the way back is barred (setns(2) fails, which a
 * seccomp filter or lost capabilities could cause), everything after would be done to the wrong
 * network: a rule of the vault on the host, or a host's socket made inside. There is no error to
 * return for that; the process ends.
 *
 * A namespace lives while a process, a descriptor or a mount holds it. ns_make gives it nothing but
 * a descriptor: until ns_bind_name, a crash at any point makes the kernel take it away with all
 * that is in it (L12 of LEAKS.md: nobody can find it by name before it is complete).
 */
#include "lib/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* SO_NETNS_COOKIE, of Linux 5.14; the headers may be older than the kernel. */
#define NETNS_COOKIE 71

#define NS_PATH_SIZE (sizeof(NS_DIR "/") + NAME_MAX)

bool ns_has_ipv6(void)
{
	return !access("/proc/sys/net/ipv6", F_OK);
}

int ns_open_self(void)
{
	/* Of the thread: /proc/self is that of the first one. */
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int make_path(const char *name, char path[static NS_PATH_SIZE])
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_MAX || strchr(name, '/') || !strcmp(name, ".") ||
	    !strcmp(name, ".."))
		return -EINVAL;
	snprintf(path, NS_PATH_SIZE, "%s/%s", NS_DIR, name);
	return 0;
}

int ns_open_name(const char *name)
{
	char path[NS_PATH_SIZE];
	int fd cleanup(close_fd) = -1;
	struct stat st;
	int err, type;

	err = make_path(name, path);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type == CLONE_NEWNET)
		return steal_fd(&fd);
	if (type < 0 && errno != ENOTTY) /* what it is cannot be told: not that it is no namespace */
		return -errno;
	if (fstat(fd, &st))
		return -errno;
	return S_ISREG(st.st_mode) && !st.st_size ? -EINVAL : -EMEDIUMTYPE;
}

static void return_to(int fd)
{
	if (setns(fd, CLONE_NEWNET))
		abort();
}

int ns_make(void)
{
	int home cleanup(close_fd) = ns_open_self();
	int fd;

	if (home < 0)
		return home;
	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = ns_open_self();
	return_to(home);
	return fd;
}

int ns_inode(int fd, uint64_t *inode)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	*inode = st.st_ino;
	return 0;
}

int ns_own_cookie(uint64_t *cookie)
{
	int fd cleanup(close_fd) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*cookie);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, NETNS_COOKIE, cookie, &len))
		return -errno;
	return len == sizeof(*cookie) ? 0 : -EBADMSG;
}

static int keep_cookie(void *cookie)
{
	return ns_own_cookie(cookie);
}

int ns_identify(int fd, struct ns_id *id)
{
	int r = ns_inode(fd, &id->inode);

	return r ? r : ns_run(fd, keep_cookie, &id->cookie);
}

int ns_run(int fd, int (*fn)(void *arg), void *arg)
{
	int home cleanup(close_fd) = ns_open_self();
	int result;

	if (home < 0)
		return home;
	if (setns(fd, CLONE_NEWNET))
		return -errno;
	result = fn(arg);
	return_to(home);
	return result;
}

static int mount_dir(unsigned long flags)
{
	const char *source = flags & MS_BIND ? NS_DIR : "";

	return mount(source, NS_DIR, "none", flags, NULL) ? -errno : 0;
}

/*
 * Makes the folder a shared mount, so that names come and go in all mount namespaces at once. When
 * it is no mount yet (EINVAL), it is bound onto itself; private first, to get a group of its own
 * rather than that of /run.
 */
static int share_dir(void)
{
	int err;

	err = mount_dir(MS_SHARED | MS_REC);
	if (err != -EINVAL)
		return err;
	err = mount_dir(MS_BIND | MS_REC);
	if (!err)
		err = mount_dir(MS_PRIVATE | MS_REC);
	if (!err)
		err = mount_dir(MS_SHARED | MS_REC);
	return err;
}

/* Under the lock that ip(8) takes: two at once would stack mount upon mount (Debian bug 949235). */
static int prepare_dir(void)
{
	bool is_new = mkdir(NS_DIR, 0755) == 0;
	int fd cleanup(close_fd) = -1;

	if (!is_new && errno != EEXIST)
		return -errno;
	fd = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (is_new && fchmod(fd, 0755)) /* whatever the umask */
		return -errno;
	while (flock(fd, LOCK_EX)) {
		if (errno != EINTR)
			return -errno;
	}
	return share_dir();
}

int ns_bind_name(int fd, const char *name)
{
	char path[NS_PATH_SIZE], source[sizeof("/proc/self/fd/") + 10];
	int file, err;

	err = make_path(name, path);
	if (!err)
		err = prepare_dir();
	if (err)
		return err;
	file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (file < 0)
		return -errno;
	close(file);
	snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	if (mount(source, path, "none", MS_BIND, NULL)) {
		err = -errno;
		unlink(path);
	}
	return err;
}

/* 0 when the namespace bound to NAME is that of FD, else why not: as ns_open_name, or -EEXIST. */
static int is_bound(int fd, const char *name)
{
	int bound cleanup(close_fd) = ns_open_name(name);
	uint64_t want = 0, have = 0;
	int err = bound < 0 ? bound : ns_inode(bound, &have);

	if (!err && fd >= 0)
		err = ns_inode(fd, &want);
	return err ? err : want == have ? 0 : -EEXIST;
}

int ns_unbind_name(int fd, const char *name)
{
	char path[NS_PATH_SIZE];
	int err;

	err = make_path(name, path);
	if (err)
		return err;
	/* More than one mount may lie upon the other. */
	while (!(err = is_bound(fd, name)))
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
			return -errno;
	if (err != -EINVAL)
		return err;
	return unlink(path) ? -errno : 0;
}
