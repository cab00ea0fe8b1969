/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nl.h: a netlink socket, requests gathered into one send, replies walked with bounds. See
 * netlink(7). */
#ifndef LIB_NL_H
#define LIB_NL_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base.h"

/* One socket speaks to one bus of one network namespace: the one its opener was in. Nobody switches
 * later. */
struct nl {
	int fd; /* -1: not open */
	int bus; /* NETLINK_ROUTE, NETLINK_NETFILTER, NETLINK_GENERIC */
	uint32_t seq; /* of the last message sent */
};

#define NL_CLOSED        \
	{                \
		.fd = -1 \
	}

/* What the kernel said: 0 or -errno, the tag of the message it is about (else of the first), its
 * words (may be ""). */
struct nl_error {
	int err;
	unsigned int tag;
	char text[256];
};

/* Requests to one socket that go out together, in order. Zero-initialise; owned by the caller; free
 * with nl_batch_free. */
struct nl_batch {
	struct nl *nl; /* NULL: empty */
	char *buf;
	size_t len, cap;
	unsigned int
		count; /* messages in buf; their sequence numbers are given when they are sent */
	unsigned int *tags; /* per message */
	int err; /* sticky: -ENOMEM, -EMSGSIZE, or -EINVAL for what no message can say */
};

/* Called once per reply message. Return 0 to go on or -errno to stop with it. */
typedef int nl_reply_fn(const struct nlmsghdr *nlh, void *arg);

/* Opens a socket of BUS in the caller's network namespace. 0 or -errno; close with nl_close. */
int must_check nl_open(struct nl *nl, int bus);
void nl_close(struct nl *nl);

/*
 * Appends a message header of TYPE with FLAGS (NLM_F_REQUEST is added) and EXTRA zeroed bytes of
 * family header to B, bound for NL (which must be the socket B already holds messages for, or B be
 * empty), labelled TAG for errors. Room for ROOM further bytes of attributes is guaranteed: fill
 * them with mnl_attr_put_*. Never NULL: on lack of memory B->err is set and a scratch message is
 * returned that is never sent.
 */
struct nlmsghdr *nl_batch_add(struct nl_batch *b, struct nl *nl, uint16_t type, uint16_t flags,
			      size_t extra, size_t room, unsigned int tag);
/* Takes the finished message (as its attributes stand) into the batch; call once after each
 * nl_batch_add. */
void nl_batch_end(struct nl_batch *b, struct nlmsghdr *nlh);
/* Payload of the message's family header, EXTRA bytes as given to nl_batch_add. */
static inline void *nl_extra(struct nlmsghdr *nlh)
{
	return mnl_nlmsg_get_payload(nlh);
}

/* Puts an interface name; one that is empty or does not fit IFNAMSIZ makes B fail with -EINVAL. */
void nl_put_name(struct nl_batch *b, struct nlmsghdr *nlh, uint16_t type, const char *name);

/*
 * Sends all of B in one sendmsg(2), asks for one acknowledgement (of the last message) and reads
 * until it, or until an error that ends the exchange. Replies that are not acknowledgements
 * (NLM_F_ECHO, or of a get) go to FN (may be NULL: ignored). B is empty afterwards. 0, or the first
 * error with *ERROR filled (never NULL). A lost, truncated or foreign answer is an error too: never
 * success. The kernel carries out what follows a failed message, except in a transaction of
 * nfnetlink (NFNL_MSG_BATCH_BEGIN first, _END last, nothing else in B, else -EINVAL), which is all
 * or nothing.
 */
int must_check nl_batch_send(struct nl_batch *b, nl_reply_fn *fn, void *arg,
			     struct nl_error *error);
/* Empties B; its bytes, which may hold keys, are wiped. */
void nl_batch_free(struct nl_batch *b);

/* The replies of a dump, one after the other: walk them with nl_next. Zero-initialise; owned by the
 * caller; free with nl_replies_free, which wipes them. */
struct nl_replies {
	char *buf;
	size_t len, cap;
};

/*
 * Sends the dump request made of TYPE, FLAGS and the LEN bytes of family header and attributes at
 * PAYLOAD, and reads all replies into OUT, in place of what it held. A dump that was interrupted,
 * since what it tells changed meanwhile (NLM_F_DUMP_INTR), is asked for again: the only place where
 * that is done. 0 or -errno with OUT empty; -EAGAIN: it changed each of the times.
 */
int must_check nl_collect(struct nl *nl, uint16_t type, uint16_t flags, const void *payload,
			  size_t len, struct nl_replies *out, struct nl_error *error);

/* The same, and calls FN for each reply of the whole dump: never for one that has to be read again.
 * 0 or -errno, also FN's. */
int must_check nl_dump(struct nl *nl, uint16_t type, uint16_t flags, const void *payload,
		       size_t len, nl_reply_fn *fn, void *arg, struct nl_error *error);

/* Appends a copy of NLH. 0 or -ENOMEM. */
int must_check nl_replies_add(struct nl_replies *r, const struct nlmsghdr *nlh);
/* Empties R, keeping its memory, or gives that back too; what was in it is wiped. */
void nl_replies_clear(struct nl_replies *r);
void nl_replies_free(struct nl_replies *r);

/* Steps over the message at *POS of the bytes up to END. It, or NULL at the end or, with *POS !=
 * END, at a bad one. */
struct nlmsghdr *nl_next(const char **pos, const char *end);
/* The same for an attribute. */
const struct nlattr *nl_next_attr(const char **pos, const char *end);

/*
 * Walks the attributes of NLH after OFFSET bytes of family header into TB (MAX + 1 entries, NULL
 * where absent). Bounds are checked; unknown types are skipped. 0 or -EBADMSG.
 */
int must_check nl_attrs(const struct nlmsghdr *nlh, size_t offset, const struct nlattr **tb,
			uint16_t max);
int must_check nl_nested(const struct nlattr *nest, const struct nlattr **tb, uint16_t max);
int must_check nl_range(const void *attrs, size_t len, const struct nlattr **tb, uint16_t max);
/* Calls FN for each attribute of the list NEST until one returns other than 0. That, or 0, or
 * -EBADMSG. */
int must_check nl_each(const struct nlattr *nest, int (*fn)(const struct nlattr *attr, void *arg),
		       void *arg);
/* Copies the payload of ATTR, which must be SIZE bytes, to OUT. 0, or -EBADMSG when it is absent or
 * of other length. */
int must_check nl_copy(const struct nlattr *attr, void *out, size_t size);

#endif
