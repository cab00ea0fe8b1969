/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/host.h: what the host has of all vaults, read once for many of them. */
#ifndef VAULT_CHECK_HOST_H
#define VAULT_CHECK_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vault/apply/observed.h"

#define CHECK_PORTS 65536

struct check_task {
	pid_t pid;
	uint64_t netns; /* inode; of a thread of it at least */
};

/*
 * Zero-initialise; free with check_host_free. Each part is read when the first vault needs it, and
 * serves the next ones: what is found wrong by a part that was read for an earlier vault must be
 * looked at again with a new one, as the vault may have changed since.
 */
struct check_host {
	struct observed_host observed;
	struct check_task *tasks; /* owned; all processes, once for each netns */
	size_t n_tasks, n_hidden; /* those that may not be looked at are not in the list */
	struct spec *gateways; /* owned, each owned: the descriptions of segments' gateways */
	size_t n_gateways;
	char unread[SPEC_NAME_MAX +
		    1]; /* a vault that may be one, too, as UNREAD_ERR tells; or "" */
	int unread_err; /* state_load's */
	uint8_t ports[CHECK_PORTS / 8]; /* bits: open UDP sockets that are connected to none */
	bool has_tasks, has_ports, has_gateways;
	bool has_first; /* process 1 is in the list */
	bool is_used; /* for an earlier vault */
};

void check_host_free(struct check_host *host);

#endif
