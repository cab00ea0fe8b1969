/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftchain.c: the chains of all tables that see packets, ours and others'. */
#include "lib/nftchain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>

struct walk {
	nftchain_fn *fn;
	void *arg;
};

static int copy_name(char out[static NFTCHAIN_NAME_MAX], const struct nlattr *attr)
{
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return -EBADMSG;
	snprintf(out, NFTCHAIN_NAME_MAX, "%s", mnl_attr_get_str(attr));
	return 0;
}

static bool has_u32(const struct nlattr *attr)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0;
}

static int read_hook(const struct nlattr *hook, struct nftchain *chain)
{
	const struct nlattr *tb[NFTA_HOOK_DEVS + 1];

	if (nl_nested(hook, tb, NFTA_HOOK_DEVS) || !has_u32(tb[NFTA_HOOK_HOOKNUM]))
		return -EBADMSG;
	chain->hook = ntohl(mnl_attr_get_u32(tb[NFTA_HOOK_HOOKNUM]));
	chain->devices = tb[NFTA_HOOK_DEVS];
	return 0;
}

/* Read by hand: libnftnl refuses a chain with anything that it does not know, and others' chains
 * may have that. */
static int chain_reply(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NFTA_CHAIN_POLICY + 1];
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct walk *walk = arg;
	struct nftchain chain = { 0 };

	if (nl_attrs(nlh, sizeof(*nfg), tb, NFTA_CHAIN_POLICY))
		return -EBADMSG;
	if (!tb[NFTA_CHAIN_HOOK])
		return 0;
	if (copy_name(chain.table, tb[NFTA_CHAIN_TABLE]) ||
	    copy_name(chain.name, tb[NFTA_CHAIN_NAME]) || read_hook(tb[NFTA_CHAIN_HOOK], &chain))
		return -EBADMSG;
	chain.family = nfg->nfgen_family;
	chain.drops = has_u32(tb[NFTA_CHAIN_POLICY]) &&
		      ntohl(mnl_attr_get_u32(tb[NFTA_CHAIN_POLICY])) == NF_DROP;
	return walk->fn(&chain, walk->arg);
}

int nftchain_dump(struct nl *nl, nftchain_fn *fn, void *arg, struct nl_error *error)
{
	const struct nfgenmsg nfg = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	struct walk walk = { .fn = fn, .arg = arg };

	return nl_dump(nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, 0, &nfg, sizeof(nfg),
		       chain_reply, &walk, error);
}
