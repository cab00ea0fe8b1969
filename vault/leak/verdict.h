/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/verdict.h: what a sighting means. */
#ifndef VAULT_LEAK_VERDICT_H
#define VAULT_LEAK_VERDICT_H

#include "vault/leak/capture.h"
#include "vault/leak/probe/packet.h"
#include "vault/leak/probe/target.h"

struct verdict_case {
	struct leak_run *run;
	struct packets *packets;
	const struct targets *targets;
	const struct spec *spec, *twin; /* twin: NULL when there is none */
	const char *control; /* the host's end of the control's cable */
	const char *gateway; /* the port, on the host, of the gateway that SPEC goes by; "": none */
	size_t own_probe; /* index of the probe for what others inside send; SIZE_MAX: none */
};

/* sighting_fn, ARG a struct verdict_case: for captures on the host, and for those inside the vault.
 */
void verdict_on_host(const struct sighting *s, void *arg);
void verdict_inside(const struct sighting *s, void *arg);

#endif
