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
#include "vault/gather/listeners.h"
#include "vault/seal/seal.h"
#include "vault/spec/reach.h"

#define STEP_SIZE 320

struct walk {
	const struct spec *spec;
	struct session *w;
	struct eval_packet p;
	struct str *text;
	struct str target; /* where to, as allow-to has it */
	json_t *steps; /* borrowed */
	char way[IFNAMSIZ]; /* of the host's, to or from the other side */
	bool is_shut, is_unknown; /* on the host; something could not be asked */
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

/* TEXT without the ids of leaks in brackets that it may end in, for who reads the rules. */
static int plain_len(const char *text)
{
	size_t len = strcspn(text, "(");

	while (len && text[len - 1] == ' ')
		len--;
	return (int)len;
}

static void tell_rule(struct walk *y, const char *where, const struct eval_result *result,
		      const char *dropped)
{
	const char *comment = result->rule ? result->rule->comment : NULL;

	if (result->verdict == VERDICT_DROP)
		step(y, where, "dropped: %.*s", plain_len(dropped), dropped);
	else if (comment && !result->to.family)
		step(y, where, "passes: %.*s", plain_len(comment), comment);
}

/* By a table inside, of which a counter says best what it drops. */
static bool passes_seal(struct walk *y, enum seal_table table, const char *chain, const char *where)
{
	struct eval_result result;
	const char *counted;
	struct ruleset rs;

	seal_build(y->spec, table, &rs);
	if (rs.err) {
		y->text->err = rs.err;
		ruleset_free(&rs);
		return false;
	}
	eval_run(&rs, eval_chain(&rs, chain), &y->p, &result);
	counted = result.rule && result.rule->counter ? seal_counter_meaning(result.rule->counter)
						      : NULL;
	tell_rule(y, where, &result, counted ? counted : "no rule accepts it");
	ruleset_free(&rs);
	return result.verdict != VERDICT_DROP;
}

/* By the guard, of which a counter is of many rules. Where a map leads the packet, it is for there
 * from now on. */
static bool passes_guard(struct walk *y, const char *chain)
{
	struct eval_result result;
	char address[ADDR_STRLEN];
	struct ruleset rs;

	seal_build_guard_elements(SEAL_HOST, y->spec, &rs);
	if (rs.err) {
		y->text->err = rs.err;
		ruleset_free(&rs);
		return false;
	}
	eval_run(&rs, eval_chain(&rs, chain), &y->p, &result);
	tell_rule(y, "guard", &result,
		  result.rule && result.rule->comment ? result.rule->comment
						      : "no rule accepts it");
	if (result.to.family) {
		step(y, "guard", "publish leads it to %s, port %u",
		     addr_format(&result.to, address), result.port);
		y->p.daddr = result.to;
		y->p.dport = result.port;
	}
	ruleset_free(&rs);
	return result.verdict != VERDICT_DROP;
}

/* The link by which NL's namespace would send to A, into *INDEX; false, and told, when it has no
 * way. LOCAL: it is its own. */
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

/* WireGuard sends to the peer that has the narrowest of AllowedIPs around A, and takes from it what
 * comes from there. */
static const struct wg_peer *find_peer(const struct spec *spec, const struct addr *a)
{
	const struct wg_peer *found = NULL;
	unsigned int len = 0;

	for (size_t i = 0; i < spec->wg.n_peers; i++) {
		const struct wg_peer *peer = &spec->wg.peers[i];

		for (size_t j = 0; j < peer->n_allowed_ips; j++) {
			const struct prefix *p = &peer->allowed_ips[j];

			if (!prefix_contains(p, a) || (found && p->len < len))
				continue;
			found = peer;
			len = p->len;
		}
	}
	return found;
}

static bool passes_tunnel(struct walk *y, const char *word, const struct addr *a)
{
	const struct wg_peer *peer = find_peer(y->spec, a);
	char key[KEY_BASE64_LEN + 1], endpoint[ENDPOINT_STRLEN] = "no endpoint yet",
				      text[ADDR_STRLEN];

	if (!peer) {
		step(y, "tunnel", "dropped: %s is in no peer's AllowedIPs", addr_format(a, text));
		return false;
	}
	key_to_base64(&peer->public_key, key);
	if (peer->endpoint.addr.family)
		endpoint_format(&peer->endpoint.addr, peer->endpoint.scope, peer->endpoint.port,
				endpoint);
	step(y, "tunnel", "%s the peer %.8s.., %s", word, key, endpoint);
	return true;
}

/* What stands on the host between the link and the other side. */
static void tell_fault(const struct forwarding_fault *fault, void *arg)
{
	struct str hint cleanup(str_free) = STR_INIT;
	struct walk *y = arg;

	remedy_add_hint(fault->remedy, &hint);
	step(y, "host", "%s%s", fault->text, hint.s ? hint.s : "");
	if (fault->how == FORWARDING_SHUT)
		y->is_shut = true;
	else
		y->is_unknown = true;
}

/* REACH has what this packet asks of the host, and nothing else that the words do. */
static void check_host_way(struct walk *y, const struct spec_reach *reach)
{
	struct spec spec = *y->spec; /* borrows */

	spec.reach = *reach;
	y->w->spec = &spec;
	forwarding_check(y->w, tell_fault, y);
	y->w->spec = y->spec;
}

/* It has left by the link: the host's rules, as one that comes in by the link's end there. */
static bool passes_host_outwards(struct walk *y)
{
	struct spec_hole target = { .to = { .addr = y->p.daddr, .len = addr_bits(&y->p.daddr) } };
	uint32_t index = 0;
	bool local = false;

	y->p.iif = y->spec->link_host_if;
	y->p.oif = "";
	y->p.answers_leave_by_iif = true;
	if (!passes_guard(y, "prerouting") ||
	    !ask_way(y, &y->w->host_route, "host", &y->p.daddr, &index, &local))
		return false;
	if (local) {
		if (!passes_guard(y, "input"))
			return false;
		check_host_way(y, &(struct spec_reach){ .host_ports = &target.ports,
							.n_host_ports = 1 });
		return true;
	}
	y->p.oif = if_indextoname(index, y->way) ? y->way : "";
	if (!passes_guard(y, "forward"))
		return false;
	check_host_way(y, &(struct spec_reach){ .holes = &target, .n_holes = 1 });
	step(y, "host", "by %s", *y->p.oif ? y->p.oif : "an interface that is gone");
	return true;
}

static bool leaves_by_tunnel(struct walk *y)
{
	const struct addr *own = own_address(y->spec, y->p.daddr.family);

	if (own)
		y->p.saddr = *own;
	y->p.oif = y->spec->tunnel_if;
	return passes_seal(y, SEAL_INET, "output", "inside") &&
	       passes_seal(y, SEAL_TUNNEL, "egress", "tunnel") &&
	       passes_tunnel(y, "to", &y->p.daddr);
}

/* The word that would let it out by the link, where `up` takes that. */
static void advise_word(struct walk *y, const struct addr *host)
{
	const bool has_port = y->p.protocol == IPPROTO_TCP || y->p.protocol == IPPROTO_UDP;
	struct spec_reach reach = { .from = NULL };
	struct nl_error error = { 0 };
	uint32_t index = 0;

	if (addr_equal(&y->p.daddr, host)) {
		if (has_port)
			step(y, "inside", "(allow-host %u/%s)", y->p.dport,
			     ruleset_protocol_word(y->p.protocol));
	} else if (y->target.s && !reach_add_allow_to(y->target.s, &reach) &&
		   !rtnl_ask_route(&y->w->host_route, &y->p.daddr, &index, &error) &&
		   index != SPEC_LOOPBACK_INDEX) {
		step(y, "inside", "(allow-to %s)", y->target.s);
	}
	reach_free(&reach);
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
	step(y, "segment", "by %s, and what becomes of it there is the others' to tell",
	     y->spec->leg.segment);
	y->is_unknown = true;
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

/* By the tunnel, to the vault's address in it. */
static bool enters_by_tunnel(struct walk *y)
{
	if (!passes_tunnel(y, "from", &y->p.saddr))
		return false;
	y->p.iif = y->spec->tunnel_if;
	y->p.oif = "";
	return passes_seal(y, SEAL_INET, "input", "inside");
}

/* To the vault's end of the link: the guard, then the kill switch. */
static bool enters_by_link(struct walk *y, bool is_self)
{
	const struct spec_link_ends *link = &y->spec->link[addr_index(y->p.daddr.family)];
	struct prefix from = { .addr = y->p.saddr, .len = addr_bits(&y->p.saddr) };
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
	forwarding_check_link(y->w, tell_fault, y);
	if (!is_self)
		check_host_way(y, &(struct spec_reach){ .from = &from, .n_from = 1 });
	if (is_self)
		y->p.saddr = link->host.addr; /* masqueraded */
	y->p.iif = y->spec->link_if;
	y->p.oif = "";
	return passes_seal(y, SEAL_INET, "input", "inside");
}

/* The word that the packet asks for, or NULL. */
static struct spec_publish *find_published(const struct walk *y)
{
	const struct spec_reach *reach = &y->spec->reach;

	for (size_t i = 0; i < reach->n_publish; i++) {
		struct spec_publish *p = &reach->publish[i];

		if (p->host_port == y->p.dport && p->protocol == y->p.protocol &&
		    (!p->address.family || addr_equal(&p->address, &y->p.daddr)))
			return p;
	}
	return NULL;
}

/* It came to an address of the host's, and no word leads it on. */
static void tell_unpublished(struct walk *y)
{
	char from[ADDR_STRLEN];

	addr_format(&y->p.saddr, from);
	if (find_published(y))
		step(y, "host", "published, but not for %s (accessible-from %s)", from, from);
	else if (y->p.protocol == IPPROTO_TCP || y->p.protocol == IPPROTO_UDP)
		step(y, "host", "the host's own, and not published (publish %u/%s)", y->p.dport,
		     ruleset_protocol_word(y->p.protocol));
	else
		step(y, "host", "the host's own: it answers itself");
}

/* Who else has the port may get what comes for it. */
static void tell_taker(const struct spec_publish *publish, const char *who, const char *does,
		       bool sure, void *arg)
{
	struct walk *y = arg;

	(void)publish;
	step(y, "host", "%s %s%s", who, does, sure ? ", too" : ", if for the same packets");
	y->is_unknown = true;
}

static void check_takers(struct walk *y)
{
	struct spec_reach reach = { .publish = find_published(y), .n_publish = 1 };
	int r = reach.publish ? listeners_find(&reach, &y->w->host_nft, tell_taker, y) : 0;

	if (r) {
		step(y, "host", "which ports programs of the host have: %s", strerror(-r));
		y->is_unknown = true;
	}
}

static bool enters_host(struct walk *y)
{
	const struct addr asked = y->p.daddr;
	bool is_self = false;
	uint32_t index = 0;

	if (!ask_way(y, &y->w->host_route, "host", &y->p.saddr, &index, &is_self))
		return false;
	y->p.saddr_local = is_self;
	y->p.answers_leave_by_iif = true;
	y->p.oif = "";
	y->p.iif = is_self || !if_indextoname(index, y->way) ? "" : y->way;
	if (!ask_way(y, &y->w->host_route, "host", &y->p.daddr, &index, &y->p.daddr_local))
		return false;
	if (!is_self && !passes_guard(y, "prerouting"))
		return false;
	check_takers(y);
	if (!passes_guard(y, is_self ? "publish_self" : "publish"))
		return false;
	if (y->p.daddr_local && addr_equal(&asked, &y->p.daddr)) {
		tell_unpublished(y);
		return false;
	}
	return enters_by_link(y, is_self);
}

static bool is_own(const struct spec *spec, const struct addr *a)
{
	for (size_t i = 0; spec->has_tunnel && i < spec->n_addresses; i++)
		if (addr_equal(&spec->addresses[i].addr, a))
			return true;
	return false;
}

static bool enters(struct walk *y)
{
	const struct spec *spec = y->spec;
	const struct spec_link_ends *link = &spec->link[addr_index(y->p.saddr.family)];
	const char *not_followed =
		spec_has_leg(spec) && prefix_contains(&spec->leg.address, &y->p.saddr)
			? "what comes by a segment is not followed"
		: is_own(spec, &y->p.saddr) || (link->vault.addr.family &&
						addr_equal(&link->vault.addr, &y->p.saddr))
			? "it is the vault's own address: without from it is asked of inside"
			: NULL;

	if (not_followed) {
		step(y, "host", "%s", not_followed);
		y->is_unknown = true;
		return false;
	}
	return is_own(spec, &y->p.daddr) ? enters_by_tunnel(y) : enters_host(y);
}

static void begin(struct walk *y, const struct why_question *q)
{
	y->p = (struct eval_packet){ .iif = "",
				     .oif = "",
				     .saddr = q->from,
				     .daddr = q->to.to.addr,
				     .protocol = q->to.ports.protocol,
				     .dport = q->to.ports.first };
	if (y->p.protocol == IPPROTO_TCP || y->p.protocol == IPPROTO_UDP)
		return;
	y->p.icmp_type = y->p.protocol == IPPROTO_ICMPV6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	y->p.dport = (uint16_t)(y->p.icmp_type << 8); /* the type, and the code, which is 0 */
}

enum why_verdict why_tell(const struct check *c, struct session *w, const struct why_question *q,
			  struct str *text, json_t *json)
{
	static const char *const words[] = { "passes", "dropped", "unknown" };
	struct str steps cleanup(str_free) = STR_INIT;
	struct walk y = {
		.spec = &c->spec, .w = w, .text = &steps, .target = STR_INIT, .steps = json_array()
	};
	char from[ADDR_STRLEN] = "inside";
	enum why_verdict verdict;
	bool good;

	begin(&y, q);
	reach_add_target(&q->to, &y.target);
	good = q->from.family ? enters(&y) : leaves(&y);
	verdict = y.is_shut || (!good && !y.is_unknown) ? WHY_DROPPED
		  : y.is_unknown                        ? WHY_UNKNOWN
							: WHY_PASSES;
	if (q->from.family)
		addr_format(&q->from, from);
	str_addf(text, "%s: %s to %s: %s\n%s", c->name, from, y.target.s ? y.target.s : "",
		 words[verdict], steps.s ? steps.s : "");
	text->err = text->err ? text->err : steps.err ? steps.err : y.target.err;
	if (json_object_set_new(json, "from", json_string(from)) ||
	    json_object_set_new(json, "to", json_string(y.target.s ? y.target.s : "")) ||
	    json_object_set_new(json, "verdict", json_string(words[verdict])) ||
	    json_object_set_new(json, "steps", y.steps))
		text->err = -ENOMEM;
	str_free(&y.target);
	return verdict;
}
