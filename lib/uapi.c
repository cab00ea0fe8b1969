/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/uapi.c: the userspace protocol of WireGuard: request and reply. lib/uapiread.c takes the
 * reply apart. */
#include "lib/uapi.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "lib/uapiread.h"
#include "lib/wgfield.h"

enum {
	/* More than the longest lines of the device, of a peer and of an allowed IP take together. */
	DEVICE_TEXT = 256,
	PEER_TEXT = 512,
	ALLOWED_IP_TEXT = 80,
	REPLY_FIRST_SIZE = 16 << 10,
	SET_REPLY_MAX = 4 << 10,
	GET_REPLY_MAX = 64 << 20,
};

static int set_timeouts(int fd, unsigned int seconds)
{
	struct timeval timeout = { .tv_sec = seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)))
		return -errno;
	return 0;
}

static int read_pid(int fd, pid_t *pid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	*pid = cred.pid;
	return 0;
}

int uapi_connect(const char *ifname, unsigned int seconds, pid_t *pid)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd cleanup(close_fd) = -1;
	int err;

	if (!*ifname || strnlen(ifname, IFNAMSIZ) == IFNAMSIZ || strchr(ifname, '/'))
		return -EINVAL;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s.sock", UAPI_DIR, ifname);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = set_timeouts(fd, seconds);
	if (err)
		return err;
	/* With its queue of connections full, the kernel waits as long as a send may take, then
	 * says EAGAIN. */
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	err = pid ? read_pid(fd, pid) : 0;
	return err ? err : steal_fd(&fd);
}

/* Text in memory of a size known beforehand: it never moves, so that no key is left behind. */
struct text {
	char *s;
	size_t len, cap;
};

static void add_text(struct text *t, const char *s)
{
	size_t len = strlen(s);

	if (len > t->cap - t->len)
		abort(); /* text_size has counted wrongly: nothing goes out */
	memcpy(t->s + t->len, s, len);
	t->len += len;
}

static void add_number(struct text *t, uint64_t n)
{
	char digits[UINT_STRLEN + 1];
	size_t len = uint_format(n, digits);

	memcpy(digits + len, "\n", 2);
	add_text(t, digits);
}

/* Without a table, whose cache lines would tell, and without stdio, whose buffers would keep the
 * key. */
static void add_key(struct text *t, const struct key *key)
{
	char hex[2 * KEY_LEN + 2];

	for (size_t i = 0; i < 2 * (size_t)KEY_LEN; i++) {
		unsigned int digit = key->bytes[i / 2] >> (i % 2 ? 0 : 4) & 15;

		hex[i] = (char)('0' + digit + (((9U - digit) >> 8) & ('a' - '0' - 10)));
	}
	memcpy(hex + sizeof(hex) - 2, "\n", 2);
	add_text(t, hex);
	explicit_bzero(hex, sizeof(hex));
}

static void add_endpoint(struct text *t, const struct wg_endpoint *e)
{
	char text[ENDPOINT_STRLEN];

	add_text(t, endpoint_format(&e->addr, e->scope, e->port, text));
	add_text(t, "\n");
}

static void add_name(struct text *t, const struct wg_field *f)
{
	add_text(t, f->uapi);
	add_text(t, "=");
}

static void add_allowed_ips(struct text *t, const struct wg_field *f, const struct wg_peer *peer)
{
	char prefix[PREFIX_STRLEN];

	add_text(t, "replace_allowed_ips=true\n");
	for (size_t i = 0; i < peer->n_allowed_ips; i++) {
		add_name(t, f);
		add_text(t, prefix_format(&peer->allowed_ips[i], prefix));
		add_text(t, "\n");
	}
}

/* The field F of NOUN, also where it is none, so that nothing stays of what was; an endpoint stays.
 */
static void add_field(struct text *t, const struct wg_field *f, const void *noun)
{
	const struct wg_endpoint *e = wg_member(f, noun);

	if (f->kind == WG_ALLOWED_IPS) {
		add_allowed_ips(t, f, noun);
		return;
	}
	if (f->kind == WG_ENDPOINT && (!e->port || e->addr.family == AF_UNSPEC))
		return;
	add_name(t, f);
	if (f->kind == WG_NUMBER)
		add_number(t, wg_number(f, noun));
	else if (f->kind == WG_ENDPOINT)
		add_endpoint(t, e);
	else
		add_key(t, wg_key(f, noun));
}

static void add_peer(struct text *t, const struct wg_peer *peer)
{
	const struct wg_field *f = wg_peer_fields.list, *end = f + wg_peer_fields.n;

	add_field(t, f++, peer);
	if (peer->flags & WG_PEER_REMOVE) {
		add_text(t, "remove=true\n");
		return;
	}
	for (; f < end; f++)
		if (f->file)
			add_field(t, f, peer);
}

