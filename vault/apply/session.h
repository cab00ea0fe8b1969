/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/session.h: the two namespaces a walk works in: their sockets, the batch under way,
 * what was last said of a failure. */
#ifndef VAULT_APPLY_SESSION_H
#define VAULT_APPLY_SESSION_H

#include "lib/nftlook.h"
#include "lib/nl.h"
#include "vault/remedy.h"
#include "vault/spec/spec.h"

struct observed;
struct observed_host;

/* Bit of session.unverified that stands for the first of enum seal_guard; the tables of enum
 * seal_table have the bits below. */
#define SESSION_GUARD_BIT 16U

struct session {
	const struct spec *spec;
	int host_ns, vault_ns; /* -1: not open */
	int dir; /* STATE_DIR/NAME, which holds the vault's lock; -1: none */
	int host_lock; /* -1: not held */
	uint16_t wg_family; /* 0: this kernel has no WireGuard */
	struct nl host_route, host_nft, vault_route, vault_nft, vault_wg;

	struct observed *observed; /* what a vault that is there has; NULL while one is made */
	struct observed_host *host; /* what the host has, kept from one look to the next (`check`);
				    NULL: each asks anew */
	struct nl_batch batch; /* requests queued for one of the sockets above */
	struct nftlook echo; /* what the kernel said it made of them */
	unsigned int unverified; /* rulesets in the batch, still to be compared with their echo */
	const struct spec *unverified_spec; /* whose they are, but for the guards */
	unsigned int verifying; /* the tag of the last of them */
	uint32_t generation; /* of the vault's rules, after the last transaction there */
	unsigned int current; /* the tag of what is queued: the object's number in the plan */

	bool unbroken; /* making is not ended by a signal: what is made is gone again in a moment */
	bool keeps_link; /* the tunnel goes alone: the namespace and its link stay */
	bool keeps_description; /* something could not be put right: the old one stays */
	bool keeps_name; /* the name could not be removed: its description stays, for the next
			    `down` to know it by */
	unsigned int failed; /* the tag of what failed */
	char why[256]; /* the kernel's words, or ours; may be "" */
	struct remedy before; /* what must be done before `vault up` can mend it; or none */
	char want[64], have[64]; /* what `look` compared and found different; may be "" */
	const char
		*part; /* which part of an object of several `look` found other; NULL: it has one */
};

/* Opens the host's side: the caller's own namespace and its sockets. 0 or -errno; session_close in
 * any case. */
int must_check session_open(struct session *w, const struct spec *spec);

/* Takes over the descriptor NS as the vault's namespace and opens sockets in it. 0 or -errno. */
int must_check session_enter_vault(struct session *w, int ns);

/* Takes the lock that vaults share on the host, unless it is held already. 0 or -errno. */
int must_check session_lock_host(struct session *w);
void session_unlock_host(struct session *w);

/*
 * Makes the batch ready for a request to NL, one of W's sockets: what is queued for another one
 * goes out first, so that requests take effect in the order they were queued in. Then queue on
 * &w->batch with w->current. 0 or -errno.
 */
int must_check session_queue(struct session *w, struct nl *nl);

/*
 * Sends what is queued, waits for the kernel's answer, and compares rulesets with what the kernel
 * says it has (L28). 0, or -errno with w->failed and w->why set. Call it before doing anything that
 * is not a queued request.
 */
int must_check session_flush(struct session *w);

/* Notes that the batch holds the ruleset of BIT, SPEC's or (NULL) all vaults', to be compared with
 * its echo after the next send. */
void session_verify(struct session *w, const struct spec *spec, unsigned int bit);

/* Drops what is queued and not sent. */
void session_forget(struct session *w);

/* Forgets what was said of the object before. */
void session_clear_words(struct session *w);

/* Notes, of what `look` compares, what it WANTs and HAS. */
void session_differs(struct session *w, const char *want, const char *have);

/* IPv6 off on the host's interface NAME, which is down and is to have nothing of the host's own. 0,
 * or -errno with W->why set. */
int must_check session_silence(struct session *w, const char *name);

/* Queues that the host's interface INDEX loses all addresses but the link-local ones of IPv6, which
 * the kernel makes. The batch is ready for host_route. 0 or -errno. */
int must_check session_drop_addresses(struct session *w, uint32_t index);

void session_close(struct session *w);

#endif
