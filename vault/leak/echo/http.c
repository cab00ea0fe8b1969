/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echo/http.c: a page that tells the client's address: the request, and the first
 * address in the answer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vault/leak/echo/wire.h"

#define OF_ADDRESSES "0123456789abcdefABCDEF.:"

bool echo_is_client(const struct addr *a)
{
	return a->family && !addr_is_any(a) && !addr_is_loopback(a) && !addr_is_multicast(a) &&
	       !addr_is_linklocal(a);
}

/* HTTP/1.0, which has no chunks, and whose answer ends with the connection. */
size_t echo_http_ask(const struct echo_target *target, char out[static ECHO_HTTP_MAX])
{
	int n = snprintf(out, ECHO_HTTP_MAX,
			 "GET %s HTTP/1.0\r\n"
			 "Host: %.*s\r\n"
			 "User-Agent: vault\r\n"
			 "Accept: text/plain, */*\r\n"
			 "Cache-Control: no-cache\r\n"
			 "Connection: close\r\n\r\n",
			 *target->path ? target->path : "/", target->authority_len,
			 target->authority);

	return n > 0 && n < ECHO_HTTP_MAX ? (size_t)n : 0;
}

/* "HTTP/1.x NNN", of which there are LEN bytes. 0 when it is none. */
static unsigned int read_status(const char *data, size_t len)
{
	uint64_t status = 0;

	if (len < 13 || strncmp(data, "HTTP/1.", 7) != 0 || data[8] != ' ' ||
	    !strchr(" \r", data[12]) || uint_parse(data + 9, 3, 100, 999, &status))
		return 0;
	return (unsigned int)status;
}

/* Where the page begins; NULL when that has not come. */
static const char *find_page(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);

	return end ? end + 4 : NULL;
}

/* The LEN bytes at TEXT as an address of FAMILY; an IPv4 one may be written as IPv6 has it. */
static bool is_address(const char *text, size_t len, uint8_t family, struct addr *out)
{
	static const char mapped[] = "::ffff:";
	char copy[ADDR_STRLEN] = "";
	const char *start = copy;
	struct addr a;

	if (len < 2 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	if (family == AF_INET && !strncasecmp(copy, mapped, strlen(mapped)))
		start += strlen(mapped);
	if (addr_parse(start, &a) || a.family != family || !echo_is_client(&a))
		return false;
	*out = a;
	return true;
}

/* What stands at the end is taken when it is known to be whole. */
static int find_address(const char *page, size_t len, bool ended, uint8_t family, struct addr *out)
{
	size_t at = 0;

	while (at < len) {
		size_t n = 0;

		while (at + n < len && page[at + n] && strchr(OF_ADDRESSES, page[at + n]))
			n++;
		if (at + n == len && !ended)
			return -EAGAIN;
		if (is_address(page + at, n, family, out))
			return 0;
		at += n + 1;
	}
	return ended ? -ENODATA : -EAGAIN;
}

int echo_http_read(const char *data, size_t len, bool ended, uint8_t family, struct addr *out,
		   unsigned int *status)
{
	const char *page = find_page(data, len);

	*status = 0;
	if (!page)
		return ended ? -EPROTO : -EAGAIN;
	*status = read_status(data, len);
	if (*status < 200 || *status > 299)
		return *status ? -ENODATA : -EPROTO;
	return find_address(page, len - (size_t)(page - data), ended, family, out);
}
