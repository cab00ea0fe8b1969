/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/socket.h: the tunnel's encrypted socket lives on the host, and so does its program. */
#ifndef VAULT_CHECK_SOCKET_H
#define VAULT_CHECK_SOCKET_H

#include "vault/apply/session.h"
#include "vault/check/host.h"
#include "vault/check/list.h"

/* Adds findings to C, whose wg is filled when the tunnel could be asked. HOST keeps what was read
 * of the host's sockets. */
void check_socket(struct check *c, const struct spec *spec, const struct session *w,
		  struct check_host *host);

#endif
