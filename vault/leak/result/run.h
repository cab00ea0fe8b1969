/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/result/run.h: what one run of leaktest found. The test fills it, renderers and the log
 * read it. */
#ifndef VAULT_LEAK_RESULT_RUN_H
#define VAULT_LEAK_RESULT_RUN_H

#include <jansson.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "lib/addr.h"
#include "lib/base.h"
#include "lib/str.h"
#include "vault/spec/spec.h"

#define LEAK_TOKEN_LEN 16

enum leak_verdict {
	LEAK_SEALED,
	LEAK_SKIP, /* this vault, or this machine, has no such way: nothing to try */
	LEAK_UNKNOWN, /* it could not be told: never sealed */
	LEAK_LEAK,
	LEAK_VERDICTS
};

/* From where a probe sends. */
enum leak_where { LEAK_IN_VAULT, LEAK_IN_TWIN, LEAK_ON_HOST, LEAK_WHERES };

/* A packet that was seen where none may be, or a socket that was reached (no interface then). */
struct leak_evidence {
	char interface[IFNAMSIZ];
	struct timespec time; /* CLOCK_REALTIME */
	char summary[160];
};

struct leak_probe {
	const char *id, *vectors; /* static */
	enum leak_where where;
	enum leak_verdict verdict;
	char *detail; /* owned; NULL: nothing to say */
	size_t packets; /* that it sent, or tried to */
	struct leak_evidence *evidence; /* owned; the first LEAK_EVIDENCE_MAX */
	size_t n_evidence, seen; /* how many are kept, how many there were */
};

#define LEAK_EVIDENCE_MAX 8

#define LEAK_WHY_LEN 96

/* What one server told of one family, from inside and from the host. */
struct leak_answer {
	const char *echo; /* borrowed: the server, as the command line names it */
	struct addr inside, host; /* AF_UNSPEC: no answer, and why not */
	char inside_why[LEAK_WHY_LEN], host_why[LEAK_WHY_LEN];
};

/* What others see as the sender, in one family. */
struct leak_address {
	uint8_t family;
	struct addr inside, host; /* what most servers see; AF_UNSPEC: there is no most */
	enum leak_verdict verdict;
	char *detail; /* owned */
	struct leak_answer *answers; /* owned */
	size_t n_answers;
};

/* How many packets a named counter of the kill switch had dropped before the probes were sent,
 * dropped while they were, and in the vault's life. */
struct leak_drop {
	char reason[64];
	uint64_t before, packets, total;
};

/* What was done about a leak. */
struct leak_action {
	const char *what; /* borrowed: down, kill, or a command; NULL: nothing */
	bool done; /* it succeeded */
	int64_t delay_ms; /* from the first sighting until it was done */
};

/* Zero-initialise; free with leak_run_free. */
struct leak_run {
	char name[SPEC_NAME_MAX + 1];
	uint8_t token[LEAK_TOKEN_LEN]; /* its name: random, and in no packet */
	struct timespec time; /* CLOCK_REALTIME: the beginning */
	int64_t duration_ms;
	uint32_t generation; /* of the vault's rules */
	enum leak_verdict verdict; /* of all; leak_run_judge sets it */
	struct {
		enum leak_verdict verdict; /* SEALED: all of the control's packets were seen */
		char *detail; /* owned */
	} control;
	struct leak_probe *probes; /* owned */
	struct leak_address *addresses; /* owned */
	struct leak_drop *drops; /* owned */
	size_t n_probes, n_addresses, n_drops;
	struct leak_action action;
	bool lost; /* something did not fit memory: the verdict is unknown at best */
};

/* "sealed", "skip", "unknown", "LEAK"; "vault", "twin", "host". */
const char *leak_verdict_text(enum leak_verdict verdict);
const char *leak_where_text(enum leak_where where);

/* Replaces *DETAIL, owned, by FORMAT's text. */
void leak_run_detail(struct leak_run *run, char **detail, const char *format, ...)
	printf_like(3, 4);
/* Counts a sighting against probe I, whose verdict becomes LEAK, and keeps it if it is one of the
 * first. */
void leak_run_evidence(struct leak_run *run, size_t i, const struct leak_evidence *e);

/* Sets the verdict of all: LEAK when any probe or address says so; else unknown when anything is;
 * else sealed. */
void leak_run_judge(struct leak_run *run);

/* Run as one JSON object: vault-leaktest(8) has its keys. A new reference, or NULL without memory. */
json_t *leak_run_json(const struct leak_run *run);
/* The same for people, a line a probe; BRIEF leaves out what is sealed or skipped. */
void leak_run_print(const struct leak_run *run, bool brief, bool colour, struct str *out);

void leak_run_free(struct leak_run *run);

#endif
