/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/uapi.c: the userspace protocol: replies good and bad, and the real wireguard-go where
 * there is one. */
#include "lib/uapi.c"
#include "lib/uapiread.c"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test/unit/sandbox.h"
#include "test/unit/tap.h"

#define KEY_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY_B "FEDCBA9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static struct wg_device dev;

static int parse(const char *text)
{
	wg_device_free(&dev);
	return uapi_parse_reply(text, strlen(text), &dev);
}

static void test_good(void)
{
	const struct wg_peer *p;

	ok(parse("errno=0\n\n") == 0 && dev.n_peers == 0 && dev.flags == 0, "an empty device");
	ok(parse("private_key=" KEY_A "\nlisten_port=51820\nfwmark=4294967295\npublic_key=" KEY_B
		 "\npreshared_key=" KEY_A
		 "\nprotocol_version=1\nendpoint=[fe80::1%3]:1\nallowed_ip=10.1.2.3/8\nallowed_ip=::/0\nnews=1\n"
		 "last_handshake_time_sec=7\nlast_handshake_time_nsec=1\nrx_bytes=18446744073709551615\ntx_bytes=2\n"
		 "persistent_keepalive_interval=25\npublic_key=" KEY_A
		 "\nendpoint=192.0.2.1:65535\nerrno=0\n\n") == 0,
	   "every key, and one not known");
	ok(dev.listen_port == 51820 && dev.fwmark == UINT32_MAX &&
		   dev.private_key.bytes[1] == 0x23 && !key_is_zero(&dev.public_key),
	   "the device");
	p = dev.n_peers == 2 ? dev.peers : NULL;
	ok(p && p->flags == WG_PEER_HAS_PRESHARED_KEY && p->public_key.bytes[0] == 0xfe &&
		   p->preshared_key.bytes[31] == 0xef && p->keepalive == 25 &&
		   p->endpoint.scope == 3 && p->endpoint.port == 1 && p->last_handshake == 7 &&
		   p->last_handshake_nsec == 1 && p->rx_bytes == UINT64_MAX && p->tx_bytes == 2 &&
		   p->n_allowed_ips == 2 && p->allowed_ips[0].addr.bytes[1] == 0 &&
		   p->allowed_ips[0].len == 8 && p->allowed_ips[1].addr.family == AF_INET6,
	   "its first peer");
	ok(p && p[1].endpoint.addr.family == AF_INET && p[1].endpoint.port == 65535 &&
		   p[1].flags == 0,
	   "its second peer");
	ok(parse("listen_port=0\nfwmark=0\nerrno=0\n\n") == 0 && dev.flags == 0, "zero is none");
	ok(parse("own_public_key=" KEY_A "\nerrno=0\n\n") == 0 && dev.public_key.bytes[0] == 1 &&
		   dev.flags == 0,
	   "boringtun's own key");
}

static void test_bad(void)
{
	static const char *const bad[] = {
		"",
		"\n",
		"errno=0\n",
		"errno=0",
		"listen_port=1\n\n",
		"errno=0\n\nx",
		"errno=0\n\n\n",
		"errno=\n\n",
		"errno=x\n\n",
		"errno=4096\n\n",
		"errno=--1\n\n",
		"errno=-\n\n",
		"errno=0\nfwmark=1\n\n",
		"errno=0\nerrno=0\n\n",
		"nonsense\nerrno=0\n\n",
		"listen_port=65536\nerrno=0\n\n",
		"listen_port=-1\nerrno=0\n\n",
		"listen_port= 1\nerrno=0\n\n",
		"fwmark=4294967296\nerrno=0\n\n",
		"fwmark=0x1\nerrno=0\n\n",
		"private_key=00\nerrno=0\n\n",
		"private_key=" KEY_A "0\nerrno=0\n\n",
		"public_key=g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\nerrno=0\n\n",
		"public_key=/123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\nerrno=0\n\n",
		"endpoint=1.2.3.4:1\nerrno=0\n\n",
		"public_key=" KEY_A "\nfwmark=1\nerrno=0\n\n",
	};
	static const char *const bad_of_peer[] = {
		"endpoint=",
		"endpoint=:1",
		"endpoint=1.2.3.4",
		"endpoint=1.2.3.4:0",
		"endpoint=1.2.3.4:65536",
		"endpoint=::1:1",
		"endpoint=[1.2.3.4]:1",
		"endpoint=[::1:1",
		"endpoint=[::1]1",
		"endpoint=[::1%]:1",
		"endpoint=[::1%nolink]:1",
		"endpoint=1.2.3.4%1:1",
		"endpoint=]:1",
		"endpoint=[]:1",
		"endpoint=host:1",
		"allowed_ip=1.2.3.4",
		"allowed_ip=1.2.3.4/33",
		"allowed_ip=::/129",
		"allowed_ip=/1",
		"allowed_ip=",
		"persistent_keepalive_interval=65536",
		"rx_bytes=18446744073709551616",
		"last_handshake_time_sec=9223372036854775808",
		"last_handshake_time_nsec=1000000000",
		"preshared_key=",
		"tx_bytes=",
	};
	char text[512];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse(bad[i]) != -EPROTO || dev.n_peers || dev.flags)
			ok(false, bad[i]);
	ok(true, "replies that are none");
	for (size_t i = 0; i < ARRAY_SIZE(bad_of_peer); i++) {
		snprintf(text, sizeof(text), "public_key=%s\n%s\nerrno=0\n\n", KEY_A,
			 bad_of_peer[i]);
		if (parse(text) != -EPROTO || dev.peers)
			ok(false, bad_of_peer[i]);
	}
	ok(true, "values that are none");
	ok(uapi_parse_reply("allowed_ip=\0", 12, &dev) == -EPROTO, "a NUL");
	ok(parse("fwmark=1\nerrno=22\n\n") == -EINVAL && parse("errno=-98\n\n") == -EADDRINUSE &&
		   !dev.flags,
	   "the program's error, either sign");
	ok(uapi_parse_reply("errno=0\n\n", 9, NULL) == 0 &&
		   uapi_parse_reply("errno=-5\n\n", 10, NULL) == -EIO,
	   "replies to a set");
	ok(uapi_parse_reply("fwmark=1\nerrno=0\n\n", 18, NULL) == -EPROTO,
	   "which say no more than errno");
}

