/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/fuzz/uapi.c: a libFuzzer target: any bytes as a userspace WireGuard's reply. The first one:
 * to a set or a get. */
#include "lib/uapiread.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool cond)
{
	if (!cond)
		abort();
}

static void see_peer(const struct wg_peer *peer)
{
	check(!peer->endpoint.host && !!peer->endpoint.port == !!peer->endpoint.addr.family);
	for (size_t i = 0; i < peer->n_allowed_ips; i++) {
		struct prefix p = peer->allowed_ips[i];

		check(p.addr.family && p.len <= addr_bits(&p.addr) && !prefix_mask(&p));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_device dev = { .flags = 0 };
	char *text;
	int err;

	if (size < 1)
		return 0;
	text = malloc(size - 1 ? size - 1 : 1); /* of its own: reading past its end is seen */
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	err = uapi_parse_reply(text, size - 1, data[0] & 1 ? &dev : NULL);
	check(err <= 0 && err >= -ERRNO_MAX &&
	      (!err || (!dev.peers && !dev.n_peers && !dev.flags)));
	for (size_t i = 0; i < dev.n_peers; i++)
		see_peer(&dev.peers[i]);
	wg_device_free(&dev);
	free(text);
	return 0;
}
