/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/echo/echo.c: the address that others see, from inside a vault and from the host.
 *
 * Answers come from strangers, so each is read by a process that is nobody and can do nothing but
 * tell, by a pipe, one struct echo_answer, which is not believed without a look either.
 */
#include "vault/leak/echo/echo.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "vault/leak/echo/wire.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_CONF_MAX 65536
#define GRACE_MS 300 /* for a process to tell that its time was up */

/* ---- a process for each ---- */

static void fail(struct echo_answer *answer, const char *what, int r)
{
	answer->result = ECHO_FAILED;
	snprintf(answer->why, sizeof(answer->why), "%s: %s", what, strerror(-r));
}

/* Closes all files but the first three, A and B (-1: none): a child that kept the vault's lock
 * would hold up whoever acts on a leak. */
static int close_but(int a, int b)
{
	const int keep[] = { a < b ? a : b, a < b ? b : a };
	unsigned int first = 3;

	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		unsigned int kept = (unsigned int)keep[i];

		if (keep[i] < (int)first)
			continue;
		if (kept > first && close_range(first, kept - 1, 0))
			return -errno;
		first = kept + 1;
	}
	return close_range(first, ~0U, 0) ? -errno : 0;
}

/* In the child. */
_Noreturn static void ask_and_tell(const struct echo_ask *ask, int64_t end, pid_t parent, int fd)
{
	struct echo_answer answer;

	/* Not to be left behind by a parent that was killed, maybe before this. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent || close_but(ask->ns, fd))
		_exit(1);
	echo_ask(ask, end, &answer);
	_exit(write(fd, &answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
}

static int start(const struct echo_ask *ask, int64_t end, struct echo_child *child)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		ask_and_tell(ask, end, parent, fds[1]);
	close_fd(&fds[1]);
	if (pid < 0) {
		int r = -errno;

		close_fd(&fds[0]);
		return r;
	}
	*child = (struct echo_child){ .pid = pid, .fd = fds[0] };
	return 0;
}

/* ---- who is asked ---- */

/* The host's resolvers as resolv.conf(5) has them. Those with a zone are left out. How many. */
static size_t read_resolvers(struct addr out[static ECHO_RESOLVERS])
{
	char *text cleanup(free_ptr) = NULL, *save = NULL;
	size_t len, n = 0;

	if (file_read(RESOLV_CONF, RESOLV_CONF_MAX, &text, &len))
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line && n < ECHO_RESOLVERS;
	     line = strtok_r(NULL, "\n", &save)) {
		char *rest = NULL, *key = strtok_r(line, " \t", &rest);
		char *value = key ? strtok_r(NULL, " \t", &rest) : NULL;

		if (value && !strcmp(key, "nameserver") && !addr_parse(value, &out[n]))
			n++;
	}
	return n;
}

/* Asks for what TARGET tells of FAMILY, from both sides. */
static void start_both(struct echo_round *round, struct echo_ask asks[static ECHO_SIDES],
		       const struct echo_target *target, uint8_t family)
{
	struct echo_reply *a = &round->list[round->n];

	*a = (struct echo_reply){ .target = target, .family = family };
	for (enum echo_side s = 0; s < ECHO_SIDES; s++) {
		int r;

		asks[s].target = target;
		asks[s].family = family;
		r = start(&asks[s], round->end, &round->children[round->n * ECHO_SIDES + s]);
		if (r)
			fail(&a->side[s], "a process to ask", r);
	}
	round->n++;
}

void echo_start(const struct echo_target *targets, size_t n, const struct spec *spec, int ns,
		struct echo_round *round)
{
	struct addr resolvers[ECHO_RESOLVERS];
	struct echo_ask asks[ECHO_SIDES] = {
		[ECHO_INSIDE] = { .ns = ns, .resolvers = spec->dns, .n_resolvers = spec->n_dns },
		[ECHO_HOST] = { .ns = -1, .resolvers = resolvers },
	};

	asks[ECHO_HOST].n_resolvers = read_resolvers(resolvers);
	memset(round, 0, sizeof(*round));
	round->end = clock_ms() + ECHO_SECONDS * 1000L;
	for (size_t i = 0; i < n && i < ECHO_TARGETS_MAX; i++)
		for (size_t f = 0; f < ADDR_FAMILIES; f++)
			if (!targets[i].literal.family ||
			    targets[i].literal.family == addr_families[f])
				start_both(round, asks, &targets[i], addr_families[f]);
}

/* ---- what they tell ---- */

/* Takes nothing on trust: an answer is of the family, and its words are words. */
static void check_answer(struct echo_answer *answer, uint8_t family)
{
	answer->why[sizeof(answer->why) - 1] = '\0';
	for (char *c = answer->why; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	if ((unsigned int)answer->result > ECHO_ANSWERED ||
	    (answer->result == ECHO_ANSWERED &&
	     (answer->address.family != family || !echo_is_client(&answer->address))))
		fail(answer, "the process that asked", -EPROTO);
	if (answer->result != ECHO_ANSWERED)
		memset(&answer->address, 0, sizeof(answer->address));
}

static void take(struct echo_child *child, uint8_t family, struct echo_answer *answer)
{
	ssize_t n = read(child->fd, answer, sizeof(*answer)); /* was written at once, or never */

	if (n != sizeof(*answer))
		fail(answer, "the process that asked", n < 0 ? -errno : -EPIPE);
	else
		check_answer(answer, family);
	close_fd(&child->fd);
}

static void end_child(struct echo_child *child)
{
	close_fd(&child->fd);
	if (!waitpid(child->pid, NULL, WNOHANG)) { /* else its number may be another's */
		kill(child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	child->pid = 0;
}

/* Takes what one of them tells, if any does until END. False when nobody is left, or no time. */
static bool take_next(struct echo_round *round, int64_t end)
{
	struct pollfd fds[ARRAY_SIZE(round->children)];
	size_t n = round->n * ECHO_SIDES, open = 0;
	int64_t left = end - clock_ms();
	int told;

	for (size_t i = 0; i < n; i++) {
		struct echo_child *c = &round->children[i];

		fds[i] = (struct pollfd){ .fd = c->pid ? c->fd : -1, .events = POLLIN };
		open += fds[i].fd >= 0;
	}
	if (!open)
		return false;
	told = poll(fds, n, left > 0 ? (int)left : 0); /* what was told in time may be read later */
	if (told < 0)
		return errno == EINTR;
	for (size_t i = 0; i < n; i++) {
		struct echo_reply *a = &round->list[i / ECHO_SIDES];

		if (fds[i].fd >= 0 && fds[i].revents)
			take(&round->children[i], a->family, &a->side[i % ECHO_SIDES]);
	}
	return told > 0;
}

void echo_cancel(struct echo_round *round)
{
	for (size_t i = 0; i < round->n * ECHO_SIDES; i++) {
		struct echo_child *c = &round->children[i];

		if (!c->pid)
			continue;
		if (c->fd >= 0)
			fail(&round->list[i / ECHO_SIDES].side[i % ECHO_SIDES],
			     "the process that asked", -ETIMEDOUT);
		end_child(c);
	}
}

void echo_finish(struct echo_round *round)
{
	while (take_next(round, round->end + GRACE_MS))
		;
	echo_cancel(round);
}
