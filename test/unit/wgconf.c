/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/wgconf.c: what the parser makes of a text, and what it does without memory. Its
 * messages: test/conf/. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Allocations until the one that fails; negative: none does. */
static int until_failure = -1;

static bool fails(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

#include "lib/base.h"
#define calloc(n, size) (fails() ? NULL : calloc(n, size))
#define reallocarray(p, n, size) (fails() ? NULL : reallocarray(p, n, size))
#define strndup(s, n) (fails() ? NULL : strndup(s, n))
#define vasprintf(s, format, args) (fails() ? -1 : vasprintf(s, format, args))
#include "lib/addr.c"
#include "lib/curve25519.c"
#include "lib/key.c"
#include "lib/list.c"
#include "lib/str.c"
#include "lib/wgdev.c"
#include "vault/problem.c"
#include "vault/read/slice.c"
#include "vault/read/wgcheck.c"
#include "vault/read/wgvalue.c"
#include "vault/read/wginterface.c"
#include "vault/read/wgfield.c"
#include "vault/read/wgconf.c"
#include "vault/read/conftext.c"
#undef calloc

#include "test/unit/tap.h"

#define A "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
#define B "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
#define C "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="

static const char full[] = "[Interface]\r\n"
			   "  privatekey=" A " # mine\r\n"
			   "Address = 10.2.0.2/32 , fd00::2/64,\r\n"
			   "DNS = 10.2.0.1,, example.com\r\n"
			   "DNS = fd00::1\r\n"
			   "MTU = 1420\r\n"
			   "Table = 51820\r\n"
			   "FwMark = 0xCA6C\r\n"
			   "SaveConfig = True\r\n"
			   "PostUp = echo \"a # b\"\r\n"
			   "PreDown =\r\n"
			   "[PEER]\r\n"
			   "publickey = " B "\r\n"
			   "PresharedKey = " C "\r\n"
			   "AllowedIPs = 10.9.9.9/8, ::/0\r\n"
			   "AllowedIPs = 192.168.0.0/16, 192.168.0.0/16\r\n"
			   "Endpoint = [fe80::1%eth0]:51820\r\n"
			   "PersistentKeepalive = 25\r\n"
			   "[Peer]\r\n"
			   "AllowedIPs = 10.0.0.0/8\r\n"
			   "Endpoint = vpn.example.com:1\r\n"
			   "PublicKey = " C;

static struct wgconf conf;
static struct problems problems;

/* Parses a copy that ends where the text ends, so that ASan and valgrind see a byte read past it. */
static size_t parse(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	size_t errors;

	wgconf_free(&conf);
	problems_free(&problems);
	memcpy(copy, text, len);
	errors = wgconf_parse(copy, len, &conf, &problems);
	free(copy);
	return errors;
}

static size_t parse_string(const char *text)
{
	return parse(text, strlen(text));
}

static bool is_prefix(const struct prefix *p, const char *text)
{
	char buf[PREFIX_STRLEN];

	return !strcmp(prefix_format(p, buf), text);
}

static void test_interface(void)
{
	const struct wg_device *device = &conf.device;
	char text[KEY_BASE64_LEN + 1];

	ok(!parse_string(full), "a file with everything has no errors");
	key_to_base64(&device->private_key, text);
	ok(device->flags == (WG_DEVICE_GIVES_PRIVATE_KEY | WG_DEVICE_GIVES_FWMARK) &&
		   !strcmp(text, A),
	   "flags and key");
	key_to_base64(&device->public_key, text);
	ok(!strcmp(text, "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw="),
	   "the public key is derived");
	ok(conf.n_addresses == 2 && is_prefix(&conf.addresses[1], "fd00::2/64"),
	   "addresses keep their host bits");
	ok(conf.n_dns == 2 && conf.dns[1].family == AF_INET6, "resolvers of two lines");
	ok(conf.search.n == 1 && !strcmp(conf.search.list[0], "example.com"), "a search domain");
	ok(conf.mtu == 1420 && conf.table == WGCONF_TABLE_NUMBER && conf.table_number == 51820,
	   "MTU and table");
	ok(device->fwmark == 0xca6c && conf.has_save_config && conf.save_config,
	   "mark and SaveConfig");
	ok(conf.hooks[WGCONF_POST_UP].n == 1 &&
		   !strcmp(conf.hooks[WGCONF_POST_UP].list[0], "echo \"a") &&
		   !conf.hooks[WGCONF_PRE_DOWN].n,
	   "a hook ends at the #, an empty one is none");
}

static void test_peers(void)
{
	const struct wg_peer *one = conf.device.peers, *two = one + 1;

	ok(conf.device.n_peers == 2 &&
		   one->flags == (WG_PEER_HAS_PRESHARED_KEY | WG_PEER_GIVES_KEEPALIVE) &&
		   !two->flags,
	   "two peers and their flags");
	ok(one->n_allowed_ips == 2 && is_prefix(&one->allowed_ips[0], "::/0") &&
		   is_prefix(&one->allowed_ips[1], "192.168.0.0/16"),
	   "a prefix the later peer has, too, and one twice are gone");
	ok(two->n_allowed_ips == 1 && is_prefix(&two->allowed_ips[0], "10.0.0.0/8"),
	   "the later peer has it, masked");
	ok(one->endpoint.host && !strcmp(one->endpoint.host, "fe80::1%eth0") &&
		   !one->endpoint.addr.family && one->endpoint.port == 51820,
	   "a scope by name is left to the resolver");
	ok(!strcmp(two->endpoint.host, "vpn.example.com") && two->endpoint.port == 1,
	   "so is a name");
	ok(!parse_string("[Interface]\nPrivateKey=" A "\n[Peer]\nPublicKey=" B
			 "\nEndpoint=[fe80::1%7]:9\n") &&
		   conf.device.peers->endpoint.scope == 7 &&
		   conf.device.peers->endpoint.addr.family == AF_INET6,
	   "a scope by number is not");
}

static void test_problems(void)
{
	unsigned int last = 0;
	bool sorted = true, clean = true;

	parse_string(full);
	for (size_t i = 0; i < problems.n; i++) {
		sorted = sorted && problems.list[i].line >= last && problems.list[i].warning;
		last = problems.list[i].line;
	}
	ok(sorted && problems.n == 7 && problems.n_warnings == 7 && !problems.n_errors,
	   "seven warnings, by line");
	ok(parse_string("[Interface]\nPrivateKey = " A "x\n" A " = PrivateKey\n" A
			"\n[Peer]\nEndpoint = " A "\nMTU = " A "\nAllowedIPs = " A
			"\nPublicKey = +" A "\nPersistentKeepalive = " A "\nyAnz5TF=\n") == 9,
	   "nine errors");
	for (size_t i = 0; i < problems.n; i++)
		clean = clean && !strstr(problems.list[i].text, "yAnz5TF");
	ok(clean, "a key is never repeated, wherever it stands");
	ok(parse_string("") == 1 && problems.list[0].line == 0, "an empty file has no PrivateKey");
	ok(parse("[Interface]\nPrivateKey=" A "\0x\n", 69) > 0, "a NUL is an error");
	ok(conf.device.flags == 0, "and what stands beside it is not taken");
	ok(parse_string("[Interface]\nPrivateKey=" A
			"\n[Peer]\nAllowedIPs=1.0.0.0/8,2.0.0.0/8\n[Peer]\nPublicKey=" B
			"\nAllowedIPs=2.0.0.0/8,1.0.0.0/8\n") == 1 &&
		   problems.n == 1 && conf.device.n_peers == 1,
	   "the prefixes of a peer without a key are forgotten with it");
	ok(!parse_string(
		   "[Interface]\nPrivateKey=//////////////////////////////////////////8=\n") &&
		   conf.device.private_key.bytes[0] == 248 &&
		   conf.device.private_key.bytes[31] == 127,
	   "a private key is clamped");
}

/* Every length of a file, so that each line is cut at each byte. */
static void test_cuts(void)
{
	size_t errors = 0;

	for (size_t n = 0; n < sizeof(full); n++)
		errors += parse(full, n) > 0;
	ok(errors > 0 && errors < sizeof(full), "a file cut anywhere parses or is refused");
}

static void test_many(void)
{
	struct str text cleanup(str_free) = STR_INIT;

	for (int i = 0; i < 20000; i++)
		str_add(&text, "x\n[Peer]\nPublicKey=" A "\nAllowedIPs=1.1.1.1/8\n");
	ok(parse(text.s, text.len) == 40000, "errors without end are counted");
	ok(problems.n == 2 * PROBLEMS_MAX + 2 && problems.list[0].line == 0,
	   "and the list of them has an end");
	str_clear(&text);
	for (int i = 0; i < 20000; i++)
		str_add(&text, "[Peer]\n");
	ok(parse(text.s, text.len) == 20001 && !conf.device.n_peers &&
		   conf.device.max_peers < 20000 / 8,
	   "peers without a key take no room");
}

/* Each allocation fails once: an error, no crash; ASan sees the leaks. */
static void test_no_memory(void)
{
	bool told = true;
	int n = 0;

	for (; n < 1000 && told; n++) {
		until_failure = n;
		told = parse_string(full) > 0;
		if (until_failure >= 0)
			break;
	}
	until_failure = -1;
	ok(n > 30 && n < 1000 && !told,
	   "every allocation was made to fail, and each failure was told");
	ok(!parse_string(full), "and when none does, all is well");
}

static void test_round_trip(void)
{
	struct str once cleanup(str_free) = STR_INIT, twice cleanup(str_free) = STR_INIT;

	parse_string(full);
	conftext_interface(&once, &conf, true);
	for (size_t i = 0; i < conf.device.n_peers; i++)
		conftext_peer(&once, &conf.device.peers[i], true);
	ok(!parse_string(once.s), "the canonical text parses");
	conftext_interface(&twice, &conf, true);
	for (size_t i = 0; i < conf.device.n_peers; i++)
		conftext_peer(&twice, &conf.device.peers[i], true);
	ok(!strcmp(once.s, twice.s), "to itself");
	str_clear(&twice);
	conftext_hook(&twice, "wg set x peer " B " preshared-key <(echo " C ") endpoint a=b",
		      false);
	ok(!strcmp(twice.s, "wg set x peer (hidden) preshared-key <(echo (hidden)) endpoint a=b"),
	   "keys in hooks are hidden");
}

int main(void)
{
	test_interface();
	test_peers();
	test_problems();
	test_cuts();
	test_many();
	test_no_memory();
	test_round_trip();
	wgconf_free(&conf);
	problems_free(&problems);
	return tap_done();
}
