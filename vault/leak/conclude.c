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

/* The packets of a probe, by what became of them: refused, or gone into the tunnel or elsewhere. */
struct tally {
	size_t n, refused, tunnel, elsewhere;
	size_t asked, arrived; /* of the host's */
	size_t crossed; /* seen by a capture on the host */
	size_t untried;
	int why; /* an error of one of these */
};

static void count_packets(const struct packets *all, size_t probe, struct tally *sum)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct packet *p = &all->list[i];

		if (p->sender == PACKET_OF_CONTROL || p->probe != probe)
			continue;
		sum->n++;
		sum->refused += p->err != 0;
		sum->tunnel += !p->err && p->in_tunnel;
		sum->elsewhere += !p->err && !p->in_tunnel;
		sum->asked += p->sender == PACKET_OF_HOST;
		sum->arrived += p->sender == PACKET_OF_HOST && p->seen;
		sum->crossed += p->seen;
		if (is_untried(p->err)) {
			sum->untried++;
			sum->why = p->err;
		}
	}
}

/* What was not tried, did not arrive, or met no rule, was not stopped. */
static void doubt(struct test *t, size_t i, const struct tally *sum)
{
	struct leak_probe *probe = &t->run->probes[i];

	if (probe->verdict != LEAK_SEALED)
		return;
	if (sum->asked && !sum->arrived)
		probe->verdict = LEAK_UNKNOWN;
	if (sum->untried) {
		probe->verdict = LEAK_UNKNOWN;
		leak_run_detail(t->run, &probe->detail, "%zu of %zu packets could not be tried: %s",
				sum->untried, sum->n,
				sum->why == -EADDRINUSE ? "no port is free, somebody has them all"
							: strerror(-sum->why));
	} else if (probe->where == LEAK_IN_TWIN && sum->n && probe_list[t->probes[i]].flushed &&
		   !sum->crossed) {
		probe->verdict = LEAK_UNKNOWN;
		leak_run_detail(t->run, &probe->detail,
				"%zu packets, none of which came out of the link without rules",
				sum->n);
	}
}

/* What became of its packets. */
static void conclude(struct test *t, size_t i)
{
	struct leak_probe *probe = &t->run->probes[i];
	struct tally sum = { .n = 0 };

	count_packets(&t->packets, i, &sum);
	probe->packets = sum.n;
	doubt(t, i, &sum);
	if (i == t->others)
		leak_run_detail(t->run, &probe->detail, "%zu packets of others seen outside",
				probe->seen);
	if (probe->detail)
		return;
	if (!sum.n)
		conclude_unsent(t, i);
	else
		leak_run_detail(
			t->run, &probe->detail,
			"%zu packet%s: %zu refused, %zu dropped, %zu into the tunnel, %zu seen outside",
			sum.n, sum.n == 1 ? "" : "s", sum.refused,
			sum.elsewhere > probe->seen ? sum.elsewhere - probe->seen : 0, sum.tunnel,
			probe->seen);
}

void test_conclude(struct test *t)
{
	judge_control(t);
	for (size_t i = 0; i < t->run->n_probes; i++)
		conclude(t, i);
}
