/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/fuzz/wgconf.c: any bytes as a wg-quick file: no crash, and what is valid prints as what
 * parses to the same again. */
#include "lib/addr.c"
#include "lib/curve25519.c"
#include "lib/key.c"
#include "lib/str.c"
#include "lib/wgdev.c"
#include "vault/problem.c"
#include "vault/read/slice.c"
#include "vault/read/wgcheck.c"
#include "vault/read/wgvalue.c"
#include "vault/read/wginterface.c"
#include "vault/read/wgfield.c"
#include "vault/read/wgconf.c"
#include "vault/read/conftext.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The number of errors of TEXT; OUT gets its canonical form when there are none. */
static size_t parse_and_print(const char *text, size_t len, struct str *out)
{
	struct problems problems cleanup(problems_free) = { 0 };
	struct wgconf conf cleanup(wgconf_free);
	size_t errors = wgconf_parse(text, len, &conf, &problems);

	if (errors)
		return errors;
	conftext_interface(out, &conf, true);
	for (size_t i = 0; i < conf.device.n_peers; i++)
		conftext_peer(out, &conf.device.peers[i], true);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str once cleanup(str_free) = STR_INIT, twice cleanup(str_free) = STR_INIT;

	if (parse_and_print((const char *)data, size, &once))
		return 0;
	if (parse_and_print(once.s, once.len, &twice) || strcmp(once.s, twice.s))
		abort();
	return 0;
}
