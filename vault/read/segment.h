/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/segment.h: the argument of the word `segment`. No system calls. */
#ifndef VAULT_READ_SEGMENT_H
#define VAULT_READ_SEGMENT_H

#include "vault/spec/spec.h"

/*
 * Reads TEXT, "NAME ADDR/LEN", "NAME ADDR/LEN gateway" or "NAME ADDR/LEN via ADDR", parted by
 * blanks, into the leg of OUT and the names that come of it. NULL, or what is wrong with it (a
 * static text).
 */
const char *segment_parse(const char *text, struct spec *out);

#endif
