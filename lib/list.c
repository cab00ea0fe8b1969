/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/list.c: arrays that grow by one. */
#include "lib/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The room is what is needed and not kept anywhere: an array that came otherwise grows as well. */
int list_append(void *list, size_t *n, size_t size, const void *item)
{
	char *grown = reallocarray(*(void **)list, *n + 1, size);

	if (!grown)
		return -ENOMEM;
	*(void **)list = grown;
	memcpy(grown + size * (*n)++, item, size);
	return 0;
}
