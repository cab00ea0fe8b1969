/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/lab/wire.h: what the parts of the lab's helper program share: a job, as the words of its
 * command line say it. */
#ifndef WIRE_H
#define WIRE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { MAX = 16, SHOWN = 5, TOKEN_MAX = 64, PACKET_MAX = 256, STUN_MAX = 44 };

struct addr {
	int family;
	size_t len; /* 4 or 16 */
	uint8_t b[16];
};

struct job {
	struct addr to[MAX], from[MAX]; /* send: to[0], from[0] */
	size_t tos, froms, token_len;
	uint8_t token[TOKEN_MAX];
	const char *iface, *mac;
	uint16_t port;
	long count, seconds, first;
	bool tally;
};

/* Says what failed, with the system's words, and exits 2. */
_Noreturn void die(const char *what);
struct addr parse_addr(const char *text);
socklen_t sock_addr(struct sockaddr_storage *ss, const struct addr *a, uint16_t port);
/* In network order. */
void put16(uint8_t *p, size_t v);
unsigned int get16(const uint8_t *p);

/* Each command, to main's exit code. */
int watch(char **ifaces, size_t n, const struct job *j);
int send_all(const char *kind, const struct job *j);
int send_cells(char **dsts, size_t n, const struct job *j);
int flood(const char *path, const struct job *j);
int attach(const char *kind, const char *iface);
int ask_kernel(const char *how, const char *name, const char *arg);
int tunnel(const char *name);

struct sockaddr_in6;
size_t stun_answer(const uint8_t *p, size_t n, const struct sockaddr_in6 *peer,
		   uint8_t out[static STUN_MAX]);

#endif
