/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/fuzz/history.c: any text as an audit log of leak tests, of which a report is made. */
#include <stdint.h>
#include <stdlib.h>

#include "vault/leak/result/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history h = { .name = "media" };
	struct str text = STR_INIT;
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

	if (!file)
		return 0;
	if (!history_read(&h, file)) {
		json_t *json = history_json(&h);

		history_print(&h, &text);
		for (size_t i = 0; i < text.len; i++)
			if ((text.s[i] < ' ' && text.s[i] != '\n') || text.s[i] == 0x7f)
				abort(); /* who prints it has a terminal */
		json_decref(json);
	}
	history_free(&h);
	str_free(&text);
	fclose(file);
	return 0;
}
