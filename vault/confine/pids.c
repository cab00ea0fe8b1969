/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/pids.c: a PID namespace for a command, and those who wait for it. */
#include "vault/confine/pids.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

/*
 * Theory of operation
 *
 * Three processes: the outer one, which the caller knows; the first of the PID namespace, which
 * must go on as long as anything is in it, and reaps; and the command. Outer and first do the same:
 * wait for the one below, pass signals on to it, and end with its status. With the first one all
 * that the command has started ends; with the outer one, however that ends, the first one.
 *
 * All three stay in the caller's process group, so the terminal's signals reach the command at
 * once, and are not passed on a second time: those come of the kernel. A stop by the terminal stops
 * the outer one as well, by which the shell knows. (Stops are nothing to a first process.) A shell
 * inside makes a group of its own and takes the terminal, but cannot give it back to a group that
 * it does not see: the outer one takes it back.
 *
 * The outer one becomes whom the command is, like the other two: so a program that stops its whole
 * group, as editors do, stops it, too.
 */

static sigset_t all_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGTSTP);
	sigdelset(&set, SIGTTIN);
	sigdelset(&set, SIGTTOU);
	return set;
}

/* The controlling terminal, if we are in its foreground, or -1. */
static int open_foreground(void)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (tty >= 0 && tcgetpgrp(tty) != getpgrp())
		close_fd(&tty);
	return tty;
}

pid_t pids_begin(struct pids *p)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	const sigset_t all = all_signals();
	int ends[2];
	pid_t pid;

	if (sigprocmask(SIG_BLOCK, &all, &p->mask) || sigaction(SIGCHLD, &plain, &p->child) ||
	    unshare(CLONE_NEWPID) || pipe2(ends, O_CLOEXEC))
		return -errno;
	p->tty = open_foreground();
	pid = fork();
	if (pid < 0)
		pid = -errno;
	p->ready = ends[pid ? 0 : 1];
	close(ends[pid ? 1 : 0]);
	if (!pid)
		close_fd(&p->tty);
	return pid;
}

void pids_await_start(const struct pids *p)
{
	char byte;

	while (read(p->ready, &byte, 1) < 0 && errno == EINTR)
		;
}

/* What has come before there was a command is meant for it, also the terminal's. */
static void pass_early(pid_t child)
{
	const struct timespec now = { 0 };
	siginfo_t info = { 0 };
	sigset_t early;

	if (sigpending(&early))
		return; /* cannot happen */
	sigdelset(&early, SIGCHLD);
	while (sigtimedwait(&early, &info, &now) > 0)
		kill(child, info.si_signo);
}

pid_t pids_start(const struct pids *p)
{
	pid_t pid;

	/* Nobody reads any more when the outer one has ended before it could take us along. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) || write(p->ready, "", 1) != 1)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid)
		pass_early(pid);
	else if (sigaction(SIGCHLD, &p->child, NULL) || sigprocmask(SIG_SETMASK, &p->mask, NULL))
		return -errno;
	return pid;
}

/* Only the terminal stays: its new descriptor, or -1. The first three are open (exec's own check). */
static int let_go(int tty)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			close(fd);
	if (tty >= 0)
		tty = dup2(tty, 3);
	close_range(tty < 0 ? 3 : 4, ~0U, 0);
	return tty;
}

/* True when CHILD has ended, with its status in *STATUS. */
static bool reap(pid_t child, int *status)
{
	bool ended = false;
	pid_t pid;
	int s;

	while ((pid = waitpid(-1, &s, WNOHANG)) > 0)
		if (pid == child) {
			ended = true;
			*status = s;
		}
	return ended;
}

int pids_wait(const struct pids *p, pid_t child)
{
	const sigset_t all = all_signals();
	int status = 0, tty = let_go(p->tty);
	siginfo_t info = { 0 };

	while (!reap(child, &status))
		if (sigwaitinfo(&all, &info) > 0 && info.si_signo != SIGCHLD && info.si_code <= 0)
			kill(child, info.si_signo);
	if (tty >= 0) {
		signal(SIGTTOU, SIG_IGN); /* else it would stop us */
		(void)tcsetpgrp(tty, getpgrp()); /* one that is gone is wanted by nobody */
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
