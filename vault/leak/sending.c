/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/sending.c: a run of leaktest sends: from the vault, the host, a stranger, the twin. */
#include <stdio.h>
#include <string.h>

#include "lib/ns.h"
#include "vault/leak/disrupt.h"
#include "vault/leak/probe/list.h"
#include "vault/leak/probe/send.h"
#include "vault/leak/testing.h"
#include "vault/report.h"

/* In the vault: what its own captures must see. By hand, as others may have all ports. */
static int send_loop(void *arg)
{
	struct test *t = arg;
	struct addr from, to;
	const struct way way = { .from = &from, .sender = PACKET_OF_CONTROL };
	int r = addr_parse("127.0.0.1", &from);

	t->loop = t->packets.n;
	if (!r)
		r = addr_parse("127.0.0.76", &to);
	return r ? r : send_raw(&t->probing, IPPROTO_UDP, &to, t->probing.port, &way);
}

/* Which of the probes are sent from where the caller stands. */
struct sending {
	struct test *t;
	struct probing *probing;
	enum leak_where where;
	bool stranger, flushed, disrupts;
};

/* In the namespace that they send from. */
static int send_probes(void *arg)
{
	const struct sending *s = arg;
	struct test *t = s->t;

	for (size_t i = 0; i < t->run->n_probes; i++) {
		const struct probe *probe = &probe_list[t->probes[i]];
		int r;

		if (probe->where != s->where || probe->stranger != s->stranger ||
		    probe->flushed != s->flushed || probe->disrupts != s->disrupts || !probe->send)
			continue;
		s->probing->probe = i;
		r = probe->send(s->probing, probe);
		test_look(t);
		if (!r || t->run->probes[i].verdict == LEAK_LEAK)
			continue;
		t->run->probes[i].verdict = LEAK_UNKNOWN;
		leak_run_detail(t->run, &t->run->probes[i].detail, "it could not be tried: %s",
				strerror(-r));
	}
	return 0;
}

/* In the vault. What could not be put back is the one thing of a run that must be mended by hand. */
static int disrupt(void *arg)
{
	struct test *t = arg;
	struct sending down = {
		.t = t, .probing = &t->probing, .where = LEAK_IN_VAULT, .disrupts = true
	};
	const struct remedy again = remedy_as_made(t->q->name, t->spec.conf, NULL);
	struct disrupt d = { .down = false };
	int r = disrupt_begin(&d, &t->probing), end;

	if (!r)
		r = send_probes(&down);
	end = disrupt_end(&d, &t->probing);
	if (end)
		report_mendable(t->q->name, &again, "putting the tunnel back: %s", strerror(-end));
	return r ? r : end;
}

static bool wants_disruption(const struct test *t)
{
	for (size_t i = 0; t->q->disrupt && i < t->run->n_probes; i++)
		if (probe_list[t->probes[i]].disrupts)
			return true;
	return false;
}

static bool wants_twin(const struct test *t)
{
	for (size_t i = 0; i < t->run->n_probes; i++)
		if (t->run->probes[i].where == LEAK_IN_TWIN)
			return t->probing.has_link;
	return false;
}

/* Those of the twin's probes that are not decided otherwise are in doubt, and WHY. */
static void give_up_twin(struct test *t, const char *why)
{
	for (size_t i = 0; i < t->run->n_probes; i++) {
		struct leak_probe *p = &t->run->probes[i];

		if (p->where != LEAK_IN_TWIN || p->verdict != LEAK_SEALED)
			continue;
		p->verdict = LEAK_UNKNOWN;
		leak_run_detail(t->run, &p->detail, "%s", why);
	}
}

/* Its probes work as the vault's do, by its own link. */
static int enter_twin(struct test *t)
{
	struct probing *p = &t->twin_probing;
	int r;

	*p = t->probing;
	p->spec = &t->twin.spec;
	p->frames = -1;
	p->flows[ADDR_V4] = p->flows[ADDR_V6] = -1;
	r = test_find_mac(&(struct card){ p->spec->link_host_if, p->link_mac });
	return r ? r
		 : ns_run(t->twin.session.vault_ns, test_find_mac,
			  &(struct card){ p->spec->link_if, p->vault_mac });
}

static int send_in_twin(struct test *t)
{
	struct sending cut = { .t = t, .probing = &t->twin_probing, .where = LEAK_IN_TWIN };
	struct sending flushed = cut;
	int r = enter_twin(t);

	flushed.flushed = true;
	if (r)
		return r;
	r = twin_begin_flows(&t->twin, &t->twin_probing);
	if (!r)
		r = twin_cut(&t->twin);
	if (!r)
		r = ns_run(t->twin.session.vault_ns, send_probes, &cut);
	for (int f = 0; f < ADDR_FAMILIES; f++)
		close_fd(&t->twin_probing.flows[f]);
	if (!r)
		r = twin_flush(&t->twin);
	/* From here on the link is open: what comes out of it is the guard's to stop. */
	t->twin_probing.places = PACKET_ON_LINK;
	t->twin_probing.port = t->probing.host_port;
	return r ? r : ns_run(t->twin.session.vault_ns, send_probes, &flushed);
}

/* A twin that cannot be made, or used, leaves its own probes in doubt, and no others. */
static void try_twin(struct test *t)
{
	char why[256];
	int r;

	if (!wants_twin(t))
		return;
	r = twin_open(&t->twin, &t->spec, t->vault_ns);
	if (!r)
		r = send_in_twin(t);
	if (!r)
		return;
	snprintf(why, sizeof(why), "no twin: %.200s", t->twin.why[0] ? t->twin.why : strerror(-r));
	give_up_twin(t, why);
}

int test_send(struct test *t)
{
	struct sending in_vault = { .t = t, .probing = &t->probing, .where = LEAK_IN_VAULT };
	struct sending on_host = { .t = t, .probing = &t->on_host, .where = LEAK_ON_HOST };
	struct sending stranger = {
		.t = t, .probing = &t->stranger, .where = LEAK_ON_HOST, .stranger = true
	};
	int r;

	t->on_host = t->stranger = t->probing;
	r = control_send(&t->control, &t->stranger);
	if (!r)
		r = ns_run(t->vault_ns, send_loop, t);
	if (!r)
		r = receiver_send(&t->receiver, &t->packets);
	if (!r)
		r = ns_run(t->vault_ns, send_probes, &in_vault);
	if (!r)
		r = send_probes(&on_host);
	if (!r)
		r = ns_run(t->control.ns, send_probes, &stranger);
	if (!r && wants_disruption(t))
		r = ns_run(t->vault_ns, disrupt, t);
	if (!r)
		try_twin(t);
	return r ? r : control_send_last(&t->control, &t->stranger);
}
