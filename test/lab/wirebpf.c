/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/lab/wirebpf.c: a BPF program on an interface that lets all pass, for as long as this runs. */
#include "wire.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
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

/* What `ip link set dev IFACE xdp` does: the program stays when we are gone. */
static void attach_by_netlink(int program, const char *iface, unsigned int flags)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
		struct nlattr nest, fd;
		int program;
		struct nlattr how;
		unsigned int flags;
	} m = {
		.h = { sizeof(m), RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		.i = { .ifi_index = (int)if_nametoindex(iface) },
		.nest = { sizeof(m) - offsetof(typeof(m), nest), IFLA_XDP | NLA_F_NESTED },
		.fd = { sizeof(struct nlattr) + 4, IFLA_XDP_FD },
		.program = program,
		.how = { sizeof(struct nlattr) + 4, IFLA_XDP_FLAGS },
		.flags = flags,
	};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char rest[256];
	} answer = { .e = { .error = -EIO } };
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (s < 0 || send(s, &m, sizeof(m), 0) < 0 || recv(s, &answer, sizeof(answer), 0) < 0)
		die(iface);
	errno = -answer.e.error;
	if (errno)
		die(iface);
}

int attach(const char *kind, const char *iface)
{
	const bool xdp = !strncmp(kind, "xdp", 3);
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = xdp ? XDP_PASS : -1 /* TCX_NEXT */ },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	int program;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS;
	attr.expected_attach_type = xdp ? BPF_XDP : TCX_EGRESS;
	attr.insns = (uintptr_t)pass;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t) "GPL";
	program = bpf(BPF_PROG_LOAD, &attr, "load");
	if (!strcmp(kind, "xdpdrv") || !strcmp(kind, "xdpgeneric")) {
		attach_by_netlink(program, iface,
				  kind[3] == 'd' ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
		return 0;
	}
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (unsigned int)program;
	attr.link_create.target_ifindex = if_nametoindex(iface);
	attr.link_create.attach_type = xdp ? BPF_XDP : TCX_EGRESS;
	bpf(BPF_LINK_CREATE, &attr, iface);
	printf("ready\n");
	for (;;)
		pause();
}
