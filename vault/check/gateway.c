/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/gateway.c: the vault that a member of a segment has its only way out by. Whether that
 * one is sound is its own check; here it is there at all, with a tunnel in it.
 */
#include "vault/check/examine.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"
#include "lib/ns.h"
#include "vault/spec/state.h"

/* The descriptions of all gateways. One that cannot be read may be of one. */
static int read_gateways(struct check_host *host)
{
	char **names = NULL;
	ssize_t n = state_names(&names);
	int r = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; !r && i < n; i++) {
		struct spec spec = { 0 };
		int err = state_load(names[i], &spec);

		if (!err && spec.leg.role == SPEC_GATEWAY) {
			r = list_append(&host->gateways, &host->n_gateways, sizeof(spec), &spec);
			if (!r)
				continue; /* with all that it owns */
		}
		spec_free(&spec);
		if (err && err != -ENOENT) {
			snprintf(host->unread, sizeof(host->unread), "%s", names[i]);
			host->unread_err = err;
		}
		r = err == -ENOMEM ? err : r;
	}
	state_names_free(names, n);
	host->has_gateways = !r;
	return r;
}

static int has_tunnel(void *arg)
{
	const struct spec *gateway = arg;

	return if_nametoindex(gateway->tunnel_if) == gateway->tunnel_index ? 0 : -ENODEV;
}

static void add_found(struct check *c, const struct spec *gateway)
{
	int ns cleanup(close_fd) = ns_open_name(gateway->name);
	const char *name = gateway->name;
	const struct remedy again = remedy_as_made(name, gateway->conf, NULL);
	int sealed = ns < 0 ? 0 : state_is_sealed(gateway, ns);
	int r = ns < 0 ? ns : sealed > 0 ? 0 : -ENOENT;

	if (!r)
		r = ns_run(ns, has_tunnel, (void *)gateway);
	if (!r)
		check_add(c, "gateway", FOUND_OK, "up, with a tunnel", "up, with a tunnel",
			  "%s is up", name);
	else if (state_is_locked(name))
		check_tell(c, "gateway", FOUND_UNKNOWN, REMEDY(CHECK_LATER, NULL), NULL, NULL,
			   "another command is changing %s", name);
	else if (sealed >= 0 && (r == -ENOENT || r == -EINVAL || r == -ENODEV))
		check_tell(c, "gateway", FOUND_FAIL, &again, "up, with a tunnel",
			   r == -ENODEV ? "no tunnel" : "not up", "%s %s", name,
			   r == -ENODEV ? "has no tunnel" : "is not up");
	else
		check_add(c, "gateway", FOUND_UNKNOWN, NULL, NULL, "%s: cannot be told: %s", name,
			  strerror(sealed < 0 ? -sealed : -r));
}

void check_gateway(struct check *c, const struct spec *spec, struct check_host *host)
{
	struct state_why why;
	char text[ADDR_STRLEN];
	int r;

	if (spec->leg.role != SPEC_VIA)
		return;
	r = host->has_gateways ? 0 : read_gateways(host);
	if (r) {
		check_add(c, "gateway", FOUND_UNKNOWN, NULL, NULL, "cannot be told: %s",
			  strerror(-r));
		return;
	}
	for (size_t i = 0; i < host->n_gateways; i++)
		if (spec_is_gateway_of(&host->gateways[i], spec)) {
			add_found(c, &host->gateways[i]);
			return;
		}
	if (host->unread[0]) {
		state_explain(host->unread, host->unread_err, &why);
		check_tell(c, "gateway", FOUND_UNKNOWN, &why.remedy, NULL, NULL, "it may be %s: %s",
			   host->unread, why.text);
		return;
	}
	addr_format(&spec->leg.via, text);
	check_tell(c, "gateway", FOUND_FAIL, REMEDY(GATEWAY_FIRST, NULL), text, "none",
		   "no vault of this host is the gateway %s of segment %s", text,
		   spec->leg.segment);
}
