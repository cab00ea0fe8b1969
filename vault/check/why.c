/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/why.c: what becomes of a packet, and by which word.
 *
 * Theory of operation. The rules are those that `up` makes of the description, evaluated as data
 * (lib/ruleeval.h): from inside by the kill switch and, over the link, by the guard; from outside
 * by the guard and then by the kill switch. The ways are the kernel's answers, asked in each of the
 * two namespaces. Whether the vault is as described is the rest of check's to tell.
 */
#include "vault/check/why.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/key.h"
#include "lib/rtnl.h"
#include "lib/ruleeval.h"
#include "vault/apply/session.h"
#include "vault/gather/forwarding.h"
#include "vault/seal/seal.h"
#include "vault/spec/reach.h"

#define PORT_MAX 65535
#define QUESTION_SIZE 80
#define STEP_SIZE 320

/* "80/tcp", "tcp", "icmp" behind the address. */
static const char *parse_protocol(const char *text, struct why_question *q)
{
	static const struct {
		const char *word;
		uint8_t protocol;
	} words[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "icmp", IPPROTO_ICMP } };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(text, words[i].word)) {
			q->protocol = words[i].protocol;
			return NULL;
		}
	return "has a protocol that is not tcp, udp or icmp";
}

static const char *parse_port(const char *text, struct why_question *q)
{
	uint64_t port;

	if (uint_parse(text, strlen(text), 1, PORT_MAX, &port))
		return "has a port that is not a number from 1 to 65535";
	q->port = (uint16_t)port;
	return NULL;
}

/* ADDR, ADDR:PORT, [ADDR] or [ADDR]:PORT; TEXT is cut. */
static const char *parse_target(char *text, struct why_question *q)
{
	char *end = *text == '[' ? strchr(text, ']') : strchr(text, ':');
	char *port = NULL;

	if (*text == '[') {
		if (!end || (end[1] && end[1] != ':'))
			return "has a bracket without its other one";
		port = end[1] ? end + 2 : NULL;
		*end = '\0';
		text++;
	} else if (end && !strchr(end + 1, ':')) { /* else it is an IPv6 address by itself */
		port = end + 1;
		*end = '\0';
	}
	if (addr_parse(text, &q->to))
		return "is no IP address";
	return port ? parse_port(port, q) : NULL;
}

const char *why_parse(const char *text, struct why_question *q)
{
	char copy[QUESTION_SIZE], *slash;
	const char *wrong = NULL;

	if (strlen(text) >= sizeof(copy))
		return "is no IP address";
	snprintf(copy, sizeof(copy), "%s", text);
	q->port = 0;
	q->protocol = 0;
	slash = strrchr(copy, '/');
	if (slash) {
		*slash = '\0';
		wrong = parse_protocol(slash + 1, q);
	}
	if (!wrong)
		wrong = parse_target(copy, q);
	if (wrong)
		return wrong;
	if (!q->protocol)
		q->protocol = q->port ? IPPROTO_TCP : IPPROTO_ICMP;
	if (q->protocol == IPPROTO_ICMP ? q->port : !q->port)
		return q->port ? "has a port, which icmp has not" : "has no port";
	return NULL;
}

struct walk {
	const struct spec *spec;
	struct session *w;
	struct eval_packet p;
	struct str *text;
	json_t *steps; /* borrowed */
	bool is_unknown; /* something could not be asked */
};

static void step(struct walk *y, const char *where, const char *format, ...) printf_like(3, 4);

