/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/conftext.c: a struct wgconf back into text: the canonical form of a wg-quick file. */
#include "vault/read/conftext.h"

#include <string.h>

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char *const hook_names[WGCONF_HOOKS] = {
	[WGCONF_PRE_UP] = "PreUp",
	[WGCONF_POST_UP] = "PostUp",
	[WGCONF_PRE_DOWN] = "PreDown",
	[WGCONF_POST_DOWN] = "PostDown",
};

/* wg(8) takes keys from a file, and people write <(echo KEY). */
void conftext_hook(struct str *out, const char *text, bool show_keys)
{
	while (*text) {
		size_t word = strspn(text, base64_digits),
		       other = strcspn(text + word, base64_digits);
		bool hide = !show_keys && word >= KEY_BASE64_LEN - 1 && text[word] == '=';

		if (hide)
			str_add(out, WGTEXT_HIDDEN);
		else
			str_addn(out, text, word);
		str_addn(out, text + word + hide, other - hide);
		text += word + other;
	}
}

static void add_addresses(struct str *out, const struct wgconf *conf)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < conf->n_addresses; i++)
		str_addf(out, "%s%s",
			 i ? ", " : "Address = ", prefix_format(&conf->addresses[i], text));
	if (conf->n_addresses)
		str_add(out, "\n");
}

/* Servers first, then domains: which is which is seen from the text. */
static void add_dns(struct str *out, const struct wgconf *conf)
{
	const char *before = "DNS = ";
	char text[ADDR_STRLEN];

	for (size_t i = 0; i < conf->n_dns; i++, before = ", ")
		str_addf(out, "%s%s", before, addr_format(&conf->dns[i], text));
	for (size_t i = 0; i < conf->search.n; i++, before = ", ")
		str_addf(out, "%s%s", before, conf->search.list[i]);
	if (conf->n_dns || conf->search.n)
		str_add(out, "\n");
}

static void add_table(struct str *out, const struct wgconf *conf)
{
	switch (conf->table) {
	case WGCONF_TABLE_NONE:
		break;
	case WGCONF_TABLE_AUTO:
		str_add(out, "Table = auto\n");
		break;
	case WGCONF_TABLE_OFF:
		str_add(out, "Table = off\n");
		break;
	case WGCONF_TABLE_NUMBER:
		str_addf(out, "Table = %u\n", conf->table_number);
		break;
	}
}

static void add_hooks(struct str *out, const struct wgconf *conf, bool show_keys)
{
	for (size_t kind = 0; kind < WGCONF_HOOKS; kind++) {
		for (size_t i = 0; i < conf->hooks[kind].n; i++) {
			str_addf(out, "%s = ", hook_names[kind]);
			conftext_hook(out, conf->hooks[kind].list[i], show_keys);
			str_add(out, "\n");
		}
	}
}

void conftext_interface(struct str *out, const struct wgconf *conf, bool show_keys)
{
	str_add(out, "[Interface]\n");
	wgtext_fields(out, &wg_device_fields, &conf->device, show_keys ? WGTEXT_SHOW_KEYS : 0);
	add_addresses(out, conf);
	add_dns(out, conf);
	if (conf->mtu)
		str_addf(out, "MTU = %u\n", conf->mtu);
	add_table(out, conf);
	if (conf->has_save_config)
		str_addf(out, "SaveConfig = %s\n", conf->save_config ? "true" : "false");
	add_hooks(out, conf, show_keys);
}

void conftext_peer(struct str *out, const struct wg_peer *peer, bool show_keys)
{
	str_add(out, "\n[Peer]\n");
	wgtext_fields(out, &wg_peer_fields, peer, show_keys ? WGTEXT_SHOW_KEYS : 0);
}
