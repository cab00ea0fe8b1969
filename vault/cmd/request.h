/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/request.h: what a vault is asked to be: the words, the file of words, the file of the
 * tunnel.
 */
#ifndef VAULT_CMD_REQUEST_H
#define VAULT_CMD_REQUEST_H

#include "lib/base.h"
#include "vault/read/words.h"

/*
 * Reads the ARGC words of ARGV, the first of which is the vault's name, into WORDS; for what
 * they do not say those of the file that they name, or of /etc/vault/NAME.conf; without any, those
 * that the vault, which is up, was made with; and the wg-quick file, or the
 * interface to adopt, into the spec. 0 or EXIT_USAGE, each error reported.
 */
int must_check request_read(int argc, char **argv, struct words *words);

#endif
