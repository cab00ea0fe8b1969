/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/addr.c: IP addresses, prefixes, ports and plain numbers: parse and print. */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static_assert(sizeof(struct prefix) == 24,
	      "10,000 peers hold one or more of them each: keep it small");

const uint8_t addr_families[ADDR_FAMILIES] = { [ADDR_V4] = AF_INET, [ADDR_V6] = AF_INET6 };

const char *addr_family_name(int family)
{
	static const char *const names[ADDR_FAMILIES] = { [ADDR_V4] = "IPv4", [ADDR_V6] = "IPv6" };

	return names[addr_index(family)];
}

int addr_parse(const char *text, struct addr *out)
{
	struct addr a;

	memset(&a, 0, sizeof(a));
	a.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(a.family, text, a.bytes) != 1)
		return -EINVAL;
	*out = a;
	return 0;
}

int prefix_parse(const char *text, struct prefix *out)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char host[ADDR_STRLEN];
	struct prefix p;
	uint64_t len;

	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	memset(&p, 0, sizeof(p));
	if (addr_parse(host, &p.addr))
		return -EINVAL;
	len = addr_bits(&p.addr);
	if (slash && uint_parse(slash + 1, strlen(slash + 1), 0, len, &len))
		return -EINVAL;
	p.len = (uint8_t)len;
	*out = p;
	return 0;
}

uint64_t uint_load(const void *at, size_t size)
{
	uint64_t n8 = 0;
	uint32_t n4;
	uint16_t n2;

	switch (size) {
	case sizeof(n2):
		memcpy(&n2, at, sizeof(n2));
		return n2;
	case sizeof(n4):
		memcpy(&n4, at, sizeof(n4));
		return n4;
	case sizeof(n8):
		memcpy(&n8, at, sizeof(n8));
		return n8;
	default:
		return *(const uint8_t *)at;
	}
}

void uint_store(void *at, size_t size, uint64_t n)
{
	const uint32_t n4 = (uint32_t)n;
	const uint16_t n2 = (uint16_t)n;

	switch (size) {
	case sizeof(n2):
		memcpy(at, &n2, sizeof(n2));
		break;
	case sizeof(n4):
		memcpy(at, &n4, sizeof(n4));
		break;
	case sizeof(n):
		memcpy(at, &n, sizeof(n));
		break;
	default:
		*(uint8_t *)at = (uint8_t)n;
	}
}

size_t uint_format(uint64_t n, char buf[static UINT_STRLEN])
{
	size_t len = 1;

	for (uint64_t rest = n; rest > 9; rest /= 10)
		len++;
	buf[len] = '\0';
	for (size_t i = len; i--; n /= 10)
		buf[i] = (char)('0' + n % 10);
	return len;
}

static void format_ipv4(const uint8_t bytes[static 4], char *out)
{
	for (int i = 0; i < 4; i++) {
		char number[UINT_STRLEN];
		size_t len = uint_format(bytes[i], number);

		memcpy(out, number, len);
		out += len;
		*out++ = i < 3 ? '.' : '\0';
	}
}

struct run {
	int at, len;
};

/* The longest run of zeros in GROUPS, the first of equal ones; one alone is none. */
static struct run zero_run(const unsigned int groups[static 8])
{
	struct run best = { -1, 1 }, run = { 0, 0 };

	for (int i = 0; i < 8; i++) {
		if (groups[i])
			run = (struct run){ i + 1, 0 };
		else if (++run.len > best.len)
			best = run;
	}
	return best;
}

static char *add_hex(char *out, unsigned int group)
{
	static const char digits[] = "0123456789abcdef";

	for (int shift = group > 0xfff  ? 12
			 : group > 0xff ? 8
			 : group > 0xf  ? 4
					: 0;
	     shift >= 0; shift -= 4)
		*out++ = digits[group >> shift & 0xf];
	return out;
}

/* RFC 5952. */
static void format_ipv6(const uint8_t bytes[static 16], char *out)
{
	unsigned int groups[8];
	struct run zeros;

	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned int)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	zeros = zero_run(groups);
	for (int i = 0; i < 8; i++) {
		if (i == zeros.at) {
			*out++ = ':';
			i += zeros.len - 1;
		} else {
			if (i)
				*out++ = ':';
			out = add_hex(out, groups[i]);
		}
	}
	if (zeros.at + zeros.len == 8)
		*out++ = ':';
	*out = '\0';
}

/* True for those that are printed with an IPv4 address inside, and some more. */
static bool is_mixed(const struct addr *a)
{
	static const uint8_t zero[10];

	return !memcmp(a->bytes, zero, sizeof(zero));
}

