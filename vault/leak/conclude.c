/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/conclude.c: what was seen in a run of leaktest, and what it means for each probe. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"
#include "lib/nft.h"
#include "lib/ns.h"
#include "vault/leak/probe/list.h"
#include "vault/leak/testing.h"
#include "vault/seal/seal.h"
#include "vault/spec/state.h"

struct drops {
	struct leak_run *run;
	bool before;
};

/* One counter: of several tables with the same name the sum. */
static int note_drop(const char *table, const char *name, uint64_t packets, uint64_t bytes,
		     void *arg)
{
	const struct drops *d = arg;
	struct leak_run *run = d->run;
	size_t i = 0;

	(void)table;
	(void)bytes;
	if (!seal_counter_meaning(name))
		return 0;
	while (i < run->n_drops && strcmp(run->drops[i].reason, name) != 0)
		i++;
	if (i == run->n_drops) {
		struct leak_drop drop = { .before = 0 };

		snprintf(drop.reason, sizeof(drop.reason), "%s", name);
		if (list_append(&run->drops, &run->n_drops, sizeof(drop), &drop))
			return -ENOMEM;
	}
	if (d->before)
		run->drops[i].before += packets;
	else
		run->drops[i].total += packets;
	return 0;
}

static int open_nft(void *arg)
{
	return nl_open(arg, NETLINK_NETFILTER);
}

/* Rules that were taken away and put back meanwhile count from nothing. */
static void subtract(struct leak_run *run)
{
	for (size_t i = 0; i < run->n_drops; i++) {
		struct leak_drop *d = &run->drops[i];

		d->packets = d->total < d->before ? d->total : d->total - d->before;
	}
}

/* What was dropped meanwhile is the difference; a vault whose rules are gone has none. */
int test_count_drops(struct test *t, bool before)
{
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	struct drops d = { t->run, before };
	struct nl_error error = { 0 };
	int r = ns_run(t->vault_ns, open_nft, &nl);

	for (size_t i = 0; i < t->run->n_drops; i++)
		*(before ? &t->run->drops[i].before : &t->run->drops[i].total) = 0;
	if (!r)
		r = nft_dump_counters(&nl, note_drop, &d, &error);
	if (!r && !before)
		subtract(t->run);
	return r;
}

static void judge_control(struct test *t)
{
	int64_t lost = capture_lost(&t->host), blind = capture_lost(&t->inside);
	char **detail = &t->run->control.detail;
	size_t missing;

	t->run->control.verdict = LEAK_UNKNOWN;
	if (lost || blind)
		leak_run_detail(t->run, detail,
				"the eyes lost packets: this machine is too busy for them");
	else if (!state_is_current(t->lock, t->run->name))
		leak_run_detail(t->run, detail, "the vault was changed meanwhile");
	else if (!control_was_seen(&t->control, &t->packets, &missing))
		leak_run_detail(t->run, detail, "packet %zu of the control was not seen on %s",
				missing, t->control.host_name);
	else if (!t->packets.list[t->control.last].seen)
		leak_run_detail(t->run, detail, "the last packet of the control was not seen on %s",
				t->control.host_name);
	else if (!t->packets.list[t->loop].seen)
		leak_run_detail(t->run, detail, "its packet was not seen inside, on lo");
	else if (!t->packets.list[t->receiver.control].seen)
		leak_run_detail(t->run, detail, "its packet did not reach a socket of the host");
	else
		t->run->control.verdict = LEAK_SEALED;
	if (t->run->control.verdict == LEAK_SEALED)
		leak_run_detail(t->run, detail, "%zu packets of all kinds were seen",
				t->control.count + 3);
}

/* The probe I had nothing to send. A link that is described and cannot be found may be one of
 * another name. */
static void conclude_unsent(struct test *t, size_t i)
{
	struct leak_probe *probe = &t->run->probes[i];
	const char *why = "this vault has no such way";
	bool untried = false;

	if (probe_list[t->probes[i]].disrupts) {
		why = "only with disrupt";
	} else if (t->spec.has_link && !t->probing.has_link) {
		why = "the link is not there as described (vault check)";
		untried = true;
	}
	if (probe->verdict == LEAK_SEALED)
		probe->verdict = untried ? LEAK_UNKNOWN : LEAK_SKIP;
	leak_run_detail(t->run, &probe->detail, "%s", why);
}

/* Not refused: there was nothing to send it by. */
static bool is_untried(int err)
{
	return err == -EADDRINUSE || err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

/* What became of its packets. */
static void conclude(struct test *t, size_t i)
{
	struct leak_probe *probe = &t->run->probes[i];
	size_t n = 0, refused = 0, tunnel = 0, asked = 0, arrived = 0, crossed = 0, untried = 0;
	size_t gone = 0; /* sent, and not into the tunnel */
	int why = 0;

	for (size_t j = 0; j < t->packets.n; j++) {
		const struct packet *p = &t->packets.list[j];

		if (p->sender == PACKET_OF_CONTROL || p->probe != i)
			continue;
		n++;
		refused += p->err != 0;
		if (is_untried(p->err)) {
			untried++;
			why = p->err;
		}
		tunnel += !p->err && p->in_tunnel;
		gone += !p->err && !p->in_tunnel;
		asked += p->sender == PACKET_OF_HOST;
		crossed += p->seen;
		arrived += p->sender == PACKET_OF_HOST && p->seen;
	}
	probe->packets = n;
	if (untried && probe->verdict == LEAK_SEALED) {
		probe->verdict = LEAK_UNKNOWN;
		leak_run_detail(t->run, &probe->detail, "%zu of %zu packets could not be tried: %s",
				untried, n,
				why == -EADDRINUSE ? "no port is free, somebody has them all"
						   : strerror(-why));
	}
	if (asked && !arrived && probe->verdict == LEAK_SEALED)
		probe->verdict = LEAK_UNKNOWN; /* what did not arrive could not be answered */
	if (probe->where == LEAK_IN_TWIN && n && probe->verdict == LEAK_SEALED &&
	    probe_list[t->probes[i]].flushed && !crossed) {
		probe->verdict = LEAK_UNKNOWN;
		leak_run_detail(t->run, &probe->detail,
				"%zu packets, none of which came out of the link without rules", n);
	}
	if (i == t->others)
		leak_run_detail(t->run, &probe->detail, "%zu packets of others seen outside",
				probe->seen);
	if (probe->detail)
		return;
	if (!n)
		conclude_unsent(t, i);
	else
		leak_run_detail(
			t->run, &probe->detail,
			"%zu packet%s: %zu refused, %zu dropped, %zu into the tunnel, %zu seen outside",
			n, n == 1 ? "" : "s", refused, gone > probe->seen ? gone - probe->seen : 0,
			tunnel, probe->seen);
}

void test_conclude(struct test *t)
{
	judge_control(t);
	for (size_t i = 0; i < t->run->n_probes; i++)
		conclude(t, i);
}
