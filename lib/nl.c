/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nl.c: a netlink socket, requests gathered into one send, replies walked with bounds. */
/*
 * How an exchange can end. The kernel works a request off inside our sendmsg(2), so every
 * acknowledgement lies in the receive queue before we read (the pieces of a dump follow as we read
 * them). Of a batch, the last message alone asks for an acknowledgement: it comes after the errors
 * of all others, so its arrival tells that there are no more.
 *
 * nfnetlink differs: BATCH_END is acknowledged since Linux 6.10 only, so the last message before it
 * asks; and an error that carries the number of BATCH_BEGIN means either that the whole transaction
 * was refused (not permitted, no nftables, another generation), with nothing to follow, or that the
 * commit failed, with the acknowledgement to follow. As all that will ever come is there already,
 * what is left is read without waiting.
 *
 * The same goes for anything lost: a full queue, a reply longer than the buffer, a sender that is
 * not the kernel. The exchange has failed; the rest is taken off the queue so that the next one
 * finds it empty. Replies of an earlier exchange are told by their sequence numbers. The receive
 * time-out is the last resort: it has no ordinary use.
 */
#include "lib/nl.h"

#include <errno.h>
#include <limits.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

enum {
	RECEIVE_SIZE = 64 << 10, /* the kernel packs at most 32 KiB into a piece of a dump */
	RECEIVE_QUEUE = 4 << 20,
	SEND_SLACK = 1024, /* the kernel takes messages up to the send buffer's size less 32 */
	ANSWER_SECONDS = 5,
	ERRNO_MAX = 4095,
	DUMP_TRIES = 8,
};

struct exchange {
	uint32_t first, last; /* sequence numbers sent */
	uint32_t final; /* whose acknowledgement ends it */
	bool is_dump, is_transaction;
	bool is_open; /* the end has not come yet */
	bool is_lost; /* it may never come: do not wait */
	int lost_err; /* why: counts when the kernel told no error, for it says ENOBUFS before what
			 is in the queue */
	bool is_interrupted;
	nl_reply_fn *fn;
	void *arg;
	uint32_t failed; /* number of the message that error is about */
	struct nl_error *error;
};

static int set_queue_size(int fd, int force, int plain, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) == 0)
		return 0;
	/* Not root of the initial user namespace: as much as the administrator lets everyone have. */
	return setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size)) ? -errno : 0;
}

static int set_netlink_option(int fd, int option)
{
	int on = 1;

	return setsockopt(fd, SOL_NETLINK, option, &on, sizeof(on)) ? -errno : 0;
}

static int set_options(int fd, int bus)
{
	struct timeval timeout = { .tv_sec = ANSWER_SECONDS };
	int err;

	err = set_queue_size(fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_QUEUE);
	if (!err && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		err = -errno;
	if (!err)
		err = set_netlink_option(fd, NETLINK_EXT_ACK);
	if (!err)
		err = set_netlink_option(fd, NETLINK_CAP_ACK);
	if (!err && bus == NETLINK_ROUTE) {
		err = set_netlink_option(fd, NETLINK_GET_STRICT_CHK);
		if (err == -ENOPROTOOPT) /* before Linux 4.20 */
			err = 0;
	}
	return err;
}

int nl_open(struct nl *nl, int bus)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int fd cleanup(close_fd) = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);
	int err;

	*nl = (struct nl)NL_CLOSED;
	if (fd < 0)
		return -errno;
	err = set_options(fd, bus);
	if (err)
		return err;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)))
		return -errno;
	nl->bus = bus;
	nl->fd = steal_fd(&fd);
	return 0;
}

void nl_close(struct nl *nl)
{
	close_fd(&nl->fd);
}

static bool is_type(const struct nl_batch *b, const struct nlmsghdr *nlh, uint16_t type)
{
	return b->nl->bus == NETLINK_NETFILTER && nlh->nlmsg_type == type;
}

/*
 * Numbers the messages and asks for the one acknowledgement. A transaction that lacks its end, or
 * has messages after it, would be dropped by the kernel and yet acknowledged: refused here.
 */
static int number(struct nl_batch *b, struct exchange *x)
{
	const char *pos = b->buf;
	struct nlmsghdr *nlh, *asking = NULL;
	bool begins, ends = false;

	x->first = b->nl->seq + 1;
	while ((nlh = nl_next(&pos, b->buf + b->len)) != NULL) {
		nlh->nlmsg_seq = ++b->nl->seq;
		begins = is_type(b, nlh, NFNL_MSG_BATCH_BEGIN);
		if (ends || (begins && nlh->nlmsg_seq != x->first))
			return -EINVAL;
		ends = is_type(b, nlh, NFNL_MSG_BATCH_END);
		if (begins)
			x->is_transaction = true;
		else if (!ends)
			asking = nlh;
	}
	x->last = b->nl->seq;
	if (ends != x->is_transaction)
		return -EINVAL;
	x->is_lost = !asking; /* an empty transaction is never acknowledged: an error comes at once
				 or not at all */
	if (asking) {
		asking->nlmsg_flags |= NLM_F_ACK;
		x->final = asking->nlmsg_seq;
	}
	return 0;
}

