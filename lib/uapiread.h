/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/uapiread.h: replies of the userspace protocol taken apart, for lib/uapi.c. No I/O. */
#ifndef LIB_UAPIREAD_H
#define LIB_UAPIREAD_H

#include <stddef.h>

#include "lib/wgdev.h"

/*
 * Reads the LEN bytes at S, a whole reply with the empty line at its end, into the zeroed *OUT
 * (owned by the caller, wg_device_free); zeroed again on failure. OUT NULL: the reply to a set=1,
 * nothing but errno=N. 0, -N, or -EPROTO.
 */
int must_check uapi_parse_reply(const char *s, size_t len, struct wg_device *out);

#endif
