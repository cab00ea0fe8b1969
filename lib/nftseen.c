/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftseen.c: nf_tables messages as lines to compare, handles and counts left out. */
#include "lib/nftseen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"
#include "lib/ruleset.h"
#include "lib/str.h"

static void free_line(struct nftlook_line *line)
{
	free(line->key);
	free(line->what);
}

/* Appends LINE, whose KEY and WHAT are taken over. */
static int add_line(struct nftlook *seen, struct nftlook_line line)
{
	line.seq = seen->n;
	if (line.key && line.what && !list_append(&seen->lines, &seen->n, sizeof(line), &line))
		return 0;
	free_line(&line);
	return -ENOMEM;
}

/* "KIND FAMILY TABLE NAME", NAME left out when it is NULL. NULL: no memory. */
static char *make_key(const char *kind, uint8_t family, const char *table, const char *name)
{
	struct str key = STR_INIT;

	str_add(&key, kind);
	str_add(&key, " ");
	str_add(&key, ruleset_family_word(family));
	str_add(&key, " ");
	str_add(&key, table);
	str_add(&key, name ? " " : "");
	str_add(&key, name ? name : "");
	if (key.err)
		str_free(&key);
	return key.s;
}

static int add_text(struct nftlook *seen, char *key, char *text)
{
	return add_line(seen, (struct nftlook_line){
				      .key = key, .what = text, .len = text ? strlen(text) : 0 });
}

static char *text_format(const char *format, ...) printf_like(1, 2);

static char *text_format(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return text;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void table_free(struct nftnl_table **t)
{
	if (*t)
		nftnl_table_free(*t);
}

#define COMMENT " comment "

/* The text of the comment among what nft(8) keeps with a table; "" for none. */
static const char *comment_of(const struct nftnl_table *t)
{
	uint32_t size = 0;
	const uint8_t *data = nftnl_table_get_data(t, NFTNL_TABLE_USERDATA, &size);

	if (!data)
		return "";
	for (size_t at = 0; at + 2 <= size && at + 2 + data[at + 1] <= size;
	     at += 2U + data[at + 1])
		if (data[at] == NFTNL_UDATA_TABLE_COMMENT && data[at + 1] &&
		    !data[at + 1 + data[at + 1]])
			return (const char *)data + at + 2;
	return "";
}

static int add_table(const struct nlmsghdr *nlh, struct nftlook *seen)
{
	struct nftnl_table *t cleanup(table_free) = nftnl_table_alloc();

	if (!t)
		return -ENOMEM;
	if (nftnl_table_nlmsg_parse(nlh, t) < 0)
		return -EBADMSG;
	return add_text(seen,
			make_key("table", (uint8_t)nftnl_table_get_u32(t, NFTNL_TABLE_FAMILY),
				 or_empty(nftnl_table_get_str(t, NFTNL_TABLE_NAME)), NULL),
			text_format("flags %u" COMMENT "%s",
				    nftnl_table_get_u32(t, NFTNL_TABLE_FLAGS), comment_of(t)));
}

const char *nftlook_comment(const struct nftlook_line *line)
{
	const char *at = strstr(line->what, COMMENT);

	return at ? at + strlen(COMMENT) : "";
}

/* Copies the text of ATTR, which need not end in a NUL. */
static int copy_name(const struct nlattr *attr, char name[static NFT_NAME_MAXLEN])
{
	size_t len;

	if (!attr)
		return -EBADMSG;
	len = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	if (len >= NFT_NAME_MAXLEN)
		return -EBADMSG;
	memcpy(name, mnl_attr_get_payload(attr), len);
	name[len] = '\0';
	return 0;
}

/*
 * What libnftnl cannot read, by its name alone: a newer kernel has more than it knows. It is not as
 * any of ours is, and can be deleted. NAME and TYPE are the numbers of those attributes; TYPE 0: it
 * has none.
 */
static int add_unread(const char *kind, const struct nlmsghdr *nlh, uint16_t name, uint16_t type,
		      struct nftlook *seen)
{
	const struct nlattr *tb[NFTA_CHAIN_NAME + 1];
	char table_is[NFT_NAME_MAXLEN], name_is[NFT_NAME_MAXLEN];
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	uint32_t number = 0;

	if (nl_attrs(nlh, sizeof(*nfg), tb, NFTA_CHAIN_NAME) ||
	    copy_name(tb[NFTA_CHAIN_TABLE], table_is) || copy_name(tb[name], name_is))
		return -EBADMSG;
	if (type && tb[type] && mnl_attr_validate(tb[type], MNL_TYPE_U32) >= 0)
		number = ntohl(mnl_attr_get_u32(tb[type]));
	return add_text(seen, make_key(kind, nfg->nfgen_family, table_is, name_is),
			text_format("unread type %u", number));
}

static void chain_free(struct nftnl_chain **c)
{
	if (*c)
		nftnl_chain_free(*c);
}

static int add_chain(const struct nlmsghdr *nlh, struct nftlook *seen)
{
	struct nftnl_chain *c cleanup(chain_free) = nftnl_chain_alloc();

	if (!c)
		return -ENOMEM;
	if (nftnl_chain_nlmsg_parse(nlh, c) < 0)
		return add_unread("chain", nlh, NFTA_CHAIN_NAME, 0, seen);
	return add_text(seen,
			make_key("chain", (uint8_t)nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY),
				 or_empty(nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE)),
				 or_empty(nftnl_chain_get_str(c, NFTNL_CHAIN_NAME))),
			text_format("%s hook %u priority %d policy %u device %s",
				    or_empty(nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE)),
				    nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM),
				    nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO),
				    nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY),
				    or_empty(nftnl_chain_get_str(c, NFTNL_CHAIN_DEV))));
}

