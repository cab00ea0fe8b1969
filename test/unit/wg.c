/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/wg.c: messages to the kernel's WireGuard decoded here, its dumps joined; and the kernel
 * itself if it has it. */
#include "lib/wg.c"
#include "lib/wgread.c"

#include <stdio.h>

#include "lib/ns.h"
#include "lib/rtnl.h"
#include "test/unit/sandbox.h"
#include "lib/wgdiff.h"
#include "test/unit/tap.h"

static const struct key no_key;

static struct nl_error error;

/* N peers, every second one with all attributes; the one numbered LARGE has N_LARGE allowed IPs,
 * others two. */
static bool fill(struct wg_device *d, size_t n, size_t large, size_t n_large)
{
	memset(d->private_key.bytes, 0x50, KEY_LEN);
	d->listen_port = 51999;
	d->fwmark = 77;
	for (uint32_t i = 0; i < n; i++) {
		struct wg_peer *p = wg_device_add_peer(d);
		struct prefix six = { .addr = { .family = AF_INET6 }, .len = 64 };

		if (!p)
			return false;
		memset(p->public_key.bytes, 9, KEY_LEN);
		memcpy(p->public_key.bytes, &i, sizeof(i));
		if (i % 2) {
			p->flags = WG_PEER_HAS_PRESHARED_KEY;
			memset(p->preshared_key.bytes, 0xa5, KEY_LEN);
			p->keepalive = 25;
			p->endpoint = (struct wg_endpoint){ .addr = { .family = AF_INET,
								      .bytes = { 192, 0, 2, 1 } },
							    .port = 65535 };
		} else if (i % 4) {
			p->endpoint = (struct wg_endpoint){ .addr = { .family = AF_INET6,
								      .bytes = { 0xfe, 0x80 } },
							    .port = 1,
							    .scope = 1 };
		}
		for (uint32_t j = 0; j < (i == large ? n_large : 2); j++) {
			memcpy(six.addr.bytes, &i, 4);
			memcpy(six.addr.bytes + 4, &j, 4);
			if (wg_peer_add_allowed(p, &six))
				return false;
		}
		if (i != large) { /* of each family one */
			p->allowed_ips[1] =
				(struct prefix){ .addr = { .family = AF_INET }, .len = 32 };
			memcpy(p->allowed_ips[1].addr.bytes, &(uint32_t){ htonl(10U << 24 | i) },
			       4);
		}
	}
	return true;
}

static bool same_peer(const struct wg_peer *p, const struct wg_peer *q)
{
	bool found;

	if (!key_equal(&p->public_key, &q->public_key) || p->flags != q->flags ||
	    p->keepalive != q->keepalive || !key_equal(&p->preshared_key, &q->preshared_key) ||
	    p->endpoint.port != q->endpoint.port || p->endpoint.scope != q->endpoint.scope ||
	    !addr_equal(&p->endpoint.addr, &q->endpoint.addr) ||
	    p->n_allowed_ips != q->n_allowed_ips)
		return false;
	for (size_t i = 0; i < p->n_allowed_ips; i++) {
		found = prefix_equal(&p->allowed_ips[i], &q->allowed_ips[i]);
		for (size_t j = 0; !found && j < q->n_allowed_ips; j++)
			found = prefix_equal(&p->allowed_ips[i], &q->allowed_ips[j]);
		if (!found)
			return false;
	}
	return true;
}

static bool same_device(const struct wg_device *a, const struct wg_device *b)
{
	if (a->flags != b->flags || a->listen_port != b->listen_port || a->fwmark != b->fwmark ||
	    !key_equal(&a->private_key, &b->private_key) || a->n_peers != b->n_peers)
		return false;
	for (size_t i = 0; i < a->n_peers; i++)
		if (!same_peer(&a->peers[i], &b->peers[i]))
			return false;
	return true;
}

/* What a batch comes to when it is read as the kernel does. */
struct decoded {
	struct wg_device dev;
	unsigned int messages, pieces, wrong;
	size_t longest;
};

