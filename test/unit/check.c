/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/check.c: what check makes of handshakes of any age, and of threads that are elsewhere. */
#include "vault/check/tunnel.c"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test/unit/sandbox.h"
#include "test/unit/tap.h"
#include "vault/check/print.h"
#include "vault/check/process.h"
#include "vault/proc/procs.h"

static const struct {
	const char *what;
	int64_t age; /* -1: never */
	uint64_t rx, tx;
	uint16_t keepalive;
	int64_t max_age;
	enum found verdict;
} handshakes[] = {
	{ "never used", -1, 0, 0, 0, -1, FOUND_OK },
	{ "never used, a handshake asked for", -1, 0, 0, 0, 300, FOUND_FAIL },
	{ "has asked once, and may be answered yet", -1, 0, 148, 25, -1, FOUND_OK },
	{ "sends and never receives", -1, 0, 296, 0, -1, FOUND_FAIL },
	{ "sends and never receives, with keepalive", -1, 0, 296, 25, -1, FOUND_FAIL },
	{ "answered now", 0, 92, 148, 0, -1, FOUND_OK },
	{ "idle for an hour, no keepalive", 3600, 92, 148, 0, -1, FOUND_OK },
	{ "idle for an hour, of which the half is allowed", 3600, 92, 148, 0, 1800, FOUND_FAIL },
	{ "idle for an hour, which is allowed", 3600, 92, 148, 0, 3700, FOUND_OK },
	{ "keepalive, within a session", 150, 92, 148, 25, -1, FOUND_OK },
	{ "keepalive, a session's end", 210, 92, 148, 25, -1, FOUND_OK },
	{ "keepalive, asked in vain", 260, 92, 148, 25, -1, FOUND_FAIL },
	{ "keepalive, asked in vain, which is allowed", 260, 92, 148, 25, 300, FOUND_OK },
	{ "a clock that is being set right", -3, 92, 148, 25, 10, FOUND_OK },
	{ "a clock that was set back", -500, 92, 148, 25, -1, FOUND_UNKNOWN },
	{ "a clock that was set back, and an age asked for", -500, 92, 148, 0, 10, FOUND_UNKNOWN },
};

/* What there is to do about some of these. */
static const struct {
	const char *what, *remedy;
} remedies[] = {
	{ "never used, a handshake asked for", "send something, or set PersistentKeepalive" },
	{ "a clock that was set back",
	  "set the clock right; or wait for the next handshake, two minutes from now while something is sent" },
};

static enum found verdict_of(const struct check *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->list[i].id, id))
			return c->list[i].verdict;
	return FOUND_KINDS;
}

static bool has_remedy(const struct check *c, const char *id, const char *remedy)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->list[i].id, id) && c->list[i].remedy &&
		    !strcmp(c->list[i].remedy, remedy))
			return true;
	return false;
}

static bool is_without_age(const struct check *c)
{
	struct str metrics cleanup(str_free) = STR_INIT;
	json_t *json = check_json(c);
	const json_t *peers = json_object_get(json_object_get(json, "tunnel"), "peers");
	bool none = json_is_null(json_object_get(json_array_get(peers, 0), "handshake_age"));

	check_metrics(c, 1, &metrics);
	none = none && strstr(metrics.s, "vault_sent_bytes_total{") &&
	       !strstr(metrics.s, "vault_handshake_age_seconds{");
	json_decref(json);
	return none;
}

static void test_handshake(size_t i)
{
	struct check c = { .name = "t" };
	struct spec spec = { 0 };
	struct observed observed = { .has_wg = true };
	struct wg_peer *peer = wg_device_add_peer(&observed.wg);

	peer->rx_bytes = handshakes[i].rx;
	peer->tx_bytes = handshakes[i].tx;
	peer->keepalive = handshakes[i].keepalive;
	if (handshakes[i].age != -1)
		peer->last_handshake = time(NULL) - handshakes[i].age;
	peer->preshared_key.bytes[0] = 1;
	check_tunnel(&c, &spec, &observed, handshakes[i].max_age);
	ok(verdict_of(&c, "handshake") == handshakes[i].verdict, handshakes[i].what);
	for (size_t r = 0; r < ARRAY_SIZE(remedies); r++)
		if (!strcmp(remedies[r].what, handshakes[i].what))
			ok(has_remedy(&c, "handshake", remedies[r].remedy), remedies[r].remedy);
	if (handshakes[i].age < -CLOCK_SLACK_SECONDS)
		ok(is_without_age(&c), "so it has no age, in JSON and metrics either");
	if (i == 0)
		ok(c.wg.n_peers == 1 && key_is_zero(&c.wg.peers[0].preshared_key),
		   "what is kept for showing holds no secret");
	check_free(&c);
}

