/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/look.c: reads what the captures of a run have seen: while it sends, and to the end.
 *
 * What is seen is taken after each probe, so that it never piles up; in this order, as what a
 * packet that was seen outside means depends on whether it went into the tunnel. The end is no
 * matter of time: the last packet of the control is sent after all others, takes the same way
 * through the kernel, and is waited for, as are those that must be seen besides. A short time more
 * is for what hangs on somebody else: a packet that waits for its neighbour's address.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/neigh.h"
#include "vault/leak/probe/list.h"
#include "vault/leak/testing.h"
#include "vault/leak/verdict.h"
#include "vault/spec/state.h"

#define AWAIT_MS 10000 /* for what must be seen: beyond it the run is unknown */
#define GRACE_MS 200

/* The host's interface to the neighbour A who is nobody; 0: no such target. */
static uint32_t way_to(const struct test *t, const struct addr *a)
{
	for (size_t i = 0; i < t->targets.n; i++)
		if (t->targets.list[i].kind == TARGET_LAN &&
		    addr_equal(&t->targets.list[i].addr, a))
			return t->targets.list[i].index;
	return 0;
}

/*
 * A packet that came out of the link, as it may, and went on though it may not, waits on the host
 * for the address of a neighbour who is nobody. It is let out, to a hardware address that is
 * nobody's either, and is seen then. True: there may be more to see.
 */
static bool let_out(struct test *t)
{
	bool any = false;

	for (size_t i = 0; i < t->packets.n; i++) {
		struct packet *p = &t->packets.list[i];
		uint32_t index;

		if (p->let_out || !p->seen || !(p->places & PACKET_ON_LINK))
			continue;
		p->let_out = true;
		index = way_to(t, &p->to);
		if (!index)
			continue;
		any = any || !neigh_tell(&t->nl, index, &p->to, packet_mac);
		(void)!neigh_forget(&t->nl, index, &p->to); /* else it times out */
	}
	return any;
}

static int read_captures(struct test *t, struct verdict_case *j)
{
	const char *const links[] = { t->spec.link_host_if, j->twin ? j->twin->link_host_if : NULL,
				      NULL };
	int r = capture_read(&t->inside, verdict_inside, j);

	if (!r)
		r = capture_read(&t->host, verdict_on_host, j);
	if (!r && let_out(t))
		r = capture_read(&t->host, verdict_on_host, j);
	return r ? r : receiver_read(&t->receiver, links, &t->packets, t->run);
}

static int note_gateway(struct test *t, const char *name)
{
	struct spec other cleanup(spec_free) = { 0 };
	int r = state_load(name, &other);

	if (!r && spec_is_gateway_of(&other, &t->spec))
		memcpy(t->gateway, other.leg_host_if, sizeof(t->gateway));
	return r == -ENOENT ? 0 : r;
}

/* One that is not up yet may be at the next look; one whose description cannot be read may be it. */
static int find_gateway(struct test *t)
{
	char **names = NULL;
	ssize_t n;
	int r;

	if (t->spec.leg.role != SPEC_VIA || t->gateway[0])
		return 0;
	n = state_names(&names);
	r = n < 0 ? (int)n : 0;
	for (ssize_t i = 0; !t->gateway[0] && i < n; i++) {
		int err = note_gateway(t, names[i]);

		r = r ? r : err;
	}
	state_names_free(names, n);
	return t->gateway[0] ? 0 : r;
}

void test_look(struct test *t)
{
	struct verdict_case j = { .run = t->run,
				  .packets = &t->packets,
				  .targets = &t->targets,
				  .spec = &t->spec,
				  .twin = t->twin.made ? &t->twin.spec : NULL,
				  .control = t->control.host_name,
				  .gateway = t->gateway,
				  .own_probe = t->others };
	int r = find_gateway(t);

	if (!r)
		r = read_captures(t, &j);
	t->blind = t->blind ? t->blind : r;
}

/* A probe of the twin without rules: one of its packets at least must come out. */
static bool has_crossed(const struct test *t, size_t i)
{
	bool any = false;

	for (size_t k = 0; k < t->packets.n; k++) {
		const struct packet *p = &t->packets.list[k];

		if (p->sender == PACKET_OF_CONTROL || p->probe != i)
			continue;
		if (p->seen)
			return true;
		any = true;
	}
	return !any;
}

static bool has_leak(const struct test *t)
{
	for (size_t i = 0; i < t->run->n_probes; i++)
		if (t->run->probes[i].verdict == LEAK_LEAK)
			return true;
	return false;
}

/* The control's, and what the host asks the vault, but for ARP, which carries no mark. */
static bool must_be_seen(const struct packet *p)
{
	return !p->err &&
	       (p->sender == PACKET_OF_CONTROL || (p->sender == PACKET_OF_HOST && p->protocol));
}

/* Has all been seen that must be? A leak waits for nothing: it is acted upon. */
static bool is_settled(const struct test *t)
{
	if (t->blind || has_leak(t))
		return true;
	for (size_t k = 0; k < t->packets.n; k++)
		if (must_be_seen(&t->packets.list[k]) && !t->packets.list[k].seen)
			return false;
	for (size_t i = 0; i < t->run->n_probes; i++)
		if (probe_list[t->probes[i]].flushed && !has_crossed(t, i))
			return false;
	return true;
}

/* Looks whenever there is something to see, for MS; with SETTLED until all is seen that must be. */
static void look_for(struct test *t, int64_t ms, bool settled)
{
	struct pollfd fds[] = { { .fd = t->host.fd, .events = POLLIN },
				{ .fd = t->inside.fd, .events = POLLIN },
				{ .fd = t->receiver.fd, .events = POLLIN } };
	int64_t end = clock_ms() + ms, left = ms;

	for (test_look(t); left > 0 && !t->blind && !(settled && is_settled(t));
	     left = end - clock_ms()) {
		if (poll(fds, ARRAY_SIZE(fds), (int)left) < 0 && errno != EINTR)
			t->blind = -errno;
		else
			test_look(t);
	}
}

void test_await(struct test *t)
{
	look_for(t, AWAIT_MS, true);
	look_for(t, GRACE_MS, false);
}
