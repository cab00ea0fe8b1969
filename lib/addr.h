/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/addr.h: IP addresses, prefixes, ports and plain numbers: parse and print. No I/O. */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/base.h"

#define ADDR_STRLEN INET6_ADDRSTRLEN
#define PREFIX_STRLEN (INET6_ADDRSTRLEN + 4)
#define UINT_STRLEN 21
/* "[ADDR%SCOPE]:PORT" */
#define ENDPOINT_STRLEN (INET6_ADDRSTRLEN + 20)

/* family is AF_INET, AF_INET6, or AF_UNSPEC (0) for "no address". Bytes past the family's length
 * are zero. */
struct addr {
	uint8_t family;
	union {
		struct in_addr v4;
		struct in6_addr v6;
		uint8_t bytes[16];
	};
};

/* What there is for each of the two families lies in an array, in this order. */
enum addr_family { ADDR_V4, ADDR_V6, ADDR_FAMILIES };

extern const uint8_t addr_families[ADDR_FAMILIES]; /* AF_INET, AF_INET6 */

/* The place of FAMILY (AF_INET, AF_INET6) in such an array. */
static inline enum addr_family addr_index(int family)
{
	return family == AF_INET6 ? ADDR_V6 : ADDR_V4;
}

/* "IPv4", "IPv6" */
const char *addr_family_name(int family);

struct prefix {
	struct addr addr;
	uint8_t len; /* bits */
};

/*
 * Parses the whole of TEXT as a dotted-quad IPv4 or an IPv6 address (inet_pton(3): no octal, hex or
 * short forms, no scope, no brackets). 0, or -EINVAL with *OUT untouched.
 */
int must_check addr_parse(const char *text, struct addr *out);

/* Like addr_parse, with an optional "/LEN" in decimal; without it the length is the family's whole.
 * Host bits are kept. */
int must_check prefix_parse(const char *text, struct prefix *out);

/* Write A in its canonical text (RFC 5952; "" for AF_UNSPEC), with "/LEN" for a prefix, to BUF and
 * return BUF. */
const char *addr_format(const struct addr *a, char buf[static ADDR_STRLEN]);
const char *prefix_format(const struct prefix *p, char buf[static PREFIX_STRLEN]);

/*
 * Writes A, of the zone SCOPE unless that is 0, and PORT (host byte order) as "A:PORT", or
 * "[A]:PORT" for IPv6 (RFC 3986), to BUF and returns BUF; ":PORT" for AF_UNSPEC.
 */
const char *endpoint_format(const struct addr *a, uint32_t scope, uint16_t port,
			    char buf[static ENDPOINT_STRLEN]);

/* The same, for the kernel (ip(7), ipv6(7)): fills *OUT, all of it, and returns how much of it
 * counts. */
socklen_t addr_to_sockaddr(const struct addr *a, uint32_t scope, uint16_t port,
			   struct sockaddr_storage *out);

/* Length of the family's address in bits (32, 128) and bytes (4, 16); 0 for AF_UNSPEC. */
uint8_t addr_bits(const struct addr *a);
size_t addr_size(const struct addr *a);

/* Same family and same bytes. */
bool addr_equal(const struct addr *a, const struct addr *b);
/* True for 0.0.0.0 and ::. */
bool addr_is_any(const struct addr *a);
/* 127/8, ::1; 224/4, ff00::/8; 169.254/16, fe80::/10. False for AF_UNSPEC. */
bool addr_is_loopback(const struct addr *a);
bool addr_is_multicast(const struct addr *a);
bool addr_is_linklocal(const struct addr *a);
/*
 * Equal: same address and length, host bits counted. Contains: A is of P's family and shares its
 * first `len` bits. Overlaps: one of the two contains the other.
 */
bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_contains(const struct prefix *p, const struct addr *a);
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);

/* Clears the host bits of P; true if any was set. */
bool prefix_mask(struct prefix *p);

/* The address N (host byte order) above A; wraps within the family. */
struct addr addr_add(const struct addr *a, uint32_t n);

/*
 * Parses the whole of TEXT (LEN bytes) as an unsigned decimal number without sign or white space.
 * 0, -EINVAL when it is not one, -ERANGE when it lies outside MIN..MAX.
 */
int must_check uint_parse(const char *text, size_t len, uint64_t min, uint64_t max, uint64_t *out);

/* The unsigned number of SIZE bytes (1, 2, 4 or 8) that lies at AT; and N put there. */
uint64_t uint_load(const void *at, size_t size);
void uint_store(void *at, size_t size, uint64_t n);

/* Writes N in decimal to BUF, with a NUL. Its length without it. */
size_t uint_format(uint64_t n, char buf[static UINT_STRLEN]);

#define ETHER_LEN 6
#define ETHER_STRLEN 18

/* A MAC address as text, "02:00:00:00:00:01", in BUF, which it returns. */
const char *ether_format(const uint8_t mac[static ETHER_LEN], char buf[static ETHER_STRLEN]);

#endif
