/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/spec/spec.c: the description of a vault: names, questions, freeing. Its JSON is in json.c. */
#include "vault/spec/spec.h"

#include <stdio.h>
#include <errno.h>
#include <string.h>

#include "lib/list.h"
#include "vault/spec/reach.h"

bool spec_name_is_valid(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t len = strlen(name);

	return len >= 1 && len <= SPEC_NAME_MAX && strspn(name, allowed) == len && name[0] != '.' &&
	       name[0] != '-' && strcmp(name, "all") != 0;
}

bool spec_is_fallback(const char *interface)
{
	static const char *const names[] = { "tunl0",    "gre0", "gretap0", "erspan0", "ip_vti0",
					     "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(interface, names[i]))
			return true;
	return false;
}

/* "all", too, is none: under that, and "default", the kernel has settings of no interface. */
bool spec_link_name_is_valid(const char *name)
{
	return spec_name_is_valid(name) && strlen(name) < IFNAMSIZ && strcmp(name, "lo") != 0 &&
	       strcmp(name, "default") != 0 && !spec_is_fallback(name);
}

#define FNV_START 2166136261U
#define FNV_PRIME 16777619U

/* FNV-1a: short, stable over versions; a collision is no danger, the kernel refuses the second
 * interface. */
static uint32_t hash(const char *text)
{
	uint32_t h = FNV_START;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * FNV_PRIME;
	return h;
}

static void interface_name(const char *prefix, const char *name, char out[static IFNAMSIZ])
{
	enum { HASH_LEN = 6 }; /* a dash and five hex digits */
	int room = IFNAMSIZ - 1 - (int)strlen(prefix);

	if ((int)strlen(name) <= room)
		snprintf(out, IFNAMSIZ, "%s%s", prefix, name);
	else
		snprintf(out, IFNAMSIZ, "%s%.*s-%05x", prefix, room - HASH_LEN, name,
			 hash(name) & 0xfffffU);
}

void spec_name_interfaces(struct spec *spec)
{
	interface_name(SPEC_LINK_PREFIX, spec->name, spec->link_host_if);
	interface_name(SPEC_LEG_PREFIX, spec->name, spec->leg_host_if);
	if (*spec->link_name)
		memcpy(spec->link_if, spec->link_name, sizeof(spec->link_if));
	else
		interface_name("link-", spec->name, spec->link_if);
	interface_name("wg-", spec->name, spec->tunnel_if);
}

void spec_alias(const char *name, char out[static SPEC_ALIAS_LEN])
{
	snprintf(out, SPEC_ALIAS_LEN, SPEC_ALIAS_PREFIX "%s", name);
}

void spec_bridge_alias(const char *segment, char out[static SPEC_ALIAS_LEN])
{
	snprintf(out, SPEC_ALIAS_LEN, SPEC_ALIAS_PREFIX "segment %s", segment);
}

uint32_t spec_bridge_index(const char *segment)
{
	return 2 * SPEC_FIRST_INDEX | (hash(segment) & 0x0ffffffeU);
}

/* The link's names, as the leg's and the tunnel's are cut alike; and the twins' among them. */
static void name_links(const char *name, char out[2][IFNAMSIZ])
{
	struct spec spec = { .name = "" };

	snprintf(spec.name, sizeof(spec.name), "%s", name);
	interface_name(SPEC_LINK_PREFIX, name, out[0]);
	spec_twin_link(&spec, out[1]);
}

bool spec_names_collide(const char *a, const char *b)
{
	char of_a[2][IFNAMSIZ], of_b[2][IFNAMSIZ];

	name_links(a, of_a);
	name_links(b, of_b);
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 2; j++)
			if (!strcmp(of_a[i], of_b[j]))
				return true;
	return false;
}

void spec_twin_link(const struct spec *spec, char out[static IFNAMSIZ])
{
	char name[sizeof(spec->name) + sizeof("+twin")];

	snprintf(name, sizeof(name), "%s+twin", spec->name);
	interface_name(SPEC_LINK_PREFIX, name, out);
}

void spec_set_segment(struct spec *spec, const char *segment)
{
	snprintf(spec->leg.segment, sizeof(spec->leg.segment), "%s", segment);
	interface_name("seg-", segment, spec->leg_if);
	interface_name(SPEC_BRIDGE_PREFIX, segment, spec->bridge_name);
}

bool spec_has_leg(const struct spec *spec)
{
	return spec->leg.segment[0];
}

bool spec_is_gateway_of(const struct spec *other, const struct spec *spec)
{
	return spec->leg.role == SPEC_VIA && other->leg.role == SPEC_GATEWAY &&
	       !strcmp(other->leg.segment, spec->leg.segment) &&
	       addr_equal(&other->leg.address.addr, &spec->leg.via);
}

/* Behind the prefix the address, an IPv6 one hashed. */
void spec_leg_mac(const struct addr *address, uint8_t mac[static SPEC_MAC_LEN])
{
	static const uint8_t prefix[] = { SPEC_MAC_PREFIX };
	uint32_t h = FNV_START;

	memcpy(mac, prefix, sizeof(prefix));
	for (size_t i = 0; i < addr_size(address); i++)
		h = (h ^ address->bytes[i]) * FNV_PRIME;
	for (size_t i = 0; i < 4; i++)
		mac[2 + i] = (uint8_t)(address->family == AF_INET ? address->bytes[i]
								  : h >> 8 * (3 - i));
}

