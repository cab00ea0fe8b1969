/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/test.c: one run of leaktest: the eyes open, all probes sent, what was seen judged.
 *
 * Theory of operation. Probes send side by side and wait for nothing; each packet has a number, so
 * what is seen tells which probe it was. When all is sent, one short wait lets what is under way
 * arrive; then the eyes are read once. A verdict counts only when the eyes lost nothing and the
 * control's packets, of every kind, were seen by the same eyes in the same run.
 */
#include "vault/leak/test.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "lib/nft.h"
#include "lib/ns.h"
#include "vault/cmd.h"
#include "vault/leak/control.h"
#include "vault/leak/echojudge.h"
#include "vault/leak/judge.h"
#include "vault/probe/list.h"
#include "vault/probe/send.h"
#include "vault/report.h"
#include "vault/seal.h"
#include "vault/state.h"

#define GRACE_MS 300
#define DUMP_TRIES 8

struct test {
	const struct leak_request *q;
	struct leak_run *run;
	struct spec spec;
	int host_ns, vault_ns;
	struct packets packets;
	struct targets targets;
	struct probing probing;
	struct control control;
	struct eyes host, inside;
	struct echo_round echo;
	size_t loop; /* the control's packet on the vault's loopback */
	bool alarmed;
	size_t probes[64]; /* by the index in the run, the one in probe_list */
};

/* What stands in the way of a run, as a mend. */
static const char *hint(int err)
{
	return err == -EPERM || err == -EACCES ? " (run it as root)" : "";
}

static int undecided(const struct test *t, const char *what, int err)
{
	report_error(t->q->name, "%s: %s%s", what, strerror(-err), hint(err));
	return EXIT_UNDECIDED;
}

static int open_vault(struct test *t)
{
	const char *name = t->q->name;
	uint64_t inode = 0;
	int r = state_load(name, &t->spec);

	if (r == -ENOENT) {
		report_error(name, "not up (vault up %s)", name);
		return EXIT_UNDECIDED;
	}
	if (r) {
		report_error(name, "%s/%s: %s%s", STATE_DIR, name, strerror(-r), hint(r));
		return EXIT_UNDECIDED;
	}
	t->vault_ns = ns_open_name(name);
	r = t->vault_ns < 0 ? t->vault_ns : ns_inode(t->vault_ns, &inode);
	if (!r && inode != t->spec.netns_inode) {
		report_error(name, "%s/%s is not the namespace that was sealed (vault up %s)",
			     NS_DIR, name, name);
		return EXIT_UNDECIDED;
	}
	return r ? undecided(t, "its namespace", r) : 0;
}

/* The tag, the token and the port of this run. */
static int choose_marks(struct test *t)
{
	struct {
		uint8_t token[LEAK_TOKEN_LEN];
		uint16_t tag, port;
	} random;
	const struct spec_reach *reach = &t->spec.reach;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	memcpy(t->run->token, random.token, sizeof(random.token));
	memcpy(t->packets.token, random.token, sizeof(random.token));
	t->packets.tag = random.tag;
	t->probing.port = (uint16_t)(20000 + random.port % 10000);
	for (size_t i = 0; i < reach->n_host_ports; i++)
		if (reach->host_ports[i].first == t->probing.port)
			t->probing.port++;
	return 0;
}

/* What the link's host end has for a hardware address; without it there is no link. */
static void find_link(struct test *t)
{
	int fd cleanup(close_fd) = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", t->spec.host_name);
	t->probing.has_link = t->spec.has_link && fd >= 0 && !ioctl(fd, SIOCGIFHWADDR, &ifr);
	memcpy(t->probing.link_mac, ifr.ifr_hwaddr.sa_data, sizeof(t->probing.link_mac));
}

static int gather(struct test *t)
{
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	int r = choose_marks(t);

	if (!r)
		r = nl_open(&nl, NETLINK_ROUTE);
	if (!r)
		r = targets_gather(&t->targets, &t->spec, &nl);
	find_link(t);
	return r;
}

