/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/ns.c: namespaces made, named, opened, entered and left, with a /run of the test's own. */
#include "lib/ns.c"

#include <sys/socket.h>
#include <sys/wait.h>

#include "test/unit/sandbox.h"
#include "test/unit/tap.h"

static uint64_t inode_of(int fd)
{
	uint64_t inode = 0;

	return ns_inode(fd, &inode) ? 0 : inode;
}

static uint64_t own_inode(void)
{
	int fd cleanup(close_fd) = ns_open_self();

	return inode_of(fd);
}

static int keep_inode(void *arg)
{
	*(uint64_t *)arg = own_inode();
	return -ECANCELED;
}

static void test_make(int ns)
{
	uint64_t home = own_inode(), inside = 0;

	ok(ns >= 0 && inode_of(ns) && inode_of(ns) != home,
	   "a new namespace, and we are not in it");
	ok(fcntl(ns, F_GETFD) & FD_CLOEXEC, "its descriptor is not inherited");
	ok(ns_run(ns, keep_inode, &inside) == -ECANCELED && inside == inode_of(ns),
	   "a function runs inside; its result is handed out");
	ok(own_inode() == home, "and we are back");
	inside = 0;
	ok(ns_run(0, keep_inode, &inside) == -EINVAL && !inside && own_inode() == home,
	   "a descriptor of something else: not run");
	ok(ns_run(-1, keep_inode, &inside) == -EBADF && !inside, "no descriptor: not run");
}

static void test_name(int ns)
{
	struct stat st;
	int fd cleanup(close_fd) = -1;

	ok(ns_open_name("vt") == -ENOENT, "no such name");
	umask(077);
	ok(ns_bind_name(ns, "vt") == 0 && stat(NS_DIR, &st) == 0 && (st.st_mode & 07777) == 0755,
	   "named; the folder has mode 0755");
	fd = ns_open_name("vt");
	ok(fd >= 0 && inode_of(fd) == inode_of(ns) && fcntl(fd, F_GETFD) & FD_CLOEXEC,
	   "opened by its name: the same");
	ok(ns_bind_name(ns, "vt") == -EEXIST && inode_of(ns) == inode_of(fd), "the name is taken");
	ok(ns_bind_name(ns, "vt2") == 0 && ns_unbind_name(ns, "vt2") == 0,
	   "a second name, taken away");
	ok(ns_unbind_name(ns, "vt") == 0 && ns_open_name("vt") == -ENOENT, "the first one too");
	ok(ns_unbind_name(ns, "vt") == -ENOENT, "and again: there is none");
	ok(ns_bind_name(0, "vt") < 0 && access(NS_DIR "/vt", F_OK) < 0,
	   "what cannot be bound leaves no file");
}

static void test_stale(int ns)
{
	int fd = open(NS_DIR "/stale", O_CREAT | O_CLOEXEC, 0);

	close(fd);
	ok(ns_open_name("stale") == -EINVAL, "a file that is no namespace");
	ok(ns_bind_name(ns, "stale") == -EEXIST, "is in the way");
	ok(ns_unbind_name(ns, "stale") == 0 && ns_open_name("stale") == -ENOENT,
	   "until it is taken away");
	ok(ns_bind_name(ns, "twice") == 0 &&
		   mount(NS_DIR "/twice", NS_DIR "/twice", "none", MS_BIND, NULL) == 0 &&
		   ns_unbind_name(ns, "twice") == 0,
	   "a name mounted over twice");
	ok(ns_bind_name(ns, "other") == 0 &&
		   mount("/proc/self/ns/net", NS_DIR "/other", "none", MS_BIND, NULL) == 0 &&
		   ns_unbind_name(ns, "other") == -EEXIST && ns_unbind_name(-1, "other") == -EEXIST,
	   "another namespace's name stays");
	ok(umount2(NS_DIR "/other", MNT_DETACH) == 0 && ns_unbind_name(ns, "other") == 0, "(away)");
	ok(symlink("/proc/self/ns/net", NS_DIR "/link") == 0 && ns_open_name("link") == -ELOOP,
	   "a symbolic link is not followed");
	ok(ns_unbind_name(ns, "link") == -ELOOP && unlink(NS_DIR "/link") == 0, "nor removed");
	ok(mkdir(NS_DIR "/folder", 0755) == 0 && ns_open_name("folder") == -EMEDIUMTYPE &&
		   ns_unbind_name(ns, "folder") == -EMEDIUMTYPE && rmdir(NS_DIR "/folder") == 0,
	   "nor a folder");
}

static void test_bad_names(int ns)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "../x" };
	char too_long[NAME_MAX + 2];
	bool is_refused = true;

	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		is_refused &= ns_open_name(bad[i]) == -EINVAL &&
			      ns_bind_name(ns, bad[i]) == -EINVAL &&
			      ns_unbind_name(ns, bad[i]) == -EINVAL;
	ok(is_refused && ns_bind_name(ns, too_long) == -EINVAL, "names that would be other paths");
}

/* The mount of a name must come and go in mount namespaces split off before: else it would be held
 * there for ever. */
static void test_shared(int ns)
{
	int ready[2], go[2], status = -1;
	char c = 0;
	pid_t pid;

	if (!ok(pipe2(ready, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0, "(pipes)"))
		return;
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) || write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(2);
		_exit(ns_open_name("shared") >= 0 ? 0 : 1);
	}
	ok(read(ready[0], &c, 1) == 1 && ns_bind_name(ns, "shared") == 0 &&
		   write(go[1], &c, 1) == 1,
	   "(named)");
	waitpid(pid, &status, 0);
	ok(status == 0, "a name is seen in a mount namespace that was split off before");
	ok(ns_unbind_name(ns, "shared") == 0, "(taken away)");
}

static void test_many(int ns)
{
	int failed = 0, status;
	char name[16];

	for (int i = 0; i < 8; i++) {
		if (fork() == 0) {
			snprintf(name, sizeof(name), "many%d", i);
			_exit(ns_bind_name(ns, name) || ns_unbind_name(ns, name) ? 1 : 0);
		}
	}
	for (int i = 0; i < 8; i++)
		failed += wait(&status) < 0 || status != 0;
	ok(failed == 0, "eight at once");
}

int main(void)
{
	int ns;

	if (!sandbox_enter()) {
		skip("all that takes a namespace", "needs root (of a user namespace at least)");
		return tap_done();
	}
	ns = ns_make();
	test_make(ns);
	test_name(ns);
	test_stale(ns);
	test_bad_names(ns);
	test_shared(ns);
	test_many(ns);
	close(ns);
	return tap_done();
}
