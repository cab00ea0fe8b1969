/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/echo/ask.c: one server asked for our address, from one side, in one family.
 *
 * A socket belongs to the network namespace it was made in, wherever its holder goes. So all that
 * an ask may need are made first, in one visit: one for each resolver, one for the server.
 * getaddrinfo(3) would make its own, in the wrong place, or leave the question to a daemon of the
 * host (L3).
 */
#include "vault/leak/echo/ask.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/ns.h"
#include "vault/confine/privileges.h"
#include "vault/leak/echo/wire.h"

#define NOBODY 65534
#define DNS_PORT 53
#define FIRST_WAIT_MS 500 /* then twice that, and so on (RFC 8489, 6.2.1) */

struct sockets {
	const struct echo_ask *ask;
	size_t n_resolvers;
	int resolvers[ECHO_RESOLVERS], server; /* -errno: none could be made */
};

/* A question by datagrams to one or several who may answer it. */
struct question {
	const uint8_t *ask;
	size_t len;
	uint8_t family;
	int (*read)(const uint8_t *data, size_t len, const struct question *q, struct addr *out);
	struct pollfd fds[ECHO_RESOLVERS]; /* connected; -1: gives no answer any more */
	size_t n;
};

static void say(struct echo_answer *out, enum echo_result result, const char *format, ...)
	printf_like(3, 4);

static void say(struct echo_answer *out, enum echo_result result, const char *format, ...)
{
	va_list args;

	out->result = result;
	va_start(args, format);
	vsnprintf(out->why, sizeof(out->why), format, args);
	va_end(args);
}

static int make_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* In the namespace to ask from. */
static int make_sockets(void *arg)
{
	struct sockets *s = arg;
	bool stream = s->ask->target->kind == ECHO_HTTP;

	for (size_t i = 0; i < s->n_resolvers; i++)
		s->resolvers[i] = make_socket(s->ask->resolvers[i].family, SOCK_DGRAM);
	s->server = make_socket(s->ask->family, stream ? SOCK_STREAM : SOCK_DGRAM);
	return 0;
}

static int connect_to(int fd, const struct addr *a, uint16_t port)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(a, 0, port, &sa);
	int r = connect(fd, (const struct sockaddr *)&sa, len);

	return r && errno != EINPROGRESS ? -errno : 0;
}

static bool is_no_route(int r)
{
	return r == -ENETUNREACH || r == -EADDRNOTAVAIL || r == -EAFNOSUPPORT;
}

/* ---- datagrams ---- */

/* Who cannot even be sent to gives no answer: *LAST is why. */
static void send_question(struct question *q, int *last)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->fds[i].fd >= 0 && send(q->fds[i].fd, q->ask, q->len, MSG_NOSIGNAL) < 0 &&
		    errno != EAGAIN && errno != EINTR) {
			*last = -errno;
			q->fds[i].fd = -1;
		}
}

/* What came to the Ith. -EAGAIN: nothing that answers; what ends it for this one otherwise. */
static int receive(struct question *q, size_t i, struct addr *out)
{
	uint8_t data[ECHO_ANSWER_MAX];
	ssize_t n = recv(q->fds[i].fd, data, sizeof(data), 0);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return q->read(data, (size_t)n, q, out);
}

/* Takes what has come. 0: an answer; -EAGAIN: none. */
static int collect(struct question *q, struct addr *out, int *last)
{
	for (size_t i = 0; i < q->n; i++) {
		int r = q->fds[i].fd >= 0 && q->fds[i].revents ? receive(q, i, out) : -EAGAIN;

		if (!r)
			return 0;
		if (r != -EAGAIN) {
			*last = r;
			q->fds[i].fd = -1;
		}
	}
	return -EAGAIN;
}

static bool may_answer(const struct question *q)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->fds[i].fd >= 0)
			return true;
	return false;
}

/* Asks again and again, until END. 0, -ETIMEDOUT, or why there is no answer. */
static int exchange(struct question *q, int64_t end, struct addr *out)
{
	int64_t now, next = 0, pause = FIRST_WAIT_MS;
	int last = -ETIMEDOUT;

	for (now = clock_ms(); now < end && may_answer(q); now = clock_ms()) {
		if (now >= next) {
			send_question(q, &last);
			next = now + pause;
			pause *= 2;
		}
		if (may_answer(q) &&
		    poll(q->fds, q->n, (int)((next < end ? next : end) - now)) > 0 &&
		    !collect(q, out, &last))
			return 0;
	}
	return may_answer(q) ? -ETIMEDOUT : last;
}