static int decode_peer(const struct nlattr *attr, void *arg)
{
	const struct nlattr *tb[WGPEER_A_MAX + 1];
	struct decoded *d = arg;
	struct wg_peer *p = d->dev.n_peers ? &d->dev.peers[d->dev.n_peers - 1] : NULL;
	uint32_t flags = 0;
	int err;

	err = nl_nested(attr, tb, WGPEER_A_MAX);
	if (err || !tb[WGPEER_A_PUBLIC_KEY])
		return -EBADMSG;
	if (p && memcmp(mnl_attr_get_payload(tb[WGPEER_A_PUBLIC_KEY]), p->public_key.bytes,
			KEY_LEN) == 0) {
		d->pieces++; /* the rest of the last one: allowed IPs alone */
		d->wrong +=
			tb[WGPEER_A_FLAGS] || tb[WGPEER_A_PRESHARED_KEY] || tb[WGPEER_A_ENDPOINT];
	} else {
		p = wg_device_add_peer(&d->dev);
		if (!p || nl_copy(tb[WGPEER_A_FLAGS], &flags, sizeof(flags)) ||
		    flags != WGPEER_F_REPLACE_ALLOWEDIPS ||
		    nl_copy(tb[WGPEER_A_PUBLIC_KEY], &p->public_key, KEY_LEN) ||
		    nl_copy(tb[WGPEER_A_PRESHARED_KEY], &p->preshared_key, KEY_LEN) ||
		    nl_copy(tb[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL], &p->keepalive,
			    sizeof(p->keepalive)) ||
		    (tb[WGPEER_A_ENDPOINT] && read_endpoint(tb[WGPEER_A_ENDPOINT], &p->endpoint)))
			return -EBADMSG;
		p->flags = key_is_zero(&p->preshared_key) ? 0U : WG_PEER_HAS_PRESHARED_KEY;
	}
	return tb[WGPEER_A_ALLOWEDIPS] ? nl_each(tb[WGPEER_A_ALLOWEDIPS], read_allowed_ip, p) : 0;
}

static int decode_message(const struct nlmsghdr *nlh, struct decoded *d)
{
	const struct nlattr *tb[WGDEVICE_A_MAX + 1];
	const struct genlmsghdr *g = mnl_nlmsg_get_payload(nlh);
	uint32_t flags = 0;

	d->messages++;
	d->longest = nlh->nlmsg_len > d->longest ? nlh->nlmsg_len : d->longest;
	if (nl_attrs(nlh, sizeof(*g), tb, WGDEVICE_A_MAX) || g->cmd != WG_CMD_SET_DEVICE ||
	    g->version != 1 || !tb[WGDEVICE_A_IFNAME] ||
	    strcmp(mnl_attr_get_str(tb[WGDEVICE_A_IFNAME]), "wg0") != 0)
		return -EBADMSG;
	if (d->messages == 1) {
		if (nl_copy(tb[WGDEVICE_A_FLAGS], &flags, sizeof(flags)) ||
		    flags != WGDEVICE_F_REPLACE_PEERS || !tb[WGDEVICE_A_PRIVATE_KEY] ||
		    read_fields(tb, &wg_device_fields, &d->dev))
			return -EBADMSG;
	} else {
		d->wrong += tb[WGDEVICE_A_FLAGS] || tb[WGDEVICE_A_PRIVATE_KEY] ||
			    tb[WGDEVICE_A_LISTEN_PORT] || tb[WGDEVICE_A_FWMARK];
	}
	return tb[WGDEVICE_A_PEERS] ? nl_each(tb[WGDEVICE_A_PEERS], decode_peer, d) : 0;
}

static bool decode(const struct nl_batch *b, struct decoded *d)
{
	const char *pos = b->buf, *end = pos + b->len;
	const struct nlmsghdr *nlh;
	int err = b->err;

	*d = (struct decoded){ .messages = 0 };
	while (!err && (nlh = nl_next(&pos, end)) != NULL)
		err = decode_message(nlh, d);
	printf("# %u messages, %zu bytes, longest %zu, %u pieces, err %d\n", d->messages, b->len,
	       d->longest, d->pieces, err);
	return !err && pos == end && d->messages == b->count && !d->wrong &&
	       d->longest <= MESSAGE_MAX;
}

static void check_split(size_t n, size_t large, size_t n_large, const char *name)
{
	struct nl genl = NL_CLOSED;
	struct nl_batch b = { .nl = NULL };
	struct wg_device dev = { .flags = 0 };
	struct decoded d;

	ok(fill(&dev, n, large, n_large), "(filled)");
	wg_queue_set(&b, &genl, 30, 5, "wg0", &dev);
	ok(decode(&b, &d) && same_device(&dev, &d.dev), name);
	ok(b.count == 0 || b.tags[b.count - 1] == 5, "with the tag on each message");
	wg_device_free(&dev);
	wg_device_free(&d.dev);
	nl_batch_free(&b);
}

static void test_split(void)
{
	struct nl genl = NL_CLOSED;
	struct nl_batch b = { .nl = NULL };
	struct wg_device dev = { .flags = 0 };
	char name[64];

	check_split(0, 0, 0, "no peer: one message");
	check_split(3, 1, 5, "three peers");
	check_split(10000, 77, 2, "10,000 peers");
	check_split(3, 1, 3000, "a peer that takes many messages");
	check_split(3, 1, 0, "a peer without allowed IPs");
	for (size_t n = 60; n < 140; n++) { /* the end of a message at each place within a peer */
		snprintf(name, sizeof(name), "%zu allowed IPs before others", n);
		check_split(40, 0, n, name);
	}
	wg_queue_set(&b, &genl, 30, 1, "a-name-too-long-for-a-link", &dev);
	ok(b.err == -EINVAL, "a name that is none");
	nl_batch_free(&b);
}

