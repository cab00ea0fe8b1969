/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/conftext.h: a struct wgconf back into text: the canonical form of a wg-quick file. */
#ifndef VAULT_READ_CONFTEXT_H
#define VAULT_READ_CONFTEXT_H

#include "lib/str.h"
#include "lib/wgtext.h"
#include "vault/read/wgconf.h"

/*
 * Append [Interface] and one [Peer] to OUT: keys in a fixed order, a line for each list, absent
 * values left out. Parsed again it is the same struct, when SHOW_KEYS is true.
 */
void conftext_interface(struct str *out, const struct wgconf *conf, bool show_keys);
void conftext_peer(struct str *out, const struct wg_peer *peer, bool show_keys);

/* Appends the hook TEXT; what looks like a key in it is hidden unless SHOW_KEYS. */
void conftext_hook(struct str *out, const char *text, bool show_keys);

#endif