static int read_dns(const uint8_t *data, size_t len, const struct question *q, struct addr *out)
{
	return echo_dns_read(data, len, q->ask, q->len, q->family, out);
}

static int read_stun(const uint8_t *data, size_t len, const struct question *q, struct addr *out)
{
	int r = echo_stun_read(data, len, q->ask, out);

	return !r && out->family != q->family ? -EPROTO : r;
}

/* Asks Q, whose sockets are connected, for NAME's records of TYPE. */
static int exchange_dns(struct question *q, const char *name, enum echo_dns_type type, int64_t end,
			struct addr *out)
{
	uint8_t ask[ECHO_DNS_MAX];
	uint16_t id;
	int r;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	q->ask = ask;
	q->len = echo_dns_ask(id, name, type, ask);
	q->read = read_dns;
	r = q->len ? exchange(q, end, out) : -EINVAL;
	q->ask = NULL;
	return r;
}

/* ---- where the server is ---- */

static enum echo_dns_type type_of(uint8_t family)
{
	return family == AF_INET ? ECHO_DNS_A : ECHO_DNS_AAAA;
}

static int look_up(const struct sockets *s, int64_t end, struct addr *out)
{
	struct question q = { .family = s->ask->family };

	for (size_t i = 0; i < s->n_resolvers; i++)
		if (s->resolvers[i] >= 0 &&
		    !connect_to(s->resolvers[i], &s->ask->resolvers[i], DNS_PORT))
			q.fds[q.n++] = (struct pollfd){ .fd = s->resolvers[i], .events = POLLIN };
	if (!q.n)
		return -ENETUNREACH;
	return exchange_dns(&q, s->ask->target->host, type_of(q.family), end, out);
}

/* False, and said, when it is not known or not of the family. */
static bool find_server(const struct sockets *s, int64_t end, struct addr *server,
			struct echo_answer *out)
{
	const struct echo_target *t = s->ask->target;
	int r = 0;

	if (t->literal.family)
		*server = t->literal;
	else
		r = look_up(s, end, server);
	if (r == -ENODATA)
		say(out, ECHO_NOT_ASKED, "%.40s has no address of the family", t->host);
	else if (r)
		say(out, ECHO_FAILED, "looking up %.40s: %s", t->host,
		    r == -EPROTO ? "the resolver could not" : strerror(-r));
	return !r;
}

/* ---- the three ways to ask ---- */

/* A stream's connection; then what it ended with. */
static int await(int fd, short events, int64_t end)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = end - clock_ms();

	if (left <= 0)
		return -ETIMEDOUT;
	if (poll(&p, 1, (int)left) < 0)
		return errno == EINTR ? 0 : -errno;
	return p.revents ? 0 : -ETIMEDOUT;
}

