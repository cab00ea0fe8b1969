/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/spec.c: the description of a vault: names, questions, freeing. Its JSON is in specjson.c. */
#include "vault/spec.h"

#include <stdio.h>
#include <string.h>

#include "vault/reach.h"

bool spec_name_is_valid(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t len = strlen(name);

	return len >= 1 && len <= SPEC_NAME_MAX && strspn(name, allowed) == len && name[0] != '.' &&
	       name[0] != '-' && strcmp(name, "all") != 0;
}

/* FNV-1a: short, stable over versions; a collision is no danger, the kernel refuses the second
 * interface. */
static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261U;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 16777619U;
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
	interface_name("vlt-", spec->name, spec->host_name);
	interface_name("link-", spec->name, spec->link_name);
	interface_name("wg-", spec->name, spec->tunnel_name);
}

uint32_t spec_mark(const struct spec *spec)
{
	return SPEC_MARK | (hash(spec->name) & 0x007f3fffU);
}

bool spec_pins_endpoints(const struct spec *spec)
{
	return spec->wg.fwmark == spec_mark(spec);
}

bool spec_is_guarded(const struct spec *spec)
{
	return spec->has_link || spec_pins_endpoints(spec);
}

const char *spec_interface(const struct spec *spec, uint32_t index)
{
	if (index == SPEC_LOOPBACK_INDEX)
		return "lo";
	if (index == SPEC_LINK_INDEX)
		return spec->link_name;
	return index == spec->tunnel_index ? spec->tunnel_name : "";
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
	const struct spec_link_ends *ends = &spec->link[a->family == AF_INET6 ? SPEC_V6 : SPEC_V4];

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
	const struct spec_link_ends *ends = &spec->link[family == AF_INET6 ? SPEC_V6 : SPEC_V4];

	return spec_tunnel_has(spec, family) || (spec->has_link && ends->vault.addr.family);
}

void spec_free(struct spec *spec)
{
	wg_device_free(&spec->wg);
	for (size_t i = 0; i < spec->n_search; i++)
		free(spec->search[i]);
	free(spec->search);
	for (int h = 0; h < SPEC_HOOKS; h++) {
		for (size_t i = 0; i < spec->hooks[h].n; i++)
			free(spec->hooks[h].list[i]);
		free(spec->hooks[h].list);
	}
	free(spec->addresses);
	free(spec->dns);
	reach_free(&spec->reach);
	free(spec->conf);
	free(spec->adopt);
	free(spec->program);
	memset(spec, 0, sizeof(*spec));
}