struct prefix spec_leg_local(const struct addr *address)
{
	struct prefix local = { .addr = { .family = AF_INET6, .bytes = { 0xfe, 0x80 } },
				.len = 64 };
	uint8_t mac[SPEC_MAC_LEN], *id = local.addr.bytes + 8;

	spec_leg_mac(address, mac);
	memcpy(id, mac, 3);
	id[0] ^= 0x02;
	id[3] = 0xff;
	id[4] = 0xfe;
	memcpy(id + 5, mac + 3, 3);
	return local;
}

const struct prefix spec_link_local = {
	.addr = { .family = AF_INET6, .bytes = { [0] = 0xfe, [1] = 0x80, [15] = 2 } }, .len = 64
};

uint32_t spec_mark(const struct spec *spec)
{
	return SPEC_MARK | (hash(spec->name) & 0x007f3fffU);
}

bool spec_pins_endpoints(const struct spec *spec)
{
	return spec->has_tunnel && spec->wg.fwmark == spec_mark(spec);
}

bool spec_is_guarded(const struct spec *spec)
{
	return spec->has_link || spec_has_leg(spec) || spec_pins_endpoints(spec);
}

bool spec_has_way(const struct spec *spec)
{
	return spec->conf || spec->adopt || spec->isolated || spec->leg.role == SPEC_VIA;
}

const char *spec_interface(const struct spec *spec, uint32_t index)
{
	if (index == SPEC_LOOPBACK_INDEX)
		return "lo";
	if (index == spec->link_index)
		return spec->link_if;
	if (index == spec->leg_index)
		return spec->leg_if;
	return index == spec->tunnel_index ? spec->tunnel_if : "";
}

bool spec_tunnel_has(const struct spec *spec, uint8_t family)
{
	for (size_t i = 0; i < spec->n_addresses; i++)
		if (spec->addresses[i].addr.family == family)
			return true;
	return false;
}

bool spec_reaches(const struct spec *spec, uint8_t family)
{
	const struct spec_reach *reach = &spec->reach;

	for (size_t i = 0; i < reach->n_from; i++)
		if (reach->from[i].addr.family == family)
			return true;
	for (size_t i = 0; i < reach->n_holes; i++)
		if (reach->holes[i].to.addr.family == family)
			return true;
	for (size_t i = 0; i < reach->n_publish; i++)
		if (reach->publish[i].address.family == family)
			return true;
	return false;
}

bool spec_goes_by_link(const struct spec *spec, const struct addr *a, struct prefix *which)
{
	const struct spec_reach *reach = &spec->reach;
	const struct spec_link_ends *ends = &spec->link[addr_index(a->family)];

	if (spec_has_leg(spec)) {
		*which = spec->leg.address;
		(void)prefix_mask(which);
		if (prefix_contains(which, a))
			return true;
	}
	if (!spec->has_link)
		return false;
	*which = ends->vault;
	(void)prefix_mask(which);
	if (ends->vault.addr.family && prefix_contains(&ends->vault, a))
		return true;
	for (size_t i = 0; i < reach->n_from; i++) {
		*which = reach->from[i];
		if (prefix_contains(which, a))
			return true;
	}
	for (size_t i = 0; i < reach->n_holes; i++) {
		*which = reach->holes[i].to;
		if (prefix_contains(which, a))
			return true;
	}
	return false;
}

bool spec_uses(const struct spec *spec, uint8_t family)
{
	const struct spec_link_ends *ends = &spec->link[addr_index(family)];

	return spec_tunnel_has(spec, family) || (spec->has_link && ends->vault.addr.family) ||
	       (spec_has_leg(spec) && spec->leg.address.addr.family == family);
}

int spec_add_line(struct spec_lines *lines, const char *line)
{
	char *copy = strdup(line);
	int r = copy ? list_append(&lines->list, &lines->n, sizeof(copy), &copy) : -ENOMEM;

	if (r)
		free(copy);
	return r;
}

bool spec_has_line(const struct spec_lines *lines, const char *line)
{
	for (size_t i = 0; i < lines->n; i++)
		if (!strcmp(lines->list[i], line))
			return true;
	return false;
}

void spec_clear_lines(struct spec_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->list[i]);
	free(lines->list);
	*lines = (struct spec_lines){ .list = NULL };
}

void spec_free(struct spec *spec)
{
	wg_device_free(&spec->wg);
	for (size_t i = 0; i < spec->n_search; i++)
		free(spec->search[i]);
	free(spec->search);
	for (int h = 0; h < SPEC_HOOKS; h++)
		spec_clear_lines(&spec->hooks[h]);
	spec_clear_lines(&spec->asked);
	spec_clear_lines(&spec->in_the_way);
	free(spec->addresses);
	free(spec->dns);
	reach_free(&spec->reach);
	free(spec->conf);
	free(spec->adopt);
	free(spec->program);
	memset(spec, 0, sizeof(*spec));
}
