/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/list.h: arrays that grow by one. */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <stddef.h>

#include "lib/base.h"

/* Appends a copy of ITEM (SIZE bytes) to the array at *LIST, which the caller owns (free(3)), and
 * counts it in *N. 0, or -ENOMEM with nothing changed. */
int must_check list_append(void *list, size_t *n, size_t size, const void *item);

#endif
