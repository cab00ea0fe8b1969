/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nft.c: rulesets into the kernel by nf_tables netlink, one transaction a batch; counters out
 * of it. */
#include "lib/nft.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "lib/nftexpr.h"
#include "lib/nfttypeof.h"

/* More than any single message of ours takes, but for elements, which are counted. */
#define ROOM 4096
#define ROOM_RULE 8192
#define ROOM_ELEMENT 256

#define COMMENT_MAX 128 /* with its NUL: what nft(8) takes of one */

/* Elements of one message: their list is one attribute, whose length is 16 bits wide. */
#define ELEMENTS_MAX 200
static_assert(ELEMENTS_MAX * ROOM_ELEMENT <= UINT16_MAX, "a list of elements fits its attribute");

#define TYPE_BITS 6 /* of one type in the number of a concatenation */

static uint32_t key_type(enum set_type type)
{
	const struct set_shape *shape = set_shape(type);
	uint32_t all = 0;

	for (size_t i = 0; i < shape->n; i++)
		all = all << TYPE_BITS | set_field_type(shape->fields[i])->number;
	return all;
}

static uint32_t data_type(enum set_type type)
{
	return set_field_type(set_shape(type)->fields[2])->number << TYPE_BITS |
	       set_field_type(FIELD_PORT)->number;
}

static uint32_t set_flags(const struct set *set)
{
	const struct set_shape *shape = set_shape(set->type);

	return (shape->ranges ? NFT_SET_INTERVAL | NFT_SET_CONCAT : 0U) |
	       (shape->map ? (uint32_t)NFT_SET_MAP : 0U) |
	       (set->size ? NFT_SET_EVAL | NFT_SET_TIMEOUT : 0U);
}

static struct nlmsghdr *add_message(struct nl_batch *b, struct nl *nl, unsigned int tag,
				    uint16_t type, uint16_t flags, const struct ruleset *rs,
				    size_t room)
{
	struct nlmsghdr *nlh =
		nl_batch_add(b, nl, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
			     (uint16_t)(flags | NLM_F_ECHO), sizeof(struct nfgenmsg), room, tag);
	struct nfgenmsg *nfg = nl_extra(nlh);

	nfg->nfgen_family = (uint8_t)rs->family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static void queue_frame(struct nl_batch *b, struct nl *nl, unsigned int tag, uint16_t type)
{
	struct nlmsghdr *nlh = nl_batch_add(b, nl, type, 0, sizeof(struct nfgenmsg), 0, tag);
	struct nfgenmsg *nfg = nl_extra(nlh);

	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(NFNL_SUBSYS_NFTABLES);
	nl_batch_end(b, nlh);
}

void nft_queue_begin(struct nl_batch *b, struct nl *nl, unsigned int tag)
{
	queue_frame(b, nl, tag, NFNL_MSG_BATCH_BEGIN);
}

void nft_queue_end(struct nl_batch *b, struct nl *nl, unsigned int tag)
{
	queue_frame(b, nl, tag, NFNL_MSG_BATCH_END);
}

/* nft(8)'s own form of a comment: type, length, text with its NUL; cut to fit MAX, the NUL with it.
 */
static void put_comment(struct nlmsghdr *nlh, uint16_t attr, uint8_t type, const char *comment,
			size_t max)
{
	uint8_t data[2 + COMMENT_MAX] = { type };
	size_t len = strnlen(comment, max - 1) + 1;

	data[1] = (uint8_t)len;
	memcpy(data + 2, comment, len - 1);
	mnl_attr_put(nlh, attr, 2 + len, data);
}

/* Adding a table that is there is fine without NLM_F_EXCL, and leaves its comment as it is; the
 * flags are explicit: 0, so not dormant. */
static void queue_table(struct nl_batch *b, struct nl *nl, unsigned int tag,
			const struct ruleset *rs, uint16_t flags)
{
	struct nlmsghdr *nlh = add_message(b, nl, tag, NFT_MSG_NEWTABLE,
					   (uint16_t)(NLM_F_CREATE | flags), rs, ROOM);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, rs->table);
	mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, 0);
	if (rs->comment)
		put_comment(nlh, NFTA_TABLE_USERDATA, NFTNL_UDATA_TABLE_COMMENT, rs->comment,
			    COMMENT_MAX);
	nl_batch_end(b, nlh);
}