static int send_parts(int fd, struct iovec *parts, size_t n, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr msg = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = parts,
		.msg_iovlen = n,
	};
	ssize_t sent;

	do {
		sent = sendmsg(fd, &msg, 0);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return (size_t)sent == len ? 0 : -EIO;
}

/* Takes one datagram of the kernel's. Its length, or -errno; -EAGAIN when there is none. */
static ssize_t receive(int fd, void *buf, size_t size, int flags)
{
	struct sockaddr_nl from = { .nl_family = AF_UNSPEC };
	struct iovec part = { buf, size };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	ssize_t n;

	do {
		n = recvmsg(fd, &msg, flags);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (msg.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	if (msg.msg_namelen != sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid != 0)
		return -EPROTO;
	return n;
}

/* The first failure is kept: later ones follow from it. */
static void fail(struct exchange *x, int err, uint32_t seq)
{
	if (x->error->err)
		return;
	x->error->err = err;
	x->failed = seq;
}

static void fail_lost(struct exchange *x, int err)
{
	if (!x->lost_err)
		x->lost_err = err;
	x->is_lost = true;
}

/* An error number as the kernel gave it, and the words that follow OFFSET bytes of payload, if any.
 */
static void fail_told(struct exchange *x, int err, const struct nlmsghdr *nlh, size_t offset)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];
	struct nl_error *error = x->error;
	size_t len;

	if (error->err)
		return;
	fail(x, err < 0 && err >= -ERRNO_MAX ? err : -EPROTO, nlh->nlmsg_seq);
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (nl_attrs(nlh, offset, tb, NLMSGERR_ATTR_MSG) || !tb[NLMSGERR_ATTR_MSG])
		return;
	len = strnlen(mnl_attr_get_payload(tb[NLMSGERR_ATTR_MSG]),
		      mnl_attr_get_payload_len(tb[NLMSGERR_ATTR_MSG]));
	if (len >= sizeof(error->text))
		len = sizeof(error->text) - 1;
	memcpy(error->text, mnl_attr_get_payload(tb[NLMSGERR_ATTR_MSG]), len);
	error->text[len] = '\0';
}

static void take_error(struct exchange *x, const struct nlmsghdr *nlh)
{
	size_t offset = sizeof(struct nlmsgerr);
	struct nlmsgerr told;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(told)) {
		fail_lost(x, -EBADMSG);
		return;
	}
	memcpy(&told, mnl_nlmsg_get_payload(nlh), sizeof(told));
	/* The words come after the request, which is repeated unless the kernel says that it left
	 * it out. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && told.msg.nlmsg_len > NLMSG_HDRLEN)
		offset += NLMSG_ALIGN(told.msg.nlmsg_len) - NLMSG_HDRLEN;
	if (told.error ||
	    x->is_dump) /* a dump ends with NLMSG_DONE, never with an acknowledgement */
		fail_told(x, told.error, nlh, offset);
	if (x->is_dump || nlh->nlmsg_seq == x->final)
		x->is_open = false;
	else if (x->is_transaction && nlh->nlmsg_seq == x->first && told.error)
		x->is_lost = true;
}

static void take_done(struct exchange *x, const struct nlmsghdr *nlh)
{
	int err;

	if (!x->is_dump || mnl_nlmsg_get_payload_len(nlh) < sizeof(err)) {
		fail_lost(x, -EBADMSG);
		return;
	}
	memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	if (err)
		fail_told(x, err, nlh, sizeof(err));
	x->is_open = false;
}

static void take_reply(struct exchange *x, const struct nlmsghdr *nlh)
{
	int err;

	if (!x->fn || x->error->err || x->lost_err)
		return;
	err = x->fn(nlh, x->arg);
	if (err)
		fail(x, err, nlh->nlmsg_seq);
}

static void take_message(struct exchange *x, const struct nlmsghdr *nlh)
{
	/* Linux 6.18 echoes the elements of sets without a number. */
	bool is_unnumbered =
		x->is_transaction && nlh->nlmsg_seq == 0 && nlh->nlmsg_type >= NLMSG_MIN_TYPE;

	/* Numbers run modulo 2^32; outside of ours are those of an exchange that was given up. */
	if (nlh->nlmsg_seq - x->first > x->last - x->first && !is_unnumbered)
		return;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		x->is_interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		take_error(x, nlh);
	else if (nlh->nlmsg_type == NLMSG_DONE)
		take_done(x, nlh);
	else if (nlh->nlmsg_type == NLMSG_OVERRUN)
		fail_lost(x, -ENOBUFS);
	else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE)
		take_reply(x, nlh);
}

static void take_datagram(struct exchange *x, const void *buf, size_t len)
{
	const char *pos = buf, *end = pos + len;
	const struct nlmsghdr *nlh;

	while ((nlh = nl_next(&pos, end)) != NULL)
		take_message(x, nlh);
	if (len == 0 || pos != end)
		fail_lost(x, -EBADMSG);
}

