/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wg.c: the kernel's WireGuard: settings put into messages. Reading them back is in
 * lib/wgread.c. */
#include "lib/wg.h"

#include <assert.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/wgfield.h"

enum {
	/*
	 * What wireguard-tools keeps to on most machines (the smaller of a page and 8 KiB). A list
	 * attribute could go up to 64 KiB; a small message costs little and no kernel has ever
	 * refused one.
	 */
	MESSAGE_MAX = 4096,
	FAMILY_ROOM = 64,
};

static_assert(KEY_LEN == WG_KEY_LEN, "a key is put as it lies in memory");

static int read_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[CTRL_ATTR_FAMILY_ID + 1];
	uint16_t *family = arg;
	int err;

	if (nlh->nlmsg_type != GENL_ID_CTRL)
		return -EBADMSG;
	err = nl_attrs(nlh, sizeof(struct genlmsghdr), tb, CTRL_ATTR_FAMILY_ID);
	return err ? err : nl_copy(tb[CTRL_ATTR_FAMILY_ID], family, sizeof(*family));
}

/* A plain get, not a dump: only that makes the kernel load the module. */
int wg_family(struct nl *genl, uint16_t *family, struct nl_error *error)
{
	struct nl_batch b cleanup(nl_batch_free) = { .nl = NULL };
	struct nlmsghdr *nlh;
	struct genlmsghdr *ctrl;
	int err;

	*family = 0;
	nlh = nl_batch_add(&b, genl, GENL_ID_CTRL, 0, sizeof(*ctrl), FAMILY_ROOM, 0);
	ctrl = nl_extra(nlh);
	ctrl->cmd = CTRL_CMD_GETFAMILY;
	ctrl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME);
	nl_batch_end(&b, nlh);
	err = nl_batch_send(&b, read_family, family, error);
	if (!err && *family < NLMSG_MIN_TYPE)
		err = error->err = -EPROTO;
	return err;
}

/* What is still to be put: the peer AT and of it the allowed IP IP; both beyond the end when all
 * is. */
struct cursor {
	const struct wg_device *dev;
	size_t at, ip;
};

static bool put(struct nlmsghdr *nlh, uint16_t type, const void *data, size_t len)
{
	return mnl_attr_put_check(nlh, MESSAGE_MAX, type, len, data);
}

static bool put_allowed_ip(struct nlmsghdr *nlh, const struct prefix *p)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, MESSAGE_MAX, 0);

	if (!nest)
		return false;
	if (!mnl_attr_put_u16_check(nlh, MESSAGE_MAX, WGALLOWEDIP_A_FAMILY, p->addr.family) ||
	    !put(nlh, WGALLOWEDIP_A_IPADDR, p->addr.bytes, addr_size(&p->addr)) ||
	    !mnl_attr_put_u8_check(nlh, MESSAGE_MAX, WGALLOWEDIP_A_CIDR_MASK, p->len)) {
		mnl_attr_nest_cancel(nlh, nest);
		return false;
	}
	mnl_attr_nest_end(nlh, nest);
	return true;
}

/* As many of the peer's allowed IPs as fit. True when none is left. */
static bool put_allowed_ips(struct nlmsghdr *nlh, const struct wg_peer *peer, size_t *ip)
{
	struct nlattr *nest;

	if (*ip == peer->n_allowed_ips)
		return true;
	nest = mnl_attr_nest_start_check(nlh, MESSAGE_MAX, WGPEER_A_ALLOWEDIPS);
	if (!nest)
		return false;
	while (*ip < peer->n_allowed_ips && put_allowed_ip(nlh, &peer->allowed_ips[*ip]))
		++*ip;
	mnl_attr_nest_end(nlh, nest);
	return *ip == peer->n_allowed_ips;
}

static bool put_endpoint(struct nlmsghdr *nlh, uint16_t attr, const struct wg_endpoint *e)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&e->addr, e->scope, e->port, &sa);

	return e->port == 0 || e->addr.family == AF_UNSPEC || put(nlh, attr, &sa, len);
}

/* The field F of NOUN, explicitly, so that nothing stays of what was; allowed IPs come by
 * themselves. */
