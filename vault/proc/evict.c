/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/proc/evict.c: who is inside a vault that goes: told, or ended.
 *
 * Theory of operation of the ending. Nothing tells when a process enters a namespace, and a process
 * may fork faster than a list of /proc is read, and be on none: so the list is read again and
 * again, until it has been empty several times. A pidfd is opened before a process is asked where
 * it is: should its number have passed to another one in between, the signal goes to nobody. It is
 * kept until the process ends, so each is sent a signal once, and the wait for the next list ends
 * with the first of them.
 */
#include "vault/proc/evict.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/pidfd.h>

#include "lib/clock.h"
#include "lib/ns.h"
#include "vault/proc/procs.h"
#include "vault/report.h"

#define KILL_SECONDS 5 /* after that who is left cannot be killed: it waits for a device */
#define TERM_LOOK_MS 50 /* how often to look for who came meanwhile */
#define KILL_LOOK_MS 1
#define KILL_LOOKS 16 /* in a row without anybody: one may miss who forks and ends all the time */

size_t evict_report(const char *name, int ns, json_t *json)
{
	struct proc *list cleanup(free_ptr) = NULL;
	json_t *array = json_array();
	uint64_t inode = 0;
	int r = ns_inode(ns, &inode);
	ssize_t n = r ? r : procs_in_netns(inode, &list);

	for (ssize_t i = 0; list && i < n; i++) {
		report_warning(name, "process %d (%s) goes on inside, with no network",
			       (int)list[i].pid, list[i].name);
		if (json_array_append_new(array, json_pack("{s:i, s:s}", "pid", (int)list[i].pid,
							   "name", list[i].name)))
			n = -ENOMEM;
	}
	if (n < 0)
		report_error(name, "looking for processes inside: %s", strerror((int)-n));
	return json_object_set_new(json, "processes", array) || n < 0 ? 1 : 0;
}

/* One of the two rounds: SIGTERM, SIGKILL. */
struct round {
	const char *name; /* of the vault */
	uint64_t inode;
	int signal;
	json_t *told; /* borrowed: the list of whom it was sent to */
	struct pollfd *fds; /* owned: pidfds of those who have been sent the signal and live */
	pid_t *pids; /* owned: theirs */
	size_t n;
};

static bool has_been_sent(const struct round *round, pid_t pid)
{
	for (size_t i = 0; i < round->n; i++)
		if (round->pids[i] == pid)
			return true;
	return false;
}

/* Takes over PIDFD. */
static int keep(struct round *round, pid_t pid, int pidfd)
{
	struct pollfd *fds = reallocarray(round->fds, round->n + 1, sizeof(*fds));
	pid_t *pids;

	if (fds)
		round->fds = fds;
	pids = fds ? reallocarray(round->pids, round->n + 1, sizeof(*pids)) : NULL;
	if (!pids) {
		close_fd(&pidfd);
		return -ENOMEM;
	}
	round->pids = pids;
	round->fds[round->n] = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	round->pids[round->n++] = pid;
	return 0;
}

static int tell(const struct round *round, const struct proc *proc)
{
	const char *signal = round->signal == SIGKILL ? "SIGKILL" : "SIGTERM";

	report_line("%s: %s to process %d (%s)", round->name, signal, (int)proc->pid, proc->name);
	return json_array_append_new(round->told,
				     json_pack("{s:i, s:s, s:s}", "pid", (int)proc->pid, "name",
					       proc->name, "signal", signal))
		       ? -ENOMEM
		       : 0;
}

static int send_signal(struct round *round, const struct proc *proc)
{
	int pidfd = pidfd_open(proc->pid, 0), r;

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	if (!procs_is_inside(proc->pid, round->inode)) {
		close_fd(&pidfd);
		return 0;
	}
	if (pidfd_send_signal(pidfd, round->signal, NULL, 0)) {
		r = errno == ESRCH ? 0 : -errno;
		close_fd(&pidfd);
		return r;
	}
	r = keep(round, proc->pid, pidfd);
	return r ? r : tell(round, proc);
}

/* Sends the signal to those inside that it has not been sent to. How many there were, or -errno. */
static ssize_t send_to_all(struct round *round)
{
	struct proc *list cleanup(free_ptr) = NULL;
	ssize_t n = procs_in_netns(round->inode, &list), others = 0;

	for (ssize_t i = 0; i < n; i++) {
		int r = 0;

		if (list[i].pid == getpid())
			continue;
		others++;
		if (!has_been_sent(round, list[i].pid))
			r = send_signal(round, &list[i]);
		if (r)
			return r;
	}
	return n < 0 ? n : others;
}

/* Waits until one of those who were sent the signal ends, at most MS, and forgets those who have. */
static void await_ends(struct round *round, int64_t ms)
{
	size_t kept = 0;

	if (poll(round->fds, round->n, (int)ms) <= 0)
		return;
	for (size_t i = 0; i < round->n; i++) {
		if (round->fds[i].revents) {
			close_fd(&round->fds[i].fd);
			continue;
		}
		round->fds[kept] = round->fds[i];
		round->pids[kept++] = round->pids[i];
	}
	round->n = kept;
}

static void forget_all(struct round *round)
{
	for (size_t i = 0; i < round->n; i++)
		close_fd(&round->fds[i].fd);
	free(round->fds);
	free(round->pids);
}

/* How a round goes: what is sent, how long, how often to look, and in vain how many times. */
struct pace {
	int signal;
	unsigned int seconds;
	int64_t look_ms;
	unsigned int looks;
};

/* Sends the signal to all inside. 0: nobody is left; -EBUSY: somebody is; -errno. */
static int send_until_empty(struct round *round, const struct pace *pace)
{
	int64_t end = clock_ms() + (int64_t)pace->seconds * 1000, left;
	unsigned int empty = 0;
	ssize_t n;

	for (;;) {
		n = send_to_all(round);
		left = end - clock_ms();
		empty = n ? 0 : empty + 1;
		if (n < 0 || empty == pace->looks || left <= 0)
			break;
		await_ends(round, left < pace->look_ms ? left : pace->look_ms);
	}
	return n > 0 ? -EBUSY : (int)n;
}

static int run_round(const char *name, int ns, json_t *signals, const struct pace *pace)
{
	struct round round = { .name = name, .signal = pace->signal, .told = signals };
	int r = ns_inode(ns, &round.inode);

	if (!r)
		r = send_until_empty(&round, pace);
	forget_all(&round);
	return r;
}

size_t evict_ask(const char *name, int ns, unsigned int seconds, json_t *signals)
{
	const struct pace pace = {
		.signal = SIGTERM, .seconds = seconds, .look_ms = TERM_LOOK_MS, .looks = 1
	};
	int r = run_round(name, ns, signals, &pace);

	if (!r || r == -EBUSY)
		return 0;
	report_error(name, "asking the processes inside to end: %s", strerror(-r));
	return 1;
}

size_t evict_kill(const char *name, int ns, json_t *signals)
{
	const struct pace pace = { .signal = SIGKILL,
				   .seconds = KILL_SECONDS,
				   .look_ms = KILL_LOOK_MS,
				   .looks = KILL_LOOKS };
	int r = run_round(name, ns, signals, &pace);

	if (!r)
		return 0;
	report_error(name, "killing the processes inside: %s",
		     r == -EBUSY ? "not all have ended" : strerror(-r));
	return 1;
}