/* Reads until the end of the exchange is in, or nothing more can be expected. */
static void read_replies(int fd, struct exchange *x)
{
	_Alignas(struct nlmsghdr) char buf[RECEIVE_SIZE];
	size_t used = 0;
	ssize_t n;

	while (x->is_open) {
		n = receive(fd, buf, sizeof(buf), x->is_lost ? MSG_DONTWAIT : 0);
		if (n >= 0) {
			used = (size_t)n > used ? (size_t)n : used;
			take_datagram(x, buf, (size_t)n);
		} else if (n == -ENOBUFS || n == -EMSGSIZE || n == -EPROTO) {
			used = sizeof(buf);
			fail_lost(x, (int)n);
		} else {
			if (!x->is_lost)
				fail(x, n == -EAGAIN ? -ETIMEDOUT : (int)n, x->first);
			break;
		}
	}
	if (x->lost_err)
		fail(x, x->lost_err, x->first);
	explicit_bzero(buf, used); /* a tunnel's keys pass here */
}

static int send_batch(struct nl_batch *b, struct exchange *x)
{
	struct iovec part = { b->buf, b->len };
	int fd = b->nl->fd, err = b->err ? b->err : number(b, x);

	if (err)
		return err;
	err = send_parts(fd, &part, 1, b->len);
	if (err != -EMSGSIZE || b->len > INT_MAX / 4)
		return err;
	/* Longer than the send buffer: the kernel has read nothing of it. */
	err = set_queue_size(fd, SO_SNDBUFFORCE, SO_SNDBUF, (int)b->len + SEND_SLACK);
	return err ? err : send_parts(fd, &part, 1, b->len);
}

int nl_batch_send(struct nl_batch *b, nl_reply_fn *fn, void *arg, struct nl_error *error)
{
	struct exchange x = { .is_open = true, .fn = fn, .arg = arg, .error = error };
	int err;

	*error = (struct nl_error){ .err = 0 };
	if (b->count || b->err) {
		err = send_batch(b, &x);
		if (err)
			fail(&x, err, x.first);
		else
			read_replies(b->nl->fd, &x);
	}
	if (error->err && b->count)
		error->tag = b->tags[x.failed - x.first];
	nl_batch_free(b);
	return error->err;
}

static int keep_reply(const struct nlmsghdr *nlh, void *arg)
{
	return nl_replies_add(arg, nlh);
}

/* One dump, whole or not. 0 or -errno; -EINTR: it was interrupted. */
static int collect_once(struct nl *nl, const struct iovec parts[static 2], struct nl_replies *out,
			struct nl_error *error)
{
	struct nlmsghdr *head = parts[0].iov_base;
	struct exchange x = {
		.first = ++nl->seq,
		.last = nl->seq,
		.is_dump = true,
		.is_open = true,
		.fn = keep_reply,
		.arg = out,
		.error = error,
	};
	struct iovec copy[] = { parts[0], parts[1] };
	int err;

	*error = (struct nl_error){ .err = 0 };
	head->nlmsg_seq = nl->seq;
	err = send_parts(nl->fd, copy, ARRAY_SIZE(copy), head->nlmsg_len);
	if (err)
		fail(&x, err, x.first);
	else
		read_replies(nl->fd, &x);
	if (x.is_interrupted)
		fail(&x, -EINTR, x.first);
	return error->err;
}

/* Others change things in bursts, a firewall that is loaded anew most of all: each wait is twice
 * the one before, 127 ms in all. */
static void wait_for_calm(int tries)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000L << tries }, NULL);
}

int nl_collect(struct nl *nl, uint16_t type, uint16_t flags, const void *payload, size_t len,
	       struct nl_replies *out, struct nl_error *error)
{
	struct nlmsghdr head = {
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len),
		.nlmsg_type = type,
		.nlmsg_flags = flags | NLM_F_REQUEST | NLM_F_DUMP,
	};
	const struct iovec parts[] = { { &head, sizeof(head) },
				       { (void *)(uintptr_t)payload, len } };
	int err = -EINTR;

	for (int tries = 0; err == -EINTR && tries < DUMP_TRIES; tries++) {
		if (tries)
			wait_for_calm(tries - 1);
		nl_replies_clear(out);
		err = collect_once(nl, parts, out, error);
	}
	if (err)
		nl_replies_clear(out);
	if (err != -EINTR)
		return err;
	*error = (struct nl_error){ .err = -EAGAIN };
	snprintf(error->text, sizeof(error->text), "it changed each of %d times it was read",
		 DUMP_TRIES);
	return -EAGAIN;
}

int nl_dump(struct nl *nl, uint16_t type, uint16_t flags, const void *payload, size_t len,
	    nl_reply_fn *fn, void *arg, struct nl_error *error)
{
	struct nl_replies replies cleanup(nl_replies_free) = { 0 };
	int err = nl_collect(nl, type, flags, payload, len, &replies, error);
	const char *pos = replies.buf;
	const struct nlmsghdr *nlh;

	while (!err && pos && (nlh = nl_next(&pos, replies.buf + replies.len)) != NULL)
		err = fn(nlh, arg);
	if (err)
		error->err = err;
	return err;
}
