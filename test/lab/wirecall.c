/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/lab/wirecall.c: system calls by which the kernel acts outside, in each way that this machine
 * can be called. */
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers: this machine's own, i386's. */
static const struct {
	const char *name;
	long own, i386;
} calls[] = {
	{ "add_key", SYS_add_key, 286 },    { "request_key", SYS_request_key, 287 },
	{ "upcall", SYS_request_key, 287 }, /* the same, and the kernel is to have it made */
	{ "keyctl", SYS_keyctl, 288 },      { "io_uring_setup", SYS_io_uring_setup, 425 },
	{ "socket", SYS_socket, 359 },      { "socketcall", -1, 102 },
	{ "getpid", SYS_getpid, 20 },
};

/* With the arguments A, B and C. A result, or -errno. */
static long call(const char *how, size_t i, long a, long b, long c)
{
	long r = -1;

	if (!strcmp(how, "own")) {
		r = syscall(calls[i].own, a, b, c, 0, 0);
		return r < 0 ? -errno : r;
	}
#ifdef __x86_64__
	if (!strcmp(how, "x32")) {
		r = syscall(0x40000000 | calls[i].own, a, b, c, 0, 0);
		return r < 0 ? -errno : r;
	}
	if (!strcmp(how, "i386")) {
		/* Addresses of 64 bits are none there. */
		__asm__ volatile("int $0x80"
				 : "=a"(r)
				 : "a"(calls[i].i386), "b"(a), "c"(b), "d"(c), "S"(0), "D"(0)
				 : "memory", "r8", "r9", "r10", "r11");
		return (int)r;
	}
#endif
	errno = EINVAL;
	die(how);
}

/* ARG: a family, or a name to look up. */
int ask_kernel(const char *how, const char *name, const char *arg)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		bool number = arg[0] >= '0' && arg[0] <= '9';
		long a = number ? atol(arg) : (long)"dns_resolver", r;

		if (strcmp(calls[i].name, name))
			continue;
		r = call(how, i, a, number ? SOCK_DGRAM : (long)arg,
			 strcmp(name, "upcall") ? 0 : (long)"");
		puts(r < 0 ? strerror((int)-r) : "taken");
		return 0;
	}
	errno = ENOENT;
	die(name);
}