/* A rule is kept as it came: lib/nftrule.h compares. */
static int add_rule(const struct nlmsghdr *nlh, struct nftlook *seen)
{
	const struct nlattr *tb[NFTA_RULE_CHAIN + 1];
	char table[NFT_NAME_MAXLEN], chain[NFT_NAME_MAXLEN];
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct nftlook_line line = { .is_rule = true };

	if (nl_attrs(nlh, sizeof(struct nfgenmsg), tb, NFTA_RULE_CHAIN) ||
	    copy_name(tb[NFTA_RULE_TABLE], table) || copy_name(tb[NFTA_RULE_CHAIN], chain))
		return -EBADMSG;
	line.key = make_key("rule", nfg->nfgen_family, table, chain);
	line.len = mnl_nlmsg_get_payload_len(nlh) - NLMSG_ALIGN(sizeof(struct nfgenmsg));
	line.what = malloc(line.len);
	if (line.what)
		memcpy(line.what, mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)),
		       line.len);
	return add_line(seen, line);
}

static void set_free(struct nftnl_set **s)
{
	if (*s)
		nftnl_set_free(*s);
}

static int add_set(const struct nlmsghdr *nlh, struct nftlook *seen)
{
	struct nftnl_set *s cleanup(set_free) = nftnl_set_alloc();

	if (!s)
		return -ENOMEM;
	if (nftnl_set_nlmsg_parse(nlh, s) < 0)
		return add_unread("set", nlh, NFTA_SET_NAME, 0, seen);
	return add_text(seen,
			make_key("set", (uint8_t)nftnl_set_get_u32(s, NFTNL_SET_FAMILY),
				 or_empty(nftnl_set_get_str(s, NFTNL_SET_TABLE)),
				 or_empty(nftnl_set_get_str(s, NFTNL_SET_NAME))),
			text_format("type %u length %u flags %u data type %u length %u size %u "
				    "timeout %llu",
				    nftnl_set_get_u32(s, NFTNL_SET_KEY_TYPE),
				    nftnl_set_get_u32(s, NFTNL_SET_KEY_LEN),
				    nftnl_set_get_u32(s, NFTNL_SET_FLAGS),
				    nftnl_set_get_u32(s, NFTNL_SET_DATA_TYPE),
				    nftnl_set_get_u32(s, NFTNL_SET_DATA_LEN),
				    nftnl_set_get_u32(s, NFTNL_SET_DESC_SIZE),
				    (unsigned long long)nftnl_set_get_u64(s, NFTNL_SET_TIMEOUT)));
}

/* One line an element: whether it is more than a plain key, the key, the end of a range, what a map
 * has for it. */
struct element_walk {
	struct nftlook *seen;
	struct nftnl_set *set;
	int err;
};

#define ELEMENT_BYTES_MAX (2 * SET_KEY_MAX + SET_DATA_MAX + 4 * sizeof(uint32_t))

static size_t put_bytes(char *what, size_t at, const void *bytes, size_t len)
{
	memcpy(what + at, bytes, len);
	return at + len;
}

/* Appends the attribute's length and bytes, if it has any, behind the AT bytes there: 0 for more
 * than any of ours has. */
static size_t put_attr(char *what, size_t at, struct nftnl_set_elem *e, uint16_t attr)
{
	uint32_t len = 0;
	const void *bytes =
		nftnl_set_elem_is_set(e, attr) ? nftnl_set_elem_get(e, attr, &len) : NULL;

	if (!at || (bytes && at + sizeof(len) + len > ELEMENT_BYTES_MAX))
		return 0;
	if (!bytes)
		len = 0;
	at = put_bytes(what, at, &len, sizeof(len));
	return bytes ? put_bytes(what, at, bytes, len) : at;
}

static int add_element(struct nftnl_set_elem *e, void *arg)
{
	static const uint16_t attrs[] = { NFTNL_SET_ELEM_KEY, NFTNL_SET_ELEM_KEY_END,
					  NFTNL_SET_ELEM_DATA };
	struct element_walk *walk = arg;
	struct nftlook_line line = { 0 };
	uint32_t flags = 0;

	if (!nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_KEY)) {
		walk->err = -EBADMSG;
		return -1;
	}
	if (nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_FLAGS))
		flags = nftnl_set_elem_get_u32(e, NFTNL_SET_ELEM_FLAGS);
	line.key = make_key("element", (uint8_t)nftnl_set_get_u32(walk->set, NFTNL_SET_FAMILY),
			    or_empty(nftnl_set_get_str(walk->set, NFTNL_SET_TABLE)),
			    or_empty(nftnl_set_get_str(walk->set, NFTNL_SET_NAME)));
	line.what = calloc(1, ELEMENT_BYTES_MAX);
	if (line.what)
		line.len = put_bytes(line.what, 0, &flags, sizeof(flags));
	for (size_t i = 0; line.what && i < ARRAY_SIZE(attrs); i++)
		line.len = put_attr(line.what, line.len, e, attrs[i]);
	walk->err = line.what && !line.len ? -EBADMSG : 0;
	if (!walk->err)
		walk->err = add_line(walk->seen, line);
	else
		free_line(&line);
	return walk->err ? -1 : 0;
}

