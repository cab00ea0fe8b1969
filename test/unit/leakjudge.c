/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/leakjudge.c: what a sighting means: whose packet it was goes by its mark and its way. */
#include "vault/leak/verdict.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "test/unit/tap.h"
#include "vault/leak/receiver.h"

static struct spec spec = {
	.link_host_if = "vlt-m", .link_if = "link-m", .tunnel_if = "wg-m", .has_tunnel = true
};
static const char *gateway = "";
static struct packets packets;
static struct targets targets;
static struct leak_probe probes[1];
static struct leak_run run;
static struct prefix own;

static struct addr address(const char *text)
{
	struct addr a = { .family = AF_UNSPEC };

	if (addr_parse(text, &a))
		printf("# %s\n", text);
	return a;
}

/* A new run, of one packet. */
static void begin(uint8_t protocol, const char *to, unsigned int places)
{
	const struct packet p = {
		.protocol = protocol, .to = address(to), .port = 53, .places = places
	};

	for (size_t i = 0; i < run.n_probes; i++)
		free(probes[i].evidence);
	packets_free(&packets);
	memset(probes, 0, sizeof(probes));
	run = (struct leak_run){ .probes = probes, .n_probes = 1 };
	packets.tag = 0x1234;
	if (packet_add(&packets, &p))
		printf("# no packet\n");
}

/* Adds one more to it. */
static void add(const char *to, unsigned int places)
{
	const struct packet p = {
		.protocol = IPPROTO_UDP, .to = address(to), .port = 53, .places = places
	};

	if (packet_add(&packets, &p) < 0)
		printf("# no packet\n");
}

static void show(const char *interface, bool out, bool inside, const uint8_t *data, size_t len)
{
	struct verdict_case j = { .run = &run,
				  .packets = &packets,
				  .targets = &targets,
				  .spec = &spec,
				  .control = "vlx-m",
				  .gateway = gateway };
	struct sighting s = {
		.out = out, .type = ETHERTYPE_IP, .vlan = -1, .data = data, .len = len, .whole = len
	};

	snprintf(s.interface, sizeof(s.interface), "%s", interface);
	(inside ? verdict_inside : verdict_on_host)(&s, &j);
}

/* Somebody sees it, or its ANSWER, with FLAGS of TCP. */
static void see(const char *interface, bool out, bool inside, bool answer, uint8_t flags)
{
	const struct addr from = address("10.66.0.2");
	uint8_t data[PACKET_ROOM];
	size_t len = packet_build(&packets, 0, &from, 1000, data);

	if (answer) {
		memcpy(data + 16, data + 12, 4);
		memcpy(data + 12, packets.list[0].to.bytes, 4);
	}
	if (flags)
		data[33] = flags;
	show(interface, out, inside, data, len);
}

/* Somebody who has read it repeats it to TO, numbered as packet I, and that is seen. */
static void see_copy(const char *interface, bool out, bool inside, const char *to, uint8_t i)
{
	const struct addr from = address("10.200.0.2"), other = address(to);
	uint8_t data[PACKET_ROOM];
	size_t len = packet_build(&packets, 0, &from, 1000, data);

	memcpy(data + 16, other.bytes, 4);
	data[31] = i;
	show(interface, out, inside, data, len);
}

static bool leaks(void)
{
	return probes[0].verdict == LEAK_LEAK;
}

static void test_ways(void)
{
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see("vlt-m", false, false, false, 0);
	ok(leaks(), "out of the link");
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see("eth0", true, false, false, 0);
	ok(leaks(), "out of the host");
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see("eth1", false, false, false, 0);
	see("eth0", true, false, false, 0);
	ok(!leaks(),
	   "L36 in from elsewhere, and out of the host: sent back by who reads the tunnel");
	see("vlt-m", false, false, false, 0);
	ok(leaks(), "... and out of the link besides");
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL | PACKET_ON_LINK);
	see("vlt-m", false, false, false, 0);
	ok(!leaks(), "what may cross, out of the link");
	see("eth0", true, false, false, 0);
	ok(leaks(), "... and out of the host");
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see("wg-m", true, true, false, 0);
	see("eth0", true, false, false, 0);
	ok(!leaks(), "by the tunnel, and out of the host");
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see("link-m", true, true, false, 0);
	ok(!leaks(), "into the link: it is seen where it comes out");
	see("mv0", true, true, false, 0);
	ok(leaks(), "out of the vault by an interface that it should not have");
}