static bool put_field(struct nlmsghdr *nlh, const struct wg_field *f, const void *noun)
{
	switch (f->kind) {
	case WG_ALLOWED_IPS:
		return true;
	case WG_ENDPOINT:
		return put_endpoint(nlh, f->attr, wg_member(f, noun));
	case WG_PUBLIC_KEY:
	case WG_PRIVATE_KEY:
	case WG_PRESHARED_KEY:
		return put(nlh, f->attr, wg_key(f, noun)->bytes, KEY_LEN);
	case WG_NUMBER:
		break;
	}
	return put(nlh, f->attr, wg_member(f, noun),
		   f->size); /* numbers are of this machine's order */
}

/* All but what the peer is known by. */
static bool put_peer_settings(struct nlmsghdr *nlh, const struct wg_peer *peer)
{
	bool remove = peer->flags & WG_PEER_REMOVE, all;

	all = mnl_attr_put_u32_check(nlh, MESSAGE_MAX, WGPEER_A_FLAGS,
				     remove ? WGPEER_F_REMOVE_ME : WGPEER_F_REPLACE_ALLOWEDIPS);
	for (size_t i = 1; !remove && all && i < wg_peer_fields.n; i++)
		if (wg_peer_fields.list[i].file)
			all = put_field(nlh, &wg_peer_fields.list[i], peer);
	return all;
}

/*
 * The peer at the cursor, or the rest of it. True when it is done; false when the message is full:
 * then what went in stands (a peer with some of its allowed IPs) or nothing did. A rest has the key
 * and allowed IPs alone, else the kernel would drop those of the first piece.
 */
static bool put_peer(struct nlmsghdr *nlh, struct cursor *c)
{
	const struct wg_peer *peer = &c->dev->peers[c->at];
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, MESSAGE_MAX, 0);
	size_t before = c->ip;
	bool is_done;

	if (!nest)
		return false;
	if (!put_field(nlh, &wg_peer_fields.list[0], peer) ||
	    (c->ip == 0 && !put_peer_settings(nlh, peer))) {
		mnl_attr_nest_cancel(nlh, nest);
		return false;
	}
	is_done = put_allowed_ips(nlh, peer, &c->ip);
	if (!is_done && c->ip == before) { /* no room even for the first: the whole peer goes into
					      the next message */
		mnl_attr_nest_cancel(nlh, nest);
		return false;
	}
	mnl_attr_nest_end(nlh, nest);
	return is_done;
}

static void put_peers(struct nlmsghdr *nlh, struct cursor *c)
{
	struct nlattr *nest;

	if (c->at == c->dev->n_peers)
		return;
	nest = mnl_attr_nest_start(nlh, WGDEVICE_A_PEERS);
	while (c->at < c->dev->n_peers && put_peer(nlh, c)) {
		c->at++;
		c->ip = 0;
	}
	mnl_attr_nest_end(nlh, nest);
}

/* Of a change what it sets, else all. */
static void put_device_settings(struct nlmsghdr *nlh, const struct wg_device *dev)
{
	bool whole = !(dev->flags & WG_DEVICE_IS_CHANGE);

	if (whole)
		mnl_attr_put_u32(nlh, WGDEVICE_A_FLAGS, WGDEVICE_F_REPLACE_PEERS);
	for (size_t i = 0; i < wg_device_fields.n; i++) {
		const struct wg_field *f = &wg_device_fields.list[i];

		if (f->file && (whole || dev->flags & f->flag))
			mnl_attr_put(nlh, f->attr, f->size, wg_member(f, dev));
	}
}

void wg_queue_set(struct nl_batch *b, struct nl *genl, uint16_t family, unsigned int tag,
		  const char *ifname, const struct wg_device *dev)
{
	const size_t room = MESSAGE_MAX - NLMSG_HDRLEN - sizeof(struct genlmsghdr);
	struct cursor c = { .dev = dev };
	bool is_first = true;
	struct nlmsghdr *nlh;
	struct genlmsghdr *g;

	do {
		nlh = nl_batch_add(b, genl, family, 0, sizeof(*g), room, tag);
		g = nl_extra(nlh);
		g->cmd = WG_CMD_SET_DEVICE;
		g->version = WG_GENL_VERSION;
		nl_put_name(b, nlh, WGDEVICE_A_IFNAME, ifname);
		if (is_first)
			put_device_settings(nlh, dev);
		is_first = false;
		put_peers(nlh, &c);
		nl_batch_end(b, nlh);
	} while (c.at < dev->n_peers && !b->err);
}
