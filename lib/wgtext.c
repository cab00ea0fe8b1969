/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wgtext.c: what WireGuard knows of a device and of a peer, as lines of a file. */
#include "lib/wgtext.h"

#include <string.h>

static void add_number(struct str *out, uint64_t n)
{
	char text[UINT_STRLEN];
	size_t len = uint_format(n, text);

	str_addn(out, text, len);
}

void wgtext_endpoint(struct str *out, const struct wg_endpoint *e)
{
	char text[ADDR_STRLEN];
	const char *host = e->host ? e->host : addr_format(&e->addr, text);
	bool brackets = strchr(host, ':');

	if (!e->port)
		return;
	str_add(out, brackets ? "[" : "");
	str_add(out, host);
	if (e->scope) {
		str_add(out, "%");
		add_number(out, e->scope);
	}
	str_add(out, brackets ? "]:" : ":");
	add_number(out, e->port);
}

static void add_name(struct str *out, const char *name)
{
	str_add(out, name);
	str_add(out, " = ");
}

static void add_key(struct str *out, const struct key *key, bool show)
{
	char text[KEY_BASE64_LEN + 1] = WGTEXT_HIDDEN;

	if (show)
		key_to_base64(key, text);
	str_add(out, text);
	explicit_bzero(text, sizeof(text));
}

/* All on the line that has their NAME already, or on a line each. */
static void add_prefixes(struct str *out, const char *name, const struct prefix *list, size_t n,
			 bool lines)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < n; i++) {
		if (i)
			str_add(out, lines ? "\n" : ", ");
		if (i && lines)
			add_name(out, name);
		str_add(out, prefix_format(&list[i], text));
	}
}

static void add_spelled(struct str *out, const struct wg_field *f, uint64_t n)
{
	if (!n && f->spelling != WG_DECIMAL)
		str_add(out, "off");
	else if (f->spelling == WG_HEX_OR_OFF)
		str_addf(out, "0x%llx", (unsigned long long)n);
	else
		add_number(out, n);
}

/* True when NOUN has something at F that is worth a line. */
static bool is_there(const struct wg_field *f, const void *noun, bool resolved)
{
	const struct wg_endpoint *e = wg_member(f, noun);

	switch (f->kind) {
	case WG_PUBLIC_KEY:
	case WG_PRIVATE_KEY: /* without it there is no tunnel: where it is zero it was left out */
		return true;
	case WG_PRESHARED_KEY:
		return !key_is_zero(wg_key(f, noun));
	case WG_NUMBER:
		return wg_number(f, noun);
	case WG_ENDPOINT:
		return e->port && (e->addr.family || !resolved);
	case WG_ALLOWED_IPS:
		break;
	}
	return ((const struct wg_peer *)noun)->n_allowed_ips;
}

static void add_field(struct str *out, const struct wg_field *f, const void *noun, unsigned int how)
{
	const struct wg_endpoint *e = wg_member(f, noun);
	const struct wg_peer *peer = noun;
	char text[ENDPOINT_STRLEN];

	add_name(out, f->file);
	switch (f->kind) {
	case WG_PUBLIC_KEY:
		add_key(out, wg_member(f, noun), true);
		break;
	case WG_PRIVATE_KEY:
	case WG_PRESHARED_KEY:
		add_key(out, wg_member(f, noun), how & WGTEXT_SHOW_KEYS);
		break;
	case WG_NUMBER:
		add_spelled(out, f, wg_number(f, noun));
		break;
	case WG_ENDPOINT:
		if (how & WGTEXT_AS_SET)
			str_add(out, endpoint_format(&e->addr, e->scope, e->port, text));
		else
			wgtext_endpoint(out, e);
		break;
	case WG_ALLOWED_IPS:
		add_prefixes(out, f->file, peer->allowed_ips, peer->n_allowed_ips,
			     how & WGTEXT_AS_SET);
		break;
	}
	str_add(out, "\n");
}

void wgtext_fields(struct str *out, const struct wg_fields *fields, const void *noun,
		   unsigned int how)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct wg_field *f = &fields->list[i];

		if (f->file &&
		    (*wg_flags(fields, noun) & f->flag || is_there(f, noun, how & WGTEXT_AS_SET)))
			add_field(out, f, noun, how);
	}
}
