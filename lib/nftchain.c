/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftchain.c: the chains of all tables that see packets, ours and others'. */
#include "lib/nftchain.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

struct walk {
	nftchain_fn *fn;
	void *arg;
};

static void copy_name(char out[static NFTCHAIN_NAME_MAX], const char *name)
{
	snprintf(out, NFTCHAIN_NAME_MAX, "%s", name ? name : "");
}

/* A chain on one device, or on several: as nft(8) tells them apart, so does libnftnl. */
static const char *const *devices_of(const struct nftnl_chain *c, const char *one[static 2])
{
	one[0] = nftnl_chain_get_str(c, NFTNL_CHAIN_DEV);
	one[1] = NULL;
	return one[0] ? one : nftnl_chain_get_array(c, NFTNL_CHAIN_DEVICES);
}

static int chain_reply(const struct nlmsghdr *nlh, void *arg)
{
	const struct walk *walk = arg;
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nftchain chain = { 0 };
	const char *one[2];
	int r = -EBADMSG;

	if (!c)
		return -ENOMEM;
	if (nftnl_chain_nlmsg_parse(nlh, c) >= 0) {
		chain.family = (uint8_t)nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY);
		chain.hook = nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM);
		chain.drops = nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_DROP;
		chain.devices = devices_of(c, one);
		copy_name(chain.table, nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE));
		copy_name(chain.name, nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
		r = nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM) ? walk->fn(&chain, walk->arg) : 0;
	}
	nftnl_chain_free(c);
	return r;
}

int nftchain_dump(struct nl *nl, nftchain_fn *fn, void *arg, struct nl_error *error)
{
	const struct nfgenmsg nfg = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	struct walk walk = { .fn = fn, .arg = arg };

	return nl_dump(nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, 0, &nfg, sizeof(nfg),
		       chain_reply, &walk, error);
}
