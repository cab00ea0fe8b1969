/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/names.c: names asked of others than the vault's resolvers, or by another way. */
#include "vault/leak/probe/list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "vault/check/process.h"
#include "vault/check/processes.h"
#include "vault/confine/mnt.h"
#include "vault/leak/probe/send.h"
#include "vault/proc/procs.h"

/* DNS, DNS over TLS and QUIC, multicast names. */
static const uint16_t ports[] = { 53, 853, 5353, 5355, 8853 };

static bool is_resolver(const struct spec *spec, const struct addr *a)
{
	for (size_t i = 0; i < spec->n_dns; i++)
		if (addr_equal(&spec->dns[i], a))
			return true;
	return false;
}

static int ask(struct probing *p, const struct addr *to, const struct way *way)
{
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(ports); i++) {
		r = send_packet(p, IPPROTO_UDP, to, ports[i], way);
		if (!r)
			r = send_packet(p, IPPROTO_TCP, to, ports[i], way);
	}
	return r;
}

int names_elsewhere(struct probing *p, const struct probe *self)
{
	const char *const devices[] = { NULL, p->spec->tunnel_if, p->spec->link_if };
	int r = 0;

	for (size_t i = 0; !r && i < p->targets->n; i++) {
		const struct target *t = &p->targets->list[i];

		if (!(t->kind & self->targets) || is_resolver(p->spec, &t->addr))
			continue;
		for (size_t d = 0; !r && d < (p->has_link ? 3U : 2U); d++) {
			const struct way way = { .device = devices[d] };

			r = ask(p, &t->addr, &way);
		}
	}
	return r;
}

int names_resolvers(struct probing *p, const struct probe *self)
{
	const struct way by_routes = { .places = PACKET_IN_TUNNEL };
	const struct way by_link = { .device = p->spec->link_if, .places = PACKET_IN_TUNNEL };
	int r = 0;

	(void)self;
	for (size_t i = 0; !r && i < p->spec->n_dns; i++) {
		r = send_packet(p, IPPROTO_UDP, &p->spec->dns[i], 53, &by_routes);
		if (!r)
			r = send_packet(p, IPPROTO_TCP, &p->spec->dns[i], 53, &by_routes);
		if (!r && p->has_link)
			r = ask(p, &p->spec->dns[i], &by_link);
	}
	return r;
}

/* What the findings of a process mean here. */
enum meaning {
	MEANS_NOTHING,
	MEANS_NO_USE, /* it would ask resolvers that the rules keep from it: nothing comes out */
	MEANS_OPEN, /* a way out that no packet was seen on: whether one is taken cannot be told */
};

