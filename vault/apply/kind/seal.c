/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/kind/seal.c: one table of the kill switch, inside the vault. It dies with the
 * namespace (L13); the filter of an interface that words took away goes after that. */
#include <errno.h>

#include "lib/nft.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"
#include "vault/seal/seal.h"

static int seal_make(const struct obj *obj, struct session *w)
{
	struct ruleset rs;
	int r = session_queue(w, &w->vault_nft);

	if (r)
		return r;
	seal_build(obj->seal.spec, obj->seal.table, &rs);
	nft_queue_table(&w->batch, &w->vault_nft, w->current, &rs,
			w->observed ? NFT_REPLACE : NFT_CREATE);
	ruleset_free(&rs);
	session_verify(w, obj->seal.spec, obj->seal.table);
	return 0;
}

/* The kernel takes the chain of a device away with it: its table is there and empty, or the device
 * is another. */
static int seal_look(const struct obj *obj, struct session *w)
{
	struct ruleset rs;
	int r;

	seal_build(obj->seal.spec, obj->seal.table, &rs);
	r = rs.err ? rs.err : nftlook_compare(&w->observed->rules, &rs, NFTLOOK_WHOLE, w->why);
	ruleset_free(&rs);
	return r == -EBADE ? LOOK_OTHER : r;
}

static int seal_remove(const struct obj *obj, struct session *w)
{
	struct ruleset rs;
	int r;

	if (!w->observed || obj->seal.table == SEAL_INET)
		return 0;
	r = session_queue(w, &w->vault_nft);
	if (r)
		return r;
	seal_build(obj->seal.spec, obj->seal.table, &rs);
	nft_queue_del_table(&w->batch, &w->vault_nft, w->current, &rs);
	r = rs.err;
	ruleset_free(&rs);
	if (!r)
		r = session_flush(w);
	return r == -ENOENT || r == -EOPNOTSUPP ? 0 : r;
}

static void seal_print(const struct obj *obj, struct str *out)
{
	struct ruleset rs;

	seal_build(obj->seal.spec, obj->seal.table, &rs);
	str_addf(out, "ip netns exec %s nft -f - <<'EOF'\n", obj->vault);
	ruleset_print(&rs, out);
	str_add(out, "EOF\n");
	if (rs.err)
		out->err = rs.err;
	ruleset_free(&rs);
}

const struct kind kind_seal = {
	.name = "seal",
	.make = seal_make,
	.remove = seal_remove,
	.look = seal_look,
	.print = seal_print,
};