void nft_queue_del_table(struct nl_batch *b, struct nl *nl, unsigned int tag,
			 const struct ruleset *rs)
{
	struct nlmsghdr *nlh = add_message(b, nl, tag, NFT_MSG_DELTABLE, 0, rs, ROOM);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, rs->table);
	nl_batch_end(b, nlh);
}

void nft_queue_flush(struct nl_batch *b, struct nl *nl, unsigned int tag, const struct ruleset *rs)
{
	struct nlmsghdr *nlh = add_message(b, nl, tag, NFT_MSG_DELRULE, 0, rs, ROOM);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, rs->table);
	nl_batch_end(b, nlh);
}

static_assert(NFTA_CHAIN_TABLE == 1 && NFTA_SET_TABLE == 1 && NFTA_OBJ_TABLE == 1 &&
		      NFTA_SET_NAME == 2 && NFTA_OBJ_NAME == 2,
	      "attributes of one number");

void nft_queue_delete(struct nl_batch *b, struct nl *nl, unsigned int tag, const struct ruleset *rs,
		      uint16_t message, const char *name, uint32_t type)
{
	struct nlmsghdr *nlh = add_message(b, nl, tag, message, 0, rs, ROOM);

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, rs->table);
	mnl_attr_put_strz(nlh,
			  message == NFT_MSG_DELCHAIN ? (uint16_t)NFTA_CHAIN_NAME
						      : (uint16_t)NFTA_SET_NAME,
			  name);
	if (message == NFT_MSG_DELOBJ)
		mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(type));
	nl_batch_end(b, nlh);
}

static void queue_counter(struct nl_batch *b, struct nl *nl, unsigned int tag,
			  const struct ruleset *rs, const char *name)
{
	struct nlmsghdr *nlh = add_message(b, nl, tag, NFT_MSG_NEWOBJ, NLM_F_CREATE, rs, ROOM);

	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_OBJ_NAME, name);
	mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	mnl_attr_nest_end(nlh, mnl_attr_nest_start(nlh, NFTA_OBJ_DATA));
	nl_batch_end(b, nlh);
}

/* A key of ranges needs the lengths of its fields (nft_set_pipapo.c in the kernel's tree). */
static void put_fields(struct nlmsghdr *nlh, const struct set_shape *shape)
{
	struct nlattr *desc = mnl_attr_nest_start(nlh, NFTA_SET_DESC);
	struct nlattr *concat = mnl_attr_nest_start(nlh, NFTA_SET_DESC_CONCAT);

	for (size_t i = 0; i < shape->n; i++) {
		struct nlattr *field = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

		mnl_attr_put_u32(nlh, NFTA_SET_FIELD_LEN,
				 htonl((uint32_t)set_field_type(shape->fields[i])->len));
		mnl_attr_nest_end(nlh, field);
	}
	mnl_attr_nest_end(nlh, concat);
	mnl_attr_nest_end(nlh, desc);
}

static void put_dynamic(struct nlmsghdr *nlh, const struct set *set)
{
	struct nlattr *desc = mnl_attr_nest_start(nlh, NFTA_SET_DESC);

	mnl_attr_put_u32(nlh, NFTA_SET_DESC_SIZE, htonl(set->size));
	mnl_attr_nest_end(nlh, desc);
	mnl_attr_put_u64(nlh, NFTA_SET_TIMEOUT, htobe64(RULESET_TIMEOUT * 1000ULL));
}

/* The set's id in the transaction is its number in the table: lets elements of the same batch find
 * it. */
