/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test/fault/inject.c: run a command and let one of its system calls go wrong.
 *
 *   inject list COMMAND…                     one line a call: WHO N NAME DETAIL, and * when it changes something
 *   inject fail WHO N ERRNO COMMAND…         that call is not made and returns the error; ERRNO+: all like it after, too
 *   inject mute WHO N COMMAND…               a send that says all went out and sends nothing; no answer ever comes
 *   inject lose WHO N COMMAND…               the same, of a send that waits for no answer
 *   inject short WHO N COMMAND…              a receive that gives four bytes less than there were; empty: none
 *   inject interrupt WHO N COMMAND…          a receive of a dump's parts, marked as interrupted; interrupt+: all after it, too
 *   inject kill WHO N COMMAND…               SIGKILL to the command right after that call; killchild: to its child
 *   inject signal:NUMBER WHO N COMMAND…      that signal right before that call
 *
 * WHO is p, the command, or c, its child until it becomes another program. N counts the calls of one name, given as
 * CALL=NAME, from the first prctl, mkdir or flock: how often a command polls does not move its other calls. With HOLD=FILE,
 * kill keeps the network namespace that the command had in hand by a process inside: its id is in FILE.
 * Returns the command's status, 128+N when signal N ended it, 125 when there was no such call.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "only x86_64: it writes registers"
#endif

static const struct call {
	long nr;
	const char *name;
	bool changes;
	int path; /* the argument that is a path, 1 to 3; 0: none, show the first as a number */
} calls[] = {
	{ SYS_mkdir, "mkdir", true, 1 }, { SYS_rmdir, "rmdir", true, 1 },
	{ SYS_unlink, "unlink", true, 1 }, { SYS_unlinkat, "unlinkat", true, 2 },
	{ SYS_rename, "rename", true, 1 }, { SYS_renameat, "renameat", true, 2 },
	{ SYS_renameat2, "renameat2", true, 2 }, { SYS_openat, "openat", false, 2 },
	{ SYS_write, "write", true, 0 }, { SYS_sendmsg, "sendmsg", true, 0 },
	{ SYS_sendto, "sendto", true, 0 }, { SYS_mount, "mount", true, 2 },
	{ SYS_umount2, "umount2", true, 1 }, { SYS_unshare, "unshare", true, 0 },
	{ SYS_setns, "setns", true, 0 }, { SYS_clone, "clone", true, 0 },
	{ SYS_clone3, "clone3", true, 0 }, { SYS_vfork, "vfork", true, 0 },
	{ SYS_fork, "fork", true, 0 }, { SYS_execve, "execve", true, 1 },
	{ SYS_bind, "bind", true, 0 }, { SYS_listen, "listen", true, 0 },
	{ SYS_connect, "connect", true, 0 }, { SYS_fchmod, "fchmod", true, 0 },
	{ SYS_flock, "flock", true, 0 }, { SYS_pidfd_send_signal, "pidfd_send_signal", true, 0 },
	{ SYS_kill, "kill", true, 0 }, { SYS_setsid, "setsid", true, 0 },
	{ SYS_chdir, "chdir", false, 1 }, { SYS_prlimit64, "prlimit64", false, 0 },
	{ SYS_dup2, "dup2", false, 0 }, { SYS_fcntl, "fcntl", false, 0 },
	{ SYS_close_range, "close_range", false, 0 }, { SYS_rt_sigprocmask, "rt_sigprocmask", false, 0 },
	{ SYS_socket, "socket", false, 0 }, { SYS_socketpair, "socketpair", false, 0 },
	{ SYS_pipe2, "pipe2", false, 0 }, { SYS_setsockopt, "setsockopt", false, 0 },
	{ SYS_getsockopt, "getsockopt", false, 0 }, { SYS_read, "read", false, 0 },
	{ SYS_recvmsg, "recvmsg", false, 0 }, { SYS_recvfrom, "recvfrom", false, 0 },
	{ SYS_newfstatat, "newfstatat", false, 2 }, { SYS_fstat, "fstat", false, 0 },
	{ SYS_ioctl, "ioctl", false, 0 }, { SYS_poll, "poll", false, 0 },
	{ SYS_pidfd_open, "pidfd_open", false, 0 }, { SYS_rt_sigpending, "rt_sigpending", false, 0 },
	{ SYS_getrandom, "getrandom", false, 0 }, { SYS_getdents64, "getdents64", false, 0 },
	{ SYS_wait4, "wait4", false, 0 }, { SYS_readlink, "readlink", false, 1 },
	{ SYS_readlinkat, "readlinkat", false, 2 }, { SYS_prctl, "prctl", false, 0 },
};

