/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/setkey.c: what the keys of sets are made of, and their elements, as the kernel takes them. */
#include <string.h>

#include "lib/ruleset.h"

static const struct set_shape shapes[SET_TYPES] = {
	[SET_IPV4] = { 1, { FIELD_IPV4 }, false, false },
	[SET_IPV6] = { 1, { FIELD_IPV6 }, false, false },
	[SET_PORT] = { 1, { FIELD_PORT }, false, false },
	[SET_ICMP] = { 1, { FIELD_ICMP }, false, false },
	[SET_ICMPV6] = { 1, { FIELD_ICMPV6 }, false, false },
	[SET_ETHER] = { 1, { FIELD_ETHER }, false, false },
	[SET_LINK] = { 1, { FIELD_LINK }, false, false },
	[SET_LINK_ETHER] = { 2, { FIELD_LINK, FIELD_ETHER }, false, false },
	[SET_NETWORK_IPV4] = { 2, { FIELD_LINK, FIELD_IPV4 }, true, false },
	[SET_NETWORK_IPV6] = { 2, { FIELD_LINK, FIELD_IPV6 }, true, false },
	[SET_LINK_IPV4] = { 2, { FIELD_LINK, FIELD_IPV4 }, false, false },
	[SET_LINK_IPV6] = { 2, { FIELD_LINK, FIELD_IPV6 }, false, false },
	[SET_TARGET] = { 1, { FIELD_TARGET }, false, false },
	[SET_LINK_TARGET] = { 2, { FIELD_LINK, FIELD_TARGET }, false, false },
	[SET_SERVICE_IPV4] = { 4,
			       { FIELD_LINK, FIELD_IPV4, FIELD_PROTOCOL, FIELD_PORT },
			       false,
			       false },
	[SET_SERVICE_IPV6] = { 4,
			       { FIELD_LINK, FIELD_IPV6, FIELD_PROTOCOL, FIELD_PORT },
			       false,
			       false },
	[SET_PEER_IPV4] = { 3, { FIELD_LINK, FIELD_IPV4, FIELD_IPV4 }, true, false },
	[SET_PEER_IPV6] = { 3, { FIELD_LINK, FIELD_IPV6, FIELD_IPV6 }, true, false },
	[SET_HOLE_IPV4] = { 5,
			    { FIELD_LINK, FIELD_IPV4, FIELD_IPV4, FIELD_PROTOCOL, FIELD_PORT },
			    true,
			    false },
	[SET_HOLE_IPV6] = { 5,
			    { FIELD_LINK, FIELD_IPV6, FIELD_IPV6, FIELD_PROTOCOL, FIELD_PORT },
			    true,
			    false },
	[SET_ENDPOINT_IPV4] = { 3, { FIELD_MARK, FIELD_IPV4, FIELD_PORT }, false, false },
	[SET_ENDPOINT_IPV6] = { 3, { FIELD_MARK, FIELD_IPV6, FIELD_PORT }, false, false },
	[MAP_SELF_IPV4] = { 3, { FIELD_PROTOCOL, FIELD_PORT, FIELD_IPV4 }, true, true },
	[MAP_SELF_IPV6] = { 3, { FIELD_PROTOCOL, FIELD_PORT, FIELD_IPV6 }, true, true },
	[MAP_PUBLISH_IPV4] = { 4,
			       { FIELD_PROTOCOL, FIELD_PORT, FIELD_IPV4, FIELD_IPV4 },
			       true,
			       true },
	[MAP_PUBLISH_IPV6] = { 4,
			       { FIELD_PROTOCOL, FIELD_PORT, FIELD_IPV6, FIELD_IPV6 },
			       true,
			       true },
};

const struct set_shape *set_shape(enum set_type type)
{
	return &shapes[type];
}

const struct set_field_type *set_field_type(enum set_field field)
{
	static const struct set_field_type types[] = {
		[FIELD_IPV4] = { 4, 7, "ipv4_addr" },
		[FIELD_IPV6] = { 16, 8, "ipv6_addr" },
		[FIELD_TARGET] = { 16, 4, NULL }, /* an integer: see lib/nfttypeof.c */
		[FIELD_PORT] = { 2, 13, "inet_service" },
		[FIELD_ICMP] = { 1, 14, "icmp_type" },
		[FIELD_ICMPV6] = { 1, 29, "icmpv6_type" },
		[FIELD_LINK] = { IFNAMSIZ, 41, "ifname" },
		[FIELD_PROTOCOL] = { 1, 12, "inet_proto" },
		[FIELD_MARK] = { 4, 19, "mark" },
		[FIELD_ETHER] = { ETHER_LEN, 9, "ether_addr" },
	};

	return &types[field];
}

