/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wgread.c: the part of lib/wg.h that reads: the kernel's dump of a device, its pieces joined. */
#include "lib/wg.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/time_types.h>
#include <linux/wireguard.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/wgfield.h"

static int read_allowed_ip(const struct nlattr *attr, void *arg)
{
	const struct nlattr *tb[WGALLOWEDIP_A_MAX + 1];
	struct wg_peer *peer = arg;
	struct prefix p = { .len = 0 };
	uint16_t family;
	int err;

	err = nl_nested(attr, tb, WGALLOWEDIP_A_MAX);
	if (!err)
		err = nl_copy(tb[WGALLOWEDIP_A_FAMILY], &family, sizeof(family));
	if (!err)
		err = nl_copy(tb[WGALLOWEDIP_A_CIDR_MASK], &p.len, sizeof(p.len));
	if (err)
		return err;
	if (family != AF_INET && family != AF_INET6)
		return -EBADMSG;
	p.addr.family = (uint8_t)family;
	err = nl_copy(tb[WGALLOWEDIP_A_IPADDR], p.addr.bytes, addr_size(&p.addr));
	if (!err && p.len > addr_bits(&p.addr))
		err = -EBADMSG;
	return err ? err : wg_peer_add_allowed(peer, &p);
}

static int read_endpoint(const struct nlattr *attr, struct wg_endpoint *e)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (nl_copy(attr, &v4, sizeof(v4)) == 0 && v4.sin_family == AF_INET) {
		e->addr = (struct addr){ .family = AF_INET, .v4 = v4.sin_addr };
		e->port = ntohs(v4.sin_port);
		return 0;
	}
	if (nl_copy(attr, &v6, sizeof(v6)) == 0 && v6.sin6_family == AF_INET6) {
		e->addr = (struct addr){ .family = AF_INET6, .v6 = v6.sin6_addr };
		e->port = ntohs(v6.sin6_port);
		e->scope = v6.sin6_scope_id;
		return 0;
	}
	return -EBADMSG;
}

/* Stores what TB has of the FIELDS of NOUN. A number is always told; a key or an endpoint only
 * where there is one; allowed IPs come by themselves. */
static int read_fields(const struct nlattr *const *tb, const struct wg_fields *fields, void *noun)
{
	int err = 0;

	for (size_t i = 0; !err && i < fields->n; i++) {
		const struct wg_field *f = &fields->list[i];

		if (!f->attr || f->kind == WG_ALLOWED_IPS || (f->kind != WG_NUMBER && !tb[f->attr]))
			continue;
		err = f->kind == WG_ENDPOINT ? read_endpoint(tb[f->attr], wg_member(f, noun))
					     : nl_copy(tb[f->attr], wg_member(f, noun), f->size);
	}
	return err;
}

static int read_peer_settings(const struct nlattr *const *tb, struct wg_peer *peer)
{
	struct __kernel_timespec last;
	int err = read_fields(tb, &wg_peer_fields, peer);

	if (!err)
		err = nl_copy(tb[WGPEER_A_LAST_HANDSHAKE_TIME], &last, sizeof(last));
	if (err)
		return err;
	peer->last_handshake = last.tv_sec;
	peer->last_handshake_nsec = (uint32_t)last.tv_nsec;
	return 0;
}

/* A peer too large for one message goes on in the next one, with its key and the rest of its
 * allowed IPs alone. */
static int read_wg_peer(const struct nlattr *attr, void *arg)
{
	const struct nlattr *tb[WGPEER_A_MAX + 1];
	struct wg_device *dev = arg;
	struct wg_peer *peer = dev->n_peers ? &dev->peers[dev->n_peers - 1] : NULL;
	struct key key;
	int err;

	err = nl_nested(attr, tb, WGPEER_A_MAX);
	if (!err)
		err = nl_copy(tb[WGPEER_A_PUBLIC_KEY], &key, sizeof(key));
	if (err)
		return err;
	if (!peer || !key_equal(&peer->public_key, &key)) {
		peer = wg_device_add_peer(dev);
		if (!peer)
			return -ENOMEM;
		err = read_peer_settings(tb, peer);
	}
	if (!err && tb[WGPEER_A_ALLOWEDIPS])
		err = nl_each(tb[WGPEER_A_ALLOWEDIPS], read_allowed_ip, peer);
	return err;
}

struct reading {
	struct wg_device *dev;
	uint16_t family;
	bool has_settings;
};

static int read_device(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[WGDEVICE_A_MAX + 1];
	struct reading *r = arg;
	int err;

	if (nlh->nlmsg_type != r->family)
		return -EBADMSG;
	err = nl_attrs(nlh, sizeof(struct genlmsghdr), tb, WGDEVICE_A_MAX);
	if (!err && !r->has_settings) /* they come with the first message alone */
		err = read_fields(tb, &wg_device_fields, r->dev);
	r->has_settings = true;
	if (!err && tb[WGDEVICE_A_PEERS])
		err = nl_each(tb[WGDEVICE_A_PEERS], read_wg_peer, r->dev);
	return err;
}

int wg_get(struct nl *genl, uint16_t family, const char *ifname, struct wg_device *out,
	   struct nl_error *error)
{
	struct {
		struct genlmsghdr head;
		struct nlattr attr;
		char name[IFNAMSIZ];
	} request = {
		.head = { .cmd = WG_CMD_GET_DEVICE, .version = WG_GENL_VERSION },
		.attr = { .nla_len = sizeof(request.attr) + sizeof(request.name),
			  .nla_type = WGDEVICE_A_IFNAME },
	};
	struct reading r = { .dev = out, .family = family };
	int err;

	*out = (struct wg_device){ .flags = 0 };
	*error = (struct nl_error){ .err = -EINVAL };
	if (strnlen(ifname, IFNAMSIZ) == IFNAMSIZ)
		return -EINVAL;
	memcpy(request.name, ifname, strlen(ifname));
	err = nl_dump(genl, family, 0, &request, sizeof(request), read_device, &r, error);
	if (!err && !r.has_settings)
		err = error->err = -EPROTO;
	if (err)
		wg_device_free(out);
	else
		wg_device_observed(out);
	return err;
}
