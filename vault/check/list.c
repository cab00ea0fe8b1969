/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/list.c: what a check found, of one vault. */
#include "vault/check/list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"
#include "lib/str.h"

const struct check_id check_ids[] = {
	{ "state", "the description can be read, and nobody is changing the vault" },
	{ "conf", "the file that the tunnel came from is there (told when it is not)" },
	{ "netns", "the namespace of the name is the one that was sealed" },
	{ "read", "the kernel can be asked" },
	{ "seal", "the kill switch: rules, chains, sets, policies" },
	{ "frames", "the filters for frames" },
	{ "sysctl", "settings of the namespace and of its interfaces" },
	{ "guard", "the guard on the host" },
	{ "wall", "the second wall, tc filters at the link's host end" },
	{ "link", "the host link, both ends" },
	{ "leg", "the leg on a segment, its port and bridge" },
	{ "gateway", "the vault that is its only way out is up" },
	{ "forward", "a gateway forwards between its segment and its tunnel" },
	{ "hosts", "the names of its segment" },
	{ "tunnel", "the tunnel's interface, and that its WireGuard answers" },
	{ "program", "the userspace WireGuard runs, on the host" },
	{ "socket", "the encrypted socket is the host's" },
	{ "peers", "keys, peers and their allowed IPs" },
	{ "endpoint", "where the tunnel's packets go" },
	{ "handshake", "whether the peer answers" },
	{ "address", "addresses inside" },
	{ "interface", "interfaces are up" },
	{ "route", "routes inside" },
	{ "rule", "policy rules inside" },
	{ "neighbour", "neighbours inside that were entered by hand" },
	{ "stranger", "unexpected interfaces and tables" },
	{ "attached", "what sits on interfaces beside the rules: XDP, tc" },
	{ "hole", "what may be reached outside the tunnel (allow-to)" },
	{ "way", "the host's own packets to the vault go by its link" },
	{ "published", "nobody else on the host has a port that is published" },
	{ "forwarding", "the host lets pass what accessible-from and allow-to ask for" },
	{ "resolv.conf", "the resolvers that programs are told" },
	{ "nsswitch.conf", "how programs look names up" },
	{ "processes", "who is inside" },
	{ "capabilities", "who of them could open the vault" },
	{ "process", "that process can be looked at" },
	{ "process-netns", "all its threads are inside" },
	{ "process-resolv.conf", "the resolvers that it sees" },
	{ "process-nsswitch.conf", "how it looks names up" },
	{ "process-resolvers", "no socket is in its sight by which others look names up for it" },
	{ "process-helpers", "nor one by which others act outside for it" },
	{ "process-caps", "it can do nothing to the vault" },
	{ "process-calls", "it cannot have the kernel look names up on the host" },
	{ "process-sockets", "it holds no socket of another network namespace" },
	{ "system-wireguard", "WireGuard, in the kernel or as a program" },
	{ "system-tun", "what a userspace WireGuard makes its interface by" },
	{ "system-nftables", "the kernel's rules" },
	{ "system-firewall", "other tables of rules on the host" },
	{ "system-frames", "filters that packet sockets meet" },
	{ "system-wall", "filters of tc, for the second wall" },
	{ "system-sockets", "a way to look into the sockets of processes" },
	{ "system-overlay", "what vault exec shows its own /etc by" },
	{ "system-limits", "how many namespaces there may be" },
	{ "system-kernel", "whether the kernel is one that vault runs on" },
	{ "system-forwarding", "whether the host is a router" },
	{ "system-bridges", "whether what a bridge passes on meets the host's firewall" },
	{ "system-helpers", "helpers of the host that exec hides" },
};
const size_t check_n_ids = ARRAY_SIZE(check_ids);

static char *copy(const char *text, bool *lost)
{
	char *out = text ? strdup(text) : NULL;

	*lost = *lost || (text && !out);
	if (out)
		str_make_printable(out);
	return out;
}

static void free_finding(struct finding *f)
{
	free(f->detail);
	free(f->expected);
	free(f->observed);
	free(f->remedy);
}

