/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/wgcheck.c: what can only be said of a wg-quick file as a whole. */
#include "vault/read/wgcheck.h"

#include <errno.h>
#include <string.h>

#include "lib/list.h"

#define MTU_MIN_IPV6 1280U

int wgcheck_init(struct wgcheck *check, uint32_t max_peers)
{
	check->key_lines = calloc(max_peers, sizeof(*check->key_lines));
	check->max_peers = check->key_lines ? max_peers : 0;
	return check->key_lines || !max_peers ? 0 : -ENOMEM;
}

void wgcheck_set_key_line(struct wgcheck *check, uint32_t peer, uint32_t line)
{
	if (peer < check->max_peers)
		check->key_lines[peer] = line;
}

int wgcheck_add_prefix(struct wgcheck *check, const struct wgcheck_prefix *prefix)
{
	return list_append(&check->prefixes, &check->n_prefixes, sizeof(*prefix), prefix);
}

void wgcheck_free(struct wgcheck *check)
{
	free(check->prefixes);
	free(check->key_lines);
	*check = (struct wgcheck){ 0 };
}

static struct prefix *prefix_of(const struct wgconf *conf, const struct wgcheck_prefix *ref)
{
	return &conf->device.peers[ref->peer].allowed_ips[ref->index];
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* Equal prefixes side by side, in the order of the file. */
static int compare_prefixes(const void *left, const void *right, void *arg)
{
	const struct wgcheck_prefix *l = left, *r = right;
	const struct wgconf *conf = arg;
	const struct prefix *a = prefix_of(conf, l), *b = prefix_of(conf, r);
	int order = compare_numbers(a->addr.family, b->addr.family);

	if (!order)
		order = compare_numbers(a->len, b->len);
	if (!order)
		order = memcmp(a->addr.bytes, b->addr.bytes, addr_size(&a->addr));
	if (!order)
		order = compare_numbers(l->peer, r->peer);
	return order ? order : compare_numbers(l->index, r->index);
}

/* Drops the allowed IPs that were marked by clearing their family. */
static void drop_marked(struct wg_peer *peer)
{
	size_t kept = 0;

	for (size_t i = 0; i < peer->n_allowed_ips; i++)
		if (peer->allowed_ips[i].addr.family)
			peer->allowed_ips[kept++] = peer->allowed_ips[i];
	peer->n_allowed_ips = kept;
}

/* Of equal prefixes only the last one stands: so does the kernel, and `check` compares with what it
 * has. */
static void check_prefixes(struct wgcheck *check, struct wgconf *conf, struct problems *p)
{
	struct wgcheck_prefix *refs = check->prefixes;
	char text[PREFIX_STRLEN];
	bool marked = false;

	if (check->n_prefixes < 2)
		return;
	qsort_r(refs, check->n_prefixes, sizeof(*refs), compare_prefixes, conf);
	for (size_t i = 0; i + 1 < check->n_prefixes; i++) {
		const struct wgcheck_prefix *next = &refs[i + 1];
		struct prefix *prefix = prefix_of(conf, &refs[i]);

		if (!prefix_equal(prefix, prefix_of(conf, next)))
			continue;
		prefix_format(prefix, text);
		if (refs[i].peer == next->peer)
			problem_warn(p, next->line, "AllowedIPs: %s is given twice for this peer",
				     text);
		else
			problem_warn(p, next->line,
				     "AllowedIPs: %s belongs to the peer of line %u too: "
				     "the later peer, this one, gets it",
				     text, refs[i].line);
		prefix->addr.family = AF_UNSPEC;
		marked = true;
	}
	for (size_t i = 0; marked && i < conf->device.n_peers; i++)
		drop_marked(&conf->device.peers[i]);
}

static int compare_keys(const void *left, const void *right, void *arg)
{
	const uint32_t *l = left, *r = right;
	const struct wg_device *device = arg;
	const struct key *a = &device->peers[*l].public_key, *b = &device->peers[*r].public_key;
	int order = memcmp(a->bytes, b->bytes, KEY_LEN); /* public: need not be constant-time */

	return order ? order : compare_numbers(*l, *r);
}

static void check_repeated_peers(const struct wgcheck *check, struct wg_device *device,
				 struct problems *p)
{
	uint32_t n = (uint32_t)device->n_peers;
	uint32_t *order cleanup(free_ptr) = reallocarray(NULL, n, sizeof(*order));

	if (!order) {
		p->overflow = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare_keys, device);
	for (uint32_t i = 1; i < n; i++)
		if (key_equal(&device->peers[order[i - 1]].public_key,
			      &device->peers[order[i]].public_key))
			problem_error(p, check->key_lines[order[i]],
				      "PublicKey: the peer of line %u has it too: "
				      "make one [Peer] of the two",
				      check->key_lines[order[i - 1]]);
}

static void check_peers(const struct wgcheck *check, struct wg_device *device, struct problems *p)
{
	if (device->n_peers > 1)
		check_repeated_peers(check, device, p);
	if (!(device->flags & WG_DEVICE_GIVES_PRIVATE_KEY))
		return;
	for (size_t i = 0; i < device->n_peers; i++)
		if (key_equal(&device->peers[i].public_key, &device->public_key))
			problem_error(p, check->key_lines[i],
				      "PublicKey: is this interface's own: "
				      "the kernel drops such a peer");
}

/* wg(8)'s manual shows a PostUp that gives the key: a frequent reason for a file to have none. */
static bool hook_sets_key(const struct wgconf *conf)
{
	for (size_t kind = 0; kind < WGCONF_HOOKS; kind++)
		for (size_t i = 0; i < conf->hooks[kind].n; i++)
			if (strstr(conf->hooks[kind].list[i], "private-key"))
				return true;
	return false;
}

static void check_interface(const struct wgcheck *check, const struct wgconf *conf, bool has_key,
			    struct problems *p)
{
	bool ipv6 = false;

	for (size_t i = 0; i < conf->n_addresses; i++)
		ipv6 = ipv6 || conf->addresses[i].addr.family == AF_INET6;
	if (!has_key && hook_sets_key(conf))
		problem_error(p, 0,
			      "no PrivateKey: a hook of the file sets it, and hooks are never run: "
			      "write the key into the file");
	else if (!has_key)
		problem_error(
			p, 0,
			"no PrivateKey in [Interface]: make one with \"wg genkey\", or get the file anew "
			"from where it came");
	if (ipv6 && conf->mtu && conf->mtu < MTU_MIN_IPV6)
		problem_error(p, check->mtu_line,
			      "MTU: %u is too small for the IPv6 Address: it needs %u", conf->mtu,
			      MTU_MIN_IPV6);
	if (conf->search.n && !conf->n_dns)
		problem_warn(p, 0, "DNS: search domains without a server's address are of no use");
}

void wgcheck_run(struct wgcheck *check, struct wgconf *conf, bool has_key, struct problems *p)
{
	check_interface(check, conf, has_key, p);
	check_prefixes(check, conf, p);
	free(check->prefixes); /* before the next array is made: a big file is counted in
				  megabytes */
	check->prefixes = NULL;
	check->n_prefixes = 0;
	check_peers(check, &conf->device, p);
}
