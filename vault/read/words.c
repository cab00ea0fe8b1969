/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/words.c: the vault's words, from the command line or a file: one grammar, one table. */
#include "vault/read/words.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "vault/read/segment.h"
#include "vault/spec/reach.h"

#define MTU_MIN 576
#define MTU_MAX 65535
#define DNS_MAX 16
#define DNS_TOO_MANY "is one too many: 16 resolvers at most"
#define WAIT_MAX 86400

static struct spec *spec_of(void *request)
{
	return ((struct words *)request)->spec;
}

static const char *copy(const char *text, char **out)
{
	*out = strdup(text);
	return *out ? NULL : clause_no_memory;
}

static const char *take_name(const char *arg, void *request)
{
	struct spec *spec = spec_of(request);

	snprintf(spec->name, sizeof(spec->name), "%s", arg);
	spec_name_interfaces(spec);
	return NULL;
}

static const char *take_conf(const char *arg, void *request)
{
	return copy(arg, &spec_of(request)->conf);
}

static const char *take_adopt(const char *arg, void *request)
{
	if (strlen(arg) >= IFNAMSIZ || strchr(arg, '/'))
		return "is no name of an interface";
	return copy(arg, &spec_of(request)->adopt);
}

static const char *take_file(const char *arg, void *request)
{
	return copy(arg, &((struct words *)request)->file);
}

static const char *take_userspace(const char *arg, void *request)
{
	struct words *words = request;

	if (!strcmp(arg, "auto"))
		return NULL;
	if (!strcmp(arg, "never")) {
		words->userspace_never = true;
		return NULL;
	}
	words->userspace_given = true;
	return copy(arg, &words->spec->program);
}

static const char *add_dns(struct spec *spec, const char *text)
{
	struct addr *grown, a;

	if (addr_parse(text, &a))
		return "is not an IP address, or a list of them";
	for (size_t i = 0; i < spec->n_dns; i++)
		if (addr_equal(&spec->dns[i], &a))
			return NULL;
	if (spec->n_dns == DNS_MAX)
		return DNS_TOO_MANY;
	grown = reallocarray(spec->dns, spec->n_dns + 1, sizeof(*grown));
	if (!grown)
		return clause_no_memory;
	spec->dns = grown;
	spec->dns[spec->n_dns++] = a;
	return NULL;
}

static const char *take_dns(const char *arg, void *request)
{
	char *list = strdup(arg), *rest = list, *one;
	const char *why = list ? NULL : clause_no_memory;

	while (list && !why && (one = strsep(&rest, ",")))
		why = add_dns(spec_of(request), one);
	free(list);
	return why;
}

static const char *take_isolated(const char *arg, void *request)
{
	(void)arg;
	spec_of(request)->isolated = true;
	return NULL;
}

static const char *take_segment(const char *arg, void *request)
{
	return segment_parse(arg, spec_of(request));
}

static const char *take_mtu(const char *arg, void *request)
{
	spec_of(request)->mtu = (uint16_t)strtoul(arg, NULL, 10);
	return NULL;
}

/* A unicast address with the length of a link's prefix: room for two hosts at least. */
static const char *take_end(const char *arg, struct spec *spec, bool host)
{
	struct prefix p, *slot;

	if (!strchr(arg, '/') || prefix_parse(arg, &p) || !p.len)
		return "is not ADDRESS/LENGTH";
	if (p.len > addr_bits(&p.addr) - 1 || addr_is_any(&p.addr) || addr_is_multicast(&p.addr) ||
	    addr_is_loopback(&p.addr) || addr_is_linklocal(&p.addr))
		return "cannot be an end of a link";
	slot = &spec->link[addr_index(p.addr.family)].vault;
	if (host)
		slot = &spec->link[addr_index(p.addr.family)].host;
	if (slot->addr.family)
		return "is the second one of its family";
	*slot = p;
	return NULL;
}

static const char *take_host_address(const char *arg, void *request)
{
	return take_end(arg, spec_of(request), true);
}

static const char *take_vault_address(const char *arg, void *request)
{
	return take_end(arg, spec_of(request), false);
}

static const char *take_link_name(const char *arg, void *request)
{
	struct spec *spec = spec_of(request);

	if (!spec_link_name_is_valid(arg))
		return "cannot be the link's (1 to 15 of [A-Za-z0-9_.-], not starting with . or -, "
		       "none of the kernel's own)";
	snprintf(spec->link_name, sizeof(spec->link_name), "%s", arg);
	spec_name_interfaces(spec);
	return NULL;
}

static const char *take_accessible_from(const char *arg, void *request)
{
	return reach_add_from(arg, &spec_of(request)->reach);
}