/* A message of the kernel's dump, written as it does. */
static struct nlmsghdr *dump_message(char *buf, bool is_first)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = 30;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	if (is_first) {
		mnl_attr_put_u16(nlh, WGDEVICE_A_LISTEN_PORT, 9);
		mnl_attr_put_u32(nlh, WGDEVICE_A_FWMARK, 0);
	}
	mnl_attr_put_strz(nlh, WGDEVICE_A_IFNAME, "wg0");
	return nlh;
}

static void dump_peer(struct nlmsghdr *nlh, char id, bool is_rest, uint8_t allowed)
{
	const struct __kernel_timespec last = { .tv_sec = 1700000000, .tv_nsec = 5 };
	struct nlattr *peer = mnl_attr_nest_start(nlh, 0), *list, *ip;
	struct key key = { { (uint8_t)id } };

	mnl_attr_put(nlh, WGPEER_A_PUBLIC_KEY, KEY_LEN, &key);
	if (!is_rest) {
		mnl_attr_put(nlh, WGPEER_A_PRESHARED_KEY, KEY_LEN, &no_key);
		mnl_attr_put(nlh, WGPEER_A_LAST_HANDSHAKE_TIME, sizeof(last), &last);
		mnl_attr_put_u16(nlh, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, 0);
		mnl_attr_put_u64(nlh, WGPEER_A_RX_BYTES, 1);
		mnl_attr_put_u64(nlh, WGPEER_A_TX_BYTES, 2);
		mnl_attr_put_u32(nlh, WGPEER_A_PROTOCOL_VERSION, 1);
	}
	list = mnl_attr_nest_start(nlh, WGPEER_A_ALLOWEDIPS);
	ip = mnl_attr_nest_start(nlh, 0);
	mnl_attr_put_u16(nlh, WGALLOWEDIP_A_FAMILY, AF_INET);
	mnl_attr_put_u32(nlh, WGALLOWEDIP_A_IPADDR, htonl(allowed));
	mnl_attr_put_u8(nlh, WGALLOWEDIP_A_CIDR_MASK, allowed);
	mnl_attr_nest_end(nlh, ip);
	mnl_attr_nest_end(nlh, list);
	mnl_attr_nest_end(nlh, peer);
}

static void test_join(void)
{
	_Alignas(struct nlmsghdr) char buf[2048];
	struct wg_device dev = { .flags = 0 };
	struct reading r = { .dev = &dev, .family = 30 };
	struct nlmsghdr *nlh = dump_message(buf, true);
	struct nlattr *peers = mnl_attr_nest_start(nlh, WGDEVICE_A_PEERS);

	dump_peer(nlh, 'a', false, 1);
	dump_peer(nlh, 'b', false, 2);
	mnl_attr_nest_end(nlh, peers);
	ok(read_device(nlh, &r) == 0 && dev.n_peers == 2 && dev.listen_port,
	   "the first message of a dump");
	nlh = dump_message(buf, false);
	peers = mnl_attr_nest_start(nlh, WGDEVICE_A_PEERS);
	dump_peer(nlh, 'b', true, 3);
	dump_peer(nlh, 'c', false, 32);
	mnl_attr_nest_end(nlh, peers);
	ok(read_device(nlh, &r) == 0 && dev.n_peers == 3 && dev.peers[1].n_allowed_ips == 2 &&
		   dev.peers[1].rx_bytes == 1 && dev.peers[1].allowed_ips[1].len == 3 &&
		   dev.peers[2].last_handshake == 1700000000 &&
		   dev.peers[2].last_handshake_nsec == 5 && !dev.peers[2].flags,
	   "the rest of a peer in the second one");
	nlh = dump_message(buf, false);
	peers = mnl_attr_nest_start(nlh, WGDEVICE_A_PEERS);
	dump_peer(nlh, 'd', false, 33);
	mnl_attr_nest_end(nlh, peers);
	ok(read_device(nlh, &r) == -EBADMSG, "a prefix length that is none");
	nlh->nlmsg_type = 31;
	ok(read_device(nlh, &r) == -EBADMSG, "a message of another family");
	wg_device_free(&dev);
}

static void set_and_get(struct nl *genl, uint16_t family, size_t n, size_t n_large,
			const char *name)
{
	struct nl_batch b = { .nl = NULL };
	struct wg_device wanted = { .flags = 0 }, found = { .flags = 0 };
	int err;

	ok(fill(&wanted, n, 1, n_large), "(filled)");
	wg_queue_set(&b, genl, family, 3, "wg0", &wanted);
	err = nl_batch_send(&b, NULL, NULL, &error);
	if (!err)
		err = wg_get(genl, family, "wg0", &found, &error);
	if (err)
		printf("# %d '%s'\n", err, error.text);
	ok(err == 0 && same_device(&wanted, &found), name);
	wg_device_free(&wanted);
	wg_device_free(&found);
}

