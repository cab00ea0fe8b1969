/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/twin.h: a scratch vault of the same plan, to try what would disturb the real one. */
#ifndef VAULT_LEAK_TWIN_H
#define VAULT_LEAK_TWIN_H

#include "vault/apply/session.h"
#include "vault/leak/probe/probe.h"
#include "vault/plan/obj.h"

/*
 * Zero-initialise. `session` stays the first member: the twin's own kinds find the rest by it.
 */
struct twin {
	struct session session;
	struct spec spec; /* the vault's; names on the host and the link's addresses are its own */
	struct plan plan;
	int tun; /* where the tunnel's packets arrive */
	bool open; /* session was opened */
	bool made;
	char why[256]; /* why it could not be made */
};

/*
 * Makes the twin of the vault REAL, whose namespace is REAL_NS, by the same plan and walk; its
 * tunnel is a TUN device that ends here. Its namespace has no name, and ends with this process.
 * What is not as planned in the real vault's rules is copied as it is. 0, or -errno with T->why
 * set. twin_close in any case.
 */
int must_check twin_open(struct twin *t, const struct spec *real, int real_ns);

/*
 * Lets a flow begin in the tunnel, and answers it, for each family; the sockets go to P->flows. The
 * run's captures need not see it. P->flow_err tells of one that should have begun and did not. 0 or
 * -errno.
 */
int must_check twin_begin_flows(struct twin *t, struct probing *p);

/* Takes the tunnel down, and gives the vault what an attacker would: its address on the link, and a
 * default route by it. 0 or -errno. */
int must_check twin_cut(struct twin *t);

/* Takes all rules inside away. 0 or -errno. */
int must_check twin_flush(struct twin *t);

/* Takes it away again. Returns the number of failures, reported. */
size_t must_check twin_close(struct twin *t);

/*
 * When the rules in the namespace REAL_NS are not those that REAL calls for, gives the namespace
 * NS, whose vault is TWIN, what is there instead, the link's addresses replaced by TWIN's. 0, also
 * when there was nothing to do; or -errno with the reason in WHY.
 */
int must_check copy_rules(const struct spec *twin, int ns, const struct spec *real, int real_ns,
			  char why[static 256]);

#endif