static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "EIO", EIO }, { "EINTR", EINTR }, { "ENOMEM", ENOMEM }, { "EPERM", EPERM }, { "ENOSPC", ENOSPC },
	{ "EROFS", EROFS }, { "ENOBUFS", ENOBUFS }, { "EMFILE", EMFILE },
};

enum mode { LIST, FAIL, MUTE, LOSE, SHORT, EMPTY, INTERRUPT, KILL, KILLCHILD, SIGNAL };

struct tracee {
	pid_t pid;
	char who; /* 0: none, or let go */
	bool inside; /* of a system call that is to be counted or changed */
	bool counting;
	long n[sizeof(calls) / sizeof(calls[0])]; /* made, by name */
	long ret;
	bool again; /* the kernel begins the call anew, as it does for settings while it is busy: one call */
	bool forced; /* ret replaces what the call returns */
	const struct call *call;
	uintptr_t message; /* where it takes what is received */
};

static struct job {
	enum mode mode;
	char who;
	const char *name; /* of the call */
	long at;
	int error, signal;
	bool forever, hit;
	long nr; /* of the call that was hit */
	uint64_t fd; /* its first argument */
	bool muted; /* the next receive of fd has no answer */
	int status;
} job;

static struct tracee tracees[2];

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(126);
}

static const struct call *find_call(const struct __ptrace_syscall_info *info)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if ((uint64_t)calls[i].nr == info->entry.nr)
			return &calls[i];
	return NULL;
}

static bool changes(const struct call *call, const struct __ptrace_syscall_info *info)
{
	return call->changes || (call->nr == SYS_openat && info->entry.args[2] & (O_CREAT | O_WRONLY));
}

/* The path that the call is given, or its first argument. */
static void describe(const struct tracee *t, const struct __ptrace_syscall_info *info, char text[static 128])
{
	struct iovec here = { text, 127 };
	struct iovec there = { (void *)(uintptr_t)info->entry.args[t->call->path ? t->call->path - 1 : 0], 127 };

	memset(text, 0, 128);
	if (!t->call->path) {
		snprintf(text, 128, "%lld", (long long)info->entry.args[0]);
	} else if (process_vm_readv(t->pid, &here, 1, &there, 1, 0) < 0) {
		there.iov_len = 4096 - ((uintptr_t)there.iov_base & 4095); /* up to the end of the page */
		if (there.iov_len > 127 || process_vm_readv(t->pid, &here, 1, &there, 1, 0) < 0)
			text[0] = '\0';
	}
}

static void print_call(const struct tracee *t, const struct __ptrace_syscall_info *info)
{
	const struct call *call = t->call;
	char text[128];

	describe(t, info, text);
	printf("%c %ld %s %s%s\n", t->who, t->n[call - calls], call->name, text, changes(call, info) ? " *" : "");
}

/* A process in the namespace that the command is in or has open, if it is not ours. */
static void hold(pid_t pid)
{
	const char *file = getenv("HOLD");
	char path[64], link[64], ours[64];
	ssize_t n = readlink("/proc/self/ns/net", ours, sizeof(ours) - 1);
	int fd = -1;

	if (!file)
		return;
	ours[n > 0 ? n : 0] = '\0';
	for (int i = -1; fd < 0 && i < 64; i++) {
		snprintf(path, sizeof(path), i < 0 ? "/proc/%d/ns/net" : "/proc/%d/fd/%d", (int)pid, i);
		n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		if (!strncmp(link, "net:", 4) && strcmp(link, ours))
			fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return;
	int ready[2];

	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (!pid) {
		if (setns(fd, CLONE_NEWNET))
			_exit(1);
		for (int i = 0; i < 64; i++)
			close(i);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], link, 1)) /* the end of it: the process is inside */
		die("hold");
	FILE *f = fopen(file, "w");

	if (!f || fprintf(f, "%d\n", (int)pid) < 0 || fclose(f))
		die(file);
}

