/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ns.h: network namespaces: make one, name one as ip-netns(8) does, open one, run a function
 * inside one. */
#ifndef LIB_NS_H
#define LIB_NS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base.h"

#define NS_DIR "/run/netns"

/* False on a kernel without IPv6, or with ipv6.disable=1 on its command line: it has no settings of
 * that family, and no sockets. */
bool ns_has_ipv6(void);

/* The caller's own network namespace. Returns a close-on-exec descriptor or -errno. */
int must_check ns_open_self(void);

/* The namespace bound at NS_DIR/NAME. A descriptor or -errno: -ENOENT no such file; -EINVAL an
 * empty file (left by a crash between making the file and binding it); -ELOOP a symbolic link,
 * -EMEDIUMTYPE anything else that is no network namespace: nobody's but who made it. */
int must_check ns_open_name(const char *name);

/* A new network namespace that only the returned descriptor holds; the caller stays where it was.
 * Or -errno. */
int must_check ns_make(void);

/* The inode number that identifies the namespace of FD (ioctl_ns(2), namespaces(7)). 0 or -errno. */
int must_check ns_inode(int fd, uint64_t *inode);

/*
 * What identifies a namespace: its inode number, which another gets when it is gone, and its cookie
 * (SO_NETNS_COOKIE of socket(7), Linux 5.14), which no other ever has until the next boot.
 */
struct ns_id {
	uint64_t inode, cookie;
};

/* Those of the namespace of FD. 0 or -errno: -ENOPROTOOPT before Linux 5.14. */
int must_check ns_identify(int fd, struct ns_id *id);
/* The cookie of the caller's own. 0 or -errno, as above; needs no privilege. */
int must_check ns_own_cookie(uint64_t *cookie);

/* Runs FN(ARG) with the calling thread in the namespace of FD, then returns to the one it was in.
 * What FN returned, or -errno when it could not be run; ends the process (abort) when there is no
 * way back: never goes on in the wrong place. */
int must_check ns_run(int fd, int (*fn)(void *arg), void *arg);

/* Binds the namespace of FD to NS_DIR/NAME, NS_DIR made a shared mount as ip-netns(8) does. -EEXIST
 * when it is bound. */
int must_check ns_bind_name(int fd, const char *name);

/* Takes the name away (lazy unmount, unlink) of the namespace of FD (-1: of none), also a stale
 * file. 0 or -errno: -ENOENT when there is none; as ns_open_name, or -EEXIST for another namespace,
 * when it is somebody else's: it stays. */
int must_check ns_unbind_name(int fd, const char *name);

#endif
