/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echo/url.h: the servers that tell a client's address, as the command line names them.
 * No I/O. */
#ifndef VAULT_LEAK_ECHO_URL_H
#define VAULT_LEAK_ECHO_URL_H

#include "lib/addr.h"

#define ECHO_NAME_MAX 253 /* RFC 1035, 3.1: as text, without the last dot */
#define ECHO_URL_MAX 255

enum echo_kind { ECHO_HTTP, ECHO_STUN, ECHO_DNS };

struct echo_target {
	enum echo_kind kind;
	const char *url; /* borrowed: the word as it was given */
	char host[ECHO_NAME_MAX + 1]; /* the server: a name, or an address without brackets */
	struct addr literal; /* when it is an address; else family AF_UNSPEC */
	uint16_t port;
	const char *authority, *path; /* http: within url; path may be "" */
	int authority_len;
	char name[ECHO_NAME_MAX + 1]; /* dns: what is asked for */
};

/*
 * Parses URL, which must outlive *OUT: http://HOST[:PORT]/PATH, stun:HOST[:PORT], dns:NAME@SERVER;
 * IPv6 addresses in brackets. 0, or -EINVAL with what is wrong in *WHY (static text).
 */
int must_check echo_target_parse(const char *url, struct echo_target *out, const char **why);

#endif