static void set_return(struct tracee *t, long value)
{
	if (ptrace(PTRACE_POKEUSER, t->pid, offsetof(struct user, regs.rax), value))
		die("poke");
}

/* The call is not made; when it would have been, it returns VALUE. */
static void instead(struct tracee *t, long value)
{
	if (ptrace(PTRACE_POKEUSER, t->pid, offsetof(struct user, regs.orig_rax), -1L))
		die("poke");
	t->forced = true;
	t->ret = value;
}

static long send_length(pid_t pid, const struct __ptrace_syscall_info *info)
{
	struct msghdr msg;
	struct iovec part, here = { &msg, sizeof(msg) };
	struct iovec there = { (void *)(uintptr_t)info->entry.args[1], sizeof(msg) };

	if (info->entry.nr != SYS_sendmsg)
		return (long)info->entry.args[2];
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
		die("read message");
	here = (struct iovec){ &part, sizeof(part) };
	there = (struct iovec){ msg.msg_iov, sizeof(part) };
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
		die("read parts");
	return (long)part.iov_len;
}

/* Where the message goes that a receive into MSG brings. */
static uintptr_t receive_buffer(pid_t pid, uintptr_t at)
{
	struct msghdr msg;
	struct iovec part, here = { &msg, sizeof(msg) }, there = { (void *)at, sizeof(msg) };

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
		die("read message");
	here = (struct iovec){ &part, sizeof(part) };
	there = (struct iovec){ msg.msg_iov, sizeof(part) };
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
		die("read parts");
	return (uintptr_t)part.iov_base;
}

/* As the kernel does when what it dumps has changed meanwhile. */
static void interrupt_dump(struct tracee *t)
{
	struct nlmsghdr nlh;
	struct iovec here = { &nlh, sizeof(nlh) };
	struct iovec there = { (void *)receive_buffer(t->pid, t->message), sizeof(nlh) };

	if (process_vm_readv(t->pid, &here, 1, &there, 1, 0) < 0)
		die("read header");
	if (!(nlh.nlmsg_flags & NLM_F_MULTI))
		return;
	nlh.nlmsg_flags |= NLM_F_DUMP_INTR;
	if (process_vm_writev(t->pid, &here, 1, &there, 1, 0) < 0)
		die("write header");
	job.hit = true;
}

static bool is_wanted(const struct tracee *t)
{
	return t->who == job.who && t->n[t->call - calls] == job.at && !strcmp(job.name, t->call->name);
}

static void entered(struct tracee *t, const struct __ptrace_syscall_info *info)
{
	char text[128];

	t->call = find_call(info);
	t->forced = false;
	if (t->who == 'p' && !t->counting)
		t->counting = t->call && (t->call->nr == SYS_prctl || t->call->nr == SYS_mkdir ||
					  t->call->nr == SYS_flock);
	if (!t->call || !t->counting ||
	    (t->call->nr == SYS_write && info->entry.args[0] <= 2 && t->who == 'p')) /* what it tells */ {
		t->call = NULL;
		return;
	}
	if (t->again) {
		t->again = false;
		return;
	}
	describe(t, info, text);
	if (t->call->nr == SYS_newfstatat && strstr(text, "/ns/net")) {
		t->call = NULL; /* as many as there are processes on the machine */
		return;
	}
	t->n[t->call - calls]++;
	if (job.mode == LIST) {
		print_call(t, info);
		return;
	}
	if (job.muted && t->call->nr == SYS_recvmsg && info->entry.args[0] == job.fd) {
		job.muted = false;
		instead(t, -EAGAIN);
		return;
	}
	if (job.mode == INTERRUPT) {
		t->message = (uintptr_t)info->entry.args[1];
		return;
	}
	if (job.hit && job.forever && t->call->nr == job.nr)
		instead(t, -job.error);
	if (job.hit || !is_wanted(t))
		return;
	job.hit = true;
	job.nr = t->call->nr;
	job.fd = info->entry.args[0];
	if (job.mode == FAIL) {
		instead(t, -job.error);
	} else if (job.mode == MUTE || job.mode == LOSE) {
		job.muted = job.mode == MUTE;
		instead(t, send_length(t->pid, info));
	} else if (job.mode == SIGNAL) {
		kill(tracees[0].pid, job.signal);
	}
}

