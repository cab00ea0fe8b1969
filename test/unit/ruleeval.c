/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/ruleeval.c: random descriptions and packets: what the rules come to, evaluated as data,
 * is what the words say (DL-13). Addresses, ports and names are few, so that they meet. */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ruleeval.h"
#include "vault/seal/seal.h"
#include "vault/spec/spec.h"

#include "test/unit/tap.h"

enum { DESCRIPTIONS = 400, PACKETS = 400, MANY = 3 };

static const char *const addresses[] = {
	"10.66.0.2",   "10.66.0.1",   "10.200.0.1",  "10.200.0.2",
	"192.168.7.7", "192.168.8.8", "203.0.113.9", "224.0.0.251"
};
static const uint16_t ports[] = { 22, 53, 80, 443, 853, 5353, 9091 };

static uint64_t state;

static uint32_t below(uint32_t n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth, MMIX */
	return (uint32_t)(state >> 32) % n;
}

static struct addr addr_of(const char *text)
{
	struct addr a = { .family = 0 };

	if (addr_parse(text, &a))
		abort();
	return a;
}

static struct addr some_addr(void)
{
	return addr_of(addresses[below(ARRAY_SIZE(addresses))]);
}

static uint16_t some_port(void)
{
	return ports[below(ARRAY_SIZE(ports))];
}

static uint8_t some_protocol(void)
{
	return below(2) ? IPPROTO_TCP : IPPROTO_UDP;
}

/* All of what its words may hold, in IPv4. */
struct lists {
	struct prefix from[MANY], addresses[1];
	struct spec_publish publish[MANY];
	struct spec_ports open_ports[MANY], host_ports[MANY];
	struct spec_hole holes[MANY];
	struct addr dns[1];
};

static void describe(struct spec *spec, struct lists *l)
{
	struct spec_reach *reach = &spec->reach;

	*spec = (struct spec){ .name = "media", .has_tunnel = below(4), .has_link = below(4) };
	spec_name_interfaces(spec);
	l->addresses[0] = (struct prefix){ addr_of("10.66.0.2"), 32 };
	l->dns[0] = addr_of("10.66.0.1");
	if (spec->has_tunnel) {
		spec->addresses = l->addresses;
		spec->dns = l->dns;
		spec->n_addresses = 1;
		spec->n_dns = below(2);
	}
	if (spec->has_link)
		spec->link[ADDR_V4] = (struct spec_link_ends){ { addr_of("10.200.0.1"), 30 },
							       { addr_of("10.200.0.2"), 30 } };
	*reach = (struct spec_reach){ l->from,     l->publish,  l->open_ports, l->host_ports,
				      l->holes,    below(MANY), below(MANY),   below(MANY),
				      below(MANY), below(MANY) };
	if (!spec->has_link)
		reach->n_from = reach->n_publish = reach->n_host_ports = reach->n_holes = 0;
	for (size_t i = 0; i < MANY; i++) {
		uint16_t port = some_port();

		l->from[i] = (struct prefix){ some_addr(), below(2) ? 32 : 24 };
		(void)prefix_mask(&l->from[i]);
		l->publish[i] =
			(struct spec_publish){ below(2) ? some_addr() : (struct addr){ 0 },
					       (uint16_t)(8000 + i), some_port(), some_protocol() };
		l->open_ports[i] =
			(struct spec_ports){ port, (uint16_t)(port + below(300)), some_protocol() };
		l->host_ports[i] = (struct spec_ports){ port, port, some_protocol() };
		l->holes[i] =
			(struct spec_hole){ { some_addr(), 32 }, { port, port, some_protocol() } };
	}
}

static struct eval_packet some_packet(void)
{
	static const char *const names[] = {
		"", "lo", "wg-media", "vlt-media", "eth0", "vlt-other"
	};
	const struct eval_packet p = { .iif = names[below(ARRAY_SIZE(names))],
				       .oif = names[below(ARRAY_SIZE(names))],
				       .saddr = some_addr(),
				       .daddr = some_addr(),
				       .protocol = some_protocol(),
				       .dport = below(2) ? some_port()
							 : (uint16_t)(8000 + below(MANY)),
				       .daddr_local = below(2),
				       .saddr_local = below(2),
				       .answers_leave_by_iif = below(4) };

	return p;
}

/* ---- the model ------------------------------------------------------------------------------ */

static bool is(const struct addr *a, const char *text)
{
	const struct addr b = addr_of(text);

	return addr_equal(a, &b);
}

static bool asks_names(const struct eval_packet *p)
{
	return p->dport == 53 || p->dport == 853 || p->dport == 5353;
}

static bool may_enter(const struct spec *spec, const struct addr *from)
{
	for (size_t i = 0; i < spec->reach.n_from; i++)
		if (prefix_contains(&spec->reach.from[i], from))
			return true;
	return false;
}

static bool has_port(const struct spec_ports *list, size_t n, const struct eval_packet *p)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].protocol == p->protocol && p->dport >= list[i].first &&
		    p->dport <= list[i].last)
			return true;
	return false;
}

static bool has_hole(const struct spec *spec, const struct eval_packet *p)
{
	for (size_t i = 0; i < spec->reach.n_holes; i++)
		if (has_port(&spec->reach.holes[i].ports, 1, p) &&
		    prefix_contains(&spec->reach.holes[i].to, &p->daddr))
			return true;
	return false;
}

