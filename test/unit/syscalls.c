/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/syscalls.c: the filter as the kernel would run it, for every calling convention. */
#include "vault/confine/syscalls.c"

#include "test/unit/tap.h"

#include <string.h>

/* Runs P, of the few instructions that there are. */
static uint32_t run(const struct program *p, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct sock_filter *f = &p->code[i];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + f->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += a == f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			return ~0U;
		}
	}
	return ~0U;
}

static uint32_t ask(uint32_t arch, uint32_t nr, uint64_t argument)
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch, .args = { argument } };
	struct program p = { .n = 0 };

	build(&p);
	return run(&p, &data);
}

static const uint32_t refused = SECCOMP_RET_ERRNO | EPERM;
static const uint32_t no_family = SECCOMP_RET_ERRNO | EAFNOSUPPORT;

/* Linux 7.1's, by libseccomp's list of them; independent of the table. */
static const struct {
	const char *name;
	uint32_t arch, add_key, request_key, keyctl, io_uring_setup, socket, socketcall, getpid;
} known[] = {
	{ "x86-64", AUDIT_ARCH_X86_64, 248, 249, 250, 425, 41, 0, 39 },
	{ "x32", AUDIT_ARCH_X86_64, 0x400000f8, 0x400000f9, 0x400000fa, 0x400001a9, 0x40000029, 0,
	  0x40000027 },
	{ "i386", AUDIT_ARCH_I386, 286, 287, 288, 425, 359, 102, 20 },
	{ "aarch64", AUDIT_ARCH_AARCH64, 217, 218, 219, 425, 198, 0, 172 },
	{ "arm", AUDIT_ARCH_ARM, 309, 310, 311, 425, 281, 0, 20 },
	{ "riscv64", AUDIT_ARCH_RISCV64, 217, 218, 219, 425, 198, 0, 172 },
	{ "riscv32", AUDIT_ARCH_RISCV32, 217, 218, 219, 425, 198, 0, 172 },
	{ "ppc64le", AUDIT_ARCH_PPC64LE, 269, 270, 271, 425, 326, 102, 20 },
	{ "ppc64", AUDIT_ARCH_PPC64, 269, 270, 271, 425, 326, 102, 20 },
	{ "ppc", AUDIT_ARCH_PPC, 269, 270, 271, 425, 326, 102, 20 },
	{ "s390x", AUDIT_ARCH_S390X, 278, 279, 280, 425, 359, 0, 20 },
	{ "s390", AUDIT_ARCH_S390, 278, 279, 280, 425, 359, 0, 20 },
	{ "loongarch64", AUDIT_ARCH_LOONGARCH64, 217, 218, 219, 425, 198, 0, 172 },
	{ "mips64", AUDIT_ARCH_MIPSEL64, 5239, 5240, 5241, 5425, 5040, 0, 5038 },
	{ "mips n32", AUDIT_ARCH_MIPSEL64N32, 6243, 6244, 6245, 6425, 6040, 0, 6038 },
	{ "mips o32", AUDIT_ARCH_MIPSEL, 4280, 4281, 4282, 4425, 4183, 4102, 4020 },
};

static void test_conventions(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		uint32_t arch = known[i].arch;

		ok(ask(arch, known[i].add_key, 0) == refused &&
			   ask(arch, known[i].request_key, 0) == refused &&
			   ask(arch, known[i].keyctl, 0) == refused &&
			   ask(arch, known[i].io_uring_setup, 0) == refused &&
			   ask(arch, known[i].socket, 40) == no_family && /* AF_VSOCK */
			   ask(arch, known[i].socket, 43) == no_family && /* AF_SMC */
			   ask(arch, known[i].socket, 0) == no_family,
		   known[i].name);
		ok(ask(arch, known[i].getpid, 40) == SECCOMP_RET_ALLOW &&
			   ask(arch, known[i].socket, AF_UNIX) == SECCOMP_RET_ALLOW &&
			   ask(arch, known[i].socket, AF_INET) == SECCOMP_RET_ALLOW &&
			   ask(arch, known[i].socket, AF_INET6) == SECCOMP_RET_ALLOW &&
			   ask(arch, known[i].socket, AF_NETLINK) == SECCOMP_RET_ALLOW,
		   known[i].name);
		if (known[i].socketcall)
			ok(ask(arch, known[i].socketcall, 1) == no_family &&
				   ask(arch, known[i].socketcall, 3) == SECCOMP_RET_ALLOW &&
				   ask(arch, known[i].socketcall, 8) == SECCOMP_RET_ALLOW,
			   known[i].name);
	}
	ok(ask(AUDIT_ARCH_X86_64, 41, 0xffffffff00000028) == no_family,
	   "an argument's upper half, which the kernel does not look at");
}

static void test_unknown(void)
{
	ok(ask(AUDIT_ARCH_SPARC64, 1, 0) == SECCOMP_RET_KILL_PROCESS, "a machine not in the table");
	ok(ask(0, 1, 0) == SECCOMP_RET_KILL_PROCESS, "no machine");
}

/* This machine's numbers, by the C library's headers. */
static void test_own(void)
{
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(conventions); i++)
		found = found ||
			(conventions[i].base + conventions[i].add_key == SYS_add_key &&
			 conventions[i].base + conventions[i].request_key == SYS_request_key &&
			 conventions[i].base + conventions[i].keyctl == SYS_keyctl &&
			 conventions[i].base + IO_URING_SETUP == SYS_io_uring_setup &&
			 conventions[i].base + conventions[i].socket == SYS_socket);
	ok(found, "the numbers of this machine's headers are in the table");
}

int main(void)
{
	test_conventions();
	test_unknown();
	test_own();
	return tap_done();
}