/* inet_ntop(3) does the same by way of stdio for every part: too slow for files of 10,000 peers. */
const char *addr_format(const struct addr *a, char buf[static ADDR_STRLEN])
{
	if (a->family == AF_INET)
		format_ipv4(a->bytes, buf);
	else if (a->family == AF_INET6 && !is_mixed(a))
		format_ipv6(a->bytes, buf);
	else if (a->family != AF_INET6 || !inet_ntop(AF_INET6, a->bytes, buf, ADDR_STRLEN))
		buf[0] = '\0';
	return buf;
}

const char *prefix_format(const struct prefix *p, char buf[static PREFIX_STRLEN])
{
	char len[UINT_STRLEN];
	size_t n, digits = uint_format(p->len, len);

	addr_format(&p->addr, buf);
	n = strlen(buf);
	buf[n] = '/';
	memcpy(buf + n + 1, len, digits + 1);
	return buf;
}

uint8_t addr_bits(const struct addr *a)
{
	return a->family == AF_INET ? 32 : a->family == AF_INET6 ? 128 : 0;
}

size_t addr_size(const struct addr *a)
{
	return addr_bits(a) / 8U;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, addr_size(a));
}

/* True when the first LEN bits of A and B are the same. */
static bool same_bits(const struct addr *a, const struct addr *b, unsigned int len)
{
	unsigned int whole = len / 8, rest = len % 8;

	if (memcmp(a->bytes, b->bytes, whole))
		return false;
	return !rest || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

bool addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return a->family && !memcmp(a->bytes, zero, addr_size(a));
}

bool addr_is_loopback(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] == 127;
	return a->family == AF_INET6 &&
	       !memcmp(a->bytes, &in6addr_loopback, sizeof(in6addr_loopback));
}

bool addr_is_multicast(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] >> 4 == 0xe;
	return a->family == AF_INET6 && a->bytes[0] == 0xff;
}

bool addr_is_linklocal(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] == 169 && a->bytes[1] == 254;
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && a->bytes[1] >> 6 == 2;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	return p->addr.family == a->family && same_bits(&p->addr, a, p->len);
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return a->len <= b->len ? prefix_contains(a, &b->addr) : prefix_contains(b, &a->addr);
}

bool prefix_mask(struct prefix *p)
{
	const struct addr before = p->addr;

	for (size_t i = 0; i < addr_size(&p->addr); i++) {
		unsigned int keep = p->len > 8 * i ? p->len - 8 * (unsigned int)i : 0;

		if (keep < 8)
			p->addr.bytes[i] &= (uint8_t)(0xff00U >> keep);
	}
	return !addr_equal(&before, &p->addr);
}

struct addr addr_add(const struct addr *a, uint32_t n)
{
	struct addr sum = *a;
	uint64_t carry = n;

	for (size_t i = addr_size(a); i-- && carry;) {
		carry += sum.bytes[i];
		sum.bytes[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return sum;
}

int uint_parse(const char *text, size_t len, uint64_t min, uint64_t max, uint64_t *out)
{
	bool too_big = false;
	uint64_t n = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		unsigned int digit = (unsigned int)text[i] - '0';

		if (digit > 9)
			return -EINVAL;
		too_big = too_big || n > (UINT64_MAX - digit) / 10;
		n = n * 10 + digit;
	}
	if (too_big || n < min || n > max)
		return -ERANGE;
	*out = n;
	return 0;
}

const char *ether_format(const uint8_t mac[static ETHER_LEN], char buf[static ETHER_STRLEN])
{
	snprintf(buf, ETHER_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	return buf;
}

const char *endpoint_format(const struct addr *a, uint32_t scope, uint16_t port,
			    char buf[static ENDPOINT_STRLEN])
{
	char text[ADDR_STRLEN], zone[12] = "";

	if (scope)
		snprintf(zone, sizeof(zone), "%%%u", scope);
	snprintf(buf, ENDPOINT_STRLEN, a->family == AF_INET6 ? "[%s%s]:%u" : "%s%s:%u",
		 addr_format(a, text), zone, port);
	return buf;
}

socklen_t addr_to_sockaddr(const struct addr *a, uint32_t scope, uint16_t port,
			   struct sockaddr_storage *out)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = a->family;
	if (a->family == AF_INET) {
		v4->sin_port = htons(port);
		v4->sin_addr = a->v4;
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	v6->sin6_addr = a->v6;
	v6->sin6_scope_id = scope;
	return sizeof(*v6);
}