static int send_request(int fd, const struct echo_target *t, int64_t end)
{
	char request[ECHO_HTTP_MAX];
	size_t len = echo_http_ask(t, request);
	int error = 0, r = await(fd, POLLOUT, end);
	socklen_t size = sizeof(error);
	ssize_t n;

	if (!r && (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) || error))
		r = error ? -error : -errno;
	if (r)
		return r;
	n = send(fd, request, len, MSG_NOSIGNAL); /* fits a new connection's buffer */
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int read_page(int fd, uint8_t family, int64_t end, struct addr *out, unsigned int *status)
{
	char data[ECHO_ANSWER_MAX];
	size_t len = 0;
	int r;

	for (;;) {
		ssize_t n;

		r = await(fd, POLLIN, end);
		if (r)
			return r;
		n = recv(fd, data + len, sizeof(data) - len, 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
		r = echo_http_read(data, len, n == 0, family, out, status);
		if (r != -EAGAIN)
			return r;
		if (len == sizeof(data))
			return -ENODATA;
	}
}

static int ask_http(const struct sockets *s, int64_t end, struct echo_answer *out)
{
	unsigned int status = 0;
	int r = send_request(s->server, s->ask->target, end);

	if (!r)
		r = read_page(s->server, s->ask->family, end, &out->address, &status);
	if (r == -ENODATA && (status < 200 || status > 299)) {
		say(out, ECHO_FAILED, "the answer is HTTP status %u%s", status,
		    status / 100 == 3 ? ": it leads elsewhere, give that URL" : "");
		return -ECANCELED;
	}
	return r;
}

static int ask_stun(const struct sockets *s, int64_t end, struct echo_answer *out)
{
	struct question q = { .len = ECHO_STUN_LEN, .family = s->ask->family, .read = read_stun };
	uint8_t id[12], ask[ECHO_STUN_LEN];

	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	echo_stun_ask(id, ask);
	q.ask = ask;
	q.fds[q.n++] = (struct pollfd){ .fd = s->server, .events = POLLIN };
	return exchange(&q, end, &out->address);
}

/* Some tell it as an address, some as a text. */
static int ask_dns(const struct sockets *s, int64_t end, struct echo_answer *out)
{
	const enum echo_dns_type types[] = { type_of(s->ask->family), ECHO_DNS_TXT };
	int r = -ENODATA;

	for (size_t i = 0; r == -ENODATA && i < ARRAY_SIZE(types); i++) {
		struct question q = { .family = s->ask->family };

		q.fds[q.n++] = (struct pollfd){ .fd = s->server, .events = POLLIN };
		r = exchange_dns(&q, s->ask->target->name, types[i], end, &out->address);
	}
	return r;
}

/* True for a question that leaves no vault (L7). */
static bool is_dropped(const struct echo_ask *ask, const struct addr *server)
{
	if (ask->ns < 0 || ask->target->kind != ECHO_DNS)
		return false;
	for (size_t i = 0; i < ask->n_resolvers; i++)
		if (addr_equal(&ask->resolvers[i], server))
			return false;
	return true;
}

static void ask_server(const struct sockets *s, const struct addr *server, int64_t end,
		       struct echo_answer *out)
{
	static int (*const ways[])(const struct sockets *s, int64_t end,
				   struct echo_answer *out) = {
		[ECHO_HTTP] = ask_http, [ECHO_STUN] = ask_stun, [ECHO_DNS] = ask_dns
	};
	int r = s->server < 0 ? s->server : connect_to(s->server, server, s->ask->target->port);

	if (is_no_route(r)) {
		say(out, ECHO_NO_ROUTE, "%s", strerror(-r));
		return;
	}
	r = r ? r : ways[s->ask->target->kind](s, end, out);
	if (!r)
		out->result = ECHO_ANSWERED;
	else if (is_dropped(s->ask, server))
		say(out, ECHO_FAILED,
		    "not one of the vault's resolvers: its kill switch drops the "
		    "question");
	else if (r == -ETIMEDOUT)
		say(out, ECHO_FAILED, "no answer in time");
	else if (r == -ENODATA)
		say(out, ECHO_FAILED, "no address in the answer");
	else if (r == -EPROTO)
		say(out, ECHO_FAILED, "the answer is not understood");
	else if (r != -ECANCELED) /* said by then */
		say(out, ECHO_FAILED, "%s", strerror(-r));
}

static int become_nobody(const char **what)
{
	const struct identity nobody = { .uid = NOBODY, .gid = NOBODY };

	return privileges_drop(&nobody, false, what);
}

void echo_ask(const struct echo_ask *ask, int64_t end, struct echo_answer *out)
{
	struct sockets s = { .ask = ask };
	const char *what = "entering the namespace";
	struct addr server = { .family = AF_UNSPEC };
	int r;

	memset(out, 0, sizeof(*out));
	s.n_resolvers = ask->n_resolvers < ECHO_RESOLVERS ? ask->n_resolvers : ECHO_RESOLVERS;
	r = ask->ns < 0 ? make_sockets(&s) : ns_run(ask->ns, make_sockets, &s);
	if (!r)
		r = become_nobody(&what);
	if (r)
		say(out, ECHO_FAILED, "%s: %s", what, strerror(-r));
	else if (find_server(&s, end, &server, out))
		ask_server(&s, &server, end, out);
}
