/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/remedy.h: every remedy that is ever printed, each a row of one table. To mend is the act; a
 * remedy is the hint at it. */
#ifndef VAULT_REMEDY_H
#define VAULT_REMEDY_H

#include <stdbool.h>

#include "lib/base.h"
#include "lib/str.h"
#include "lib/trust.h"

/* What is commanded: it can be run by root on the host as it is printed. */
enum remedy_row {
	REMEDY_NONE,
	REMEDY_UP,
	REMEDY_AS_MADE,
	REMEDY_DOWN,
	REMEDY_DEL_NETNS,
	REMEDY_RM_NAME,
	REMEDY_RM_FOLDER,
	REMEDY_DEL_LINK_INSIDE,
	REMEDY_DEL_TABLE_INSIDE,
	REMEDY_DEL_FLOWTABLE_INSIDE,
	REMEDY_FLUSH_LEGACY_INSIDE,
	REMEDY_DEL_QDISC_INSIDE,
	REMEDY_END_XDP_INSIDE,
	REMEDY_DEL_LINK,
	REMEDY_DEL_TABLE,
	REMEDY_DEL_CHAIN,
	REMEDY_DEL_FLOWTABLE_DEVICE,
	REMEDY_DEL_QDISC,
	REMEDY_END_XDP,
	REMEDY_ADD_RULE,
	REMEDY_ADD_ROUTE,
	REMEDY_DEL_ROUTE,
	REMEDY_FORWARD,
	REMEDY_LET_BY,
	REMEDY_LET_BY_LEGACY,
	REMEDY_OWN_STATE,
	REMEDY_OWN,
	REMEDY_OWN_LINK,
	REMEDY_CLOSE,
	REMEDY_CLOSE_KEYS,
	REMEDY_LOAD,
	REMEDY_ALLOW_NAMESPACES,
	REMEDY_START_UNIT,

	/* What is advised: a person has to think, or to fill in. */
	REMEDY_CONF_FILE,
	REMEDY_AS_ROOT,
	REMEDY_ON_HOST,
	REMEDY_HAVE_PROC,
	REMEDY_CHECK_LATER,
	REMEDY_WAIT,
	REMEDY_AGAIN,
	REMEDY_OTHER_SERVER,
	REMEDY_KEYS_AND_WAY,
	REMEDY_SET_CLOCK,
	REMEDY_SEND,
	REMEDY_END_PROGRAM,
	REMEDY_END_PROGRAM_OR_PORT,
	REMEDY_END_TCX,
	REMEDY_END_XDP_LINK,
	REMEDY_GATEWAY_FIRST,
	REMEDY_ENTER,
	REMEDY_EXEC,
	REMEDY_HIDE,
	REMEDY_FILTER_CALLS,
	REMEDY_BOUND,
	REMEDY_NO_NEW_PRIVILEGES,
	REMEDY_NO_SOCKETS,
	REMEDY_HAVE_WIREGUARD,
	REMEDY_UP_AFTER,
	REMEDY_NEWER_KERNEL,
	REMEDY_HAVE_CLS_BPF,
	REMEDY_BRIDGE_RULES,
	REMEDY_NAME_PLACE,
	REMEDY_OTHER_FILE,
	REMEDY_OTHER_NAME,
	REMEDY_OTHER_NAME_OR_DEL,
	REMEDY_WHOSE_NETNS,
	REMEDY_WHO_HAS_NAME,
	REMEDY_OTHER_ADDRESS,
	REMEDY_WHO_HAS_PORT,
	REMEDY_WHO_CHANGES_RULES,
	REMEDY_ROWS
};

#define REMEDY_ARGS 5

/*
 * One to be printed: a row with what stands in its places, and what has to be done before it.
 * Everything is borrowed, until it was put into text.
 */
struct remedy {
	enum remedy_row row;
	const char *args[REMEDY_ARGS];
	const struct remedy *first; /* or NULL, or of REMEDY_NONE */
};

/* A pointer to the remedy of a row with its arguments; and to one that BEFORE (a pointer) precedes.
 * They last as long as the block that they stand in. */
#define REMEDY(name, ...) (&(const struct remedy){ .row = REMEDY_##name, .args = { __VA_ARGS__ } })
#define REMEDY_AFTER(before, name, ...) \
	(&(const struct remedy){ .row = REMEDY_##name, .args = { __VA_ARGS__ }, .first = (before) })

/*
 * Appends R to OUT as it is typed: arguments are quoted for sh(1) where they have to be, several
 * commands are parted by "; ". Nothing for NULL and REMEDY_NONE, nor where a name that somebody
 * chose would be read as more than that.
 */
void remedy_add(const struct remedy *r, struct str *out);

/* Appends " (R)" to OUT; nothing for NULL and REMEDY_NONE. */
void remedy_add_hint(const struct remedy *r, struct str *out);

/*
 * The vault NAME made once more by the words it was made with, after FIRST (or NULL); both are
 * borrowed. CONF is the file that its tunnel came from, or NULL: where that is gone, one has to be
 * named.
 */
struct remedy remedy_as_made(const char *name, const char *conf, const struct remedy *first);

/* Stores the remedy for a FAULT of a file, which it borrows of, in *OUT. */
void remedy_for_file(const struct trust_fault *fault, struct remedy *out);

/* True when all of R is commanded, and not only advised. */
bool remedy_is_command(const struct remedy *r); /* not NULL */

/* True when all of R is what vault-heal may do by itself. */
bool remedy_heals(const struct remedy *r);

#endif
