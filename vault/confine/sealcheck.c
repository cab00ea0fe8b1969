/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/sealcheck.c: is the kill switch of a vault in place, whole and unchanged, in the
 * kernel? Reads only. */
#include "vault/confine/sealcheck.h"

#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lib/nftlook.h"
#include "lib/ns.h"
#include "vault/seal/seal.h"

struct check {
	const struct spec *spec;
	struct nl nft;
	uint32_t link, tunnel, leg; /* the interfaces' indexes; 0: not there */
};

/* In the vault's namespace. */
static int open_inside(void *arg)
{
	struct check *check = arg;

	check->link = if_nametoindex(check->spec->link_if);
	check->tunnel = if_nametoindex(check->spec->tunnel_if);
	if (spec_has_leg(check->spec))
		check->leg = if_nametoindex(check->spec->leg_if);
	return nl_open(&check->nft, NETLINK_NETFILTER);
}

/* Linux 5.16 brought the egress hook: an older kernel cannot have these tables (see apply/walk.c). */
static bool is_wanted(const struct check *check, enum seal_table table)
{
	switch (table) {
	case SEAL_LINK:
		return check->link; /* the kernel takes the chain of a vanished device away, and it
				       needs none */
	case SEAL_TUNNEL:
		return check->tunnel;
	case SEAL_LEG:
		return check->leg;
	case SEAL_INET:
	case SEAL_TABLES:
		break;
	}
	return true;
}

static int compare_all(const struct check *check, const struct ruleset rs[static SEAL_TABLES],
		       struct nftlook *seen, char why[static 256])
{
	int r = 0;

	for (unsigned int t = 0; !r && t < SEAL_TABLES; t++)
		if (seal_wants(check->spec, t) && is_wanted(check, t))
			r = rs[t].err ? rs[t].err
				      : nftlook_compare(seen, &rs[t], NFTLOOK_WHOLE, why);
	return r;
}

/*
 * The rules were read back when their last transaction was made. As long as no other one was, and
 * the interfaces are still those that the frame filters were put on, they are unchanged: one
 * question instead of a dump of everything.
 */
static bool is_untouched(struct check *check)
{
	const struct spec *spec = check->spec;
	struct nl_error error;
	uint32_t generation;

	if ((check->link && check->link != spec->link_index) ||
	    (check->tunnel && check->tunnel != spec->tunnel_index) ||
	    (check->leg && check->leg != spec->leg_index))
		return false;
	return !nftlook_generation(&check->nft, &generation, &error) &&
	       generation == spec->seal_generation;
}

static int look(struct check *check, char why[static 256])
{
	struct nftlook seen cleanup(nftlook_free) = { 0 };
	struct ruleset rs[SEAL_TABLES] = { 0 };
	struct nl_error error = { 0 };
	int r;

	for (unsigned int t = 0; t < SEAL_TABLES; t++)
		if (seal_wants(check->spec, t))
			seal_build(check->spec, t, &rs[t]);
	r = nftlook_dump(&check->nft, rs, SEAL_TABLES, &seen, &error);
	if (!r)
		r = compare_all(check, rs, &seen, why);
	if (r && !why[0])
		snprintf(why, 256, "reading the rules: %s %.180s", strerror(-r), error.text);
	for (unsigned int t = 0; t < SEAL_TABLES; t++)
		ruleset_free(&rs[t]);
	return r;
}

int sealcheck(const struct spec *spec, int ns, char why[static 256])
{
	struct check check = { .spec = spec, .nft = NL_CLOSED };
	int r = ns_run(ns, open_inside, &check);

	why[0] = '\0';
	if (r)
		snprintf(why, 256, "entering its namespace: %s", strerror(-r));
	else if (!is_untouched(&check))
		r = look(&check, why);
	nl_close(&check.nft);
	return r;
}
