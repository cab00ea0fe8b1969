/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/test.c: one run of leaktest: the captures open, all probes sent, what was seen judged.
 *
 * Theory of operation. Probes send side by side and wait for nothing; each packet has a number, so
 * what is seen tells which probe it was. When all is sent, the control's last packet is waited for
 * (look.c). A verdict counts only when the captures lost nothing and the control's packets, of
 * every kind, were seen by the same captures in the same run. Nothing that waits for a grace period
 * of the kernel, as the close of a packet socket does, stands between the first packet and the
 * verdict.
 */
#include "vault/leak/test.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "lib/ns.h"
#include "vault/exit.h"
#include "vault/leak/testing.h"
#include "vault/proc/hook.h"
#include "vault/proc/signals.h"
#include "vault/report.h"
#include "vault/spec/state.h"

#define LOCK_TRY_MS 50
#define LOCK_WAIT_MS 15000

static int undecided(const struct test *t, const char *what, int err)
{
	report_mendable(t->q->name, state_remedy(err), "%s: %s", what, state_error(err));
	return EXIT_UNDECIDED;
}

/* Both locks, or none: who wants to change the vault does not wait for one who waits. */
static int try_locks(void *arg)
{
	struct test *t = arg;

	t->folder = state_share(t->q->name);
	if (t->folder < 0)
		return t->folder;
	t->lock = state_lock_test(t->q->name);
	if (t->lock >= 0)
		return 0;
	close_fd(&t->folder);
	return t->lock;
}

int leak_await_lock(int (*try_lock)(void *arg), void *arg)
{
	for (int waited = 0;; waited += LOCK_TRY_MS) {
		int r = try_lock(arg);

		if (r != -EWOULDBLOCK || waited >= LOCK_WAIT_MS || signals_wait())
			return r;
		poll(NULL, 0, LOCK_TRY_MS);
	}
}

static int open_vault(struct test *t)
{
	const char *name = t->q->name;
	struct remedy remake;
	struct state_why why;
	int r;

	if (hook_refuses(name))
		return EXIT_UNDECIDED;
	r = leak_await_lock(try_locks, t);
	if (r == -EWOULDBLOCK) {
		report_mendable(name, REMEDY(WAIT, NULL),
				"another command is at work on this vault");
		return EXIT_UNDECIDED;
	}
	if (!r)
		r = state_load(name, &t->spec);
	if (r) {
		state_explain(name, r, &why);
		report_mendable(name, &why.remedy, "%s", why.text);
		return EXIT_UNDECIDED;
	}
	r = state_is_host(&t->spec);
	if (r)
		return undecided(t, "from here nothing would be seen", r);
	t->vault_ns = ns_open_name(name);
	if (t->vault_ns == -ENOENT || t->vault_ns == -EINVAL) {
		remake = remedy_as_made(name, t->spec.conf, NULL);
		report_mendable(name, &remake, "no namespace has the name %s", name);
		return EXIT_UNDECIDED;
	}
	r = t->vault_ns < 0 ? t->vault_ns : state_is_sealed(&t->spec, t->vault_ns);
	if (!r) {
		remake = remedy_as_made(name, t->spec.conf, REMEDY(DEL_NETNS, name));
		report_mendable(name, &remake, "%s/%s is not the namespace that was sealed", NS_DIR,
				name);
		return EXIT_UNDECIDED;
	}
	t->run->generation = t->spec.seal_generation;
	return r < 0 ? undecided(t, "its namespace", r) : 0;
}

static int64_t ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

/* As soon as there is a leak to tell of. */
static void alarm_once(struct test *t)
{
	const struct leak_request *q = t->q;

	if (t->run->verdict == LEAK_LEAK && q->alarm && !t->alarmed)
		q->alarm(t->run, &t->spec, t->vault_ns, q->alarm_arg);
	t->alarmed = t->alarmed || t->run->verdict == LEAK_LEAK;
}

/* The endpoint that is an address of this host; AF_UNSPEC: none is. */
static struct addr find_server_here(const struct test *t)
{
	for (size_t i = 0; i < t->targets.n; i++)
		if (t->targets.list[i].kind == TARGET_ENDPOINT &&
		    targets_has(&t->targets, TARGET_HOST, &t->targets.list[i].addr))
			return t->targets.list[i].addr;
	return (struct addr){ .family = AF_UNSPEC };
}