static const char *take_publish(const char *arg, void *request)
{
	return reach_add_publish(arg, &spec_of(request)->reach);
}

static const char *take_open_port(const char *arg, void *request)
{
	return reach_add_open_port(arg, &spec_of(request)->reach);
}

static const char *take_allow_host(const char *arg, void *request)
{
	return reach_add_allow_host(arg, &spec_of(request)->reach);
}

static const char *take_allow_to(const char *arg, void *request)
{
	return reach_add_allow_to(arg, &spec_of(request)->reach);
}

/* The description is JSON, which is UTF-8. */
static bool is_utf8(const char *text)
{
	json_t *value = json_string(text);

	json_decref(value);
	return value != NULL;
}

static const char *take_command(const char *arg, struct spec_lines *hooks)
{
	arg += strspn(arg, " \t");
	if (!*arg || !is_utf8(arg))
		return *arg ? "is no command in UTF-8" : "is no command";
	return spec_add_line(hooks, arg) ? clause_no_memory : NULL;
}

static const char *take_post_up(const char *arg, void *request)
{
	return take_command(arg, &spec_of(request)->hooks[SPEC_POST_UP]);
}

static const char *take_pre_down(const char *arg, void *request)
{
	return take_command(arg, &spec_of(request)->hooks[SPEC_PRE_DOWN]);
}

static const char *take_post_down(const char *arg, void *request)
{
	return take_command(arg, &spec_of(request)->hooks[SPEC_POST_DOWN]);
}

static const struct clause_choice programs[] = {
	{ "auto", "the kernel's WireGuard, else one on PATH", 1 },
	{ "never", "the kernel's WireGuard alone", 1 },
	{ "wireguard-go", "this program", 1 },
	{ "boringtun-cli", "this program", 1 },
	{ NULL, NULL, 0 },
};

static const struct clause_choice roles[] = {
	{ "gateway", "it leads the segment into its tunnel", 1 },
	{ "via", "ADDR: its only way out is that gateway", 2 },
	{ NULL, NULL, 0 },
};

#define AT(member) .at = offsetof(struct words, member)

static const struct clause clauses[] = {
	{ "conf", "FILE", "the tunnel: a wg-quick file (- is stdin)", CLAUSE_WAY, CLAUSE_TEXT,
	  OFFER_FILES, .take = take_conf },
	{ "adopt", "IFNAME", "the tunnel: a WireGuard interface that is there", CLAUSE_WAY,
	  CLAUSE_TEXT, OFFER_INTERFACES, .take = take_adopt },
	{ "isolated", NULL, "no tunnel: no way to the internet at all", CLAUSE_WAY,
	  .take = take_isolated },
	{ "segment", "NAME ADDR/LEN [gateway|via ADDR]",
	  "a leg on a network of vaults alone; gateway: into its tunnel", .type = CLAUSE_ANY,
	  .words = 2, .choices = roles, .take = take_segment },
	{ "userspace", "PROGRAM|never|auto",
	  "the userspace WireGuard to run, where the kernel has none", .type = CLAUSE_TEXT,
	  .choices = programs, .take = take_userspace },
	{ "dns", "ADDR[,ADDR...]", "resolvers, instead of the file's", CLAUSE_COMMAS, CLAUSE_ANY,
	  .take = take_dns },
	{ "accessible-from", "PREFIX[,PREFIX...]", "who may connect to it over the link",
	  CLAUSE_LIST | CLAUSE_COMMAS, CLAUSE_ANY, .take = take_accessible_from },
	{ "publish", "[ADDR:]PORT[-PORT][:PORT][/PROTO]",
	  "ports of the host that lead to those inside", CLAUSE_LIST | CLAUSE_COMMAS, CLAUSE_ANY,
	  .take = take_publish },
	{ "open-port", "PORT[-PORT][/PROTO]", "ports that answer on the tunnel", CLAUSE_LIST,
	  CLAUSE_ANY, .take = take_open_port },
	{ "allow-host", "PORT[/PROTO]", "a port of the host that it may open connections to",
	  CLAUSE_LIST, CLAUSE_ANY, .take = take_allow_host },
	{ "allow-to", "PREFIX[:PORT][/PROTO]", "a hole: what it may reach by the link", CLAUSE_LIST,
	  CLAUSE_ANY, .take = take_allow_to },
	{ "mtu", "N", "the tunnel's MTU", .type = CLAUSE_NUMBER, .min = MTU_MIN, .max = MTU_MAX,
	  .take = take_mtu },
	{ "host-address", "ADDR/LEN", "the host's end of the link; once a family", CLAUSE_REPEATS,
	  CLAUSE_ANY, .take = take_host_address },
	{ "vault-address", "ADDR/LEN", "the vault's end of the link; once a family", CLAUSE_REPEATS,
	  CLAUSE_ANY, .take = take_vault_address },
	{ "link-name", "IFNAME", "the name of the link's end inside", .type = CLAUSE_TEXT,
	  .take = take_link_name },
	{ "no-link", NULL, "no link to the host: only loopback and tunnel", AT(no_link) },
	{ "post-up", "CMD", "run CMD on the host when it is up; any number of times",
	  CLAUSE_REPEATS | CLAUSE_LINE, CLAUSE_ANY, OFFER_PROGRAMS, .take = take_post_up },
	{ "pre-down", "CMD", "run CMD before it is taken down; any number of times",
	  CLAUSE_REPEATS | CLAUSE_LINE, CLAUSE_ANY, OFFER_PROGRAMS, .take = take_pre_down },
	{ "post-down", "CMD", "run CMD after it was taken down; any number of times",
	  CLAUSE_REPEATS | CLAUSE_LINE, CLAUSE_ANY, OFFER_PROGRAMS, .take = take_post_down },
	{ "wait-handshake", "SECONDS", "wait until a peer has answered", .type = CLAUSE_NUMBER,
	  .min = 1, .max = WAIT_MAX, AT(wait_seconds) },
	{ "all", NULL, "every vault that has a file /etc/vault/NAME.conf, gateways first",
	  CLAUSE_NOT_IN_FILE | CLAUSE_FOR_NAMES, AT(all) },
	{ "file", "PATH", "read words from PATH instead of /etc/vault/NAME.conf",
	  CLAUSE_NOT_IN_FILE, CLAUSE_TEXT, OFFER_FILES, .take = take_file },
	{ "as-made", NULL, "by the words that it was made with, whatever the file says now",
	  CLAUSE_NOT_IN_FILE, AT(as_made) },
	{ "plan", NULL, "change nothing: print what would change", CLAUSE_NOT_IN_FILE,
	  AT(only_plan) },
	{ "dry-run", NULL, "change nothing: print the equivalent commands", CLAUSE_NOT_IN_FILE,
	  AT(dry_run) },
};
static_assert(ARRAY_SIZE(clauses) <= 32, "a bit of struct words for each");

