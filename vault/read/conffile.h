/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/conffile.h: a wg-quick file, from its path to a struct wgconf. */
#ifndef VAULT_READ_CONFFILE_H
#define VAULT_READ_CONFFILE_H

#include "lib/trust.h"
#include "vault/read/wgconf.h"

/*
 * Reads and parses the wg-quick file PATH ("-": standard input, of any kind) into *OUT, which the
 * caller owns (wgconf_free) whatever is returned. A path that leads to anything but a regular file
 * is refused without waiting for it. Everything wrong, with the file as with its text, and a
 * warning when others may read it, goes to *P, by line; and, where TRUST (may be NULL) is given,
 * one for whatever on the way to it others may exchange. Returns 0 when the file could be read
 * (p->n_errors and p->overflow say whether it is valid), else -errno: -EFBIG past WGCONF_MAX_BYTES,
 * -EINVAL for what is no regular file. The text is wiped.
 */
int must_check conffile_read(const char *path, const struct trust *trust, struct wgconf *out,
			     struct problems *p);

#endif
