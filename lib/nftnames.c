/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftnames.c: what nf_tables holds in a namespace, by name only: tables and flowtables. */
#include "lib/nftnames.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

struct walk {
	nft_name_fn *fn;
	void *arg;
};

/* The text of ATTR, or NULL when it does not end within it. */
static const char *text_of(const struct nlattr *attr)
{
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return NULL;
	return mnl_attr_get_str(attr);
}

/* 0, which is no handle, for one that does not come. */
static uint64_t handle_of(const struct nlattr *attr)
{
	uint64_t handle = 0;

	if (attr && mnl_attr_validate(attr, MNL_TYPE_U64) >= 0)
		handle = be64toh(mnl_attr_get_u64(attr));
	return handle;
}

static int read_table(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NFTA_TABLE_HANDLE + 1];
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct walk *walk = arg;
	int r = nl_attrs(nlh, sizeof(*nfg), tb, NFTA_TABLE_HANDLE);
	const char *name = r ? NULL : text_of(tb[NFTA_TABLE_NAME]);

	return name ? walk->fn(&(struct nft_named){ .what = NFT_WHAT_TABLE,
						    .family = nfg->nfgen_family,
						    .table = name,
						    .name = "",
						    .handle = handle_of(tb[NFTA_TABLE_HANDLE]) },
			       walk->arg)
		    : -EBADMSG;
}

/* NFTA_FLOWTABLE_HOOK_DEVS of NFTA_FLOWTABLE_HOOK, or NULL. */
static const struct nlattr *devices_of(const struct nlattr *hook)
{
	const struct nlattr *tb[NFTA_FLOWTABLE_HOOK_DEVS + 1];

	return hook && !nl_nested(hook, tb, NFTA_FLOWTABLE_HOOK_DEVS) ? tb[NFTA_FLOWTABLE_HOOK_DEVS]
								      : NULL;
}

/* Newer than Debian 12's headers. */
#define DEVICE_PREFIX 2 /* NFTA_DEVICE_PREFIX */

struct search {
	const char *name;
	enum nft_has has;
};

static int look_at_device(const struct nlattr *attr, void *arg)
{
	const char *text = text_of(attr);
	struct search *s = arg;

	if (text && mnl_attr_get_type(attr) == NFTA_DEVICE_NAME && !strcmp(text, s->name))
		s->has = NFT_HAS;
	else if (text && mnl_attr_get_type(attr) == DEVICE_PREFIX && !s->has &&
		 !strncmp(text, s->name, strlen(text)))
		s->has = NFT_HAS_BY_PREFIX;
	return 0;
}

int nft_devices_have(const struct nlattr *devices, const char *name)
{
	struct search s = { .name = name };
	int r = devices ? nl_each(devices, look_at_device, &s) : 0;

	return r ? r : (int)s.has;
}

static int read_flowtable(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NFTA_FLOWTABLE_HANDLE + 1];
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct walk *walk = arg;
	int r = nl_attrs(nlh, sizeof(*nfg), tb, NFTA_FLOWTABLE_HANDLE);
	const char *table = r ? NULL : text_of(tb[NFTA_FLOWTABLE_TABLE]);
	const char *name = r ? NULL : text_of(tb[NFTA_FLOWTABLE_NAME]);
	struct nft_named flowtable = { .what = NFT_WHAT_FLOWTABLE,
				       .family = nfg->nfgen_family,
				       .table = table,
				       .name = name };

	if (!table || !name)
		return -EBADMSG;
	flowtable.handle = handle_of(tb[NFTA_FLOWTABLE_HANDLE]);
	flowtable.devices = devices_of(tb[NFTA_FLOWTABLE_HOOK]);
	return walk->fn(&flowtable, walk->arg);
}

static int dump(struct nl *nl, uint8_t type, nl_reply_fn *read, struct walk *walk,
		struct nl_error *error)
{
	const struct nfgenmsg nfg = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };

	return nl_dump(nl, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), 0, &nfg, sizeof(nfg), read,
		       walk, error);
}

int nft_dump_names(struct nl *nl, nft_name_fn *fn, void *arg, struct nl_error *error)
{
	struct walk walk = { fn, arg };
	int r = dump(nl, NFT_MSG_GETTABLE, read_table, &walk, error);

	return r ? r : dump(nl, NFT_MSG_GETFLOWTABLE, read_flowtable, &walk, error);
}

/* nft(8) puts its arguments together and reads them anew, whatever the shell had quoted. */
static bool is_plain(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_",
			  rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				   "0123456789.-/";

	return strspn(name, letters) && !name[strspn(name, rest)];
}

bool nft_is_word(const char *word)
{
	static const char handle[] = "handle ";
	const size_t len = strlen(handle);

	if (strncmp(word, handle, len))
		return is_plain(word);
	word += len;
	return *word && !word[strspn(word, "0123456789")];
}

const char *nft_word(const char *name, uint64_t handle, char out[static NFT_WORD_LEN])
{
	if (is_plain(name) || !handle)
		return name;
	snprintf(out, NFT_WORD_LEN, "handle %llu", (unsigned long long)handle);
	return out;
}