static void step(struct walk *y, const char *where, const char *format, ...)
{
	char what[STEP_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	str_make_printable(what);
	str_addf(y->text, "  %-8s  %s\n", where, what);
	if (json_array_append_new(y->steps, json_pack("{s:s, s:s}", "where", where, "what", what)))
		y->text->err = -ENOMEM;
}

/* Comments may end in the ids of leaks in brackets, for who reads the rules. Inside, a counter says
 * better what was dropped; the guard's are of many rules each. */
static void tell_rule(struct walk *y, const char *where, const struct eval_result *result)
{
	const struct rule *rule = result->rule;
	const char *comment = rule ? rule->comment : NULL;
	const char *counted = rule && rule->counter ? seal_counter_meaning(rule->counter) : NULL;

	if (result->verdict != VERDICT_DROP) {
		if (comment)
			step(y, where, "passes: %.*s", (int)strcspn(comment, "("), comment);
		return;
	}
	if (!counted || (comment && !strcmp(where, "guard")))
		counted = comment ? comment : "no rule accepts it";
	step(y, where, "dropped: %.*s", (int)strcspn(counted, "("), counted);
}

/* The packet goes through CHAIN of RS, at WHERE. True when it passes. */
static bool passes(struct walk *y, const struct ruleset *rs, const char *chain, const char *where,
		   struct eval_result *result)
{
	const struct chain *c = eval_chain(rs, chain);

	*result = (struct eval_result){ .verdict = VERDICT_ACCEPT };
	if (!c)
		return true;
	eval_run(rs, c, &y->p, result);
	if (!result->to.family)
		tell_rule(y, where, result);
	return result->verdict != VERDICT_DROP;
}

/* The same of a ruleset that is built for it. */
static bool passes_seal(struct walk *y, enum seal_table table, const char *chain, const char *where)
{
	struct eval_result result;
	struct ruleset rs;
	bool good;

	seal_build(y->spec, table, &rs);
	good = passes(y, &rs, chain, where, &result);
	if (rs.err)
		y->text->err = rs.err;
	ruleset_free(&rs);
	return good;
}

/* Where a map of the guard leads the packet, it is for there from now on. */
static bool passes_guard(struct walk *y, const char *chain)
{
	struct eval_result result;
	struct ruleset rs;
	char address[ADDR_STRLEN];
	bool good;

	seal_build_guard_elements(SEAL_HOST, y->spec, &rs);
	good = passes(y, &rs, chain, "guard", &result);
	if (result.to.family) {
		step(y, "guard", "publish leads it to %s, port %u",
		     addr_format(&result.to, address), result.port);
		y->p.daddr = result.to;
		y->p.dport = result.port;
	}
	if (rs.err)
		y->text->err = rs.err;
	ruleset_free(&rs);
	return good;
}

/* The name of the link by which NL's namespace would send to A; "" and told, when it has no way.
 * LOCAL: it is its own. */
static bool ask_way(struct walk *y, struct nl *nl, const char *where, const struct addr *a,
		    uint32_t *index, bool *local)
{
	struct nl_error error = { 0 };
	char text[ADDR_STRLEN];
	int r = rtnl_ask_route(nl, a, index, &error);

	*local = !r && *index == SPEC_LOOPBACK_INDEX;
	if (!r)
		return true;
	step(y, where, "no way to %s: %s", addr_format(a, text), strerror(-r));
	y->is_unknown = r != -ENETUNREACH && r != -EHOSTUNREACH && r != -EACCES && r != -EINVAL;
	return false;
}

static const struct addr *own_address(const struct spec *spec, uint8_t family)
{
	for (size_t i = 0; i < spec->n_addresses; i++)
		if (spec->addresses[i].addr.family == family)
			return &spec->addresses[i].addr;
	return NULL;
}

static bool has_index(struct nl *nl, const char *name, uint32_t index)
{
	struct nl_error error = { 0 };
	struct rtnl_link link;

	return *name && !rtnl_get_link(nl, name, &link, &error) && link.index == index;
}

/* WireGuard sends to the peer that has the narrowest of AllowedIPs around it. */
static bool passes_tunnel(struct walk *y)
{
	const struct wg_peer *found = NULL;
	char key[KEY_BASE64_LEN + 1], endpoint[ENDPOINT_STRLEN] = "no endpoint yet",
				      text[ADDR_STRLEN];
	unsigned int len = 0;

	for (size_t i = 0; i < y->spec->wg.n_peers; i++) {
		const struct wg_peer *peer = &y->spec->wg.peers[i];

		for (size_t j = 0; j < peer->n_allowed_ips; j++) {
			const struct prefix *p = &peer->allowed_ips[j];

			if (p->addr.family != y->p.daddr.family ||
			    !prefix_contains(p, &y->p.daddr) || (found && p->len < len))
				continue;
			found = peer;
			len = p->len;
		}
	}
	if (!found) {
		step(y, "tunnel", "dropped: %s is in no peer's AllowedIPs",
		     addr_format(&y->p.daddr, text));
		return false;
	}
	key_to_base64(&found->public_key, key);
	if (found->endpoint.addr.family)
		endpoint_format(&found->endpoint.addr, found->endpoint.scope, found->endpoint.port,
				endpoint);
	step(y, "tunnel", "to the peer %.8s.., %s", key, endpoint);
	return true;
}

/* What stands on the host between the link and FROM, or TO: the word's own prefix alone is asked
 * for. */
static void tell_fault(const struct forwarding_fault *fault, void *arg)
{
	struct str hint cleanup(str_free) = STR_INIT;
	struct walk *y = arg;

	remedy_add_hint(fault->remedy, &hint);
	step(y, "host", "%s%s", fault->text, hint.s ? hint.s : "");
	y->is_unknown = true;
}

static void check_host_way(struct walk *y, const struct addr *other, bool enters)
{
	struct spec spec = *y->spec; /* borrows, for its words alone */
	struct prefix one = { .addr = *other, .len = addr_bits(other) };
	struct spec_hole hole = { .to = one };

	spec.reach = (struct spec_reach){ 0 };
	if (enters) {
		spec.reach.from = &one;
		spec.reach.n_from = 1;
	} else {
		spec.reach.holes = &hole;
		spec.reach.n_holes = 1;
	}
	y->w->spec = &spec;
	forwarding_check(y->w, tell_fault, y);
	y->w->spec = y->spec;
}

/* It has left by the link: the host's rules, as one that comes in by the link's end there. */
static bool passes_host_outwards(struct walk *y)
{
	char name[IFNAMSIZ] = "";
	uint32_t index = 0;
	bool local = false;

	y->p.iif = y->spec->link_host_if;
	y->p.oif = "";
	y->p.answers_leave_by_iif = true;
	if (!passes_guard(y, "prerouting") ||
	    !ask_way(y, &y->w->host_route, "host", &y->p.daddr, &index, &local))
		return false;
	if (local)
		return passes_guard(y, "input");
	y->p.oif = if_indextoname(index, name) ? name : "";
	if (!passes_guard(y, "forward"))
		return false;
	check_host_way(y, &y->p.daddr, false);
	step(y, "host", "by %s", *name ? name : "an interface that is gone");
	return true;
}

static bool leaves_by_tunnel(struct walk *y)
{
	const struct addr *own = own_address(y->spec, y->p.daddr.family);

	if (own)
		y->p.saddr = *own;
	y->p.oif = y->spec->tunnel_if;
	return passes_seal(y, SEAL_INET, "output", "inside") &&
	       passes_seal(y, SEAL_TUNNEL, "egress", "tunnel") && passes_tunnel(y);
}

/* The word that would let it out by the link; names are asked by none. */
static void advise_word(struct walk *y, const struct addr *host)
{
	const bool has_port = y->p.protocol == IPPROTO_TCP || y->p.protocol == IPPROTO_UDP;
	const char *word = has_port ? ruleset_protocol_word(y->p.protocol) : "icmp";
	char text[ADDR_STRLEN];

	addr_format(&y->p.daddr, text);
	if (addr_equal(&y->p.daddr, host) && has_port)
		step(y, "inside", "(allow-host %u/%s)", y->p.dport, word);
	else if (!addr_equal(&y->p.daddr, host) && y->p.daddr.family == AF_INET6 && has_port)
		step(y, "inside", "(allow-to [%s]:%u/%s)", text, y->p.dport, word);
	else if (!addr_equal(&y->p.daddr, host) && has_port)
		step(y, "inside", "(allow-to %s:%u/%s)", text, y->p.dport, word);
	else if (!addr_equal(&y->p.daddr, host))
		step(y, "inside", "(allow-to %s/%s)", text, word);
}

static bool leaves_by_link(struct walk *y)
{
	const struct spec_link_ends *link = &y->spec->link[addr_index(y->p.daddr.family)];

	y->p.saddr = link->vault.addr;
	y->p.oif = y->spec->link_if;
	if (!passes_seal(y, SEAL_INET, "output", "inside")) {
		advise_word(y, &link->host.addr);
		return false;
	}
	return passes_seal(y, SEAL_LINK, "egress", "link") && passes_host_outwards(y);
}

static bool leaves_by_leg(struct walk *y)
{
	y->p.saddr = y->spec->leg.address.addr;
	y->p.oif = y->spec->leg_if;
	if (!passes_seal(y, SEAL_INET, "output", "inside") ||
	    !passes_seal(y, SEAL_LEG, "egress", "leg"))
		return false;
	step(y, "segment", "by %s", y->spec->leg.segment);
	return true;
}

static bool leaves(struct walk *y)
{
	struct nl *nl = &y->w->vault_route;
	uint32_t index = 0;
	bool local = false;

	y->p.iif = "";
	if (!ask_way(y, nl, "inside", &y->p.daddr, &index, &local))
		return false;
	if (local) {
		step(y, "inside", "it is the vault's own address: it does not leave");
		return true;
	}
	if (y->spec->has_tunnel && has_index(nl, y->spec->tunnel_if, index))
		return leaves_by_tunnel(y);
	if (y->spec->has_link && has_index(nl, y->spec->link_if, index))
		return leaves_by_link(y);
	if (spec_has_leg(y->spec) && has_index(nl, y->spec->leg_if, index))
		return leaves_by_leg(y);
	step(y, "inside", "by an interface that is not vault's");
	y->is_unknown = true;
	return false;
}

/* To the vault's end of the link: the guard, then the kill switch. */
static bool enters_by_link(struct walk *y, bool is_self)
{
	const struct spec_link_ends *link = &y->spec->link[addr_index(y->p.daddr.family)];
	char text[ADDR_STRLEN];

	if (!link->vault.addr.family || !addr_equal(&y->p.daddr, &link->vault.addr)) {
		step(y, "host", "%s is not the vault's: it goes elsewhere",
		     addr_format(&y->p.daddr, text));
		return false;
	}
	y->p.oif = y->spec->link_host_if;
	if (!passes_guard(y, is_self ? "output" : "forward") || !passes_guard(y, "diverted")) {
		if (!is_self)
			step(y, "guard", "(accessible-from %s)", addr_format(&y->p.saddr, text));
		return false;
	}
	if (is_self)
		y->p.saddr = link->host.addr; /* masqueraded */
	y->p.iif = y->spec->link_if;
	y->p.oif = "";
	return passes_seal(y, SEAL_INET, "input", "inside");
}

/* It came to an address of the host's, and no word leads it on. */
static void tell_unpublished(struct walk *y)
{
	const struct spec_reach *reach = &y->spec->reach;
	char from[ADDR_STRLEN];
	bool is_published = false;

	for (size_t i = 0; i < reach->n_publish; i++) {
		const struct spec_publish *p = &reach->publish[i];

		is_published = is_published ||
			       (p->host_port == y->p.dport && p->protocol == y->p.protocol &&
				(!p->address.family || addr_equal(&p->address, &y->p.daddr)));
	}
	addr_format(&y->p.saddr, from);
	if (is_published)
		step(y, "host", "published, but not for %s (accessible-from %s)", from, from);
	else if (y->p.protocol == IPPROTO_TCP || y->p.protocol == IPPROTO_UDP)
		step(y, "host", "the host's own, and not published (publish %u/%s)", y->p.dport,
		     ruleset_protocol_word(y->p.protocol));
	else
		step(y, "host", "the host's own: it answers itself");
}

static bool enters(struct walk *y)
{
	const struct addr asked = y->p.daddr;
	char name[IFNAMSIZ] = "";
	bool is_self = false;
	uint32_t index = 0;

	if (!ask_way(y, &y->w->host_route, "host", &y->p.saddr, &index, &is_self))
		return false;
	y->p.saddr_local = is_self;
	y->p.answers_leave_by_iif = true;
	y->p.oif = "";
	y->p.iif = is_self || !if_indextoname(index, name) ? "" : name;
	if (!ask_way(y, &y->w->host_route, "host", &y->p.daddr, &index, &y->p.daddr_local))
		return false;
	if (!is_self && !passes_guard(y, "prerouting"))
		return false;
	if (!passes_guard(y, is_self ? "publish_self" : "publish"))
		return false;
	if (y->p.daddr_local && addr_equal(&asked, &y->p.daddr)) {
		tell_unpublished(y);
		return false;
	}
	if (!is_self)
		check_host_way(y, &y->p.saddr, true);
	return enters_by_link(y, is_self);
}

static void describe(const struct why_question *q, struct str *out)
{
	char text[ADDR_STRLEN];
	const char *word =
		q->protocol == IPPROTO_ICMP ? "icmp" : ruleset_protocol_word(q->protocol);
	const bool brackets = q->port && q->to.family == AF_INET6;

	str_addf(out, "%s%s%s", brackets ? "[" : "", addr_format(&q->to, text),
		 brackets ? "]" : "");
	if (q->port)
		str_addf(out, ":%u", q->port);
	str_addf(out, "/%s", word);
}

static void begin(struct walk *y, const struct why_question *q)
{
	const bool v6 = q->to.family == AF_INET6;

	y->p = (struct eval_packet){ .iif = "", .oif = "", .saddr = q->from, .daddr = q->to };
	y->p.protocol = q->protocol;
	y->p.dport = q->port;
	if (q->protocol == IPPROTO_ICMP) {
		y->p.protocol = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		y->p.icmp_type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
		y->p.dport =
			(uint16_t)(y->p.icmp_type << 8); /* the type, and the code, which is 0 */
	}
}

enum why_verdict why_tell(const struct spec *spec, int ns, const struct why_question *q,
			  struct str *text, json_t *json)
{
	static const char *const words[] = { "passes", "dropped", "unknown" };
	struct session w;
	struct walk y = { .spec = spec, .w = &w, .text = text, .steps = json_array() };
	struct str question cleanup(str_free) = STR_INIT, steps cleanup(str_free) = STR_INIT;
	enum why_verdict verdict = WHY_UNKNOWN;
	char from[ADDR_STRLEN] = "inside";
	int r = session_open(&w, spec);

	if (!r)
		r = session_enter_vault(&w, ns);
	else
		close_fd(&ns);
	begin(&y, q);
	y.text = &steps;
	if (r)
		step(&y, "host", "the namespaces cannot be looked into: %s", strerror(-r));
	else
		verdict = (q->from.family ? enters(&y) : leaves(&y)) ? WHY_PASSES : WHY_DROPPED;
	if (r || y.is_unknown)
		verdict = WHY_UNKNOWN;
	session_close(&w);
	if (q->from.family)
		addr_format(&q->from, from);
	describe(q, &question);
	str_addf(text, "%s: %s to %s: %s\n%s", spec->name, from, question.s ? question.s : "",
		 words[verdict], steps.s ? steps.s : "");
	text->err = text->err ? text->err : steps.err ? steps.err : question.err;
	if (json_object_set_new(json, "from", json_string(from)) ||
	    json_object_set_new(json, "to", json_string(question.s ? question.s : "")) ||
	    json_object_set_new(json, "verdict", json_string(words[verdict])) ||
	    json_object_set_new(json, "steps", y.steps))
		text->err = -ENOMEM;
	return verdict;
}