static bool is_asked_for(const struct leak_request *q, const char *id)
{
	for (size_t i = 0; i < q->n_probes; i++)
		if (!strcmp(q->probes[i], id))
			return true;
	return !q->n_probes;
}

static int list_probes(struct test *t)
{
	struct leak_run *run = t->run;

	run->probes = calloc(probe_count, sizeof(*run->probes));
	if (!run->probes)
		return -ENOMEM;
	for (size_t i = 0; i < probe_count; i++) {
		struct leak_probe *p = &run->probes[run->n_probes];

		if (!is_asked_for(t->q, probe_list[i].id))
			continue;
		t->probes[run->n_probes++] = i;
		*p = (struct leak_probe){ .id = probe_list[i].id,
					  .vectors = probe_list[i].vectors,
					  .where = probe_list[i].where };
	}
	return 0;
}

static int open_eyes(struct test *t)
{
	struct filter filter;
	int r;

	filter_build(&filter, t->packets.tag, t->spec.addresses, t->spec.n_addresses);
	r = eyes_open(&t->host, t->host_ns, &filter);
	filter_build(&filter, t->packets.tag, NULL, 0);
	return r ? r : eyes_open(&t->inside, t->vault_ns, &filter);
}

/* In the vault: what its own eyes must see. */
static int send_loop(void *arg)
{
	struct test *t = arg;
	const struct way way = { .flags = PACKET_CONTROL };
	struct addr a;
	int r = addr_parse("127.0.0.76", &a);

	t->loop = t->packets.n;
	return r ? r : send_packet(&t->probing, IPPROTO_UDP, &a, t->probing.port, &way);
}

struct sending {
	struct test *t;
	enum leak_where where;
};

/* In the namespace that they send from. */
static int send_probes(void *arg)
{
	const struct sending *s = arg;
	struct test *t = s->t;

	for (size_t i = 0; i < t->run->n_probes; i++) {
		const struct probe *probe = &probe_list[t->probes[i]];
		int r;

		if (probe->where != s->where)
			continue;
		t->probing.probe = i;
		r = probe->send(&t->probing, probe);
		if (!r)
			continue;
		t->run->probes[i].verdict = LEAK_UNKNOWN;
		leak_run_detail(t->run, &t->run->probes[i].detail, "it could not be tried: %s",
				strerror(-r));
	}
	return 0;
}

static int send_all(struct test *t)
{
	struct sending in_vault = { t, LEAK_IN_VAULT };
	int r = control_send(&t->control, &t->probing);

	if (!r)
		r = ns_run(t->vault_ns, send_loop, t);
	if (!r)
		r = ns_run(t->vault_ns, send_probes, &in_vault);
	return r;
}

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
		struct leak_drop *grown = reallocarray(run->drops, i + 1, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		run->drops = grown;
		grown[i] = (struct leak_drop){ .packets = 0 };
		snprintf(grown[i].reason, sizeof(grown[i].reason), "%s", name);
		run->n_drops++;
	}
	run->drops[i].packets += d->before ? -packets : packets;
	run->drops[i].total += d->before ? 0 : packets;
	return 0;
}

static int open_nft(void *arg)
{
	return nl_open(arg, NETLINK_NETFILTER);
}

/* What was dropped meanwhile is the difference; a vault whose rules are gone has none. */
static int count_drops(struct test *t, bool before)
{
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	struct drops d = { t->run, before };
	struct nl_error error = { 0 };
	int r = ns_run(t->vault_ns, open_nft, &nl);

	return r ? r : nft_dump_counters(&nl, note_drop, &d, &error);
}

static int look(struct test *t)
{
	struct judge j = { .run = t->run,
			   .packets = &t->packets,
			   .targets = &t->targets,
			   .spec = &t->spec,
			   .control = t->control.host_name,
			   .own_probe = SIZE_MAX };
	int r = eyes_read(&t->inside, judge_inside, &j); /* first: what went into the tunnel */

	return r ? r : eyes_read(&t->host, judge_on_host, &j);
}