/* A reply in pieces from a program that is us. */
static int get_from(const char *first, const char *second, bool closes)
{
	struct wg_device out;
	int pair[2], err;
	pid_t pid;

	wg_device_free(&dev);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) || set_timeouts(pair[0], 1))
		return 1;
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		if (write(pair[1], first, strlen(first)) < 0)
			_exit(1);
		usleep(50000);
		if (write(pair[1], second, strlen(second)) < 0)
			_exit(1);
		if (!closes)
			sleep(3);
		_exit(0);
	}
	close(pair[1]);
	err = uapi_get(pair[0], &out);
	dev = out;
	close(pair[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return err;
}

static void test_pieces(void)
{
	ok(get_from("fwmark=5\nerrno=0\n", "\n", false) == 0 && dev.fwmark == 5,
	   "a reply in two pieces");
	ok(get_from("fwmark=5\nerr", "no=0\n\n", true) == 0 && dev.fwmark == 5, "split in a line");
	ok(get_from("fwmark=5\nerrno=0\n", "", true) == -ECONNRESET && !dev.fwmark,
	   "closed before its end");
	ok(get_from("fwmark=5\n", "errno=0\n", false) == -ETIMEDOUT && !dev.fwmark,
	   "a program that falls silent");
	ok(get_from("\n", "", false) == -EPROTO, "an empty reply");
}

/* Digits for keys, prefixes and the rest from the place in the list. */
/* The lowest LEN bytes of NUMBER, alike on each machine. */
static void put(uint8_t *at, size_t len, size_t number)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(number >> 8 * i);
}

static bool fill(struct wg_device *d, size_t n_peers, size_t n_allowed)
{
	memset(d->private_key.bytes, 0x50, KEY_LEN);
	d->listen_port = 51999;
	d->fwmark = 77;
	for (size_t i = 0; i < n_peers; i++) {
		struct wg_peer *p = wg_device_add_peer(d);
		struct prefix four = { .addr = { .family = AF_INET }, .len = 32 },
			      six = { .addr = { .family = AF_INET6 }, .len = 64 };

		if (!p)
			return false;
		memset(p->public_key.bytes, 9, KEY_LEN);
		put(p->public_key.bytes, 3, i);
		if (i % 2) {
			p->flags = WG_PEER_HAS_PRESHARED_KEY;
			memset(p->preshared_key.bytes, 0xa5, KEY_LEN);
			p->keepalive = 25;
			p->endpoint = (struct wg_endpoint){ .addr = { .family = AF_INET,
								      .bytes = { 192, 0, 2, 1 } },
							    .port = 65535 };
		} else if (i % 4) {
			p->endpoint = (struct wg_endpoint){
				.addr = { .family = AF_INET6, .bytes = { 0x20, 1 } }, .port = 1
			};
		}
		for (size_t j = 0; j < n_allowed; j++) {
			put(four.addr.bytes + 1, 3, i * n_allowed + j);
			put(six.addr.bytes, 4, i * n_allowed + j);
			if (wg_peer_add_allowed(p, &four) || wg_peer_add_allowed(p, &six))
				return false;
		}
	}
	return true;
}

static bool same_allowed(const struct wg_peer *a, const struct wg_peer *b)
{
	bool found;

	if (a->n_allowed_ips != b->n_allowed_ips)
		return false;
	for (size_t i = 0; i < a->n_allowed_ips; i++) {
		found = false;
		for (size_t j = 0; j < b->n_allowed_ips && !found; j++)
			found = prefix_equal(&a->allowed_ips[i], &b->allowed_ips[j]);
		if (!found)
			return false;
	}
	return true;
}