static size_t text_size(const struct wg_device *dev)
{
	size_t size = DEVICE_TEXT + PEER_TEXT * dev->n_peers;

	for (size_t i = 0; i < dev->n_peers; i++)
		size += ALLOWED_IP_TEXT * dev->peers[i].n_allowed_ips;
	return size;
}

static void add_device(struct text *t, const struct wg_device *dev)
{
	bool whole = !(dev->flags & WG_DEVICE_IS_CHANGE);

	add_text(t, "set=1\n");
	for (size_t i = 0; i < wg_device_fields.n; i++) {
		const struct wg_field *f = &wg_device_fields.list[i];

		if (f->file && (whole || dev->flags & f->flag))
			add_field(t, f, dev);
	}
	if (whole)
		add_text(t, "replace_peers=true\n");
	for (size_t i = 0; i < dev->n_peers; i++)
		add_peer(t, &dev->peers[i]);
	add_text(t, "\n");
}

/* A program that refuses a request part way stops reading: its answer is what counts, so a closed
 * pipe is no error. */
static int send_text(int fd, const char *s, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = send(fd, s, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return 0;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		s += n;
		len -= (size_t)n;
	}
	return 0;
}

/* What was received. It holds keys: it grows by copy and wipe, never by realloc(3). */
struct reply {
	char *s;
	size_t len, cap;
};

static void free_reply(struct reply *r)
{
	if (r->s)
		explicit_bzero(r->s, r->len);
	free(r->s);
}

static int grow_reply(struct reply *r, size_t max)
{
	size_t cap = r->cap ? 2 * r->cap : REPLY_FIRST_SIZE;
	char *s;

	if (r->len < r->cap)
		return 0;
	if (cap > max)
		cap = max;
	if (r->len >= cap)
		return -EMSGSIZE;
	s = malloc(cap);
	if (!s)
		return -ENOMEM;
	if (r->len)
		memcpy(s, r->s, r->len);
	if (r->s)
		explicit_bzero(r->s, r->len);
	free(r->s);
	r->s = s;
	r->cap = cap;
	return 0;
}

static time_t now(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* When the whole reply has to be in: a program that sends byte after byte must not hold us longer
 * than a silent one. */
static int find_deadline(int fd, time_t *deadline)
{
	struct timeval timeout = { 0 };
	socklen_t len = sizeof(timeout);

	if (getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &len))
		return -errno;
	*deadline = now() + timeout.tv_sec + 1;
	return 0;
}

/* Whether the empty line is in, given that it was not in the first BEFORE bytes. */
static bool is_complete(const struct reply *r, size_t before)
{
	size_t from = before ? before - 1 : 0;

	return (r->len > 0 && r->s[0] == '\n') || memmem(r->s + from, r->len - from, "\n\n", 2);
}

static int receive_some(int fd, struct reply *r)
{
	ssize_t n;

	do {
		n = recv(fd, r->s + r->len, r->cap - r->len, 0);
	} while (n < 0 && errno == EINTR);
	/* Closed without a whole answer: the program has ended, or is about to. */
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	r->len += (size_t)n;
	return 0;
}

static int receive_reply(int fd, struct reply *r, size_t max)
{
	time_t deadline = 0;
	size_t before;
	int err;

	err = find_deadline(fd, &deadline);
	while (!err) {
		err = grow_reply(r, max);
		if (err)
			break;
		before = r->len;
		err = receive_some(fd, r);
		if (!err && is_complete(r, before))
			return 0;
		if (!err && now() > deadline)
			err = -ETIMEDOUT;
	}
	return err;
}

static int read_reply(int fd, size_t max, struct wg_device *out)
{
	struct reply reply cleanup(free_reply) = { .s = NULL };
	int err;

	err = receive_reply(fd, &reply, max);
	return err ? err : uapi_parse_reply(reply.s, reply.len, out);
}

int uapi_set(int fd, const struct wg_device *dev)
{
	struct text t = { .cap = text_size(dev) };
	int err;

	t.s = malloc(t.cap);
	if (!t.s)
		return -ENOMEM;
	add_device(&t, dev);
	err = send_text(fd, t.s, t.len);
	explicit_bzero(t.s, t.len);
	free(t.s);
	return err ? err : read_reply(fd, SET_REPLY_MAX, NULL);
}

int uapi_get(int fd, struct wg_device *out)
{
	static const char request[] = "get=1\n\n";
	int err;

	*out = (struct wg_device){ .flags = 0 };
	err = send_text(fd, request, sizeof(request) - 1);
	return err ? err : read_reply(fd, GET_REPLY_MAX, out);
}