static pthread_barrier_t ready, done;

/* An interface of the caller's network namespace, for as long as the descriptor is open. */
static int make_interface(void)
{
	struct ifreq ifr = { .ifr_name = "elsewhere", .ifr_flags = IFF_TUN };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		abort();
	return fd;
}

/* Goes elsewhere ("n"), or where there is nothing ("e"); or keeps descriptors of its own, with a
 * socket from elsewhere ("f"), or from where there is nothing ("g"). */
static void *run_thread(void *arg)
{
	char what = *(const char *)arg;
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), way = -1, fd = -1;

	if (home < 0)
		abort();
	if (what && unshare(CLONE_FILES | CLONE_NEWNET))
		abort();
	if (what == 'n' || what == 'f')
		way = make_interface();
	if (what == 'f' || what == 'g') {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (fd < 0 || setns(home, CLONE_NEWNET))
			abort();
	}
	if (what == 'f' && (ioctl(way, TUNSETPERSIST, 1) || close(way)))
		abort();
	close(home);
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&done);
	if (what == 'n') /* before it ends, which the kernel says before it is gone from /proc */
		close(way);
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* Looks at ourselves while a thread does WHAT. */
static void test_thread(const char *what, const char *id, enum found verdict, const char *name)
{
	struct check c = { .name = "t" };
	pthread_t thread;
	struct stat st;

	pthread_barrier_init(&ready, NULL, 2);
	pthread_barrier_init(&done, NULL, 2);
	if (stat("/proc/self/ns/net", &st) ||
	    pthread_create(&thread, NULL, run_thread, (void *)(uintptr_t)what)) {
		ok(false, name);
		return;
	}
	pthread_barrier_wait(&ready);
	check_process(&c, st.st_ino, getpid());
	ok(verdict_of(&c, id) == verdict, name);
	check_free(&c);
	pthread_barrier_wait(&done);
	pthread_join(thread, NULL);
}

/* Of one that has ended there is nothing to look at, whether somebody waited for it or not. */
static void test_ended(void)
{
	struct check c = { .name = "t" };
	struct stat st = { .st_ino = 0 };
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0 || stat("/proc/self/ns/net", &st) ||
	    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT)) {
		ok(false, "a process that ends");
		return;
	}
	ok(!check_process(&c, st.st_ino, pid) && check_verdict(&c) == FOUND_UNKNOWN && !c.n,
	   "one that nobody waited for yet");
	waitpid(pid, NULL, 0);
	ok(!check_process(&c, st.st_ino, pid) && !c.n, "one that is gone");
	check_free(&c);
}

/* Whatever a process calls itself (prctl(2): any byte), the name is one line of text. */
static void test_names(void)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "plain", "plain" },
		{ "\nls", "?ls" },
		{ "\n", "?" },
		{ "a\n", "a?" },
		{ "a\n\033[2Jb\r", "a??[2Jb?" },
		{ "\xc3\xa9t\xff", "\xc3\xa9t?" },
	};
	int proc cleanup(close_fd) = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		prctl(PR_SET_NAME, cases[i].name, 0, 0, 0);
		procs_read_name(proc, "self", name);
		ok(!strcmp(name, cases[i].want), cases[i].want);
	}
}

int main(void)
{
	test_names();
	test_ended();
	for (size_t i = 0; i < ARRAY_SIZE(handshakes); i++)
		test_handshake(i);
	if (!sandbox_enter()) {
		skip("threads", "may not make namespaces");
		return tap_done();
	}
	test_thread("", "process-netns", FOUND_OK, "all threads are inside");
	test_thread("n", "process-netns", FOUND_FAIL, "one thread is elsewhere");
	test_thread("e", "process-netns", FOUND_OK, "one thread is where there is no network");
	test_thread("", "process-sockets", FOUND_OK, "no socket from elsewhere");
	test_thread("f", "process-netns", FOUND_OK, "a thread has descriptors of its own");
	if (syscall(SYS_kcmp, getpid(), getpid(), 2, 0, 0)) {
		skip("its socket from elsewhere", "no kcmp(2)");
	} else {
		test_thread("f", "process-sockets", FOUND_FAIL,
			    "a socket from elsewhere among one thread's own descriptors");
		test_thread("g", "process-sockets", FOUND_OK,
			    "one from where there is no network, which leads nowhere");
	}
	return tap_done();
}
