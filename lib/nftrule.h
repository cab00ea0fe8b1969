/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftrule.h: is the rule that the kernel tells the one that it was sent? */
#ifndef LIB_NFTRULE_H
#define LIB_NFTRULE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * SENT and TOLD are the attributes of two NFT_MSG_NEWRULE messages (linux/netfilter/nf_tables.h),
 * one as libnftnl built it, the other as the kernel echoed or dumped it. True when they have the
 * same expressions with the same values, and the same user data. Table and chain are not looked at,
 * nor what the kernel alone gives: handle and position. Whatever is malformed, or told and not
 * sent, makes them different.
 */
bool nftrule_same(const void *sent, size_t sent_len, const void *told, size_t told_len);

#endif
