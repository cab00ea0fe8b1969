/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/iptables.c: rules of iptables from before nf_tables, inside a vault. What counts is
 * whether a table holds rules: an empty one comes of a look. */
#include "vault/check/examine.h"

#include <string.h>

#include "lib/iptables.h"
#include "lib/ns.h"

struct search {
	struct check *c;
	size_t found;
};

static int tell_table(const struct iptables *table, void *arg)
{
	struct search *s = arg;

	if (!table->has_rules)
		return 0;
	s->found++;
	check_tell(s->c, "stranger", FOUND_FAIL,
		   REMEDY(FLUSH_LEGACY_INSIDE, s->c->name, table->program, table->name), "none",
		   table->name, "rules of %s inside, in table %s, are not the vault's",
		   table->program, table->name);
	return 0;
}

static int look_inside(void *arg)
{
	return iptables_read("", tell_table, arg);
}

void check_iptables(struct check *c, int ns)
{
	struct search s = { .c = c };
	int r = ns_run(ns, look_inside, &s);

	if (r)
		check_add(c, "stranger", FOUND_UNKNOWN, NULL, NULL,
			  "rules of legacy iptables: cannot be told: %s", strerror(-r));
	else if (!s.found)
		check_add(c, "stranger", FOUND_OK, NULL, NULL, "no rule of legacy iptables inside");
}
