/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nfttypeof.h: what tells nft(8) how to read the keys of a set that no type of its own is for. */
#ifndef LIB_NFTTYPEOF_H
#define LIB_NFTTYPEOF_H

#include "lib/ruleset.h"

struct nlmsghdr;

/* Puts that into the message that makes a set of SHAPE; nothing for one that needs none. */
void nfttypeof_put(struct nlmsghdr *nlh, const struct set_shape *shape);

#endif
