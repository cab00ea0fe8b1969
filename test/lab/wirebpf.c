/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/lab/wirebpf.c: a BPF program on an interface that lets all pass, for as long as this runs. */
#include "wire.h"

#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TCX_EGRESS = 47 }; /* newer than this machine's headers may be */

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr, const char *what)
{
	int fd = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	if (fd < 0)
		die(what);
	return fd;
}

int attach(const char *kind, const char *iface)
{
	const bool xdp = !strcmp(kind, "xdp");
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = xdp ? XDP_PASS : -1 /* TCX_NEXT */},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr;
	int program;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS;
	attr.expected_attach_type = xdp ? BPF_XDP : TCX_EGRESS;
	attr.insns = (uintptr_t)pass;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t)"GPL";
	program = bpf(BPF_PROG_LOAD, &attr, "load");
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (unsigned int)program;
	attr.link_create.target_ifindex = if_nametoindex(iface);
	attr.link_create.attach_type = xdp ? BPF_XDP : TCX_EGRESS;
	bpf(BPF_LINK_CREATE, &attr, iface);
	printf("ready\n");
	for (;;)
		pause();
}
