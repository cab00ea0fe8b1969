/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leak/echo/url.c: the servers that tell a client's address, as the command line names them. */
#include "vault/leak/echo/url.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define HTTP "http://"
#define HTTPS "https://"
#define STUN "stun:"
#define DNS "dns:"
#define STUN_PORT 3478 /* RFC 8489, 18.6 */

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* True for 1 to ECHO_NAME_MAX of the characters of host names; what labels there are, the question
 * made of it tells. */
static bool is_name(const char *text, size_t len)
{
	static const char of_names[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

	return len > 0 && len <= ECHO_NAME_MAX && strspn(text, of_names) >= len;
}

static int copy_name(const char *text, size_t len, char out[static ECHO_NAME_MAX + 1])
{
	if (!is_name(text, len))
		return -EINVAL;
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

static int take_port(const char *text, size_t len, struct echo_target *t)
{
	uint64_t port = 0;
	int r = uint_parse(text, len, 1, UINT16_MAX, &port);

	t->port = (uint16_t)port;
	return r ? -EINVAL : 0;
}

/* "[" address "]" of LEN bytes; *USED is how many that were. */
static int take_brackets(const char *text, size_t len, struct echo_target *t, size_t *used)
{
	const char *end = memchr(text, ']', len);
	size_t inner = end ? (size_t)(end - text) - 1 : 0;

	if (!inner || inner >= ADDR_STRLEN)
		return -EINVAL;
	memcpy(t->host, text + 1, inner);
	t->host[inner] = '\0';
	*used = inner + 2;
	return addr_parse(t->host, &t->literal) || t->literal.family != AF_INET6 ? -EINVAL : 0;
}

/* HOST[:PORT] in the LEN bytes at TEXT. */
static int take_host(const char *text, size_t len, struct echo_target *t)
{
	size_t used = 0;
	int r;

	if (len && text[0] == '[') {
		r = take_brackets(text, len, t, &used);
	} else {
		const char *colon = memchr(text, ':', len);

		used = colon ? (size_t)(colon - text) : len;
		r = copy_name(text, used, t->host);
		if (!r && addr_parse(t->host, &t->literal))
			t->literal.family = AF_UNSPEC;
	}
	if (r || used == len)
		return r;
	return text[used] == ':' ? take_port(text + used + 1, len - used - 1, t) : -EINVAL;
}

static int take_http(const char *url, struct echo_target *t, const char **why)
{
	t->kind = ECHO_HTTP;
	t->port = 80;
	t->authority = url + strlen(HTTP);
	t->authority_len = (int)strcspn(t->authority, "/");
	t->path = t->authority + t->authority_len;
	*why = "is not http://HOST[:PORT]/PATH";
	return take_host(t->authority, (size_t)t->authority_len, t);
}

static int take_stun(const char *url, struct echo_target *t, const char **why)
{
	t->kind = ECHO_STUN;
	t->port = STUN_PORT;
	*why = "is not stun:HOST:PORT";
	return take_host(url + strlen(STUN), strlen(url + strlen(STUN)), t);
}

static int take_dns(const char *url, struct echo_target *t, const char **why)
{
	const char *name = url + strlen(DNS), *at = strchr(name, '@');
	int r;

	t->kind = ECHO_DNS;
	*why = "is not dns:NAME@SERVER";
	if (!at || copy_name(name, (size_t)(at - name), t->name))
		return -EINVAL;
	r = take_host(at + 1, strlen(at + 1), t);
	if (!r && t->port)
		return -EINVAL; /* the kill switch knows one port for questions */
	t->port = 53;
	return r;
}

int echo_target_parse(const char *url, struct echo_target *out, const char **why)
{
	memset(out, 0, sizeof(*out));
	out->url = url;
	*why = "is too long";
	if (strlen(url) > ECHO_URL_MAX)
		return -EINVAL;
	*why = "has white space, or what is no ASCII text";
	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c > '~')
			return -EINVAL;
	if (starts_with(url, HTTP))
		return take_http(url, out, why);
	if (starts_with(url, STUN))
		return take_stun(url, out, why);
	if (starts_with(url, DNS))
		return take_dns(url, out, why);
	*why = starts_with(url, HTTPS)
		       ? "asks for https, which is not spoken; most such servers answer http://, too"
		       : "is not http://…, stun:… or dns:…";
	return -EINVAL;
}
