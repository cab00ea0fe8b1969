/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/spec/state.h: what is kept between commands: /run/vault/NAME/ and the locks. Files only; no
 * secret ever. */
#ifndef VAULT_SPEC_STATE_H
#define VAULT_SPEC_STATE_H

#include <sys/types.h>

#include "lib/base.h"
#include "lib/ns.h"
#include "vault/remedy.h"
#include "vault/spec/spec.h"

#define STATE_DIR "/run/vault"
#define WORDS_DIR "/etc/vault" /* a vault's own words are in NAME.conf there */
/* A vault's description, in its folder. */
#define STATE_FILE "vault.json"

/* In the /run/vault that a command of `exec` sees, where no vault is described. */
#define STATE_INSIDE ".inside"

/* True for who sees the files of a vault from inside, by `exec`. */
bool state_is_inside(void);

/*
 * Waits for and takes the lock of the vault NAME: a flock(2) on its folder STATE_DIR/NAME, which is
 * made (0711) if absent: *MADE (may be NULL) tells. A folder removed while waiting is made anew.
 * Where MORTAL, signals that the caller blocks can end the process while it waits. Returns the
 * folder's descriptor, which holds the lock until it is closed, or -errno.
 */
int must_check state_lock(const char *name, bool mortal, bool *made);

/* The folder of the vault NAME, without its lock, to be read. A descriptor or -errno. */
int must_check state_open(const char *name);

/*
 * Whose is the folder DIR of STATE_DIR? 0: a vault's. -EPERM: a vault's, and others than root could
 * have written in it: state_explain tells the mend. -EEXIST: somebody else's: it has no description
 * and is not as state_lock makes it (root's, 0711), nor an empty one of root's.
 */
int must_check state_judge(int dir);

/* True when STATE_DIR/NAME is a folder of somebody else's. */
bool state_is_foreign(const char *name);

/* The name of a vault, or what is left of one, which would have the same interfaces as NAME: into
 * RIVAL. 1, 0 when there is none, -errno. */
int must_check state_find_rival(const char *name, char rival[static SPEC_NAME_MAX + 1]);

/*
 * Lists every name that has a folder of vault's in STATE_DIR, a vault's or what a crash left of one,
 * in order, into *NAMES, owned by the caller (state_names_free). Returns their number or -errno.
 */
ssize_t must_check state_names(char ***names);
/* The same of the names that have a file of words, WORDS_DIR/NAME.conf, and can be a vault's. */
ssize_t must_check state_words_names(char ***names);
void state_names_free(char **names, ssize_t n);

/* True when somebody holds the lock of the vault NAME at this moment. */
bool state_is_locked(const char *name);

/* Keeps others from changing the vault NAME: a shared flock on its folder. Does not wait. A
 * descriptor, -EWOULDBLOCK when another command is changing it, -ENOENT without such a vault,
 * -errno. */
int must_check state_share(const char *name);

/*
 * Takes the lock that one leak test of the vault NAME holds at a time: a flock on its vault.json.
 * Does not wait. A descriptor, -EWOULDBLOCK when another has it, -ENOENT without such a vault,
 * -errno.
 */
int must_check state_lock_test(const char *name);
/* True as long as the vault NAME is described by the file that LOCK, of state_lock_test, is of. */
bool state_is_current(int lock, const char *name);

/* What the last leak test of all probes came to, and what the vault's rules dropped meanwhile. */
struct state_test {
	int64_t ms; /* since 1970; 0: there was none, as far as is known */
	char verdict[16]; /* "sealed", "LEAK", "unknown" */
	uint32_t generation; /* of the rules (struct spec) that count what was dropped */
	uint64_t dropped; /* packets, while this and earlier tests ran, of some probes too */
};

/*
 * Keeps TEST in the vault's folder; it goes with the vault. Its packets are added to those of
 * earlier tests of the same rules; where its ms is 0, time and verdict stay those of before. 0;
 * -ENOENT without such a vault, -EWOULDBLOCK when another command is changing it, -errno.
 */
int must_check state_save_test(const char *name, const struct state_test *test);
/* Reads it from the folder DIR into *OUT; none for one that cannot be read. */
void state_load_test(int dir, struct state_test *out);

/* The lock of what vaults share on the host (addresses, guard): a flock on STATE_DIR/.lock. Waits,
 * and blocked signals with it. A descriptor or -errno. */
int must_check state_lock_host(void);

/* Writes SPEC's description, with the namespace's ID and the rules' GENERATION, as vault.json
 * (0600) into the folder DIR. Members there that another version wrote, and this one does not know,
 * stay. */
int must_check state_save(int dir, const struct spec *spec, const struct ns_id *id,
			  uint32_t generation);

/*
 * 1 when the namespace NS is the one that SPEC's vault was made of, 0 when it is another, such as
 * one that got its inode number, -errno. The cookie is asked where SPEC has it: an older vault's
 * description has the number alone.
 */
int must_check state_is_sealed(const struct spec *spec, int ns);

/* 0 when the caller's network namespace is the one that SPEC's vault was made in, -EXDEV when it is
 * another, such as the vault: nothing of the host can be seen from there; -errno. */
int must_check state_is_host(const struct spec *spec);

/* What an error (ERR, -errno) of who looks at a vault means, in words; and its remedy, or NULL. */
const char *state_error(int err);
const struct remedy *state_remedy(int err);

/* 1 when the folder DIR holds what state_save would write, or an older vault would have written of
 * the same; 0 when not, -errno when it cannot be read. */
int must_check state_is_saved(int dir, const struct spec *spec, const struct ns_id *id,
			      uint32_t generation);

/*
 * Reads STATE_DIR/NAME/vault.json into *OUT (spec_free it, also on error). 0; -ENOENT: no such
 * vault; -EINVAL: not a description of NAME; -EPERM: others than root could have written it.
 */
int must_check state_load(const char *name, struct spec *out);

/* The row of what makes the vault NAME, which is not up: REMEDY_UP where it has a file of words of
 * its own, else REMEDY_CONF_FILE. Both take its name. */
enum remedy_row state_row_up(const char *name);

/* Why a description is not there, or not read, and the remedy, which borrows of it and of NAME. */
#define STATE_WHY_LEN 512
struct state_why {
	char text[STATE_WHY_LEN];
	char path[sizeof(STATE_DIR "//vault.json") + SPEC_NAME_MAX], mode[8];
	struct remedy first[2], remedy;
};

/* What ERR, state_load's or state_judge's, says of the vault NAME, into OUT. */
void state_explain(const char *name, int err, struct state_why *out);

/* Removes the files in the folder DIR. 0 or the first -errno; what is already gone is no error. */
int must_check state_remove_files(int dir);

/*
 * Removes the folder, once nothing of the vault is left anywhere: as long as it stands, the next
 * `up` or `down` looks for leftovers. 0 or -errno; -ENOENT never.
 */
int must_check state_remove_dir(const char *name);

#endif