static void left(struct tracee *t, const struct __ptrace_syscall_info *info)
{
	const long restart_first = -516, restart_last = -512; /* ERESTART… of the kernel */

	if (t->forced)
		set_return(t, t->ret);
	else if (info->exit.rval >= restart_first && info->exit.rval <= restart_last && t->call) {
		t->again = true;
		return;
	}
	if (job.mode == INTERRUPT && t->call && t->call->nr == SYS_recvmsg && t->who == job.who &&
	    info->exit.rval >= (long)sizeof(struct nlmsghdr) &&
	    (is_wanted(t) || (job.forever && t->n[t->call - calls] > job.at)))
		interrupt_dump(t);
	if (!job.hit || !t->call || !is_wanted(t))
		return;
	if (job.mode == SHORT && info->exit.rval > 4)
		set_return(t, info->exit.rval - 4);
	else if (job.mode == EMPTY && info->exit.rval > 0)
		set_return(t, 0);
	else if (job.mode == KILL && tracees[0].who) {
		hold(tracees[0].pid);
		kill(tracees[0].pid, SIGKILL);
	} else if (job.mode == KILLCHILD)
		kill(t->pid, SIGKILL);
	t->call = NULL; /* once */
}

static void on_call(struct tracee *t)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) < 0)
		return; /* killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		entered(t, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		left(t, &info);
}

static struct tracee *find_tracee(pid_t pid)
{
	for (int i = 0; i < 2; i++)
		if (tracees[i].pid == pid)
			return tracees[i].who ? &tracees[i] : NULL;
	if (tracees[1].pid)
		return NULL;
	tracees[1] = (struct tracee){ .pid = pid, .who = 'c', .counting = true };
	return &tracees[1];
}

static void stopped(struct tracee *t, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		on_call(t);
	} else if (event == PTRACE_EVENT_EXEC && t->who == 'c') {
		/* Another program now: this call has been made. */
		if (job.who == 'c' && job.hit && job.mode == KILL && tracees[0].who) {
			hold(tracees[0].pid);
			kill(tracees[0].pid, SIGKILL);
		}
		t->who = 0;
		ptrace(PTRACE_DETACH, t->pid, 0, 0);
		return;
	}
	if (event || signal == (SIGTRAP | 0x80) || signal == SIGTRAP || (t->who == 'c' && signal == SIGSTOP))
		signal = 0;
	ptrace(PTRACE_SYSCALL, t->pid, 0, signal);
}

static int follow(void)
{
	int status;
	pid_t pid;

	while (tracees[0].who || tracees[1].who) {
		struct tracee *t;

		pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			break;
		t = find_tracee(pid);
		if (!t)
			continue;
		if (WIFSTOPPED(status)) {
			stopped(t, status);
			continue;
		}
		if (t->who == 'p')
			job.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		t->who = 0;
	}
	return job.mode != LIST && !job.hit ? 125 : job.status;
}

static void begin(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid || ptrace(PTRACE_SETOPTIONS, pid, 0, options))
		die("ptrace");
	tracees[0] = (struct tracee){ .pid = pid, .who = 'p' };
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
}

static int parse_error(const char *text)
{
	size_t len = strcspn(text, "+");

	job.forever = text[len] == '+';
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strlen(errors[i].name) == len && !strncmp(errors[i].name, text, len))
			return errors[i].number;
	errno = EINVAL;
	die(text);
}

int main(int argc, char **argv)
{
	static const char *const modes[] = { "list", "fail", "mute", "lose", "short", "empty", "interrupt", "kill", "killchild" };
	int next = 2;

	if (argc < 3)
		return 126;
	job.mode = SIGNAL;
	size_t len = strcspn(argv[1], "+");

	job.forever = argv[1][len] == '+';
	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strlen(modes[i]) == len && !strncmp(argv[1], modes[i], len))
			job.mode = (enum mode)i;
	if (job.mode == SIGNAL && sscanf(argv[1], "signal:%d", &job.signal) != 1)
		return 126;
	if (job.mode != LIST) {
		if (argc < 5 || (job.mode == FAIL && argc < 6))
			return 126;
		job.who = argv[2][0];
		job.at = atol(argv[3]);
		job.name = getenv("CALL");
		if (!job.name)
			return 126;
		next = 4;
		if (job.mode == FAIL)
			job.error = parse_error(argv[next++]);
	}
	begin(argv + next);
	return follow();
}
