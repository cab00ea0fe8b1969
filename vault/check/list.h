/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/list.h: what a check found, of one vault: findings, and what there is to tell
 * besides. Examiners fill it, renderers read it. */
#ifndef VAULT_CHECK_LIST_H
#define VAULT_CHECK_LIST_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/base.h"
#include "lib/wgdev.h"
#include "vault/remedy.h"
#include "vault/spec/spec.h"
#include "vault/spec/state.h"

enum found {
	FOUND_OK,
	FOUND_SKIP, /* this kernel or this vault has no such thing: nothing to judge */
	FOUND_UNKNOWN, /* it could not be told: never fine */
	FOUND_FAIL,
	FOUND_KINDS
};

struct finding {
	const char *id; /* one of check_ids; static */
	enum found verdict;
	char *detail; /* owned; what it is about, what is wrong */
	char *expected, *observed; /* owned; NULL: nothing was compared */
	char *remedy; /* owned; NULL: there is none, or none is needed */
	bool is_told; /* no fault, but whoever looks shall see it */
	bool is_command, heals; /* the remedy can be run as it is; by vault-heal itself */
};

struct check_process {
	pid_t pid;
	char name[64];
};

/* What a rule of the kill switch dropped or let by. */
struct check_counter {
	char table[32], name[64];
	uint64_t packets, bytes;
};

/* Zero-initialise but for the name; free with check_free. */
struct check {
	char name[SPEC_NAME_MAX + 1];
	struct finding *list; /* owned */
	size_t n;
	bool lost; /* a finding did not fit memory: the verdict is unknown */

	bool is_host; /* it is of no vault (check system) */
	struct spec spec; /* the description, as far as there is one */
	bool is_up; /* the namespace is there and is this vault's */
	bool has_tunnel; /* the tunnel could be asked: wg is what it said, all keys but public ones
			    wiped */
	struct wg_device wg;
	struct check_process *processes; /* owned; those inside */
	size_t n_processes;
	struct check_counter *counters; /* owned */
	size_t n_counters;
	struct state_test test; /* the last leak test */
};

/* Adds a finding without a remedy; FORMAT makes its detail. EXPECTED and OBSERVED (may be NULL) are
 * copied. */
void check_add(struct check *c, const char *id, enum found verdict, const char *expected,
	       const char *observed, const char *format, ...) printf_like(6, 7);
/* The same with a REMEDY, which is put into text. */
void check_tell(struct check *c, const char *id, enum found verdict, const struct remedy *remedy,
		const char *expected, const char *observed, const char *format, ...)
	printf_like(7, 8);

/* Whoever looks shall see the finding that was added last, though it is no fault. */
void check_show_last(struct check *c);

/* Takes away what could not be told, of the findings from the one numbered FROM on. */
void check_forget_unknown(struct check *c, size_t from);

/* The verdict of all: FAIL (broken) before UNKNOWN before OK (sound). Never SKIP. */
enum found check_verdict(const struct check *c);
/*
 * What would mend C, in an order in which it works, each once: commands, in an array of *N at *LIST
 * for the caller to free, its texts C's. 0 or -ENOMEM.
 */
int must_check check_remedies(const struct check *c, const char ***list, size_t *n);
/* "sound", "broken", "unknown". */
const char *check_verdict_text(const struct check *c);

void check_free(struct check *c);

/* Every id there is, of vaults and of `check system`, with what it is about: help prints it, the
 * man page is tied to it. */
struct check_id {
	const char *id, *about;
};

extern const struct check_id check_ids[];
extern const size_t check_n_ids;

#endif
