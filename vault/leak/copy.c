/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/copy.c: the rules that a vault really has, into its twin.
 *
 * What nf_tables tells of a table, chain, set or rule is what it takes to make one, but for
 * handles, counts of use and the like: so each message of the dumps is sent on with the attributes
 * that make it what it is, unread. Interfaces have the same names in the twin; only the link's
 * addresses differ, and are replaced wherever their bytes stand.
 */
#include "vault/leak/twin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "lib/nft.h"
#include "lib/ns.h"
#include "vault/confine/sealcheck.h"
#include "vault/seal/seal.h"

#define SETS_MAX 256
#define BIT(n) (1U << (n))

struct copying {
	const struct spec *twin, *real;
	struct nl from, to;
	struct nl_batch batch;
	uint32_t set_id;
	struct {
		uint8_t family;
		char table[NFT_TABLE_MAXNAMELEN], name[NFT_SET_MAXNAMELEN];
	} sets[SETS_MAX];
	size_t n_sets;
};

/* What is read, in the order in which it can be made, and the attributes that are sent on. */
static const struct {
	uint16_t get, make;
	uint32_t attributes;
	uint16_t flags;
} kinds[] = {
	{ NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, BIT(NFTA_TABLE_NAME) | BIT(NFTA_TABLE_FLAGS),
	  NLM_F_CREATE },
	{ NFT_MSG_GETOBJ, NFT_MSG_NEWOBJ,
	  BIT(NFTA_OBJ_TABLE) | BIT(NFTA_OBJ_NAME) | BIT(NFTA_OBJ_TYPE) | BIT(NFTA_OBJ_DATA),
	  NLM_F_CREATE },
	{ NFT_MSG_GETSET, NFT_MSG_NEWSET,
	  BIT(NFTA_SET_TABLE) | BIT(NFTA_SET_NAME) | BIT(NFTA_SET_FLAGS) | BIT(NFTA_SET_KEY_TYPE) |
		  BIT(NFTA_SET_KEY_LEN) | BIT(NFTA_SET_DATA_TYPE) | BIT(NFTA_SET_DATA_LEN) |
		  BIT(NFTA_SET_POLICY) | BIT(NFTA_SET_DESC) | BIT(NFTA_SET_TIMEOUT) |
		  BIT(NFTA_SET_GC_INTERVAL) | BIT(NFTA_SET_USERDATA) | BIT(NFTA_SET_OBJ_TYPE),
	  NLM_F_CREATE },
	{ NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN,
	  BIT(NFTA_CHAIN_TABLE) | BIT(NFTA_CHAIN_NAME) | BIT(NFTA_CHAIN_HOOK) |
		  BIT(NFTA_CHAIN_POLICY) | BIT(NFTA_CHAIN_TYPE) | BIT(NFTA_CHAIN_FLAGS),
	  NLM_F_CREATE },
	{ NFT_MSG_GETSETELEM, NFT_MSG_NEWSETELEM,
	  BIT(NFTA_SET_ELEM_LIST_TABLE) | BIT(NFTA_SET_ELEM_LIST_SET) |
		  BIT(NFTA_SET_ELEM_LIST_ELEMENTS),
	  NLM_F_CREATE },
	{ NFT_MSG_GETRULE, NFT_MSG_NEWRULE,
	  BIT(NFTA_RULE_TABLE) | BIT(NFTA_RULE_CHAIN) | BIT(NFTA_RULE_EXPRESSIONS) |
		  BIT(NFTA_RULE_USERDATA),
	  NLM_F_CREATE | NLM_F_APPEND },
};

static uint32_t attributes_of(uint16_t message, uint16_t *flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].make == message) {
			*flags = kinds[i].flags;
			return kinds[i].attributes;
		}
	return 0;
}

/* Attributes, and so values, begin at whole words. */
static void replace(uint8_t *p, size_t n, const struct addr *old, const struct addr *new)
{
	size_t size = addr_size(old);

	for (size_t at = 0; size && addr_size(new) == size && at + size <= n; at += 4)
		if (!memcmp(p + at, old->bytes, size))
			memcpy(p + at, new->bytes, size);
}

static void replace_link(const struct copying *c, struct nlmsghdr *nlh)
{
	uint8_t *p = mnl_nlmsg_get_payload(nlh);
	size_t n = mnl_nlmsg_get_payload_len(nlh);

	for (int f = 0; f < ADDR_FAMILIES; f++) {
		replace(p, n, &c->real->link[f].vault.addr, &c->twin->link[f].vault.addr);
		replace(p, n, &c->real->link[f].host.addr, &c->twin->link[f].host.addr);
	}
}

/* Notes the set, whose elements are asked for by its name. */
static int note_set(struct copying *c, uint8_t family, const struct nlmsghdr *nlh)
{
	const struct nlattr *tb[NFTA_SET_NAME + 1];
	int r = nl_attrs(nlh, sizeof(struct nfgenmsg), tb, NFTA_SET_NAME);

	if (r || !tb[NFTA_SET_TABLE] || !tb[NFTA_SET_NAME])
		return r ? r : -EBADMSG;
	if (c->n_sets == SETS_MAX)
		return -E2BIG;
	c->sets[c->n_sets].family = family;
	snprintf(c->sets[c->n_sets].table, NFT_TABLE_MAXNAMELEN, "%s",
		 mnl_attr_get_str(tb[NFTA_SET_TABLE]));
	snprintf(c->sets[c->n_sets].name, NFT_SET_MAXNAMELEN, "%s",
		 mnl_attr_get_str(tb[NFTA_SET_NAME]));
	c->n_sets++;
	return 0;
}