/* True for what tells of the vault, and not only of how to make it. */
static bool is_of_vault(const struct clause *c)
{
	return !(c->how & CLAUSE_NOT_IN_FILE) && strcmp(c->name, "wait-handshake") != 0;
}

static int note(const struct clause *c, const char *arg, void *request)
{
	bool by_path = c->take == take_conf || c->take == take_userspace;

	return is_of_vault(c) && !by_path ? words_ask(request, c->name, arg) : 0;
}

const struct clauses words_clauses = {
	.command = "up",
	.list = clauses,
	.n = ARRAY_SIZE(clauses),
	.first = { .arg = "NAME",
		   .type = CLAUSE_NAME,
		   .offer = OFFER_VAULTS_TO_BE,
		   .take = take_name },
	.what = "vault",
	.size = sizeof(struct words),
	.kept = sizeof(struct spec *),
	.seen_at = offsetof(struct words, seen),
	.note = note,
};
static_assert(!offsetof(struct words, spec), "what the reader keeps");

int words_ask(struct words *words, const char *clause, const char *arg)
{
	struct str line = STR_INIT;
	int r;

	str_add(&line, clause);
	str_add(&line, arg ? " " : "");
	str_add(&line, arg ? arg : "");
	r = line.err ? line.err : spec_add_line(&words->spec->asked, line.s);
	str_free(&line);
	return r;
}

bool words_are_given(const struct words *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (words->seen & clause_bit(&words_clauses, &clauses[i]) &&
		    is_of_vault(&clauses[i]))
			return true;
	return false;
}

size_t words_parse(char *const *list, size_t n, struct words *out, struct problems *p)
{
	size_t before = p->n_errors;

	(void)!clauses_read(&words_clauses, list, n, out, p);
	if (out->only_plan && out->dry_run)
		problem_error(p, 0, "plan, dry-run: one of them");
	return p->n_errors - before;
}

size_t words_parse_text(const char *text, size_t len, struct words *out, struct problems *p)
{
	return clauses_read_text(&words_clauses, text, len, out, p);
}

size_t words_parse_asked(const struct spec_lines *asked, struct words *out, struct problems *p)
{
	return clauses_read_kept(&words_clauses, asked->list, asked->n, out, p);
}

void words_free(struct words *words)
{
	free(words->file);
	words->file = NULL;
}