static void test_copies(void)
{
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	add("203.0.113.8", 0);
	see("wg-m", true, true, false, 0);
	see_copy("wg-m", true, true, "203.0.113.8", 1);
	ok(!leaks(),
	   "L36 the mark of one packet, with the number of another that may not go there");
	ok(!packets.list[1].in_tunnel, "... which has not gone into the tunnel by that");
	see_copy("vlt-m", false, false, "192.168.77.2", 1);
	ok(!leaks(), "... nor come out of the link");
	see_copy("vlt-m", false, false, "192.168.77.2", 0);
	ok(!leaks(), "L36 what the tunnel's end read, in an answer to somebody else by the link");
	see_copy("vlt-m", false, false, "203.0.113.7", 0);
	ok(leaks(), "the packet itself out of the link, besides");
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see_copy("vlt-m", false, false, "192.168.77.2", 0);
	ok(leaks(),
	   "one to somebody else by the link, which nobody can have read: rewritten inside");
	begin(IPPROTO_UDP, "203.0.113.7", 0);
	see("wg-m", true, true, false, 0);
	ok(leaks(), "one in the tunnel that may not go there");
}

/* A member goes by the gateway's port, in clear. */
static void test_member(void)
{
	static const char *const way[] = { "vlg-m", "vls-s", "vlg-gw" };
	struct spec kept = spec;

	spec = (struct spec){ .link_host_if = "vlt-m",
			      .leg_if = "seg-s",
			      .leg_host_if = "vlg-m",
			      .bridge_name = "vls-s",
			      .leg = { .segment = "s",
				       .role = SPEC_VIA,
				       .address = { address("10.9.0.3"), 24 },
				       .via = address("10.9.0.2") } };
	gateway = "vlg-gw";
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see("seg-s", true, true, false, 0);
	for (size_t i = 0; i < ARRAY_SIZE(way); i++) {
		see(way[i], false, false, false, 0);
		see(way[i], true, false, false, 0);
	}
	see_copy("vlg-m4", true, false, "10.9.0.4", 0);
	ok(!leaks(), "a member by a gateway: what it sends on its way there, and to a neighbour");
	see("eth0", true, false, false, 0);
	ok(leaks(), "... and out of the host");
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see("seg-s", true, true, false, 0);
	see("vlg-m4", true, false, false, 0);
	ok(leaks(), "... and to a neighbour, whom it is not for");
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see("seg-s", true, true, false, 0);
	see("eth1", false, false, false, 0);
	see("eth0", true, false, false, 0);
	ok(!leaks(), "L36 ... and sent back from elsewhere");
	gateway = "";
	begin(IPPROTO_UDP, "203.0.113.7", PACKET_IN_TUNNEL);
	see("seg-s", true, true, false, 0);
	see("vlg-gw", true, false, false, 0);
	ok(leaks(), "... and to a port when no gateway is up");
	spec = kept;
}

static void test_answers(void)
{
	targets.list[0] = (struct target){ .kind = TARGET_HOST, .addr = address("192.0.2.2") };
	targets.list[1] = (struct target){ .kind = TARGET_GATEWAY, .addr = address("192.0.2.254") };
	targets.n = 2;
	begin(IPPROTO_UDP, "192.0.2.2", PACKET_IN_TUNNEL | PACKET_ON_LINK);
	see("vlt-m", true, false, true, 0);
	ok(leaks(), "an answer of the host into the link");
	begin(IPPROTO_UDP, "192.0.2.254", PACKET_IN_TUNNEL | PACKET_ON_LINK);
	see("vlt-m", true, false, true, 0);
	ok(!leaks(), "L36 an answer of another, who may enter");
	begin(IPPROTO_TCP, "10.200.0.2", 0);
	packets.list[0].sender = PACKET_OF_STRANGER;
	see("vlt-m", true, false, false, 0x10);
	ok(!leaks(), "a segment of a flow whose number is like a mark");
	see("vlt-m", true, false, false, 0x02);
	ok(leaks(), "a SYN");
}

/* Sends the first packet's mark to R by the loopback. */
static void send_mark(const struct receiver *r)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_port = htons(r->port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	uint8_t payload[PACKET_PAYLOAD];
	int fd cleanup(close_fd) = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	packet_payload(&packets, 0, payload);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
	if (sendto(fd, payload, sizeof(payload), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		perror("# sendto");
}

static void test_receiver(void)
{
	const char *const link[] = { "vlt-m", NULL }, *const lo[] = { "vlt-m", "lo", NULL };
	struct receiver r = { .fd = -1 };

	begin(IPPROTO_UDP, "192.0.2.2", PACKET_IN_TUNNEL);
	ok(!receiver_open(&r), "a receiver");
	send_mark(&r);
	ok(!receiver_read(&r, link, &packets, &run) && !leaks(),
	   "L36 a mark that came by another interface than the link");
	send_mark(&r);
	ok(!receiver_read(&r, lo, &packets, &run) && leaks(), "one that came by the link");
	receiver_close(&r);
}

int main(void)
{
	own = (struct prefix){ .addr = address("10.66.0.2"), .len = 32 };
	spec.addresses = &own;
	spec.n_addresses = 1;
	test_ways();
	test_copies();
	test_member();
	test_answers();
	test_receiver();
	packets_free(&packets);
	free(probes[0].evidence);
	return tap_done();
}
