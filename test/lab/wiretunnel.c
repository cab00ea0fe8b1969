/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test/lab/wiretunnel.c: what `vault up` takes for a userspace WireGuard, without the cryptography: a TUN interface, a UDP
 * socket, and a control socket that hands out what it was told. For tests with a thousand vaults: wireguard-go takes
 * 5 MiB and one of the 128 inotify instances that a user has.
 */
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { REQUEST_MAX = 64 << 10 };

static int make_tun(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		die(name);
	return fd;
}

/* True for a line that is an order, and no setting. */
static bool is_order(const char *line)
{
	return !strncmp(line, "set=", 4) || strstr(line, "replace_") || !strncmp(line, "update_only=", 12);
}

/* Reads a request up to its empty line. Its length, 0 when it ends before. */
static size_t read_request(int fd, char *text)
{
	size_t len = 0;
	ssize_t n;

	while (len < REQUEST_MAX - 1 && (n = read(fd, text + len, REQUEST_MAX - 1 - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, "\n\n"))
			return len;
	}
	return 0;
}

/* One connection: KEPT is what the last `set` said. */
static void serve(int fd, char *kept)
{
	static char request[REQUEST_MAX];

	while (read_request(fd, request)) {
		bool get = !strncmp(request, "get=1", 5);

		if (!get)
			kept[0] = '\0';
		for (char *line = strtok(request, "\n"); line && !get; line = strtok(NULL, "\n"))
			if (!is_order(line))
				strcat(strcat(kept, line), "\n"); /* no longer than the request */
		if (dprintf(fd, "%serrno=0\n\n", get ? kept : "") < 0)
			break;
	}
	close(fd);
}

int tunnel(const char *name)
{
	static char kept[REQUEST_MAX];
	const char *control = getenv("WG_UAPI_FD");
	int udp = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};

	make_tun(name);
	if (udp < 0 || bind(udp, (struct sockaddr *)&any, sizeof(any)))
		die("socket");
	for (;;) {
		int fd = accept4(control ? atoi(control) : -1, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			die("control");
		serve(fd, kept);
	}
}
