/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/verdict.c: what a sighting means.
 *
 * What comes out of the link's host end has left the vault, so a marked packet there is a leak
 * already, but for one that looks like an answer: the frame filter has to let those by, and the
 * guard behind it stops them. What leaves by any other interface of the host is one, unless it went
 * into the tunnel, or came to the host from elsewhere: whoever the tunnel leads to reads the marks,
 * and may send them back. What goes by a gateway passes the host in clear, by the segment's bridge
 * and two of its ports, and by nothing else. What leaves the vault by an interface that it should
 * not have is one as well, seen inside.
 *
 * A mark is one packet's own, so whoever reads one can repeat that one alone. A packet that went
 * into the tunnel is read at its end, or in an error that comes back: with another destination,
 * what comes out of the link is an answer by somebody inside who repeats it.
 *
 * That the host asks for an address proves nothing: it may look for its own neighbours. So what
 * would wait for the answer is let out, to a hardware address that is nobody's (look.c), and
 * judged. Unmarked packets have nothing but their way: out of the link, or out of the vault.
 */
#include "vault/leak/verdict.h"

#include <string.h>

#include "vault/leak/classify.h"

static void add_evidence(struct verdict_case *j, size_t probe, const struct sighting *s)
{
	struct leak_evidence e = { .time = s->time };

	memcpy(e.interface, s->interface, sizeof(e.interface));
	classify_describe(s, e.summary, sizeof(e.summary));
	leak_run_evidence(j->run, probe, &e);
}

static bool is_link_end(const struct spec *spec, const struct addr *a)
{
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (addr_equal(&spec->link[f].host.addr, a))
			return true;
	return false;
}

/* The vault, or its twin, that P came from. */
static const struct spec *spec_of(const struct verdict_case *j, const struct packet *p)
{
	return j->twin && j->run->probes[p->probe].where == LEAK_IN_TWIN ? j->twin : j->spec;
}

/* One that is passed on the way to the gateway. */
static bool is_on_segment(const struct verdict_case *j, const char *interface)
{
	return !strcmp(interface, j->spec->leg_host_if) ||
	       !strcmp(interface, j->spec->bridge_name) || !strcmp(interface, j->gateway);
}

/* One of those that lead here from the vault, or its twin, or from the control. */
static bool is_ours(const struct verdict_case *j, const char *interface)
{
	return !strcmp(interface, j->spec->link_host_if) || !strcmp(interface, j->control) ||
	       is_on_segment(j, interface) ||
	       (j->twin && !strcmp(interface, j->twin->link_host_if));
}

/* From inside nobody may be looked for but the link's own end. */
static bool is_search_bad(const struct verdict_case *j, const struct packet *p,
			  const struct sighting *s)
{
	return !s->out && !is_link_end(spec_of(j, p), &p->to) && !(p->places & PACKET_ON_LINK);
}

static bool goes_by_gateway(const struct spec *spec)
{
	return !spec->has_tunnel && spec->leg.role == SPEC_VIA;
}

/*
 * P went out as it may: is this it, on its way on? By a tunnel it is encrypted from there, and
 * whose it is then nobody knows. By a gateway it is in clear up to that one's port; what goes to a
 * neighbour is not P, which is for none.
 */
static bool is_on_its_way(const struct verdict_case *j, const struct packet *p,
			  const struct sighting *s)
{
	const struct spec *spec = spec_of(j, p);

	return p->in_tunnel && (!goes_by_gateway(spec) || is_on_segment(j, s->interface) ||
				classify_goes_into(s, &spec->leg.address));
}

