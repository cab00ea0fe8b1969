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
			str_add(out, CONFTEXT_HIDDEN);
		else
			str_addn(out, text, word);
		str_addn(out, text + word + hide, other - hide);
		text += word + other;
	}
}

static void add_number(struct str *out, uint64_t n)
{
	char text[UINT_STRLEN];
	size_t len = uint_format(n, text);

	str_addn(out, text, len);
}

void conftext_endpoint(struct str *out, const struct wg_endpoint *e)
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

static void add_key(struct str *out, const char *name, const struct key *key, bool show)
{
	char text[KEY_BASE64_LEN + 1] = CONFTEXT_HIDDEN;

	if (show)
		key_to_base64(key, text);
	str_add(out, name);
	str_add(out, " = ");
	str_add(out, text);
	str_add(out, "\n");
	explicit_bzero(text, sizeof(text));
}

static void add_prefixes(struct str *out, const char *name, const struct prefix *list, size_t n)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < n; i++) {
		str_add(out, i ? ", " : name);
		str_add(out, prefix_format(&list[i], text));
	}
	if (n)
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
	const struct wg_device *device = &conf->device;

	str_add(out, "[Interface]\n");
	if (device->flags & WG_DEVICE_GIVES_PRIVATE_KEY)
		add_key(out, "PrivateKey", &device->private_key, show_keys);
	if (device->flags & WG_DEVICE_GIVES_LISTEN_PORT)
		str_addf(out, "ListenPort = %u\n", device->listen_port);
	if (device->flags & WG_DEVICE_GIVES_FWMARK)
		str_addf(out, device->fwmark ? "FwMark = 0x%x\n" : "FwMark = off\n",
			 device->fwmark);
	add_prefixes(out, "Address = ", conf->addresses, conf->n_addresses);
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
	add_key(out, "PublicKey", &peer->public_key, true);
	if (peer->flags & WG_PEER_HAS_PRESHARED_KEY)
		add_key(out, "PresharedKey", &peer->preshared_key, show_keys);
	add_prefixes(out, "AllowedIPs = ", peer->allowed_ips, peer->n_allowed_ips);
	if (peer->endpoint.port) {
		str_add(out, "Endpoint = ");
		conftext_endpoint(out, &peer->endpoint);
		str_add(out, "\n");
	}
	if (!(peer->flags & WG_PEER_GIVES_KEEPALIVE))
		return;
	str_add(out, "PersistentKeepalive = ");
	if (peer->keepalive)
		add_number(out, peer->keepalive);
	else
		str_add(out, "off");
	str_add(out, "\n");
}