/* In a key of several fields each takes whole words of four bytes. */
static size_t whole_words(size_t len)
{
	return (len + 3) / 4 * 4;
}

size_t set_key_len(enum set_type type)
{
	const struct set_shape *shape = &shapes[type];
	size_t len = 0;

	if (shape->n == 1)
		return set_field_type(shape->fields[0])->len;
	for (size_t i = 0; i < shape->n; i++)
		len += whole_words(set_field_type(shape->fields[i])->len);
	return len;
}

size_t set_data_len(enum set_type type)
{
	const struct set_shape *shape = &shapes[type];

	if (!shape->map)
		return 0;
	return set_field_type(shape->fields[2])->len + whole_words(set_field_type(FIELD_PORT)->len);
}

bool element_holds(enum set_type type, const struct set_element *e, const struct set_element *key)
{
	const struct set_shape *shape = &shapes[type];
	size_t at = 0;

	for (size_t i = 0; i < shape->n; i++) {
		size_t len = set_field_type(shape->fields[i])->len;
		const uint8_t *value = key->key + at;

		if (shape->ranges ? memcmp(e->key + at, value, len) > 0 ||
					    memcmp(value, e->end + at, len) > 0
				  : memcmp(e->key + at, value, len) != 0)
			return false;
		at += whole_words(len);
	}
	return true;
}

void element_get_target(const struct set_element *e, struct addr *address, uint16_t *port)
{
	size_t size = addr_size(address);

	memcpy(address->bytes, e->data, size);
	*port = (uint16_t)(e->data[size] << 8 | e->data[size + 1]);
}

/* The field from FIRST to LAST, LEN bytes each. */
static void put(struct set_element *e, const void *first, const void *last, size_t len)
{
	if (!e || e->len + whole_words(len) > SET_KEY_MAX)
		return; /* no shape is as long */
	memcpy(e->key + e->len, first, len);
	memcpy(e->end + e->len, last, len);
	e->len += whole_words(len);
}

void element_put_link(struct set_element *e, const char *link)
{
	char name[IFNAMSIZ] = "";

	strncpy(name, link, sizeof(name) - 1);
	put(e, name, name, sizeof(name));
}

void element_put_address(struct set_element *e, const struct addr *address)
{
	put(e, address->bytes, address->bytes, addr_size(address));
}

void element_put_prefix(struct set_element *e, const struct prefix *prefix)
{
	struct prefix first = *prefix, last;

	(void)prefix_mask(&first);
	last = first;
	for (unsigned int bit = prefix->len; bit < addr_bits(&last.addr); bit++)
		last.addr.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	put(e, first.addr.bytes, last.addr.bytes, addr_size(&first.addr));
}

void element_put_ether(struct set_element *e, const uint8_t mac[static ETHER_LEN])
{
	put(e, mac, mac, ETHER_LEN);
}

void element_put_protocol(struct set_element *e, uint8_t protocol)
{
	put(e, &protocol, &protocol, sizeof(protocol));
}

void element_put_ports(struct set_element *e, uint16_t first, uint16_t last)
{
	const uint8_t from[] = { (uint8_t)(first >> 8), (uint8_t)first };
	const uint8_t to[] = { (uint8_t)(last >> 8), (uint8_t)last };

	put(e, from, to, sizeof(from));
}

void element_put_mark(struct set_element *e, uint32_t mark)
{
	put(e, &mark, &mark, sizeof(mark)); /* in the host's byte order */
}

void element_put_comment(struct set_element *e, const char *comment)
{
	if (e)
		strncpy(e->comment, comment, sizeof(e->comment) - 1);
}

void element_put_target(struct set_element *e, const struct addr *address, uint16_t port)
{
	size_t size = addr_size(address);

	if (!e)
		return;
	memcpy(e->data, address->bytes, size);
	e->data[size] = (uint8_t)(port >> 8);
	e->data[size + 1] = (uint8_t)port;
}