/* Programs tell peers in an order of their own. */
static bool same_device(const struct wg_device *a, const struct wg_device *b)
{
	if (a->flags != b->flags || a->listen_port != b->listen_port || a->fwmark != b->fwmark ||
	    a->n_peers != b->n_peers)
		return false;
	for (size_t i = 0; i < a->n_peers; i++) {
		const struct wg_peer *p = &a->peers[i], *q = NULL;

		for (size_t k = 0; k < b->n_peers && !q; k++)
			if (key_equal(&p->public_key, &b->peers[k].public_key))
				q = &b->peers[k];
		if (!q || p->flags != q->flags || p->keepalive != q->keepalive ||
		    !key_equal(&p->preshared_key, &q->preshared_key) || !same_allowed(p, q) ||
		    p->endpoint.port != q->endpoint.port ||
		    !addr_equal(&p->endpoint.addr, &q->endpoint.addr))
			return false;
	}
	return true;
}

static pid_t start_program(void)
{
	pid_t pid;
	int null;

	if (mkdir(UAPI_DIR, 0755) || access("/dev/net/tun", R_OK | W_OK))
		return -1;
	pid = fork();
	if (pid == 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		setenv("WG_PROCESS_FOREGROUND", "1", 1);
		execlp("wireguard-go", "wireguard-go", "-f", "wgtest", (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Waits for its socket. A descriptor, or -errno when there is no program or it does not start. */
static int wait_program(pid_t child, pid_t *pid)
{
	int fd = -ENOENT;

	for (int i = 0; i < 100 && (fd == -ENOENT || fd == -ECONNREFUSED); i++) {
		if (waitpid(child, NULL, WNOHANG) == child)
			return -ECHILD;
		usleep(50000);
		fd = uapi_connect("wgtest", 5, pid);
	}
	return fd;
}

static void set_and_get(int fd, size_t n_peers, size_t n_allowed, const char *name)
{
	struct wg_device wanted = { .flags = 0 }, found;

	if (ok(fill(&wanted, n_peers, n_allowed) && uapi_set(fd, &wanted) == 0 &&
		       uapi_get(fd, &found) == 0,
	       "set and got"))
		ok(same_device(&wanted, &found), name);
	wg_device_free(&wanted);
	wg_device_free(&found);
}

static void test_program(void)
{
	struct wg_device bad = { .listen_port = 0 }, found;
	pid_t pid = 0, child = start_program();
	int fd = child > 0 ? wait_program(child, &pid) : -ENODEV;

	if (fd < 0) {
		skip("wireguard-go", "no wireguard-go, or no /dev/net/tun");
		return;
	}
	ok(pid == child, "the process that listens is the one we started");
	ok(uapi_get(fd, &found) == 0 && found.n_peers == 0 && !found.fwmark, "a fresh device");
	set_and_get(fd, 3, 2, "three peers");
	set_and_get(fd, 1, 0, "one peer without anything: of the three nothing stays");
	set_and_get(fd, 10, 3000, "many allowed IPs");
	set_and_get(fd, 2000, 1, "2,000 peers");
	set_and_get(fd, 0, 0, "none");
	close(fd);
	fd = uapi_connect("wgtest", 5, NULL);
	bad.peers = calloc(1, sizeof(*bad.peers));
	bad.n_peers = 1;
	bad.peers->endpoint = (struct wg_endpoint){
		.addr = { .family = AF_INET6, .bytes = { 0xfe, 0x80 } }, .scope = 999999, .port = 1
	};
	bad.listen_port = 1;
	printf("# a scope that is none: %d\n", uapi_set(fd, &bad));
	wg_device_free(&bad);
	close(fd);
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
}

static void test_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = UAPI_DIR "/dead.sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	mkdir(UAPI_DIR, 0755);
	ok(uapi_connect("none", 1, NULL) == -ENOENT, "no such socket");
	ok(bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
		   uapi_connect("dead", 1, NULL) == -ECONNREFUSED,
	   "a socket nobody listens on");
	ok(listen(fd, 0) == 0, "(a program that never answers)");
	close(uapi_connect("dead", 1, NULL));
	ok(uapi_connect("dead", 1, NULL) == -ETIMEDOUT, "nor takes connections");
	ok(uapi_connect("../x", 1, NULL) == -EINVAL && uapi_connect("", 1, NULL) == -EINVAL &&
		   uapi_connect("a-name-far-too-long", 1, NULL) == -EINVAL,
	   "names that are none of a link");
	close(fd);
}

int main(void)
{
	test_good();
	test_bad();
	test_pieces();
	if (!sandbox_enter()) {
		skip("all that takes a namespace", "needs root (of a user namespace at least)");
		return tap_done();
	}
	test_program();
	test_connect();
	wg_device_free(&dev);
	return tap_done();
}
