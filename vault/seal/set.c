/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/seal/set.c: the sets that the kill switch and the guard both speak of. */
#include "vault/seal/set.h"

#include <netinet/icmp6.h>

#define MLD2_LISTENER_REPORT 143 /* RFC 3810; netinet/icmp6.h ends before it */

void sealset_numbers(struct ruleset *rs, const char *name, enum set_type type,
		     const uint16_t *numbers, size_t n)
{
	struct set *set = ruleset_set(rs, name, type);

	if (set)
		set->is_constant = true;
	for (size_t i = 0; i < n; i++)
		set_add_number(rs, set, numbers[i]);
}

void sealset_name_ports(struct ruleset *rs)
{
	static const uint16_t ports[] = { 53, 853, 5353, 5355, 8853 };

	sealset_numbers(rs, "name_ports", SET_PORT, ports, ARRAY_SIZE(ports));
}

void sealset_neighbour(struct ruleset *rs)
{
	static const uint16_t types[] = { ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT };

	sealset_numbers(rs, "neighbour", SET_ICMPV6, types, ARRAY_SIZE(types));
}

void sealset_routine(struct ruleset *rs)
{
	static const uint16_t types[] = { MLD_LISTENER_REPORT, MLD_LISTENER_REDUCTION,
					  ND_ROUTER_SOLICIT, MLD2_LISTENER_REPORT };

	sealset_numbers(rs, "routine", SET_ICMPV6, types, ARRAY_SIZE(types));
}

bool sealset_has_resolver(const struct spec *spec, uint8_t family)
{
	for (size_t i = 0; i < spec->n_dns; i++)
		if (spec->dns[i].family == family)
			return true;
	return false;
}

const char *sealset_resolver_name(uint8_t family)
{
	return family == AF_INET6 ? "resolvers6" : "resolvers4";
}

void sealset_resolvers(const struct spec *spec, struct ruleset *rs)
{
	static const uint16_t ports[] = { 53, 853 };
	struct set *set;

	sealset_numbers(rs, "dns_ports", SET_PORT, ports, ARRAY_SIZE(ports));
	for (size_t f = 0; f < ADDR_FAMILIES; f++) {
		if (!sealset_has_resolver(spec, addr_families[f]))
			continue;
		set = ruleset_set(rs, sealset_resolver_name(addr_families[f]),
				  addr_families[f] == AF_INET6 ? SET_IPV6 : SET_IPV4);
		for (size_t i = 0; i < spec->n_dns; i++)
			if (spec->dns[i].family == addr_families[f])
				set_add_address(rs, set, &spec->dns[i]);
	}
}
