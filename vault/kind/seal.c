/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/kind/seal.c: one table of the kill switch, inside the vault. Never removed: it dies with the namespace (L13). */
#include "lib/nft.h"
#include "vault/obj.h"
#include "vault/seal.h"
#include "vault/world.h"

static int seal_make(const struct obj *obj, struct world *w)
{
	struct ruleset rs;
	int r = world_queue(w, &w->vault_nft);

	if (r)
		return r;
	seal_build(w->spec, obj->table, &rs);
	nft_queue_table(&w->batch, &w->vault_nft, w->current, &rs, NFT_CREATE);
	ruleset_free(&rs);
	world_verify(w, obj->table);
	return 0;
}

static void seal_print(const struct obj *obj, const struct spec *spec, struct str *out)
{
	struct ruleset rs;

	seal_build(spec, obj->table, &rs);
	str_addf(out, "ip netns exec %s nft -f - <<'EOF'\n", spec->name);
	ruleset_print(&rs, out);
	str_add(out, "EOF\n");
	if (rs.err)
		out->err = rs.err;
	ruleset_free(&rs);
}

const struct kind kind_seal = { .name = "seal", .make = seal_make, .print = seal_print };
