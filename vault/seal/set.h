/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/seal/set.h: the sets that the kill switch and the guard both speak of. */
#ifndef VAULT_SEAL_SET_H
#define VAULT_SEAL_SET_H

#include "lib/ruleset.h"
#include "vault/spec/spec.h"

/* Appends a set of that name with the N numbers, ports or ICMP types. */
void sealset_numbers(struct ruleset *rs, const char *name, enum set_type type,
		     const uint16_t *numbers, size_t n);

/*
 * "name_ports": the ports that names are asked on, by whatever protocol: nobody but the vault's
 * resolvers is asked there (L7).
 */
void sealset_name_ports(struct ruleset *rs);
/* "neighbour": IPv6's neighbour discovery (RFC 4861). */
void sealset_neighbour(struct ruleset *rs);
/*
 * "routine": what an IPv6 stack says of itself when an interface comes up: dropped like all else,
 * but nothing worth counting.
 */
void sealset_routine(struct ruleset *rs);

/* "dns_ports", where resolvers are asked; and "resolvers4", "resolvers6": SPEC's, where it has any.
 */
void sealset_resolvers(const struct spec *spec, struct ruleset *rs);
bool sealset_has_resolver(const struct spec *spec, uint8_t family);
const char *sealset_resolver_name(uint8_t family);

#endif
