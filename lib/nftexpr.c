/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftexpr.c: one rule of a ruleset as the expressions that nft(8) itself compiles it to. */
#include "lib/nftexpr.h"

#include <libnftnl/expr.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "lib/nftmatch.h"

static void build_counter(struct nftput *b, const char *name)
{
	struct nftnl_expr *e = put_expr(b, "objref");

	put_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	put_str(b, e, NFTNL_EXPR_OBJREF_IMM_NAME, name);
}

static void build_verdict(struct nftput *b, enum verdict verdict)
{
	struct nftnl_expr *e;

	if (verdict == VERDICT_NONE)
		return;
	if (verdict == VERDICT_MASQUERADE) {
		(void)put_expr(b, "masq");
		return;
	}
	if (verdict == VERDICT_MASQUERADE_RANDOM) {
		put_u32(put_expr(b, "masq"), NFTNL_EXPR_MASQ_FLAGS,
			NF_NAT_RANGE_PROTO_RANDOM_FULLY);
		return;
	}
	e = put_expr(b, "immediate");
	put_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	put_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict == VERDICT_ACCEPT ? NF_ACCEPT : NF_DROP);
}

static void build_comment(struct nftput *b, const char *comment)
{
	struct nftnl_udata_buf *buf = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!buf || !nftnl_udata_put_strz(buf, NFTNL_UDATA_RULE_COMMENT, comment) ||
	    nftnl_rule_set_data(b->rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(buf),
				nftnl_udata_buf_len(buf)))
		b->failed = true;
	if (buf)
		nftnl_udata_buf_free(buf);
}

struct nftnl_rule *nftexpr_rule(const struct ruleset *rs, const struct chain *chain,
				const struct rule *rule)
{
	struct nftput b = { .rule = nftnl_rule_alloc(), .table = rs->family };

	if (!b.rule)
		return NULL;
	nftnl_rule_set_u32(b.rule, NFTNL_RULE_FAMILY, rs->family);
	b.failed = nftnl_rule_set_str(b.rule, NFTNL_RULE_TABLE, rs->table) ||
		   nftnl_rule_set_str(b.rule, NFTNL_RULE_CHAIN, chain->name);
	for (size_t i = 0; i < rule->n_matches; i++)
		nftmatch_put(&b, &rule->matches[i]);
	if (rule->counter)
		build_counter(&b, rule->counter);
	build_verdict(&b, rule->verdict);
	if (rule->comment)
		build_comment(&b, rule->comment);
	if (!b.failed)
		return b.rule;
	nftnl_rule_free(b.rule);
	return NULL;
}