/* Servers may take their time: what was seen until now has been judged. */
static void judge_addresses(struct test *t, const struct timespec *start)
{
	const struct addr server = find_server_here(t);

	if (!t->q->n_echoes)
		return;
	report_progress(t->q->name, "waiting for the answers of %zu servers", t->q->n_echoes);
	echo_finish(&t->echo);
	echo_conclude(&t->echo, &t->spec, &server, t->run);
	t->run->duration_ms = ms_since(start);
	leak_run_judge(t->run);
	alarm_once(t);
}

/* Nothing is sent any more: the twin goes, then the vault may be changed. */
static void end_twin(struct test *t)
{
	if (twin_close(&t->twin))
		t->run->lost = true; /* told already */
	t->twin = (struct twin){ .tun = -1 };
	close_fd(&t->folder);
}

static int test_vault(struct test *t)
{
	struct timespec start;
	int r;

	report_progress(t->q->name, "looking at the host");
	r = test_gather(t);

	clock_gettime(CLOCK_REALTIME, &t->run->time);
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (r)
		return undecided(t, "looking at the host", r);
	r = test_open_captures(t);
	if (!r)
		r = receiver_open(&t->receiver);
	t->probing.host_port = t->receiver.port;
	if (r)
		return undecided(t, "opening packet sockets", r);
	r = control_open(&t->control, &t->spec, &t->probing.cable);
	if (!r)
		r = test_find_mac(&(struct card){ t->control.host_name, t->probing.cable.mac });
	if (r)
		return undecided(t, "laying the control's cable", r);
	if (t->q->n_echoes)
		echo_start(t->q->echoes, t->q->n_echoes, &t->spec, t->vault_ns, &t->echo);
	r = test_count_drops(t, true);
	report_progress(t->q->name, "sending the packets of %zu probe%s", t->run->n_probes,
			t->run->n_probes == 1 ? "" : "s");
	if (!r)
		r = test_send(t);
	if (r)
		return undecided(t, "sending", r);
	report_progress(t->q->name, "waiting for the packets that are under way");
	test_await(t);
	r = t->blind ? t->blind : test_count_drops(t, false);
	if (r) { /* but what was seen was seen */
		undecided(t, "reading what was seen", r);
		t->run->lost = true;
	}
	test_conclude(t);
	end_twin(t);
	t->run->duration_ms = ms_since(&start);
	leak_run_judge(t->run);
	alarm_once(t);
	judge_addresses(t, &start);
	return 0;
}

int leak_test(const struct leak_request *q, struct leak_run *run)
{
	struct test t = { .q = q,
			  .run = run,
			  .lock = -1,
			  .folder = -1,
			  .host_ns = -1,
			  .vault_ns = -1,
			  .host.fd = -1,
			  .inside.fd = -1,
			  .receiver.fd = -1,
			  .nl = NL_CLOSED,
			  .twin.tun = -1,
			  .control.ns = -1 };
	int code;

	snprintf(run->name, sizeof(run->name), "%s", q->name);
	t.probing = (struct probing){
		.run = run,
		.packets = &t.packets,
		.targets = &t.targets,
		.spec = &t.spec,
		.frames = -1,
		.flows = { -1, -1 },
	};
	t.on_host = t.stranger = t.twin_probing = t.probing;
	t.host_ns = ns_open_self();
	code = t.host_ns < 0 ? undecided(&t, "the host's namespace", t.host_ns) : open_vault(&t);
	if (!code)
		code = test_vault(&t);
	echo_cancel(&t.echo);
	close_fd(&t.probing.frames);
	close_fd(&t.on_host.frames);
	close_fd(&t.stranger.frames);
	close_fd(&t.twin_probing.frames);
	capture_close(&t.host);
	capture_close(&t.inside);
	receiver_close(&t.receiver);
	end_twin(&t);
	control_close(&t.control);
	nl_close(&t.nl);
	packets_free(&t.packets);
	spec_free(&t.spec);
	close_fd(&t.vault_ns);
	close_fd(&t.host_ns);
	close_fd(&t.lock);
	return code;
}