static enum meaning meaning_of(const char *id)
{
	static const struct {
		const char *id;
		enum meaning meaning;
	} list[] = {
		{ "processes", MEANS_OPEN },
		{ "process-netns", MEANS_OPEN },
		{ "process-resolvers", MEANS_OPEN },
		{ "process-sockets", MEANS_OPEN },
		{ "process-resolv.conf", MEANS_NO_USE },
		{ "process-nsswitch.conf", MEANS_NO_USE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		if (!strcmp(list[i].id, id))
			return list[i].meaning;
	return MEANS_NOTHING;
}

/* What a finding makes of the probe's verdict: a leak is a packet outside, and none was seen. */
static enum leak_verdict verdict_of(const struct finding *f)
{
	if (f->verdict == FOUND_UNKNOWN)
		return LEAK_UNKNOWN;
	if (f->verdict == FOUND_FAIL && meaning_of(f->id) == MEANS_OPEN)
		return LEAK_UNKNOWN;
	return f->verdict == FOUND_SKIP ? LEAK_SKIP : LEAK_SEALED; /* who may not be looked at */
}

/* What check found of a process, as far as it is about names and sockets. The worst is told. */
static void take_findings(struct probing *p, const struct check *c)
{
	struct leak_probe *probe = &p->run->probes[p->probe];

	p->run->lost = p->run->lost || c->lost;
	for (size_t i = 0; i < c->n; i++) {
		const struct finding *f = &c->list[i];
		enum leak_verdict verdict = verdict_of(f);

		if (meaning_of(f->id) == MEANS_NOTHING || f->verdict == FOUND_OK ||
		    (probe->detail && verdict <= probe->verdict))
			continue;
		probe->verdict = verdict;
		leak_run_detail(p->run, &probe->detail, "%s%s%s%s", f->detail,
				f->remedy ? " (" : "", f->remedy ? f->remedy : "",
				f->remedy ? ")" : "");
	}
}

/* False when it has ended. */
static bool look_at(struct probing *p, pid_t pid)
{
	struct check c = { .name = "" };
	bool there;

	snprintf(c.name, sizeof(c.name), "%s", p->spec->name);
	there = check_process(&c, p->spec->netns_inode, pid);
	take_findings(p, &c);
	check_free(&c);
	return there;
}

/* The child: as a command of vault exec would be, until the other end of GO is closed. The run's
 * own sockets are closed, as exec does. */
static void be_command(const char *name, int told, int go)
{
	char why[MNT_WHY_LEN] = "", c;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (!mnt_enter(name, 0, why))
		why[0] = '\0';
	if (dup2(go, STDIN_FILENO) >= 0 && dup2(told, STDOUT_FILENO) >= 0 &&
	    dup2(null, STDERR_FILENO) >= 0 && !syscall(SYS_close_range, 3U, ~0U, 0U) &&
	    write(STDOUT_FILENO, why, sizeof(why)) == sizeof(why))
		(void)!read(STDIN_FILENO, &c, 1);
	_exit(0);
}

/* Waits until the child stands where a command would, and looks at it as at any process inside. */
static int look_at_child(struct probing *p, pid_t pid, int told)
{
	char why[MNT_WHY_LEN];
	ssize_t n = read(told, why, sizeof(why));

	if (n != sizeof(why))
		return n < 0 ? -errno : -EPIPE;
	if (!why[0])
		return look_at(p, pid) ? 0 : -ESRCH;
	p->run->probes[p->probe].verdict = LEAK_UNKNOWN;
	leak_run_detail(p->run, &p->run->probes[p->probe].detail,
			"a command could not be confined, and would not be run: %s", why);
	return 0;
}

int names_exec(struct probing *p, const struct probe *self)
{
	int told[2], go[2], r;
	pid_t pid;

	(void)self;
	if (pipe2(told, O_CLOEXEC))
		return -errno;
	if (pipe2(go, O_CLOEXEC)) {
		r = -errno;
		close(told[0]);
		close(told[1]);
		return r;
	}
	pid = fork();
	if (!pid) {
		close(go[1]);
		be_command(p->spec->name, told[1], go[0]);
	}
	r = pid < 0 ? -errno : 0;
	close(told[1]);
	close(go[0]);
	if (!r)
		r = look_at_child(p, pid, told[0]);
	close(go[1]);
	close(told[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (!r && !p->run->probes[p->probe].detail)
		leak_run_detail(p->run, &p->run->probes[p->probe].detail,
				"looked at what a command of vault exec sees");
	return r;
}

/* Who cannot be looked at may be inside, too. */
static void look_for_hidden(struct probing *p)
{
	struct check_host host = { 0 };
	struct check c = { 0 };

	check_processes(&c, p->spec->netns_inode, &host);
	take_findings(p, &c);
	check_free(&c);
	check_host_free(&host);
}

int names_processes(struct probing *p, const struct probe *self)
{
	struct proc *list cleanup(free_ptr) = NULL;
	ssize_t n = procs_in_netns(p->spec->netns_inode, &list), looked = 0;
	struct leak_probe *probe = &p->run->probes[p->probe];

	(void)self;
	look_for_hidden(p);
	for (ssize_t i = 0; i < n; i++) {
		if (list[i].pid == getpid())
			continue; /* we send from there */
		looked += look_at(p, list[i].pid);
	}
	if (probe->detail)
		return n < 0 ? (int)n : 0;
	if (looked) {
		leak_run_detail(p->run, &probe->detail, "looked at %zd process%s inside", looked,
				looked == 1 ? "" : "es");
	} else {
		probe->verdict = LEAK_SKIP;
		leak_run_detail(p->run, &probe->detail, "nobody is inside");
	}
	return n < 0 ? (int)n : 0;
}
