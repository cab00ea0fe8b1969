/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/socket.c: the tunnel's encrypted socket lives on the host, and so does its program.
 *
 * A socket inside would have no way out but the tunnel itself (MV-4). The kernel's WireGuard has no
 * process to ask, but its socket is one of the UDP sockets that a namespace lists: whichever has
 * one on the port it listens on. When both have, one is a program's, and there is no telling which.
 */
#include "vault/check/examine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "vault/check/fds.h"
#include "vault/proc/program.h"

#define TABLE_MAX_BYTES (64U << 20)

static bool is_zero(const char *hex)
{
	return !hex[strspn(hex, "0")];
}

/* A line of /proc/net/udp: "sl: ADDRESS:PORT ADDRESS:PORT ...", in hexadecimal. */
static bool is_open_socket(const char *line, unsigned int *port)
{
	unsigned int remote;
	char here[33], there[33];

	return sscanf(line, " %*u: %32[0-9A-Fa-f]:%x %32[0-9A-Fa-f]:%x", here, port, there,
		      &remote) == 4 &&
	       *port < CHECK_PORTS && !remote && is_zero(here) && is_zero(there);
}

static int read_table(const char *path, uint8_t *ports)
{
	unsigned int port = 0;
	char *text cleanup(free_ptr) = NULL, *rest;
	size_t len = 0;
	int r = file_read(path, TABLE_MAX_BYTES, &text, &len);

	if (r)
		return r;
	rest = text;
	for (const char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (is_open_socket(line, &port))
			ports[port / 8] |= (uint8_t)(1U << port % 8);
	return 0;
}

/* Sets the bits of the ports that have a socket bound on every address and connected to none, as
 * WireGuard's are, in the bytes at ARG. */
static int read_ports(void *arg)
{
	int r = read_table("/proc/thread-self/net/udp", arg), r6;

	if (r)
		return r;
	r6 = read_table("/proc/thread-self/net/udp6", arg);
	return r6 == -ENOENT ? 0 : r6; /* a kernel without IPv6 */
}

static bool has_port(const uint8_t *ports, uint16_t port)
{
	return ports[port / 8] & 1U << port % 8;
}

/* The kernel opens the socket with the interface, and closes it with it. */
static void check_kernel(struct check *c, const struct session *w, struct check_host *host)
{
	const struct remedy *const del = REMEDY(DEL_LINK_INSIDE, c->name, w->spec->tunnel_if);
	uint8_t inside[CHECK_PORTS / 8] = { 0 };
	uint16_t port = c->wg.listen_port;
	int r = host->has_ports ? 0 : read_ports(host->ports);

	host->has_ports = !r;
	if (!r)
		r = ns_run(w->vault_ns, read_ports, inside);
	if (r)
		check_add(c, "socket", FOUND_UNKNOWN, NULL, NULL, "/proc/net/udp: %s",
			  strerror(-r));
	else if (has_port(inside, port))
		check_tell(c, "socket", FOUND_FAIL, REMEDY_AFTER(del, AS_MADE, c->name),
			   "on the host", "inside",
			   "the encrypted socket, port %u, is inside the vault", port);
	else if (!has_port(host->ports, port))
		check_tell(c, "socket", FOUND_FAIL, REMEDY(AS_MADE, c->name), "on the host",
			   "nowhere", "the host has no encrypted socket, port %u", port);
	else
		check_add(c, "socket", FOUND_OK, "on the host", "on the host",
			  "the encrypted socket, port %u, is the host's", port);
}

static void check_program_sockets(struct check *c, pid_t pid, uint64_t host)
{
	struct fds fds;
	int r = fds_look(pid, host, &fds);

	if (fds.foreign)
		check_tell(c, "socket", FOUND_FAIL, REMEDY(AS_MADE, c->name), "on the host",
			   "elsewhere", "descriptor %d of process %d is no socket of the host",
			   fds.first_foreign, (int)pid);
	else if (r)
		check_add(c, "socket", FOUND_UNKNOWN, "on the host", NULL,
			  "the sockets of process %d: %s", (int)pid, strerror(-r));
	else if (!fds.udp)
		check_tell(c, "socket", FOUND_FAIL, REMEDY(AS_MADE, c->name), "on the host",
			   "nowhere", "process %d has no encrypted socket", (int)pid);
	else
		check_add(c, "socket", FOUND_OK, "on the host", "on the host",
			  "the encrypted sockets of process %d are the host's", (int)pid);
}

static void check_program(struct check *c, const struct spec *spec, const struct session *w)
{
	uint64_t host = 0;
	pid_t pid = 0;
	int r = program_look(spec->tunnel_if, &pid);

	if (r == -ENOENT || r == -ECONNREFUSED || r == -ESRCH)
		check_tell(c, "program", FOUND_FAIL, REMEDY(AS_MADE, c->name), spec->program,
			   "none", "no program serves %s: the tunnel is dead", spec->tunnel_if);
	else if (r == -EADDRINUSE)
		check_tell(c, "program", FOUND_FAIL, REMEDY(END_PROGRAM, c->name), spec->program,
			   "another", "process %d serves %s, and vault did not start it", (int)pid,
			   spec->tunnel_if);
	else if (r)
		check_add(c, "program", FOUND_UNKNOWN, spec->program, NULL, "of %s: %s",
			  spec->tunnel_if, strerror(-r));
	else
		check_add(c, "program", FOUND_OK, spec->program, spec->program, "%s, process %d",
			  spec->program ? spec->program : "", (int)pid);
	if (r)
		return;
	r = ns_inode(w->host_ns, &host);
	if (r)
		check_add(c, "socket", FOUND_UNKNOWN, NULL, NULL, "%s", strerror(-r));
	else
		check_program_sockets(c, pid, host);
}

void check_socket(struct check *c, const struct spec *spec, const struct session *w,
		  struct check_host *host)
{
	if (spec->backend == SPEC_BACKEND_USERSPACE)
		check_program(c, spec, w);
	else if (c->has_tunnel && c->wg.listen_port)
		check_kernel(c, w, host);
	else
		check_add(c, "socket", FOUND_SKIP, NULL, NULL, "there is no tunnel to have one");
}
