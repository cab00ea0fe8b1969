/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/probe/probe.h: what a probe is, and what it works with. */
#ifndef VAULT_LEAK_PROBE_PROBE_H
#define VAULT_LEAK_PROBE_PROBE_H

#include "vault/leak/probe/packet.h"
#include "vault/leak/probe/target.h"
#include "vault/leak/result/run.h"
#include "vault/spec/spec.h"

/* What a probe works with, in the namespace that it sends from. */
struct probing {
	struct leak_run *run;
	size_t probe; /* its index there */
	struct packets *packets; /* of all probes */
	int frames; /* packet socket of the namespace; -1: none yet. See send_frame */
	const struct targets *targets;
	const struct spec *spec; /* of the vault, or of the twin when that is where */
	uint16_t port; /* that nothing listens on and no word allows */
	uint16_t host_port; /* UDP: the run listens there itself, on all of the host's addresses */
	uint8_t link_mac[6], vault_mac[6]; /* of the link's host end, and of the vault's */
	bool has_link; /* both are there */
	bool lacks_filter; /* this kernel has no filter for frames: the guard alone stops them */
	unsigned int places; /* enum packet_place: where any of its packets may be seen */
	int flows[ADDR_FAMILIES]; /* connected UDP sockets that began in the tunnel; -1: none */
	struct addr flow_to[ADDR_FAMILIES];
	uint16_t flow_port;
	int flow_err; /* -errno: why one could not begin that should have; 0: none */
	struct cable { /* the control's, to a namespace of a stranger */
		char name[IFNAMSIZ]; /* the stranger's end */
		uint8_t mac[6]; /* of the host's end */
		struct addr stranger[ADDR_FAMILIES];
	} cable;
};

/*
 * `send` sends all of the probe's packets and waits for nothing; it returns 0, or -errno when it
 * could not try, which makes the probe unknown. One that sent no packet and said nothing is skipped.
 */
struct probe {
	const char *id, *vectors; /* "L2 L8": of the table of vectors in vault-leaktest(8) */
	enum leak_where where;
	bool disrupts; /* needs the real tunnel down */
	bool flushed; /* in the twin: when its rules are gone */
	bool stranger; /* sent from the far end of the control's cable */
	const char *about; /* what it sends, for help */
	int (*send)(struct probing *p, const struct probe *self);
	uint8_t protocol; /* for `send` */
	unsigned int targets; /* for `send`: enum target_kind, or'ed */
};

#endif
