/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/vault.h: one vault, its description against what the kernel has. Reads only. */
#ifndef VAULT_CHECK_VAULT_H
#define VAULT_CHECK_VAULT_H

#include "vault/check/host.h"
#include "vault/check/list.h"

struct obj;
struct session;

struct check_options {
	int64_t max_handshake_age; /* seconds; -1: any */
	const pid_t *pids; /* processes that must be inside */
	size_t n_pids;
	const char **units; /* systemd units whose processes must be inside */
	size_t n_units;
	struct check_host *host; /* shared by the vaults of one run */
};

/*
 * Examines the vault C->name from the caller's namespace, which must be the host's, and adds what
 * it finds to C. Whatever cannot be told is a finding too, of verdict UNKNOWN.
 */
void check_vault(struct check *c, const struct check_options *options);

/*
 * Reads the description of the vault C->name into C->spec, and opens its namespaces into *W
 * (session_close in any case). False, with a finding that says why not, when nothing can be asked.
 */
bool check_open(struct check *c, struct session *w);

/* True for an object that is optional, and that this kernel may know nothing of: filters for frames
 * (Linux 5.16), and of tc (cls_bpf). */
bool check_may_lack(const struct obj *obj);

#endif
