/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/fuzz/netlink.c: a libFuzzer target: any bytes as the kernel's answer to each kind of
 * request. */
/* clang -std=gnu11 -D_GNU_SOURCE -I. -fsanitize=fuzzer,address,undefined test/fuzz/netlink.c
 * lib/{addr,key,...}.c -lmnl */
#include "lib/nlmsg.c"
#include "lib/nl.c"
#include "lib/rtnldump.c"
#include "lib/wg.c"
#include "lib/wgread.c"
#include "lib/nftrule.c"

/* The first byte of the input. */
enum kind {
	BATCH,
	TRANSACTION,
	LINKS,
	ADDRESSES,
	ROUTES4,
	ROUTES6,
	DEVICE,
	FAMILY,
	RULE,
	KINDS,
};

enum {
	SEQ = 1, /* the number of the last message sent */
	WG_FAMILY = 30,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is handed out must be whole: names end, lengths fit the family. */
static void check(bool cond)
{
	if (!cond)
		abort();
}

static int see_link(const struct rtnl_link *link, void *arg)
{
	(void)arg;
	check(link->name[0] && memchr(link->name, '\0', sizeof(link->name)) &&
	      memchr(link->kind, '\0', sizeof(link->kind)));
	return 0;
}

static int see_address(const struct rtnl_address *address, void *arg)
{
	(void)arg;
	check(address->address.addr.family &&
	      address->address.len <= addr_bits(&address->address.addr));
	return 0;
}

static int see_route(const struct rtnl_route *route, void *arg)
{
	(void)arg;
	check(route->dst.addr.family && route->dst.len <= addr_bits(&route->dst.addr));
	return 0;
}

static void see_device(const struct wg_device *dev)
{
	for (size_t i = 0; i < dev->n_peers; i++)
		for (size_t j = 0; j < dev->peers[i].n_allowed_ips; j++)
			check(dev->peers[i].allowed_ips[j].len <=
			      addr_bits(&dev->peers[i].allowed_ips[j].addr));
}

/* Two rules, one half each; and one told just as it was sent. */
static void see_rule(const char *buf, size_t len)
{
	size_t half = NLMSG_ALIGN(len / 2);

	if (half > len)
		return;
	(void)nftrule_same(buf, half, buf, half);
	(void)nftrule_same(buf, half, buf + half, len - half);
}

static void run_kind(enum kind kind, struct exchange *x, const void *buf, size_t len)
{
	struct wg_device dev = { .flags = 0 };
	struct reading reading = { .dev = &dev, .family = WG_FAMILY };
	struct dump dump = { .family = kind == ROUTES6 ? AF_INET6 : AF_INET };
	uint16_t family = 0;

	x->is_transaction = kind == TRANSACTION;
	x->is_dump = kind >= LINKS && kind <= DEVICE;
	x->arg = &dump;
	if (kind == LINKS) {
		x->fn = read_link;
		dump.fn.link = see_link;
	} else if (kind == ADDRESSES) {
		x->fn = read_address;
		dump.fn.address = see_address;
	} else if (kind == ROUTES4 || kind == ROUTES6) {
		x->fn = read_route;
		dump.fn.route = see_route;
	} else if (kind == DEVICE) {
		x->fn = read_device;
		x->arg = &reading;
	} else if (kind == FAMILY) {
		x->fn = read_family;
		x->arg = &family;
	}
	if (kind == RULE) {
		see_rule(buf, len);
		return;
	}
	take_datagram(x, buf, len);
	see_device(&dev);
	wg_device_free(&dev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nl_error error = { .err = 0 };
	struct exchange x = {
		.first = SEQ - 1, .last = SEQ, .final = SEQ, .is_open = true, .error = &error
	};
	void *buf;

	if (size < 1 || size > RECEIVE_SIZE)
		return 0;
	buf = malloc(size - 1
			     ? size - 1
			     : 1); /* of its own: reading past its end is seen, and it is aligned */
	if (!buf)
		return 0;
	memcpy(buf, data + 1, size - 1);
	run_kind(data[0] % KINDS, &x, buf, size - 1);
	check(memchr(error.text, '\0', sizeof(error.text)) != NULL && error.err <= 0);
	free(buf);
	return 0;
}