static void queue_set(struct nl_batch *b, struct nl *nl, unsigned int tag, const struct ruleset *rs,
		      const struct set *set)
{
	struct nlmsghdr *nlh = add_message(b, nl, tag, NFT_MSG_NEWSET, NLM_F_CREATE, rs, ROOM);
	const struct set_shape *shape = set_shape(set->type);

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, set->name);
	mnl_attr_put_u32(nlh, NFTA_SET_FLAGS, htonl(set_flags(set)));
	mnl_attr_put_u32(nlh, NFTA_SET_KEY_TYPE, htonl(key_type(set->type)));
	mnl_attr_put_u32(nlh, NFTA_SET_KEY_LEN, htonl((uint32_t)set_key_len(set->type)));
	if (shape->map) {
		mnl_attr_put_u32(nlh, NFTA_SET_DATA_TYPE, htonl(data_type(set->type)));
		mnl_attr_put_u32(nlh, NFTA_SET_DATA_LEN, htonl((uint32_t)set_data_len(set->type)));
	}
	mnl_attr_put_u32(nlh, NFTA_SET_ID, htonl((uint32_t)(set - rs->sets) + 1));
	if (shape->ranges)
		put_fields(nlh, shape);
	if (set->size)
		put_dynamic(nlh, set);
	nfttypeof_put(nlh, shape);
	nl_batch_end(b, nlh);
}

static void put_value(struct nlmsghdr *nlh, uint16_t attr, const uint8_t *value, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, attr);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(nlh, nest);
}

static void put_element(struct nlmsghdr *nlh, enum set_type type, const struct set_element *e)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

	put_value(nlh, NFTA_SET_ELEM_KEY, e->key, set_key_len(type));
	if (set_shape(type)->ranges)
		put_value(nlh, NFTA_SET_ELEM_KEY_END, e->end, set_key_len(type));
	if (set_shape(type)->map)
		put_value(nlh, NFTA_SET_ELEM_DATA, e->data, set_data_len(type));
	if (e->comment[0])
		put_comment(nlh, NFTA_SET_ELEM_USERDATA, NFTNL_UDATA_SET_ELEM_COMMENT, e->comment,
			    IFNAMSIZ);
	mnl_attr_nest_end(nlh, nest);
}

static void queue_elements(struct nl_batch *b, struct nl *nl, unsigned int tag,
			   const struct ruleset *rs, const struct set *set, size_t first, size_t n,
			   bool add)
{
	struct nlmsghdr *nlh =
		add_message(b, nl, tag, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
			    add ? NLM_F_CREATE : 0, rs, ROOM + n * ROOM_ELEMENT);
	struct nlattr *list;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = first; i < first + n; i++)
		put_element(nlh, set->type, &set->elements[i]);
	mnl_attr_nest_end(nlh, list);
	nl_batch_end(b, nlh);
}

void nft_queue_elements(struct nl_batch *b, struct nl *nl, unsigned int tag,
			const struct ruleset *rs, const struct set *set, bool add)
{
	for (size_t i = 0; i < set->n_elements; i += ELEMENTS_MAX)
		queue_elements(b, nl, tag, rs, set, i,
			       set->n_elements - i < ELEMENTS_MAX ? set->n_elements - i
								  : ELEMENTS_MAX,
			       add);
}

/* Deletes all elements of the set: one message without any. */
static void queue_empty(struct nl_batch *b, struct nl *nl, unsigned int tag,
			const struct ruleset *rs, const struct set *set)
{
	struct nlmsghdr *nlh = add_message(b, nl, tag, NFT_MSG_DELSETELEM, 0, rs, ROOM);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
	nl_batch_end(b, nlh);
}

static void queue_whole_set(struct nl_batch *b, struct nl *nl, unsigned int tag,
			    const struct ruleset *rs, const struct set *set, enum nft_how how)
{
	queue_set(b, nl, tag, rs, set);
	if (how == NFT_REFRESH && set->is_constant)
		queue_empty(b, nl, tag, rs, set);
	nft_queue_elements(b, nl, tag, rs, set, true);
}

