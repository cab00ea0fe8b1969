/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/testing.h: one run while it is under way, for test.c and the files of its steps. */
#ifndef VAULT_LEAK_TESTING_H
#define VAULT_LEAK_TESTING_H

#include "vault/leak/capture.h"
#include "vault/leak/control.h"
#include "vault/leak/echo/verdict.h"
#include "vault/leak/receiver.h"
#include "vault/leak/test.h"
#include "vault/leak/twin.h"

struct test {
	const struct leak_request *q;
	struct leak_run *run;
	struct spec spec;
	char gateway[IFNAMSIZ]; /* the port of the one that it goes by; "": none is up */
	int host_ns, vault_ns;
	int lock; /* one leak test of a vault at a time */
	int folder; /* a lock, too: none changes the vault, or takes the guard from the twin */
	struct nl nl; /* on the host */
	struct filter filter; /* of the captures that are opened */
	struct packets packets;
	struct targets targets;
	/* Of each namespace that is sent from; the host's and the stranger's are the vault's but
	 * for that. */
	struct probing probing, on_host, stranger, twin_probing;
	struct control control;
	struct capture host, inside;
	struct echo_round echo;
	struct receiver receiver;
	struct twin twin;
	size_t loop; /* the control's packet on the vault's loopback */
	int blind; /* -errno: why not all that was seen could be read */
	bool alarmed;
	size_t probes[64]; /* by the index in the run, the one in probe_list */
	size_t others; /* index in the run of the one that sends nothing; SIZE_MAX: none */
};

/* An interface, and where its hardware address goes. */
struct card {
	const char *name;
	uint8_t *mac;
};

/* ns_run's function, ARG a struct card: the address of an interface of the namespace it is in. 0 or
 * -errno. */
int must_check test_find_mac(void *arg);

/* ready.c: chooses marks, targets and probes, and looks for the link. 0 or -errno. */
int must_check test_gather(struct test *t);
/* Opens the captures on the host and in the vault. 0 or -errno. */
int must_check test_open_captures(struct test *t);

/* sending.c: sends the control's packets and all probes', makes the twin. 0 or -errno. */
int must_check test_send(struct test *t);

/* look.c: reads the captures, and judges each sighting; T->blind tells a failure. */
void test_look(struct test *t);
/* The same until all has been seen that must be, and what is under way has arrived. */
void test_await(struct test *t);

/* conclude.c: counts what the kill switch dropped, before and after. 0 or -errno. */
int must_check test_count_drops(struct test *t, bool before);
/* Gives the control and each probe its verdict and its detail. */
void test_conclude(struct test *t);

#endif