static void judge_control(struct test *t)
{
	int64_t lost = eyes_lost(&t->host), blind = eyes_lost(&t->inside);
	char **detail = &t->run->control.detail;
	size_t missing;

	t->run->control.verdict = LEAK_UNKNOWN;
	if (lost || blind)
		leak_run_detail(t->run, detail,
				"the eyes lost packets: this machine is too busy for them");
	else if (!control_was_seen(&t->control, &t->packets, &missing))
		leak_run_detail(t->run, detail, "packet %zu of the control was not seen on %s",
				missing, t->control.host_name);
	else if (!t->packets.list[t->loop].seen)
		leak_run_detail(t->run, detail, "its packet was not seen inside, on lo");
	else
		t->run->control.verdict = LEAK_SEALED;
	if (t->run->control.verdict == LEAK_SEALED)
		leak_run_detail(t->run, detail, "%zu packets of all kinds were seen",
				t->control.count + 1);
}

/* What became of its packets. */
static void conclude(struct test *t, size_t i)
{
	struct leak_probe *probe = &t->run->probes[i];
	size_t n = 0, refused = 0, tunnel = 0;

	for (size_t j = 0; j < t->packets.n; j++) {
		const struct packet *p = &t->packets.list[j];

		if (p->flags & PACKET_CONTROL || p->probe != i)
			continue;
		n++;
		refused += p->err != 0;
		tunnel += p->in_tunnel;
	}
	if (probe->detail)
		return;
	if (!n && probe->verdict == LEAK_SEALED)
		probe->verdict = LEAK_SKIP;
	if (!n)
		leak_run_detail(t->run, &probe->detail, "this vault has no such way");
	else
		leak_run_detail(t->run, &probe->detail,
				"%zu packets: %zu refused, %zu into the tunnel, %zu seen outside",
				n, refused, tunnel, probe->seen);
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

/* Servers may take their time: what was seen until now has been judged. */
static void judge_addresses(struct test *t, const struct timespec *start)
{
	if (!t->q->n_echoes)
		return;
	echo_finish(&t->echo);
	echo_conclude(&t->echo, &t->spec, t->run);
	t->run->duration_ms = ms_since(start);
	leak_run_judge(t->run);
	alarm_once(t);
}

static int test_vault(struct test *t)
{
	struct timespec start;
	int r = gather(t);

	clock_gettime(CLOCK_REALTIME, &t->run->time);
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (!r)
		r = list_probes(t);
	if (r)
		return undecided(t, "looking at the host", r);
	r = open_eyes(t);
	if (r)
		return undecided(t, "opening packet sockets", r);
	r = control_open(&t->control, &t->spec);
	if (r)
		return undecided(t, "laying the control's cable", r);
	if (t->q->n_echoes)
		echo_start(t->q->echoes, t->q->n_echoes, &t->spec, t->vault_ns, &t->echo);
	r = count_drops(t, true);
	if (!r)
		r = send_all(t);
	if (r)
		return undecided(t, "sending", r);
	poll(NULL, 0, GRACE_MS);
	r = look(t);
	if (!r)
		r = count_drops(t, false);
	if (r)
		return undecided(t, "reading what was seen", r);
	judge_control(t);
	for (size_t i = 0; i < t->run->n_probes; i++)
		conclude(t, i);
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
			  .host_ns = -1,
			  .vault_ns = -1,
			  .host.fd = -1,
			  .inside.fd = -1,
			  .control.ns = -1 };
	int code;

	snprintf(run->name, sizeof(run->name), "%s", q->name);
	t.probing = (struct probing){
		.run = run, .packets = &t.packets, .targets = &t.targets, .spec = &t.spec
	};
	t.host_ns = ns_open_self();
	code = t.host_ns < 0 ? undecided(&t, "the host's namespace", t.host_ns) : open_vault(&t);
	if (!code)
		code = test_vault(&t);
	echo_cancel(&t.echo);
	eyes_close(&t.host);
	eyes_close(&t.inside);
	control_close(&t.control);
	packets_free(&t.packets);
	spec_free(&t.spec);
	close_fd(&t.vault_ns);
	close_fd(&t.host_ns);
	return code;
}