static void queue_chain(struct nl_batch *b, struct nl *nl, unsigned int tag,
			const struct ruleset *rs, const struct chain *chain)
{
	struct nlmsghdr *nlh = add_message(b, nl, tag, NFT_MSG_NEWCHAIN, NLM_F_CREATE, rs, ROOM);
	const struct chain_place *place = chain_place(chain->hook);
	struct nlattr *hook;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, chain->name);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, place->type);
	hook = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(nlh, NFTA_HOOK_HOOKNUM, htonl(place->number));
	mnl_attr_put_u32(nlh, NFTA_HOOK_PRIORITY, htonl((uint32_t)chain->priority));
	if (chain->device[0])
		mnl_attr_put_strz(nlh, NFTA_HOOK_DEV, chain->device);
	mnl_attr_nest_end(nlh, hook);
	mnl_attr_put_u32(nlh, NFTA_CHAIN_POLICY,
			 htonl(chain->policy == VERDICT_DROP ? NF_DROP : NF_ACCEPT));
	nl_batch_end(b, nlh);
}

/* Deletes all rules of the chain: one message without a handle. */
static void queue_flush(struct nl_batch *b, struct nl *nl, unsigned int tag,
			const struct ruleset *rs, const struct chain *chain)
{
	struct nlmsghdr *nlh = add_message(b, nl, tag, NFT_MSG_DELRULE, 0, rs, ROOM);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain->name);
	nl_batch_end(b, nlh);
}

static void queue_rule(struct nl_batch *b, struct nl *nl, unsigned int tag,
		       const struct ruleset *rs, const struct chain *chain, const struct rule *rule)
{
	struct nftnl_rule *built = nftexpr_rule(rs, chain, rule);
	struct nlmsghdr *nlh;

	if (!built) {
		b->err = -ENOMEM;
		return;
	}
	nlh = add_message(b, nl, tag, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, rs, ROOM_RULE);
	nftnl_rule_nlmsg_build_payload(nlh, built);
	nl_batch_end(b, nlh);
	nftnl_rule_free(built);
}

static void queue_whole_chain(struct nl_batch *b, struct nl *nl, unsigned int tag,
			      const struct ruleset *rs, const struct chain *chain, enum nft_how how)
{
	queue_chain(b, nl, tag, rs, chain);
	if (how == NFT_REFRESH)
		queue_flush(b, nl, tag, rs, chain);
	for (size_t i = 0; i < chain->n_rules; i++)
		queue_rule(b, nl, tag, rs, chain, &chain->rules[i]);
}

void nft_queue_table(struct nl_batch *b, struct nl *nl, unsigned int tag, const struct ruleset *rs,
		     enum nft_how how)
{
	if (rs->err)
		b->err = rs->err;
	queue_table(b, nl, tag, rs, how == NFT_CREATE ? NLM_F_EXCL : 0);
	if (how == NFT_REPLACE) {
		nft_queue_del_table(b, nl, tag, rs);
		queue_table(b, nl, tag, rs, NLM_F_EXCL);
	}
	for (size_t i = 0; i < rs->n_counters; i++)
		queue_counter(b, nl, tag, rs, rs->counters[i]);
	for (size_t i = 0; i < rs->n_sets; i++)
		queue_whole_set(b, nl, tag, rs, &rs->sets[i], how);
	for (size_t i = 0; i < rs->n_chains; i++)
		queue_whole_chain(b, nl, tag, rs, &rs->chains[i], how);
}

struct counter_walk {
	nft_counter_fn *fn;
	void *arg;
};

