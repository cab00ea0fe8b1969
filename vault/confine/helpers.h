/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/helpers.h: the host's helpers, by which a confined program has things done outside,
 * and where they listen. */
#ifndef VAULT_CONFINE_HELPERS_H
#define VAULT_CONFINE_HELPERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "lib/base.h"

enum helper_does {
	HELPER_RESOLVES, /* looks names up, or tells who does */
	HELPER_CARRIES, /* carries traffic */
	HELPER_STARTS, /* starts programs */
};

/* One row: exec hides it, check looks for its sockets, the drop-in for units takes it away. */
struct helper {
	const char *path; /* from the root, without a slash; `*` at the end: all that begin so */
	enum helper_does does;
	const char *const *shown; /* of that folder, names as in `path`; NULL: nothing */
};

extern const struct helper helpers[];
extern const size_t n_helpers;

/* "looks names up", ... */
const char *helper_does_text(const struct helper *h);

/* True when NAME is PATTERN, or begins as it does before its `*`. */
bool helper_is_named(const char *pattern, const char *name);

/* True when NAME is among NAMES, which end with NULL. */
bool helper_is_shown(const char *const *names, const char *name);

/*
 * Calls FN for each socket of a helper that can be seen from the folder ROOT, a descriptor: PATH as
 * in the table. Links are followed below ROOT. Returns what FN returned when that was not 0; 0; or
 * -errno: not all could be looked at. Who lists them asks nobody: a file system that is mounted
 * below a helper's folder is left out.
 */
int must_check helpers_each_socket(int root,
				   int (*fn)(const struct helper *h, const char *path,
					     const struct stat *st, void *arg),
				   void *arg);

#endif
