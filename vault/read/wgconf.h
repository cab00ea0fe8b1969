/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/wgconf.h: a wg-quick(8) file, parsed and never executed. No system calls. */
#ifndef VAULT_READ_WGCONF_H
#define VAULT_READ_WGCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/wgdev.h"
#include "vault/problem.h"

#define WGCONF_MAX_BYTES (16U << 20)

enum wgconf_table { WGCONF_TABLE_NONE, WGCONF_TABLE_AUTO, WGCONF_TABLE_OFF, WGCONF_TABLE_NUMBER };
enum wgconf_hook { WGCONF_PRE_UP, WGCONF_POST_UP, WGCONF_PRE_DOWN, WGCONF_POST_DOWN, WGCONF_HOOKS };

struct wgconf_strings {
	char **list; /* owned, each owned */
	size_t n;
};

struct wgconf {
	struct wg_device device; /* [Interface] of wg(8) and every [Peer] */
	struct prefix *addresses; /* owned */
	size_t n_addresses;
	struct addr *dns; /* owned */
	size_t n_dns;
	struct wgconf_strings search;
	uint16_t mtu; /* 0: not given */
	enum wgconf_table table;
	uint32_t table_number;
	bool has_save_config, save_config;
	struct wgconf_strings hooks[WGCONF_HOOKS]; /* reported, never run */
};

/*
 * Parses the LEN bytes at TEXT (any bytes; need not end in a NUL) into *OUT, which the caller owns
 * (wgconf_free) also after errors. Every error and warning of the text goes to *P, in order of
 * lines. Returns the number of errors. Linear time.
 */
size_t must_check wgconf_parse(const char *text, size_t len, struct wgconf *out,
			       struct problems *p);

/* Wipes keys, frees, zeroes. */
void wgconf_free(struct wgconf *conf);

#endif
