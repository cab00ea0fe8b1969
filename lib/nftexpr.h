/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftexpr.h: one rule of a ruleset as the expressions that nft(8) itself compiles it to, so
 * that it lists as typed. */
#ifndef LIB_NFTEXPR_H
#define LIB_NFTEXPR_H

#include <libnftnl/rule.h>

#include "lib/ruleset.h"

/* A new rule for the table RS, chain CHAIN, owned by the caller (nftnl_rule_free). NULL: no memory,
 * or a bad match. */
struct nftnl_rule *nftexpr_rule(const struct ruleset *rs, const struct chain *chain,
				const struct rule *rule);

#endif
