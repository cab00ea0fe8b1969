/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/host.c: what the host has of all vaults, read once for many of them. */
#include "vault/check/host.h"

#include <stdlib.h>
#include <string.h>

void check_host_free(struct check_host *host)
{
	observed_free_host(&host->observed);
	free(host->tasks);
	for (size_t i = 0; i < host->n_gateways; i++)
		spec_free(&host->gateways[i]);
	free(host->gateways);
	memset(host, 0, sizeof(*host));
}
