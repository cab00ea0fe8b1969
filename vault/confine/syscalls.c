/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/syscalls.c: the system calls by which a command in a vault would have the kernel
 * act outside. */
#include "vault/confine/syscalls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/*
 * Theory of operation
 *
 * A network namespace holds what goes by its own sockets. Some calls go round it (L31):
 *
 * add_key(2), request_key(2), keyctl(2): for a key that it does not have, the kernel starts
 * /sbin/request-key in the host's namespaces. One of type dns_resolver is a name, which the host's
 * resolver is then asked for, in clear. EPERM.
 *
 * socket(2) of a family that knows no network namespaces (AF_VSOCK: the hypervisor), or that goes
 * on by other means than its packets (AF_SMC, AF_RDS: remote memory). Those that are left are the
 * ones that the kill switch sees, and what stays on the machine. EAFNOSUPPORT, as of a kernel
 * without them. The multiplexer of some 32-bit machines, socketcall(2), takes the family from
 * memory, where a filter cannot look; so it opens no socket. But on s390 it has to, as the C
 * library knows no other way there.
 *
 * io_uring_setup(2): its rings open sockets past a filter of socket(2). EPERM, as where
 * kernel.io_uring_disabled says so: programs then do without.
 *
 * Numbers differ by the calling convention, of which a machine has several, and a program may
 * choose. One that is not in the table ends the process, by SIGSYS: nobody knows what its numbers
 * mean.
 */

/* x32: the numbers of x86-64 with a bit more, which the kernel takes off itself. */
#define X32_BIT 0x40000000U

#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 (258 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif
#ifndef AUDIT_ARCH_RISCV32
#define AUDIT_ARCH_RISCV32 (243 | __AUDIT_ARCH_LE)
#endif

#define IO_URING_SETUP 425 /* everywhere, above `base` */
#define SOCKETCALL_SOCKET 1U /* its first argument (linux/net.h) */
#define PROGRAM_MAX 512

/* Numbers above `base` (linux/arch/.../syscall.tbl); no socketcall: none, or one that is let by. */
struct convention {
	uint32_t arch, ignored; /* AUDIT_ARCH_...; bits of the number that mean nothing */
	uint32_t base, add_key, request_key, keyctl, socket, socketcall;
};

static const struct convention conventions[] = {
	{ AUDIT_ARCH_X86_64, X32_BIT, 0, 248, 249, 250, 41, 0 },
	{ AUDIT_ARCH_I386, 0, 0, 286, 287, 288, 359, 102 },
	{ AUDIT_ARCH_AARCH64, 0, 0, 217, 218, 219, 198, 0 },
	{ AUDIT_ARCH_ARM, 0, 0, 309, 310, 311, 281, 0 },
	{ AUDIT_ARCH_RISCV64, 0, 0, 217, 218, 219, 198, 0 },
	{ AUDIT_ARCH_RISCV32, 0, 0, 217, 218, 219, 198, 0 },
	{ AUDIT_ARCH_PPC64LE, 0, 0, 269, 270, 271, 326, 102 },
	{ AUDIT_ARCH_PPC64, 0, 0, 269, 270, 271, 326, 102 },
	{ AUDIT_ARCH_PPC, 0, 0, 269, 270, 271, 326, 102 },
	{ AUDIT_ARCH_S390X, 0, 0, 278, 279, 280, 359, 0 },
	{ AUDIT_ARCH_S390, 0, 0, 278, 279, 280, 359, 0 },
	{ AUDIT_ARCH_LOONGARCH64, 0, 0, 217, 218, 219, 198, 0 },
	{ AUDIT_ARCH_MIPSEL64, 0, 5000, 239, 240, 241, 40, 0 },
	{ AUDIT_ARCH_MIPSEL64N32, 0, 6000, 243, 244, 245, 40, 0 },
	{ AUDIT_ARCH_MIPSEL, 0, 4000, 280, 281, 282, 183, 102 },
};

/* What is left; of the kernel's own links, and of what the kill switch sees. */
static const struct {
	uint32_t family;
	const char *name;
} families[] = {
	{ AF_UNIX, "AF_UNIX" },
	{ AF_INET, "AF_INET" },
	{ AF_INET6, "AF_INET6" },
	{ AF_NETLINK, "AF_NETLINK" },
};

struct program {
	struct sock_filter code[PROGRAM_MAX];
	unsigned short n;
};

#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))

/* The half of the first argument, of 64 bits, that the kernel takes for an int. */
static const uint32_t first_argument =
	FIELD(args[0]) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? (uint32_t)sizeof(uint32_t) : 0);

static void add(struct program *p, uint16_t code, uint32_t k)
{
	p->code[p->n++] = (struct sock_filter)BPF_STMT(code, k);
}

static void load(struct program *p, uint32_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, offset);
}

/* Goes over the next SKIP instructions unless what was loaded is VALUE. */
static void unless(struct program *p, uint32_t value, uint8_t skip)
{
	p->code[p->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

static void end(struct program *p, uint32_t action)
{
	add(p, BPF_RET | BPF_K, action);
}

/* Refuses, with ERR, the value that was loaded. */
static void refuse(struct program *p, uint32_t value, int err)
{
	unless(p, value, 1);
	end(p, SECCOMP_RET_ERRNO | (uint32_t)err);
}

/* The number of the call is what was loaded; ends in every case. */
static void judge_call(struct program *p, const struct convention *c)
{
	refuse(p, c->base + c->add_key, EPERM);
	refuse(p, c->base + c->request_key, EPERM);
	refuse(p, c->base + c->keyctl, EPERM);
	refuse(p, c->base + IO_URING_SETUP, EPERM);
	if (c->socketcall) {
		unless(p, c->base + c->socketcall, 4);
		load(p, first_argument);
		refuse(p, SOCKETCALL_SOCKET, EAFNOSUPPORT);
		end(p, SECCOMP_RET_ALLOW);
	}
	unless(p, c->base + c->socket, 2 * ARRAY_SIZE(families) + 2);
	load(p, first_argument);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		unless(p, families[i].family, 1);
		end(p, SECCOMP_RET_ALLOW);
	}
	end(p, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
	end(p, SECCOMP_RET_ALLOW);
}

static void build(struct program *p)
{
	load(p, FIELD(arch));
	for (size_t i = 0; i < ARRAY_SIZE(conventions); i++) {
		unsigned short from = p->n;

		unless(p, conventions[i].arch, 0);
		load(p, FIELD(nr));
		if (conventions[i].ignored)
			add(p, BPF_ALU | BPF_AND | BPF_K, ~conventions[i].ignored);
		judge_call(p, &conventions[i]);
		p->code[from].jf = (uint8_t)(p->n - from - 1);
	}
	end(p, SECCOMP_RET_KILL_PROCESS);
}

int syscalls_refuse(void)
{
	struct program p = { .n = 0 };
	struct sock_fprog whole = { .filter = p.code };

	build(&p);
	whole.len = p.n;
	/* What is refused here is no matter of side channels: no slower code for it (before 5.16). */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &whole)
		       ? -errno
		       : 0;
}

void syscalls_add_families(struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		str_addf(out, " %s", families[i].name);
}
