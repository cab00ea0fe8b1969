/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/fuzz/spec.c: any text as a vault.json: refused, or a description that is read back as it is.
 */
#include <stdint.h>
#include <stdlib.h>

#include "vault/spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	struct spec spec, again;

	if (!spec_from_json(json, &spec)) {
		json_t *written = spec_to_json(&spec);

		if (!written || spec_from_json(written, &again) ||
		    field_differs(&spec_fields, &spec, &again))
			abort();
		json_decref(written);
		spec_free(&again);
	}
	spec_free(&spec);
	json_decref(json);
	return 0;
}
