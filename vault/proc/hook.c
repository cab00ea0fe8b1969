/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/proc/hook.c: the commands of the words post-up, pre-down and post-down. */
#include "vault/proc/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "lib/ns.h"
#include "vault/proc/signals.h"
#include "vault/report.h"
#include "vault/spec/state.h"

/* What a command is told. VAULT_ADDRESS is the one to write into a URL: of IPv4 where the link has
 * it. No key, and nothing that a key could be told from. */
enum variable {
	NAME,
	NETNS,
	TUNNEL,
	HOST_ADDRESS,
	ADDRESS,
	HOST_ADDRESS6,
	ADDRESS6,
	EVENT,
	VARIABLES
};

static const char *const variables[VARIABLES] = {
	[NAME] = "VAULT_NAME",         [NETNS] = "VAULT_NETNS",
	[TUNNEL] = "VAULT_TUNNEL",     [HOST_ADDRESS] = "VAULT_HOST_ADDRESS",
	[ADDRESS] = "VAULT_ADDRESS",   [HOST_ADDRESS6] = "VAULT_HOST_ADDRESS6",
	[ADDRESS6] = "VAULT_ADDRESS6", [EVENT] = "VAULT_EVENT",
};

#define VALUE_SIZE (sizeof(NS_DIR) + SPEC_NAME_MAX + ADDR_STRLEN)

/* "" where the link has no such address. */
static void format_end(const struct prefix *end, char out[static VALUE_SIZE])
{
	char text[ADDR_STRLEN];

	snprintf(out, VALUE_SIZE, "%s", end->addr.family ? addr_format(&end->addr, text) : "");
}

static void get_value(const struct spec *spec, const char *event, enum variable v,
		      char out[static VALUE_SIZE])
{
	enum addr_family first = spec->link[ADDR_V4].host.addr.family ? ADDR_V4 : ADDR_V6;

	switch (v) {
	case NAME:
		snprintf(out, VALUE_SIZE, "%s", spec->name);
		break;
	case NETNS:
		snprintf(out, VALUE_SIZE, "%s/%s", NS_DIR, spec->name);
		break;
	case TUNNEL:
		snprintf(out, VALUE_SIZE, "%s", spec->tunnel_if);
		break;
	case HOST_ADDRESS:
		format_end(&spec->link[first].host, out);
		break;
	case ADDRESS:
		format_end(&spec->link[first].vault, out);
		break;
	case HOST_ADDRESS6:
		format_end(&spec->link[ADDR_V6].host, out);
		break;
	case ADDRESS6:
		format_end(&spec->link[ADDR_V6].vault, out);
		break;
	case EVENT:
	case VARIABLES:
		snprintf(out, VALUE_SIZE, "%s", event);
		break;
	}
}

static int set_environment(const struct hook *h)
{
	char value[VALUE_SIZE];

	for (enum variable v = 0; v < VARIABLES; v++) {
		get_value(h->spec, h->event, v, value);
		if (setenv(variables[v], value, 1))
			return -errno;
	}
	return h->variable && setenv(h->variable, h->value, 1) ? -errno : 0;
}

/* In the child: becomes the shell, with nothing of ours but where it may write. -errno when it
 * could not. */
static int become(const struct hook *h)
{
	sigset_t none;
	/* It may be descriptor 0 at once, which the shell keeps;
	 * NOLINTNEXTLINE(android-cloexec-open) */
	int null = open("/dev/null", O_RDWR), r;

	sigemptyset(&none);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL); /* but for those that have no other */
	if (h->seconds && setsid() < 0)
		return -errno;
	if (null < 0 || dup2(null, 0) < 0 || (report_is_json() && dup2(2, 1) < 0) || chdir("/") ||
	    sigprocmask(SIG_SETMASK, &none, NULL) || close_range(3, ~0U, 0))
		return -errno;
	r = set_environment(h);
	if (r)
		return r;
	execl("/bin/sh", "sh", "-c", h->command, NULL);
	return -errno;
}

/*
 * Waits for the child. A signal that we block, and that is meant for both, goes to it, too, and
 * makes it -EINTR; it is taken, or it would end what is run to clear up as well. Where there is a
 * limit it is killed after SECONDS, -ETIME, and signals wait for the caller.
 */
