/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/sealset.c: the sets that the kill switch and the guard both speak of. */
#include "vault/sealset.h"

#include <netinet/icmp6.h>

#define MLD2_LISTENER_REPORT 143 /* RFC 3810; netinet/icmp6.h ends before it */

void sealset_numbers(struct ruleset *rs, const char *name, enum set_type type,
		     const uint16_t *numbers, size_t n)
{
	struct set *set = ruleset_set(rs, name, type);

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
