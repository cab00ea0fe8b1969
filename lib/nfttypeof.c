/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/nfttypeof.c: what tells nft(8) how to read the keys of a set that no type of its own is for:
 * `typeof iifname . @th,64,128`, as it keeps that itself (its expr_ops of meta, payload and
 * concat). The kernel hands it back unread, and takes the keys as they are.
 */
#include "lib/nfttypeof.h"

#include <libmnl/libmnl.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

/* nft's include/expression.h, include/datatype.h, include/proto.h; all in the host's order. */
enum nft_expression { EXPRESSION_PAYLOAD = 7, EXPRESSION_META = 9, EXPRESSION_CONCAT = 13 };
enum nft_byteorder { ORDER_NONE = 0, ORDER_NETWORK = 2 };
enum nft_base { BASE_TRANSPORT = 3 };

/* Fields of its raw payload (src/payload.c) and of its meta (src/meta.c). */
enum nft_field { RAW_DESC = 0, RAW_TYPE = 1, RAW_BASE = 2, RAW_OFFSET = 3, RAW_LEN = 4 };
#define META_KEY 0

/* Type, length, value, a byte each but the value, and one in another. */
struct notes {
	uint8_t bytes[128];
	size_t len;
};

static void put_number(struct notes *n, uint8_t type, uint32_t value)
{
	n->bytes[n->len++] = type;
	n->bytes[n->len++] = sizeof(value);
	memcpy(n->bytes + n->len, &value, sizeof(value));
	n->len += sizeof(value);
}

static size_t begin(struct notes *n, uint8_t type)
{
	n->bytes[n->len] = type;
	n->len += 2;
	return n->len;
}

static void end(struct notes *n, size_t start)
{
	n->bytes[start - 1] = (uint8_t)(n->len - start);
}

static void put_name(struct notes *n)
{
	size_t start;

	put_number(n, NFTNL_UDATA_SET_TYPEOF_EXPR, EXPRESSION_META);
	start = begin(n, NFTNL_UDATA_SET_TYPEOF_DATA);
	put_number(n, META_KEY, NFT_META_IIFNAME);
	end(n, start);
}

static void put_target(struct notes *n)
{
	size_t start;

	put_number(n, NFTNL_UDATA_SET_TYPEOF_EXPR, EXPRESSION_PAYLOAD);
	start = begin(n, NFTNL_UDATA_SET_TYPEOF_DATA);
	put_number(n, RAW_DESC, 0);
	put_number(n, RAW_TYPE, 0);
	put_number(n, RAW_BASE, BASE_TRANSPORT);
	put_number(n, RAW_OFFSET, ND_TARGET_OFFSET * 8); /* bits */
	put_number(n, RAW_LEN, (uint32_t)set_field_type(FIELD_TARGET)->len * 8);
	end(n, start);
}

static void put_concat(struct notes *n)
{
	size_t all, part;

	put_number(n, NFTNL_UDATA_SET_TYPEOF_EXPR, EXPRESSION_CONCAT);
	all = begin(n, NFTNL_UDATA_SET_TYPEOF_DATA);
	part = begin(n, 0);
	put_name(n);
	end(n, part);
	part = begin(n, 1);
	put_target(n);
	end(n, part);
	end(n, all);
}

void nfttypeof_put(struct nlmsghdr *nlh, const struct set_shape *shape)
{
	const bool one = shape->n == 1;
	struct notes n = { .len = 0 };
	size_t start;

	if (shape->fields[shape->n - 1] != FIELD_TARGET)
		return;
	put_number(&n, NFTNL_UDATA_SET_KEYBYTEORDER, one ? ORDER_NETWORK : ORDER_NONE);
	start = begin(&n, NFTNL_UDATA_SET_KEY_TYPEOF);
	if (one)
		put_target(&n);
	else
		put_concat(&n);
	end(&n, start);
	mnl_attr_put(nlh, NFTA_SET_USERDATA, n.len, n.bytes);
}
