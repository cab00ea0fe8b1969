/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nlmsg.c: the part of lib/nl.h that knows no socket: messages gathered in a batch, attributes
 * walked. */
#include "lib/nl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>

enum {
	BATCH_FIRST_SIZE = 8 << 10,
	SCRATCH_SIZE =
		128 << 10, /* a message of one list attribute, 64 KiB at most, and its head */
};

/*
 * Where a message is written that no memory was left for. Nothing ever reads it, so it is no state:
 * it spares every caller a check after each attribute.
 */
static _Alignas(struct nlmsghdr) char scratch[SCRATCH_SIZE];

static void wipe_free(char *buf, size_t len)
{
	if (buf)
		explicit_bzero(buf, len);
	free(buf);
}

/* Makes room for NEED bytes after the LEN at *BUF, of *CAP. Not realloc(3), which would leave keys
 * behind in the memory it gives up. */
static int grow(char **buf, size_t len, size_t *cap, size_t need)
{
	size_t size = *cap ? *cap : BATCH_FIRST_SIZE;
	char *grown;

	if (need <= *cap - len)
		return 0;
	while (size - len < need) {
		if (size > SIZE_MAX / 4)
			return -ENOMEM;
		size *= 2;
	}
	grown = calloc(1, size); /* libmnl leaves the padding between attributes as it is */
	if (!grown)
		return -ENOMEM;
	if (len)
		memcpy(grown, *buf, len);
	wipe_free(*buf, *cap);
	*buf = grown;
	*cap = size;
	return 0;
}

/* Grown whenever the count is a power of two, so that the array needs no size of its own. */
static int add_tag(struct nl_batch *b, unsigned int tag)
{
	unsigned int *tags;

	if ((b->count & (b->count - 1)) == 0) {
		tags = reallocarray(b->tags, b->count ? 2 * (size_t)b->count : 1, sizeof(*tags));
		if (!tags)
			return -ENOMEM;
		b->tags = tags;
	}
	b->tags[b->count] = tag;
	return 0;
}

static void *find_room(struct nl_batch *b, size_t need)
{
	if (b->err)
		b->len = 0; /* never sent: write over it */
	if (grow(&b->buf, b->len, &b->cap, need) == 0)
		return b->buf + b->len;
	b->err = b->err ? b->err : -ENOMEM;
	if (need > sizeof(scratch))
		abort();
	return scratch;
}

struct nlmsghdr *nl_batch_add(struct nl_batch *b, struct nl *nl, uint16_t type, uint16_t flags,
			      size_t extra, size_t room, unsigned int tag)
{
	size_t need = NLMSG_HDRLEN + NLMSG_ALIGN(extra) + NLMSG_ALIGN(room);
	struct nlmsghdr *nlh;

	if (!b->err && b->nl && b->nl != nl)
		b->err = -EINVAL;
	if (!b->err)
		b->err = add_tag(b, tag);
	b->nl = nl;
	nlh = mnl_nlmsg_put_header(find_room(b, need));
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags | NLM_F_REQUEST;
	mnl_nlmsg_put_extra_header(nlh, extra);
	return nlh;
}

void nl_batch_end(struct nl_batch *b, struct nlmsghdr *nlh)
{
	size_t len = NLMSG_ALIGN(nlh->nlmsg_len);

	if (b->err)
		return;
	if (len > b->cap - b->len) {
		b->err = -EMSGSIZE;
		return;
	}
	b->len += len;
	b->count++;
}

void nl_batch_free(struct nl_batch *b)
{
	if (b->err)
		explicit_bzero(scratch, sizeof(scratch));
	wipe_free(b->buf, b->cap);
	free(b->tags);
	*b = (struct nl_batch){ .nl = NULL };
}

int nl_replies_add(struct nl_replies *r, const struct nlmsghdr *nlh)
{
	size_t len = NLMSG_ALIGN((size_t)nlh->nlmsg_len);
	int err = grow(&r->buf, r->len, &r->cap, len);

	if (err)
		return err;
	memcpy(r->buf + r->len, nlh, nlh->nlmsg_len); /* the padding is zero already */
	r->len += len;
	return 0;
}

void nl_replies_clear(struct nl_replies *r)
{
	if (r->len)
		explicit_bzero(r->buf, r->len);
	r->len = 0;
}

void nl_replies_free(struct nl_replies *r)
{
	wipe_free(r->buf, r->len);
	*r = (struct nl_replies){ .buf = NULL };
}

void nl_put_name(struct nl_batch *b, struct nlmsghdr *nlh, uint16_t type, const char *name)
{
	size_t len = strnlen(name, IFNAMSIZ);

	if (len > 0 && len < IFNAMSIZ)
		mnl_attr_put_strz(nlh, type, name);
	else if (!b->err)
		b->err = -EINVAL;
}

/* In place of mnl_nlmsg_ok(3), which takes a length of 2 GiB and more for a good one. */
struct nlmsghdr *nl_next(const char **pos, const char *end)
{
	struct nlmsghdr *nlh = (void *)(uintptr_t)*pos;
	size_t left = (size_t)(end - *pos), step;

	if (left < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > left)
		return NULL;
	step = NLMSG_ALIGN((size_t)nlh->nlmsg_len);
	*pos += step < left ? step : left;
	return nlh;
}

const struct nlattr *nl_next_attr(const char **pos, const char *end)
{
	const struct nlattr *attr = (const void *)*pos; /* aligned: POS advances by aligned steps */
	size_t left = (size_t)(end - *pos), step;

	if (left < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > left)
		return NULL;
	step = NLMSG_ALIGN((size_t)attr->nla_len);
	*pos += step < left ? step : left;
	return attr;
}

int nl_range(const void *attrs, size_t len, const struct nlattr **tb, uint16_t max)
{
	const char *pos = attrs, *end = pos + len;
	const struct nlattr *attr;

	memset(tb, 0, ((size_t)max + 1) * sizeof(*tb));
	while ((attr = nl_next_attr(&pos, end)) != NULL) {
		if (mnl_attr_get_type(attr) <= max)
			tb[mnl_attr_get_type(attr)] = attr;
	}
	return pos == end ? 0 : -EBADMSG;
}

int nl_attrs(const struct nlmsghdr *nlh, size_t offset, const struct nlattr **tb, uint16_t max)
{
	const char *payload = mnl_nlmsg_get_payload(nlh);
	size_t len = mnl_nlmsg_get_payload_len(nlh);

	offset = NLMSG_ALIGN(offset);
	if (offset > len)
		return -EBADMSG;
	return nl_range(payload + offset, len - offset, tb, max);
}

int nl_nested(const struct nlattr *nest, const struct nlattr **tb, uint16_t max)
{
	return nl_range(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), tb, max);
}

int nl_each(const struct nlattr *nest, int (*fn)(const struct nlattr *attr, void *arg), void *arg)
{
	const char *pos = mnl_attr_get_payload(nest);
	const char *end = pos + mnl_attr_get_payload_len(nest);
	const struct nlattr *attr;
	int err;

	while ((attr = nl_next_attr(&pos, end)) != NULL) {
		err = fn(attr, arg);
		if (err)
			return err;
	}
	return pos == end ? 0 : -EBADMSG;
}

int nl_copy(const struct nlattr *attr, void *out, size_t size)
{
	if (!attr || mnl_attr_get_payload_len(attr) != size)
		return -EBADMSG;
	memcpy(out, mnl_attr_get_payload(attr), size);
	return 0;
}