/* nl_reply_fn: sends on what was told. */
static int pass_on(const struct nlmsghdr *nlh, void *arg)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[NFTA_SET_MAX + 1];
	struct copying *c = arg;
	uint16_t flags = 0, message = nlh->nlmsg_type & 0xff;
	uint32_t attributes = attributes_of(message, &flags);
	struct nlmsghdr *out;
	int r = attributes ? nl_attrs(nlh, sizeof(*nfg), tb, NFTA_SET_MAX) : -EBADMSG;

	if (!r && message == NFT_MSG_NEWSET)
		r = note_set(c, nfg->nfgen_family, nlh);
	if (r)
		return r;
	out = nl_batch_add(&c->batch, &c->to, nlh->nlmsg_type, flags, sizeof(*nfg),
			   mnl_nlmsg_get_payload_len(nlh) + 64, 0);
	((struct nfgenmsg *)nl_extra(out))->nfgen_family = nfg->nfgen_family;
	for (uint16_t i = 1; i <= NFTA_SET_MAX && i < 32; i++)
		if (attributes & BIT(i) && tb[i])
			mnl_attr_put(out, i, mnl_attr_get_payload_len(tb[i]),
				     mnl_attr_get_payload(tb[i]));
	if (message == NFT_MSG_NEWSET)
		mnl_attr_put_u32(out, NFTA_SET_ID, htonl(++c->set_id));
	replace_link(c, out);
	nl_batch_end(&c->batch, out);
	return 0;
}

static int dump(struct copying *c, uint16_t get, const void *request, size_t len,
		struct nl_error *error)
{
	return nl_dump(&c->from, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | get), 0, request, len,
		       pass_on, c, error);
}

static int dump_elements(struct copying *c, size_t i, struct nl_error *error)
{
	char buf[256 + NFT_TABLE_MAXNAMELEN + NFT_SET_MAXNAMELEN] = "";
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nfg->nfgen_family = c->sets[i].family;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, c->sets[i].table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, c->sets[i].name);
	return dump(c, NFT_MSG_GETSETELEM, nfg, mnl_nlmsg_get_payload_len(nlh), error);
}

static int queue_all(struct copying *c, struct nl_error *error)
{
	const struct nfgenmsg any = { .nfgen_family = AF_UNSPEC };
	int r = 0;

	nft_queue_begin(&c->batch, &c->to, 0);
	for (size_t i = 0; !r && i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].get != NFT_MSG_GETSETELEM) {
			r = dump(c, kinds[i].get, &any, sizeof(any), error);
			continue;
		}
		for (size_t s = 0; !r && s < c->n_sets; s++)
			r = dump_elements(c, s, error);
	}
	nft_queue_end(&c->batch, &c->to, 0);
	return r;
}

/* The twin's own tables go first, each in a transaction: one may be missing on an older kernel. */
static int delete_tables(struct copying *c, struct nl_error *error)
{
	int r = 0;

	for (unsigned int t = 0; !r && t < SEAL_TABLES; t++) {
		struct ruleset rs;

		if (!seal_wants(c->twin, t))
			continue;
		seal_build(c->twin, t, &rs);
		nft_queue_begin(&c->batch, &c->to, 0);
		nft_queue_del_table(&c->batch, &c->to, 0, &rs);
		nft_queue_end(&c->batch, &c->to, 0);
		ruleset_free(&rs);
		r = nl_batch_send(&c->batch, NULL, NULL, error);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

static int open_nft(void *arg)
{
	return nl_open(arg, NETLINK_NETFILTER);
}

static int copy(struct copying *c, int ns, int real_ns, struct nl_error *error)
{
	int r = ns_run(real_ns, open_nft, &c->from);

	if (!r)
		r = ns_run(ns, open_nft, &c->to);
	if (!r)
		r = delete_tables(c, error);
	if (!r)
		r = queue_all(c, error);
	return r ? r : nl_batch_send(&c->batch, NULL, NULL, error);
}

int copy_rules(const struct spec *twin, int ns, const struct spec *real, int real_ns,
	       char why[static 256])
{
	struct copying c = { .twin = twin, .real = real, .from = NL_CLOSED, .to = NL_CLOSED };
	struct nl_error error = { 0 };
	char how[256] = "";
	int r;

	if (!sealcheck(real, real_ns, how))
		return 0;
	r = copy(&c, ns, real_ns, &error);
	if (r)
		snprintf(why, 256,
			 "its rules differ from its plan (vault check), and cannot be "
			 "copied: %s %.120s",
			 strerror(-r), error.text);
	nl_batch_free(&c.batch);
	nl_close(&c.from);
	nl_close(&c.to);
	return r;
}
