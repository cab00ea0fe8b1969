/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/ready.c: what a run of leaktest needs before it sends: marks, targets, probes,
 * captures. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "lib/ns.h"
#include "vault/leak/probe/list.h"
#include "vault/leak/testing.h"

/* The token that names this run, the tag and the port of its packets. */
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
	t->packets.tag = random.tag;
	t->probing.port = (uint16_t)(20000 + random.port % 10000);
	for (size_t i = 0; i < reach->n_host_ports; i++)
		if (reach->host_ports[i].first == t->probing.port)
			t->probing.port++;
	return 0;
}

int test_find_mac(void *arg)
{
	const struct card *card = arg;
	int fd cleanup(close_fd) = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", card->name);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr))
		return -errno;
	memcpy(card->mac, ifr.ifr_hwaddr.sa_data, 6);
	return 0;
}

/* Both ends' hardware addresses; where either is missing there is no link. */
static void find_link(struct test *t)
{
	struct card host = { t->spec.link_host_if, t->probing.link_mac };
	struct card vault = { t->spec.link_if, t->probing.vault_mac };

	t->probing.has_link = t->spec.has_link && !test_find_mac(&host) &&
			      !ns_run(t->vault_ns, test_find_mac, &vault);
}

/* The filters for frames came with Linux 5.16. */
static bool lacks_filter(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major < 5 || (major == 5 && minor < 16);
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

	t->others = SIZE_MAX;
	run->probes = calloc(probe_count, sizeof(*run->probes));
	if (!run->probes)
		return -ENOMEM;
	for (size_t i = 0; i < probe_count; i++) {
		struct leak_probe *p = &run->probes[run->n_probes];

		if (!is_asked_for(t->q, probe_list[i].id))
			continue;
		if (!probe_list[i].send)
			t->others = run->n_probes;
		t->probes[run->n_probes++] = i;
		*p = (struct leak_probe){ .id = probe_list[i].id,
					  .vectors = probe_list[i].vectors,
					  .where = probe_list[i].where };
	}
	return 0;
}

int test_gather(struct test *t)
{
	int r = choose_marks(t);

	if (!r)
		r = nl_open(&t->nl, NETLINK_ROUTE);
	if (!r)
		r = targets_gather(&t->targets, &t->spec, &t->nl);
	find_link(t);
	t->probing.lacks_filter = lacks_filter();
	return r ? r : list_probes(t);
}

static void add_index(struct filter_own *own, uint32_t index)
{
	if (index)
		own->interfaces[own->n_interfaces++] = index;
}

/* In the vault: the tunnel, or the way to the gateway, is what may be left by; what leaves by the
 * link is seen where it comes out. */
static int name_ways(void *arg)
{
	struct test *t = arg;
	struct filter_own own = { .list = t->spec.addresses,
				  .n = t->spec.n_addresses,
				  .leaving = true };
	const char *const names[] = { "lo", t->spec.tunnel_if, t->spec.link_if, t->spec.leg_if };

	static_assert(ARRAY_SIZE(names) <= FILTER_INTERFACES_MAX, "all fit");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (*names[i])
			add_index(&own, if_nametoindex(names[i]));
	filter_build(&t->filter, t->packets.tag, &own);
	return 0;
}

int test_open_captures(struct test *t)
{
	struct filter_own own = { .list = t->spec.addresses, .n = t->spec.n_addresses };
	int r;

	add_index(&own, t->spec.has_link ? if_nametoindex(t->spec.link_host_if) : 0);
	filter_build(&t->filter, t->packets.tag, &own);
	r = capture_open(&t->host, t->host_ns, &t->filter);
	if (!r)
		r = ns_run(t->vault_ns, name_ways, t);
	return r ? r : capture_open(&t->inside, t->vault_ns, &t->filter);
}