static void test_kernel(struct nl *genl, uint16_t family)
{
	struct nl rt = NL_CLOSED;
	struct nl_batch b = { .nl = NULL };
	struct wg_device found;
	int self cleanup(close_fd) = ns_open_self();

	ok(nl_open(&rt, NETLINK_ROUTE) == 0, "(socket)");
	rtnl_queue_wireguard(&b, &rt, 1, "wg0", 0, self, 0, 0);
	ok(nl_batch_send(&b, NULL, NULL, &error) == 0, "a device of the kernel's");
	ok(wg_get(genl, family, "wg0", &found, &error) == 0 && found.n_peers == 0 && !found.flags,
	   "a fresh device");
	set_and_get(genl, family, 3, 2, "three peers");
	set_and_get(genl, family, 1, 0, "one: of the three nothing stays");
	set_and_get(genl, family, 3, 5000, "a peer with 5,000 allowed IPs");
	set_and_get(genl, family, 10000, 2, "10,000 peers");
	set_and_get(genl, family, 0, 0, "none");
	ok(wg_get(genl, family, "wg1", &found, &error) == -ENODEV && !found.peers,
	   "no such device");
	ok(wg_get(genl, family, "lo", &found, &error) == -EOPNOTSUPP,
	   "a device that is none of WireGuard's");
	nl_close(&rt);
}

/* Whose handshakes were another private key's or endpoint's begins anew; whose is right is not
 * touched. */
static void test_anew(void)
{
	struct wg_peer wanted = { .keepalive = 25 },
		       had = { .keepalive = 25, .last_handshake = 7, .tx_bytes = 148 };
	struct wg_device want = { .peers = &wanted, .n_peers = 1 },
			 have = { .peers = &had, .n_peers = 1 };
	struct wg_device change;

	memset(wanted.public_key.bytes, 9, KEY_LEN);
	had.public_key = wanted.public_key;
	ok(!wgdiff(&want, &have, &change) && wgdiff_is_none(&change), "a peer that is right");
	wgdiff_free(&change);
	wanted.preshared_key.bytes[0] = 7; /* as a device had it, and no description asks for */
	ok(!wgdiff(&want, &have, &change) && wgdiff_is_none(&change),
	   "a preshared key without its flag is none");
	wgdiff_free(&change);
	have.private_key.bytes[0] = 8;
	ok(!wgdiff(&want, &have, &change) && change.n_peers == 2 &&
		   change.peers[0].flags == WG_PEER_REMOVE && change.peers[1].keepalive == 25,
	   "under another private key it goes, and is there anew");
	wgdiff_free(&change);
	have.private_key.bytes[0] = 0;
	had.endpoint = (struct wg_endpoint){ .addr = { .family = AF_INET }, .port = 51820 };
	ok(!wgdiff(&want, &have, &change) && wgdiff_is_none(&change),
	   "an endpoint that is not asked for is whatever it is");
	wgdiff_free(&change);
	wanted.endpoint = (struct wg_endpoint){ .addr = { .family = AF_INET }, .port = 51821 };
	ok(!wgdiff(&want, &have, &change) && change.n_peers == 2 &&
		   change.peers[0].flags == WG_PEER_REMOVE &&
		   change.peers[1].endpoint.port == 51821,
	   "at another endpoint it goes, and is there anew");
	wgdiff_free(&change);
	wanted.endpoint = had.endpoint;
	have.private_key.bytes[0] = 8;
	had.last_handshake = 0;
	had.tx_bytes = 0;
	ok(!wgdiff(&want, &have, &change) && change.flags & WG_DEVICE_GIVES_PRIVATE_KEY &&
		   !change.n_peers,
	   "one that was never used stays");
	wgdiff_free(&change);
}

int main(void)
{
	test_anew();
	struct nl genl = NL_CLOSED;
	uint16_t family = 0;
	int err;

	test_split();
	test_join();
	if (!sandbox_enter()) {
		skip("all that takes a namespace", "needs root (of a user namespace at least)");
		return tap_done();
	}
	ok(nl_open(&genl, NETLINK_GENERIC) == 0, "(socket)");
	err = wg_family(&genl, &family, &error);
	if (err == -ENOENT)
		skip("the kernel's WireGuard", "this kernel has none");
	else if (ok(err == 0 && family >= NLMSG_MIN_TYPE, "the family's number"))
		test_kernel(&genl, family);
	nl_close(&genl);
	return tap_done();
}