/* What the kill switch lets out. */
static bool lets_out(const struct spec *spec, const struct eval_packet *p)
{
	const bool own = is(&p->saddr, "10.66.0.2"), tunnel = !strcmp(p->oif, spec->tunnel_if);

	if (!strcmp(p->oif, "lo"))
		return true;
	if (asks_names(p))
		return spec->has_tunnel && tunnel && own && spec->n_dns && p->dport != 5353 &&
		       is(&p->daddr, "10.66.0.1");
	if (spec->has_tunnel && tunnel)
		return own && !is(&p->daddr, "224.0.0.251");
	return spec->has_link && !strcmp(p->oif, spec->link_if) && is(&p->saddr, "10.200.0.2") &&
	       ((is(&p->daddr, "10.200.0.1") &&
		 has_port(spec->reach.host_ports, spec->reach.n_host_ports, p)) ||
		has_hole(spec, p));
}

/* What it lets in. */
static bool lets_in(const struct spec *spec, const struct eval_packet *p)
{
	if (!strcmp(p->iif, "lo"))
		return true;
	if (spec->has_link && !strcmp(p->iif, spec->link_if) && is(&p->daddr, "10.200.0.2") &&
	    (is(&p->saddr, "10.200.0.1") || may_enter(spec, &p->saddr)))
		return true;
	return spec->has_tunnel && !strcmp(p->iif, spec->tunnel_if) && is(&p->daddr, "10.66.0.2") &&
	       has_port(spec->reach.open_ports, spec->reach.n_open_ports, p);
}

/* What the guard forwards: nothing between links, by a hole out, by accessible-from in; what is of
 * no link is none of its affair. */
static bool forwards(const struct spec *spec, const struct eval_packet *p)
{
	const bool out = !strncmp(p->iif, "vlt-", 4), in = !strncmp(p->oif, "vlt-", 4);

	if (out && in)
		return false;
	if (out)
		return !strcmp(p->iif, spec->link_host_if) && is(&p->saddr, "10.200.0.2") &&
		       !asks_names(p) && has_hole(spec, p);
	return !in || (p->answers_leave_by_iif && !strcmp(p->oif, spec->link_host_if) &&
		       is(&p->daddr, "10.200.0.2") && may_enter(spec, &p->saddr));
}

/* The port inside that a published one leads to, or 0. */
static uint16_t leads_to(const struct spec *spec, const struct eval_packet *p)
{
	if (!strncmp(p->iif, "vlt-", 4) || !p->daddr_local || !p->answers_leave_by_iif ||
	    !may_enter(spec, &p->saddr))
		return 0;
	for (size_t i = 0; i < spec->reach.n_publish; i++) {
		const struct spec_publish *publish = &spec->reach.publish[i];

		if (publish->host_port == p->dport && publish->protocol == p->protocol &&
		    (!publish->address.family || addr_equal(&publish->address, &p->daddr)))
			return publish->port;
	}
	return 0;
}

/* ---- both ----------------------------------------------------------------------------------- */

static size_t differ[4], passed[4];

static void compare(size_t which, const struct ruleset *rs, const char *chain,
		    const struct eval_packet *p, bool model)
{
	struct eval_result result;

	eval_run(rs, eval_chain(rs, chain), p, &result);
	passed[which] += model;
	if ((result.verdict == VERDICT_ACCEPT) == model)
		return;
	if (!differ[which]++)
		printf("# %s: %s>%s port %u/%u: model %d, rule %s\n", chain, p->iif, p->oif,
		       p->dport, p->protocol, model,
		       result.rule && result.rule->comment ? result.rule->comment : "-");
}

static void compare_map(const struct ruleset *rs, const struct spec *spec,
			const struct eval_packet *p)
{
	uint16_t port = leads_to(spec, p);
	struct eval_result result;

	eval_run(rs, eval_chain(rs, "publish"), p, &result);
	passed[3] += port != 0;
	if ((result.to.family ? result.port : 0) != port || (port && !is(&result.to, "10.200.0.2")))
		differ[3]++;
}

int main(void)
{
	struct lists lists;
	struct spec spec;

	for (state = 1; state <= DESCRIPTIONS; state++) {
		uint64_t seed = state;
		struct ruleset inside, guard;

		state = seed * 0x9e3779b97f4a7c15ULL;
		describe(&spec, &lists);
		seal_build(&spec, SEAL_INET, &inside);
		seal_build_guard_elements(SEAL_HOST, &spec, &guard);
		for (size_t i = 0; i < PACKETS; i++) {
			struct eval_packet p = some_packet();

			compare(0, &inside, "output", &p, lets_out(&spec, &p));
			compare(1, &inside, "input", &p, lets_in(&spec, &p));
			compare(2, &guard, "forward", &p, forwards(&spec, &p));
			compare_map(&guard, &spec, &p);
		}
		ruleset_free(&inside);
		ruleset_free(&guard);
		state = seed;
	}
	ok(!differ[0] && passed[0] > PACKETS, "what leaves, by the kill switch");
	ok(!differ[1] && passed[1] > PACKETS, "what comes in, by the kill switch");
	ok(!differ[2] && passed[2] > PACKETS, "what the guard forwards");
	ok(!differ[3] && passed[3] > PACKETS / 4, "where published ports lead");
	printf("# passed: %zu %zu %zu %zu, differ: %zu %zu %zu %zu\n", passed[0], passed[1],
	       passed[2], passed[3], differ[0], differ[1], differ[2], differ[3]);
	return tap_done();
}
