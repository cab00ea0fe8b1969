/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/leg.c: what a member by a gateway takes over from it: the resolvers. */
#include <errno.h>

#include "vault/gather/gather.h"
#include "vault/spec/state.h"

int gather_copy_resolvers(struct spec *spec, const struct spec *other)
{
	spec->dns = calloc(other->n_dns ? other->n_dns : 1, sizeof(*spec->dns));
	if (!spec->dns)
		return -ENOMEM;
	for (size_t i = 0; i < other->n_dns; i++)
		if (other->dns[i].family == spec->leg.address.addr.family)
			spec->dns[spec->n_dns++] = other->dns[i];
	return 0;
}

/* 1: found, 0: this is not the one, -errno. What cannot be read is none. */
static int try_vault(const char *name, struct spec *spec)
{
	struct spec other cleanup(spec_free) = { 0 };
	int r = state_load(name, &other);

	if (r == -ENOMEM)
		return r;
	if (r || !spec_is_gateway_of(&other, spec))
		return 0;
	r = gather_copy_resolvers(spec, &other);
	return r ? r : 1;
}

int gather_resolvers(struct spec *spec, struct problems *p)
{
	char text[ADDR_STRLEN], **names = NULL;
	ssize_t n = state_names(&names);
	int found = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; !found && i < n; i++)
		found = try_vault(names[i], spec);
	state_names_free(names, n);
	if (found > 0 && spec->n_dns)
		return 0;
	if (found >= 0)
		problem_error(
			p, 0,
			found ? "segment %s: the gateway %s has no resolver that this vault could "
				"ask (say `dns ADDR`)"
			      : "segment %s: no gateway %s is up on it, whose resolvers to take over "
				"(start it first, or say `dns ADDR`)",
			spec->leg.segment, addr_format(&spec->leg.via, text));
	return found < 0 ? found : -ENOENT;
}