/* The remedy as text. One that others' names have made unprintable cannot be run as it is shown. */
static char *put_remedy(const struct remedy *r, bool *is_command, bool *lost)
{
	struct str text cleanup(str_free) = STR_INIT;
	char *shown;

	remedy_add(r, &text);
	shown = copy(text.s, lost);
	*lost = *lost || text.err;
	*is_command = shown && remedy_is_command(r) && !strcmp(shown, text.s);
	return shown;
}

static void add(struct check *c, struct finding *f, const char *format, va_list args)
	printf_like(3, 0);

static void add(struct check *c, struct finding *f, const char *format, va_list args)
{
	if (vasprintf(&f->detail, format, args) < 0)
		f->detail = NULL;
	if (f->detail) /* who is inside names processes, interfaces and tables */
		str_make_printable(f->detail);
	if (f->detail && !list_append(&c->list, &c->n, sizeof(*f), f))
		return;
	c->lost = true;
	free_finding(f);
}

void check_add(struct check *c, const char *id, enum found verdict, const char *expected,
	       const char *observed, const char *format, ...)
{
	struct finding f = { .id = id, .verdict = verdict };
	va_list args;

	f.expected = copy(expected, &c->lost);
	f.observed = copy(observed, &c->lost);
	va_start(args, format);
	add(c, &f, format, args);
	va_end(args);
}

void check_tell(struct check *c, const char *id, enum found verdict, const struct remedy *remedy,
		const char *expected, const char *observed, const char *format, ...)
{
	struct finding f = { .id = id, .verdict = verdict };
	struct remedy again;
	va_list args;

	if (remedy && remedy->row == REMEDY_AS_MADE && !strcmp(remedy->args[0], c->name)) {
		again = remedy_as_made(c->name, c->spec.conf, remedy->first);
		remedy = &again;
	}
	f.expected = copy(expected, &c->lost);
	f.observed = copy(observed, &c->lost);
	f.remedy = put_remedy(remedy, &f.is_command, &c->lost);
	f.heals = f.is_command && remedy_heals(remedy);
	va_start(args, format);
	add(c, &f, format, args);
	va_end(args);
}

void check_show_last(struct check *c)
{
	if (c->n)
		c->list[c->n - 1].is_told = true;
}

void check_forget_unknown(struct check *c, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < c->n; i++)
		if (c->list[i].verdict == FOUND_UNKNOWN)
			free_finding(&c->list[i]);
		else
			c->list[kept++] = c->list[i];
	c->n = kept;
}

enum found check_verdict(const struct check *c)
{
	enum found worst = c->lost || !c->n ? FOUND_UNKNOWN : FOUND_OK;

	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].verdict != FOUND_SKIP && c->list[i].verdict > worst)
			worst = c->list[i].verdict;
	return worst;
}

static bool is_listed(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], text))
			return true;
	return false;
}

/* What puts back comes last: before that stands what is in its way. */
int check_remedies(const struct check *c, const char ***list, size_t *n)
{
	*n = 0;
	*list = calloc(c->n + 1, sizeof(**list));
	for (int last = 0; *list && last < 2; last++)
		for (size_t i = 0; i < c->n; i++) {
			const struct finding *f = &c->list[i];

			if (f->is_command && f->heals == last &&
			    (f->verdict == FOUND_FAIL || f->verdict == FOUND_UNKNOWN) &&
			    !is_listed(f->remedy, *list, *n))
				(*list)[(*n)++] = f->remedy;
		}
	return *list ? 0 : -ENOMEM;
}

const char *check_verdict_text(const struct check *c)
{
	switch (check_verdict(c)) {
	case FOUND_OK:
		return "sound";
	case FOUND_FAIL:
		return "broken";
	case FOUND_SKIP:
	case FOUND_UNKNOWN:
	case FOUND_KINDS:
		break;
	}
	return "unknown";
}

void check_free(struct check *c)
{
	for (size_t i = 0; i < c->n; i++)
		free_finding(&c->list[i]);
	free(c->list);
	free(c->processes);
	free(c->counters);
	wg_device_free(&c->wg);
	spec_free(&c->spec);
	memset(c, 0, sizeof(*c));
}
