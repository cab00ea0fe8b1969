/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftmatch.h: what a rule looks at, as the expressions that nft(8) itself compiles it to, and
 * as nft's text: both of one table, a row a kind of match. */
#ifndef LIB_NFTMATCH_H
#define LIB_NFTMATCH_H

#include "lib/nftput.h"

/* Appends what M is compiled to to the rule B, which is failed without memory, or by a bad match. */
void nftmatch_put(struct nftput *b, const struct match *m);

/* Appends M's text to OUT, without a space before or behind it. */
void nftmatch_print(const struct match *m, struct str *out);

#endif