static int add_elements(const struct nlmsghdr *nlh, struct nftlook *seen)
{
	struct nftnl_set *s cleanup(set_free) = nftnl_set_alloc();
	struct element_walk walk = { .seen = seen, .set = s };

	if (!s)
		return -ENOMEM;
	if (nftnl_set_elems_nlmsg_parse(nlh, s) < 0)
		return -EBADMSG;
	if (nftnl_set_elem_foreach(s, add_element, &walk) < 0)
		return walk.err ? walk.err : -EBADMSG;
	return 0;
}

static void obj_free(struct nftnl_obj **o)
{
	if (*o)
		nftnl_obj_free(*o);
}

static int add_object(const struct nlmsghdr *nlh, struct nftlook *seen)
{
	struct nftnl_obj *o cleanup(obj_free) = nftnl_obj_alloc();

	if (!o)
		return -ENOMEM;
	if (nftnl_obj_nlmsg_parse(nlh, o) < 0)
		return add_unread("counter", nlh, NFTA_OBJ_NAME, NFTA_OBJ_TYPE, seen);
	return add_text(seen,
			make_key("counter", (uint8_t)nftnl_obj_get_u32(o, NFTNL_OBJ_FAMILY),
				 or_empty(nftnl_obj_get_str(o, NFTNL_OBJ_TABLE)),
				 or_empty(nftnl_obj_get_str(o, NFTNL_OBJ_NAME))),
			text_format("type %u", nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE)));
}

bool nftlook_is_of(const struct nftlook_line *line, const char *table)
{
	const char *where = strchr(line->key, ' ');
	size_t len = strlen(table);

	return where && !strncmp(where + 1, table, len) &&
	       (where[1 + len] == ' ' || where[1 + len] == '\0');
}

void nftlook_forget(struct nftlook *seen, const char *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < seen->n; i++) {
		if (nftlook_is_of(&seen->lines[i], table))
			free_line(&seen->lines[i]);
		else
			seen->lines[kept++] = seen->lines[i];
	}
	seen->n = kept;
}

/* A table that went took along whatever was seen of it: a transaction that replaces one makes it,
 * and it again. */
static int drop_table(const struct nlmsghdr *nlh, struct nftlook *seen)
{
	struct nftnl_table *t cleanup(table_free) = nftnl_table_alloc();
	char table[64];

	if (!t)
		return -ENOMEM;
	if (nftnl_table_nlmsg_parse(nlh, t) < 0)
		return -EBADMSG;
	snprintf(table, sizeof(table), "%s %s",
		 ruleset_family_word((uint8_t)nftnl_table_get_u32(t, NFTNL_TABLE_FAMILY)),
		 or_empty(nftnl_table_get_str(t, NFTNL_TABLE_NAME)));
	nftlook_forget(seen, table);
	return 0;
}

static int note_generation(const struct nlmsghdr *nlh, struct nftlook *seen)
{
	const struct nlattr *tb[NFTA_GEN_ID + 1];

	if (nl_attrs(nlh, sizeof(struct nfgenmsg), tb, NFTA_GEN_ID) || !tb[NFTA_GEN_ID] ||
	    mnl_attr_validate(tb[NFTA_GEN_ID], MNL_TYPE_U32) < 0)
		return -EBADMSG;
	seen->generation = ntohl(mnl_attr_get_u32(tb[NFTA_GEN_ID]));
	return 0;
}

int nftlook_add(const struct nlmsghdr *nlh, void *arg)
{
	static int (*const readers[])(const struct nlmsghdr *, struct nftlook *) = {
		[NFT_MSG_NEWTABLE] = add_table,      [NFT_MSG_NEWCHAIN] = add_chain,
		[NFT_MSG_NEWRULE] = add_rule,        [NFT_MSG_NEWSET] = add_set,
		[NFT_MSG_NEWSETELEM] = add_elements, [NFT_MSG_NEWOBJ] = add_object,
		[NFT_MSG_NEWGEN] = note_generation,  [NFT_MSG_DELTABLE] = drop_table,
	};
	unsigned int type = NFNL_MSG_TYPE(nlh->nlmsg_type);

	if (NFNL_SUBSYS_ID(nlh->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    type >= ARRAY_SIZE(readers) || !readers[type])
		return 0;
	return readers[type](nlh, arg);
}

void nftlook_free(struct nftlook *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		free_line(&seen->lines[i]);
	free(seen->lines);
	memset(seen, 0, sizeof(*seen));
}