static int await(pid_t pid, int seconds, int *status)
{
	struct pollfd fds[2] = { { .fd = -1, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
	struct signalfd_siginfo info;
	const sigset_t ours = signals_ending();
	int r = 0, n = -1;

	fds[0].fd = pidfd_open(pid, 0);
	fds[1].fd = seconds ? -1 : signalfd(-1, &ours, SFD_CLOEXEC);
	while (fds[0].fd >= 0 && (n = poll(fds, 2, seconds ? seconds * 1000 : -1)) < 0 &&
	       errno == EINTR)
		;
	if (n <= 0 && seconds) { /* or it cannot be told how long it takes */
		r = n ? -errno : -ETIME;
		kill(-pid, SIGKILL); /* with what it has started */
		kill(pid, SIGKILL); /* it may not have a session of its own yet */
	} else if (fds[1].revents && read(fds[1].fd, &info, sizeof(info)) == sizeof(info)) {
		pidfd_send_signal(fds[0].fd, SIGTERM, NULL, 0);
		r = -EINTR;
	}
	close_fd(&fds[0].fd);
	close_fd(&fds[1].fd);
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return r;
}

static int run(const struct hook *h, int *status)
{
	pid_t pid;
	int r;

	report_flush(); /* what was said before stands before what it says */
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid)
		return await(pid, h->seconds, status);
	r = become(h);
	report_error(h->spec->name, "%s: starting /bin/sh: %s", h->event, strerror(-r));
	_exit(127);
}

bool hook_run_one(const struct hook *h)
{
	const char *name = h->spec->name;
	int status = 0, r;

	report_detail("%s: %s: %s", name, h->event, h->command);
	r = run(h, &status);
	if (r)
		report_error(name, "%s: %s: %s", h->event, h->command,
			     r == -EINTR ? "interrupted" : strerror(-r));
	else if (WIFSIGNALED(status))
		report_error(name, "%s: %s: ended by signal %d (%s)", h->event, h->command,
			     WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		report_error(name, "%s: %s: exit status %d", h->event, h->command,
			     WEXITSTATUS(status));
	return !r && !status;
}

size_t hook_run(const struct spec *spec, enum spec_hook event)
{
	const struct spec_lines *commands = &spec->hooks[event];
	size_t failures = 0;

	for (size_t i = 0; i < commands->n; i++) {
		const struct hook h = { .spec = spec,
					.event = spec_hook_clauses[event],
					.command = commands->list[i] };

		if (hook_run_one(&h))
			continue;
		failures++;
		if (event == SPEC_POST_UP)
			break;
	}
	return failures;
}

bool hook_refuses(const char *name)
{
	const char *event = getenv(variables[EVENT]), *vault = getenv(variables[NAME]);

	/* A hook may leave a program behind that calls us later: only while it is waited for is
	 * the lock taken. Who acts on a leak has none: there it is another command's. */
	if (!event || !vault || strcmp(vault, name) != 0 || !strcmp(event, HOOK_ON_LEAK) ||
	    !state_is_locked(name))
		return false;
	report_error(name,
		     "must not be run from a %s hook of the same vault: it would deadlock "
		     "(commands of a vault may run `exec` and `check`, or leave a program behind)",
		     event);
	return true;
}

static void print_variables(const struct spec *spec, enum spec_hook event, struct str *out)
{
	char value[VALUE_SIZE];

	str_add(out, "env");
	for (enum variable v = 0; v < VARIABLES; v++) {
		get_value(spec, spec_hook_clauses[event], v, value);
		str_addf(out, " %s=%s", variables[v], value);
	}
}

/* TEXT in one line, as a comment has it. */
static void add_line(const char *text, struct str *out)
{
	for (; *text; text++)
		str_addf(out, "%c", *text == '\n' ? ' ' : *text);
	str_add(out, "\n");
}

void hook_print(const struct spec *spec, struct str *out)
{
	for (size_t i = 0; i < spec->hooks[SPEC_POST_UP].n; i++) {
		print_variables(spec, SPEC_POST_UP, out);
		str_add(out, " sh -c ");
		str_add_quoted(out, spec->hooks[SPEC_POST_UP].list[i]);
		str_add(out, " </dev/null\n");
	}
	for (enum spec_hook h = SPEC_PRE_DOWN; h < SPEC_HOOKS; h++)
		for (size_t i = 0; i < spec->hooks[h].n; i++) {
			str_addf(out, "# %s, by `vault down`: ", spec_hook_clauses[h]);
			add_line(spec->hooks[h].list[i], out);
		}
}
