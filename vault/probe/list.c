/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/probe/list.c: every probe there is, in the order in which they are told. */
#include "vault/probe/list.h"

#include "vault/probe/direct.h"

#define ANYWHERE (TARGET_PUBLIC | TARGET_LAN | TARGET_HOST | TARGET_ENDPOINT)

#define BY_ROUTES(proto, kind) .send = direct_by_routes, .protocol = (proto), .targets = (kind)

const struct probe probe_list[] = {
	{ "udp-public", "L8 L15", LEAK_IN_VAULT, "UDP to public addresses",
	  BY_ROUTES(IPPROTO_UDP, TARGET_PUBLIC) },
	{ "udp-lan", "L6 L17", LEAK_IN_VAULT, "UDP to the host's neighbours and gateways",
	  BY_ROUTES(IPPROTO_UDP, TARGET_LAN) },
	{ "udp-host", "L10", LEAK_IN_VAULT, "UDP to the host's addresses",
	  BY_ROUTES(IPPROTO_UDP, TARGET_HOST) },
	{ "udp-endpoint", "L16", LEAK_IN_VAULT, "UDP to the tunnel's endpoints, another port",
	  BY_ROUTES(IPPROTO_UDP, TARGET_ENDPOINT) },
	{ "tcp-public", "L8 L15", LEAK_IN_VAULT, "TCP to public addresses",
	  BY_ROUTES(IPPROTO_TCP, TARGET_PUBLIC) },
	{ "tcp-lan", "L6 L17", LEAK_IN_VAULT, "TCP to the host's neighbours and gateways",
	  BY_ROUTES(IPPROTO_TCP, TARGET_LAN) },
	{ "tcp-host", "L10", LEAK_IN_VAULT, "TCP to the host's addresses",
	  BY_ROUTES(IPPROTO_TCP, TARGET_HOST) },
	{ "tcp-endpoint", "L16", LEAK_IN_VAULT, "TCP to the tunnel's endpoints",
	  BY_ROUTES(IPPROTO_TCP, TARGET_ENDPOINT) },
	{ "icmp-public", "L8 L15", LEAK_IN_VAULT, "echo requests to public addresses",
	  BY_ROUTES(IPPROTO_ICMP, TARGET_PUBLIC) },
	{ "icmp-lan", "L6 L17", LEAK_IN_VAULT,
	  "echo requests to the host's neighbours and gateways",
	  BY_ROUTES(IPPROTO_ICMP, TARGET_LAN) },
	{ "icmp-host", "L10", LEAK_IN_VAULT, "echo requests to the host's addresses",
	  BY_ROUTES(IPPROTO_ICMP, TARGET_HOST) },
	{ "icmp-endpoint", "L16", LEAK_IN_VAULT, "echo requests to the tunnel's endpoints",
	  BY_ROUTES(IPPROTO_ICMP, TARGET_ENDPOINT) },
	{ "link-udp", "L1 L8", LEAK_IN_VAULT, "UDP to all of these, bound to the link",
	  .send = direct_by_link, .protocol = IPPROTO_UDP, .targets = ANYWHERE },
	{ "link-tcp", "L1 L8", LEAK_IN_VAULT, "TCP to all of these, bound to the link",
	  .send = direct_by_link, .protocol = IPPROTO_TCP, .targets = ANYWHERE },
	{ "link-icmp", "L1 L8", LEAK_IN_VAULT, "echo requests to all of these, bound to the link",
	  .send = direct_by_link, .protocol = IPPROTO_ICMP, .targets = ANYWHERE },
};
const size_t probe_count = ARRAY_SIZE(probe_list);
