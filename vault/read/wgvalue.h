/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/wgvalue.h: a line `KEY = VALUE` of a wg-quick file, and what the parsers of its keys
 * have in common. */
#ifndef VAULT_READ_WGVALUE_H
#define VAULT_READ_WGVALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/wgfield.h"
#include "vault/read/slice.h"
#include "vault/read/wgcheck.h"

/* One line, and where its value goes. */
struct wgvalue {
	struct wgconf *conf;
	struct wgcheck *check;
	struct problems *problems;
	unsigned int line;
	const char *key; /* as wg-quick(8) spells it */
	const struct wg_field *field; /* what it is of the device or of a peer; NULL: of neither */
	bool in_peer; /* it is of the last peer */
	struct slice text; /* no comment, trimmed, no control character but tab */
};

enum wgkey_flags {
	WGKEY_MANY = 1U << 0, /* may be given again: adds */
	WGKEY_EMPTY =
		1U << 1, /* an empty value is the same as no line; else `parse` sees no empty one */
	WGKEY_FREE = 1U << 2, /* any text: blanks inside, a backslash at the end */
};

/* A row for each key that is wg-quick's own. `parse` adds to v->problems; a bad value leaves no
 * trace in v->conf. */
struct wgkey {
	const char *name;
	unsigned int flags;
	void (*parse)(const struct wgvalue *v);
};

enum { WGKEYS_INTERFACE = 9 };
extern const struct wgkey wginterface_keys[WGKEYS_INTERFACE];

/* The same for each key of wg(8), v->field. */
void wgfield_parse(const struct wgvalue *v);

/*
 * An error of the line, `KEY: "PART" REASON`. PART is left out where it might be key material: a
 * key can stand in any line by mistake.
 */
void wgvalue_refuse(const struct wgvalue *v, struct slice part, const char *reason, ...)
	printf_like(3, 4);
void wgvalue_no_memory(const struct wgvalue *v);

/* These parse TEXT, a part of the value; false after having said why not. */
bool wgvalue_number(const struct wgvalue *v, struct slice text, uint64_t min, uint64_t max,
		    uint64_t *out);
bool wgvalue_prefix(const struct wgvalue *v, struct slice text, struct prefix *out);
/* The whole value as a key that is not all zeros unless ZERO_FITS. */
bool wgvalue_key(const struct wgvalue *v, bool zero_fits, struct key *out);

#endif
