/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wgdiff.h: from the device that is to the device that shall be, touching no peer that is
 * right. Pure. */
#ifndef LIB_WGDIFF_H
#define LIB_WGDIFF_H

#include <stdbool.h>

#include "lib/wgdev.h"

/*
 * Fills *CHANGE with what makes HAVE (observed) into WANT: settings that differ; each peer that
 * differs or is missing, whole; each peer that WANT has not, marked to be removed. One that differs
 * and never answered, or was used under another private key or at another endpoint, is first
 * removed, then there anew: its counters begin again, and no handshake of before is told. A listen
 * port of 0 and an endpoint that WANT does not name are whatever they are. Pass it to wg_queue_set
 * or uapi_set. Its peers borrow from WANT, which must outlive it; free with wgdiff_free. 0 or
 * -ENOMEM.
 */
int must_check wgdiff(const struct wg_device *want, const struct wg_device *have,
		      struct wg_device *change);

/* True when CHANGE changes nothing. */
bool wgdiff_is_none(const struct wg_device *change);

/* Wipes keys and frees what *CHANGE owns; not what it borrows. */
void wgdiff_free(struct wg_device *change);

#endif
