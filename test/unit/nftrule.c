/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/nftrule.c: the kernel's words for a rule are the same rule, and nothing else is. */
#include "lib/nftrule.c"

#include <arpa/inet.h>

#include "test/unit/tap.h"

/* What is wrong with what is told. */
enum twist {
	NOTHING,
	VALUE,
	LONGER_VALUE,
	SHORTER_NAME,
	LONGER_NAME,
	OTHER_NAME,
	NUL_IN_NAME,
	NO_SETTING,
	MORE_SETTINGS,
	OTHER_SETTING,
	TWICE,
	OTHER_EXPRESSION,
	NO_EXPRESSION,
	MORE_EXPRESSIONS,
	SWAPPED,
	VERDICT,
	NO_COMMENT,
	OTHER_COMMENT,
	LONGER_COMMENT,
	TWISTS
};

static const char *const names[TWISTS] = {
	[VALUE] = "another value",
	[LONGER_VALUE] = "a value with a NUL more: a name instead of a prefix",
	[SHORTER_NAME] = "a shorter name",
	[LONGER_NAME] = "a longer name",
	[OTHER_NAME] = "another name",
	[NUL_IN_NAME] = "a name with a NUL inside",
	[NO_SETTING] = "a setting missing",
	[MORE_SETTINGS] = "a setting that was not sent",
	[OTHER_SETTING] = "another setting of the same value",
	[TWICE] = "one setting twice in place of another",
	[OTHER_EXPRESSION] = "another expression of the same settings",
	[NO_EXPRESSION] = "an expression missing",
	[MORE_EXPRESSIONS] = "an expression that was not sent",
	[SWAPPED] = "expressions in another order",
	[VERDICT] = "another verdict",
	[NO_COMMENT] = "no comment",
	[OTHER_COMMENT] = "another comment",
	[LONGER_COMMENT] = "a longer comment",
};

/* A rule under construction: sent by libnftnl, or told by the kernel. */
struct message {
	_Alignas(struct nlmsghdr) char buf[1024];
	struct nlmsghdr *nlh;
	bool is_told, is_padded;
	enum twist twist;
};

static struct nlattr *open_nest(struct message *m, uint16_t type)
{
	struct nlattr *nest = mnl_attr_nest_start(m->nlh, type);

	if (m->is_told)
		nest->nla_type = type;
	return nest;
}

static struct nlattr *open_expression(struct message *m, const char *name, struct nlattr **element)
{
	*element = open_nest(m, NFTA_LIST_ELEM);
	mnl_attr_put_strz(m->nlh, NFTA_EXPR_NAME, name);
	return open_nest(m, NFTA_EXPR_DATA);
}

static void close_expression(struct message *m, struct nlattr *data, struct nlattr *element)
{
	mnl_attr_nest_end(m->nlh, data);
	mnl_attr_nest_end(m->nlh, element);
}

/* As before a number of 64 bits. */
static void pad(struct message *m)
{
	if (m->is_padded)
		mnl_attr_put(m->nlh, 10, 0, NULL);
}

static void put_cmp(struct message *m)
{
	struct nlattr *element, *nest, *data;

	data = open_expression(m, m->twist == OTHER_EXPRESSION ? "crc" : "cmp", &element);
	pad(m);
	mnl_attr_put_u32(m->nlh, NFTA_CMP_SREG, htonl(NFT_REG_1));
	if (m->twist == TWICE)
		mnl_attr_put_u32(m->nlh, NFTA_CMP_SREG, htonl(NFT_REG_1));
	else if (m->twist != NO_SETTING)
		mnl_attr_put_u32(m->nlh, m->twist == OTHER_SETTING ? 9 : NFTA_CMP_OP,
				 htonl(NFT_CMP_NEQ));
	nest = open_nest(m, NFTA_CMP_DATA);
	pad(m);
	mnl_attr_put(m->nlh, NFTA_DATA_VALUE, m->twist == LONGER_VALUE ? 3 : 2,
		     m->twist == VALUE ? "wh" : "wg");
	mnl_attr_nest_end(m->nlh, nest);
	if (m->twist == MORE_SETTINGS)
		mnl_attr_put_u32(m->nlh, 9, 0);
	close_expression(m, data, element);
}