static int counter_reply(const struct nlmsghdr *nlh, void *arg)
{
	const struct counter_walk *walk = arg;
	struct nftnl_obj *obj = nftnl_obj_alloc();
	int r;

	if (!obj)
		return -ENOMEM;
	if (nftnl_obj_nlmsg_parse(nlh, obj) < 0)
		r = -EBADMSG;
	else if (nftnl_obj_get_u32(obj, NFTNL_OBJ_TYPE) != NFT_OBJECT_COUNTER)
		r = 0;
	else
		r = walk->fn(nftnl_obj_get_str(obj, NFTNL_OBJ_TABLE),
			     nftnl_obj_get_str(obj, NFTNL_OBJ_NAME),
			     nftnl_obj_get_u64(obj, NFTNL_OBJ_CTR_PKTS),
			     nftnl_obj_get_u64(obj, NFTNL_OBJ_CTR_BYTES), walk->arg);
	nftnl_obj_free(obj);
	return r;
}

int nft_dump_counters(struct nl *nl, nft_counter_fn *fn, void *arg, struct nl_error *error)
{
	struct nfgenmsg nfg = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	struct counter_walk walk = { .fn = fn, .arg = arg };

	return nl_dump(nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETOBJ, 0, &nfg, sizeof(nfg),
		       counter_reply, &walk, error);
}

struct element_walk {
	nft_element_fn *fn;
	void *arg;
	int err;
};

/* The bytes of an attribute, none when there is none. */
static int copy_attr(struct nftnl_set_elem *e, uint16_t attr, uint8_t *out, size_t room,
		     size_t *len)
{
	uint32_t n = 0;
	const void *bytes = nftnl_set_elem_is_set(e, attr) ? nftnl_set_elem_get(e, attr, &n) : NULL;

	if (n > room)
		return -EBADMSG;
	if (bytes)
		memcpy(out, bytes, n);
	*len = bytes ? n : 0;
	return 0;
}

/* A comment as we write it; any other is none of ours. */
static void copy_comment(struct nftnl_set_elem *e, char out[static IFNAMSIZ])
{
	uint8_t data[2 + IFNAMSIZ] = { 0 };
	size_t len;

	if (!copy_attr(e, NFTNL_SET_ELEM_USERDATA, data, sizeof(data), &len) && len > 2 &&
	    data[0] == NFTNL_UDATA_SET_ELEM_COMMENT && data[1] == len - 2)
		memcpy(out, data + 2, IFNAMSIZ - 1);
}

static int element_key(struct nftnl_set_elem *e, void *arg)
{
	struct element_walk *walk = arg;
	size_t len = 0;
	struct set_element copy = { 0 };

	walk->err = copy_attr(e, NFTNL_SET_ELEM_KEY, copy.key, sizeof(copy.key), &copy.len);
	if (!walk->err && !copy.len)
		walk->err = -EBADMSG;
	if (!walk->err)
		walk->err = copy_attr(e, NFTNL_SET_ELEM_KEY_END, copy.end, sizeof(copy.end), &len);
	if (!walk->err)
		walk->err = copy_attr(e, NFTNL_SET_ELEM_DATA, copy.data, sizeof(copy.data), &len);
	if (!walk->err)
		copy_comment(e, copy.comment);
	if (!walk->err)
		walk->err = walk->fn(&copy, walk->arg);
	return walk->err ? -1 : 0;
}

static int elements_reply(const struct nlmsghdr *nlh, void *arg)
{
	struct element_walk *walk = arg;
	struct nftnl_set *set = nftnl_set_alloc();
	int r = 0;

	if (!set)
		return -ENOMEM;
	if (nftnl_set_elems_nlmsg_parse(nlh, set) < 0)
		r = -EBADMSG;
	else if (nftnl_set_elem_foreach(set, element_key, walk) < 0)
		r = walk->err ? walk->err : -EBADMSG;
	nftnl_set_free(set);
	return r;
}

int nft_dump_elements(struct nl *nl, const struct ruleset *rs, const char *name, nft_element_fn *fn,
		      void *arg, struct nl_error *error)
{
	struct element_walk walk = { .fn = fn, .arg = arg };
	char buf[256] = "";
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nfg->nfgen_family = (uint8_t)rs->family;
	nfg->version = NFNETLINK_V0;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, name);
	return nl_dump(nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, 0, nfg,
		       mnl_nlmsg_get_payload_len(nlh), elements_reply, &walk, error);
}