/* A sighting on the host. */
static bool is_bad(const struct verdict_case *j, const struct packet *p, enum classified what,
		   const struct sighting *s)
{
	bool by_link = !strcmp(s->interface, spec_of(j, p)->link_host_if);

	if (p->sender == PACKET_OF_HOST)
		return by_link && !s->out && what != CLASSIFIED_SEARCH;
	if (p->sender == PACKET_OF_STRANGER)
		return by_link && s->out && what == CLASSIFIED_MARK;
	switch (what) {
	case CLASSIFIED_SEARCH:
		return by_link && is_search_bad(j, p, s);
	case CLASSIFIED_ANSWER:
		return by_link && s->out && targets_has(j->targets, TARGET_HOST, &p->to);
	case CLASSIFIED_MARK:
		break;
	case CLASSIFIED_NOT:
	case CLASSIFIED_FOUND:
	case CLASSIFIED_OWN:
		return false;
	}
	if (!by_link)
		return s->out && !p->foreign && !is_on_its_way(j, p, s);
	return !s->out && !(p->places & PACKET_ON_LINK) &&
	       (!p->in_tunnel || classify_goes_to(s, p));
}

/* Many packets go to one address. Who looks for it at the link does so for one that was bound to
 * it. */
static size_t find_searcher(const struct verdict_case *j, size_t i)
{
	const struct packet *list = j->packets->list;

	for (size_t k = 0; k < j->packets->n && list[i].protocol; k++)
		if (addr_equal(&list[k].to, &list[i].to) && list[k].protocol && list[k].by_link)
			return k;
	return i;
}

void verdict_on_host(const struct sighting *s, void *arg)
{
	struct verdict_case *j = arg;
	struct packet *p;
	size_t i;
	enum classified what =
		classify(s, j->packets, j->spec->addresses, j->spec->n_addresses, &i);

	if (what == CLASSIFIED_NOT)
		return;
	if (what == CLASSIFIED_OWN) {
		if (j->own_probe != SIZE_MAX && !s->out &&
		    !strcmp(s->interface, j->spec->link_host_if))
			add_evidence(j, j->own_probe, s);
		return;
	}
	if (what == CLASSIFIED_SEARCH)
		i = find_searcher(j, i);
	p = &j->packets->list[i];
	if (p->sender == PACKET_OF_CONTROL) {
		p->seen = p->seen || !strcmp(s->interface, j->control);
		return;
	}
	p->foreign =
		p->foreign || (what == CLASSIFIED_MARK && !s->out && !is_ours(j, s->interface));
	p->seen = p->seen || p->sender != PACKET_OF_HOST;
	if (is_bad(j, p, what, s))
		add_evidence(j, p->probe, s);
}

/* The interface that a vault's packets may leave by: its tunnel, or the way to its gateway. */
static const char *way_out(const struct spec *spec)
{
	return goes_by_gateway(spec) ? spec->leg_if : spec->tunnel_if;
}

/* One that it may leave by, or that is watched where it comes out. */
static bool is_way(const struct verdict_case *j, const char *interface)
{
	return !strcmp(interface, "lo") || !strcmp(interface, j->spec->tunnel_if) ||
	       !strcmp(interface, j->spec->link_if) || !strcmp(interface, j->spec->leg_if);
}

void verdict_inside(const struct sighting *s, void *arg)
{
	struct verdict_case *j = arg;
	struct packet *p;
	size_t i;
	enum classified what =
		classify(s, j->packets, j->spec->addresses, j->spec->n_addresses, &i);

	if (what == CLASSIFIED_OWN && s->out && !is_way(j, s->interface) &&
	    j->own_probe != SIZE_MAX)
		add_evidence(j, j->own_probe, s);
	if (what != CLASSIFIED_MARK)
		return;
	p = &j->packets->list[i];
	if (p->sender == PACKET_OF_CONTROL) {
		p->seen = p->seen || !strcmp(s->interface, "lo");
		return;
	}
	p->seen = p->seen || (p->sender == PACKET_OF_HOST && !s->out);
	if (!s->out)
		return;
	if (!is_way(j, s->interface))
		add_evidence(j, p->probe, s);
	if (strcmp(s->interface, way_out(j->spec)) != 0)
		return;
	p->in_tunnel = true;
	if (p->sender == PACKET_OF_VAULT && !(p->places & PACKET_IN_TUNNEL))
		add_evidence(j, p->probe, s);
}