static void put_counter(struct message *m)
{
	const char *name = m->twist == OTHER_NAME ? "dropper" : "dropped";
	struct nlattr *element, *data = open_expression(m, "objref", &element);

	if (!m->is_told) {
		mnl_attr_put_u32(m->nlh, NFTA_OBJREF_IMM_TYPE, htonl(NFT_OBJECT_COUNTER));
		mnl_attr_put_str(m->nlh, NFTA_OBJREF_IMM_NAME, name);
	} else {
		if (m->twist == SHORTER_NAME)
			mnl_attr_put_strz(m->nlh, NFTA_OBJREF_IMM_NAME, "droppe");
		else if (m->twist == LONGER_NAME)
			mnl_attr_put_str(m->nlh, NFTA_OBJREF_IMM_NAME, "dropped2");
		else if (m->twist == NUL_IN_NAME)
			mnl_attr_put(m->nlh, NFTA_OBJREF_IMM_NAME, 9, "dropped\0");
		else
			mnl_attr_put_strz(m->nlh, NFTA_OBJREF_IMM_NAME, name);
		mnl_attr_put_u32(m->nlh, NFTA_OBJREF_IMM_TYPE, htonl(NFT_OBJECT_COUNTER));
	}
	close_expression(m, data, element);
}

static void put_verdict(struct message *m)
{
	struct nlattr *element, *data = open_expression(m, "immediate", &element);
	struct nlattr *nest, *verdict;

	mnl_attr_put_u32(m->nlh, NFTA_IMMEDIATE_DREG, htonl(NFT_REG_VERDICT));
	nest = open_nest(m, NFTA_IMMEDIATE_DATA);
	verdict = open_nest(m, NFTA_DATA_VERDICT);
	mnl_attr_put_u32(m->nlh, NFTA_VERDICT_CODE, m->twist == VERDICT ? htonl(1) : 0);
	mnl_attr_nest_end(m->nlh, verdict);
	mnl_attr_nest_end(m->nlh, nest);
	close_expression(m, data, element);
}

static void put_comment(struct message *m)
{
	if (m->twist == LONGER_COMMENT)
		mnl_attr_put_strz(m->nlh, NFTA_RULE_USERDATA, "why");
	else if (m->twist != NO_COMMENT)
		mnl_attr_put_str(m->nlh, NFTA_RULE_USERDATA,
				 m->twist == OTHER_COMMENT ? "who" : "why");
}

static void build(struct message *m, bool is_told, enum twist twist, bool is_padded)
{
	struct nlattr *list;

	memset(m, 0, sizeof(*m));
	m->nlh = mnl_nlmsg_put_header(m->buf);
	m->is_told = is_told;
	m->twist = twist;
	m->is_padded = is_padded;
	if (is_told)
		mnl_attr_put_u64(m->nlh, NFTA_RULE_HANDLE, 7);
	else
		put_comment(m);
	list = open_nest(m, NFTA_RULE_EXPRESSIONS);
	if (twist != SWAPPED)
		put_cmp(m);
	put_counter(m);
	if (twist == SWAPPED)
		put_cmp(m);
	if (twist != NO_EXPRESSION)
		put_verdict(m);
	if (twist == MORE_EXPRESSIONS)
		put_verdict(m);
	mnl_attr_nest_end(m->nlh, list);
	if (is_told)
		put_comment(m);
}

static bool same(const struct message *sent, const struct message *told, size_t told_len)
{
	return nftrule_same(mnl_nlmsg_get_payload(sent->nlh), mnl_nlmsg_get_payload_len(sent->nlh),
			    mnl_nlmsg_get_payload(told->nlh), told_len);
}

int main(void)
{
	struct message sent, told;
	bool cut = true;
	size_t len;

	build(&sent, false, NOTHING, false);
	build(&told, true, NOTHING, true);
	ok(same(&sent, &told, mnl_nlmsg_get_payload_len(told.nlh)),
	   "padding, as some machines have it, is none of it");
	build(&told, true, NOTHING, false);
	len = mnl_nlmsg_get_payload_len(told.nlh);
	ok(same(&sent, &told, len), "what the kernel makes of a rule is that rule");
	ok(same(&sent, &sent, mnl_nlmsg_get_payload_len(sent.nlh)), "as sent, too");
	for (size_t n = 0; n < len - 1; n++)
		cut = cut && !same(&sent, &told, n);
	ok(cut, "a message cut short is no rule");
	for (enum twist twist = VALUE; twist < TWISTS; twist++) {
		build(&told, true, twist, false);
		ok(!same(&sent, &told, mnl_nlmsg_get_payload_len(told.nlh)), names[twist]);
		build(&told, true, twist, true);
		ok(!same(&sent, &told, mnl_nlmsg_get_payload_len(told.nlh)), names[twist]);
	}
	return tap_done();
}
