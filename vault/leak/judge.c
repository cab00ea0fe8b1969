/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/judge.c: what a sighting means.
 *
 * What comes out of the link's host end has left the vault, so a marked packet there is a leak
 * already, but for one that looks like an answer: the frame filter has to let those by, and the
 * guard behind it stops them. What leaves by any other interface is one in any case, unless it went
 * into the tunnel: then it came back from the internet, as one to the host's own address does.
 */
#include "vault/leak/judge.h"

#include <string.h>

#include "vault/leak/recognise.h"

static void add_evidence(struct judge *j, size_t probe, const struct sighting *s)
{
	struct leak_evidence e = { .time = s->time };

	memcpy(e.interface, s->interface, sizeof(e.interface));
	recognise_describe(s, e.summary, sizeof(e.summary));
	leak_run_evidence(j->run, probe, &e);
}

static bool is_link_end(const struct spec *spec, const struct addr *a)
{
	for (int f = 0; f < SPEC_FAMILIES; f++)
		if (addr_equal(&spec->link[f].host.addr, a))
			return true;
	return false;
}

/* The vault, or its twin, that P came from. */
static const struct spec *spec_of(const struct judge *j, const struct packet *p)
{
	return j->twin && j->run->probes[p->probe].where == LEAK_IN_TWIN ? j->twin : j->spec;
}

/* Somebody looks for a packet's destination: from inside nobody may but for the link's own end, and
 * the host has no reason to look for an address that is nobody's. */
static bool is_search_bad(const struct judge *j, const struct packet *p, const struct sighting *s,
			  bool by_link)
{
	if (by_link)
		return !s->out && !is_link_end(spec_of(j, p), &p->to) &&
		       !(p->flags & PACKET_MAY_CROSS);
	return s->out && targets_has_unused(j->targets, &p->to) &&
	       strncmp(s->interface, "vlt-", 4) != 0;
}

static bool is_bad(const struct judge *j, const struct packet *p, enum recognised what,
		   const struct sighting *s)
{
	bool by_link = !strcmp(s->interface, spec_of(j, p)->host_name);

	if (p->flags & PACKET_FROM_HOST)
		return by_link && !s->out && what != RECOGNISED_SEARCH;
	if (p->flags & PACKET_ENTERS)
		return by_link && s->out && what == RECOGNISED_MARK;
	switch (what) {
	case RECOGNISED_SEARCH:
		return is_search_bad(j, p, s, by_link);
	case RECOGNISED_ANSWER:
		return by_link && s->out; /* the host itself took it */
	case RECOGNISED_MARK:
		break;
	case RECOGNISED_NOT:
	case RECOGNISED_FOUND:
	case RECOGNISED_OWN:
		return false;
	}
	if (!by_link)
		return s->out && !p->in_tunnel;
	return !s->out && !(p->flags & PACKET_MAY_CROSS);
}

/* An unmarked packet of somebody inside: on its way out, by another interface than the tunnel. */
static bool is_own_bad(const struct judge *j, const struct sighting *s)
{
	if (!strncmp(s->interface, "vlt-", 4))
		return !s->out && !strcmp(s->interface, j->spec->host_name);
	return s->out;
}

/*
 * Many packets go to one address. Who looks for it at the link does so for one that was bound to
 * it; beyond, for one that may come out of the link: any other was seen there before.
 */
static size_t find_searcher(const struct judge *j, size_t i, const struct sighting *s)
{
	const struct packet *list = j->packets->list;
	unsigned int wanted = strncmp(s->interface, "vlt-", 4) ? PACKET_MAY_CROSS : PACKET_BY_LINK;

	for (size_t k = 0; k < j->packets->n && list[i].protocol; k++)
		if (addr_equal(&list[k].to, &list[i].to) && list[k].protocol &&
		    list[k].flags & wanted)
			return k;
	return i;
}

void judge_on_host(const struct sighting *s, void *arg)
{
	struct judge *j = arg;
	struct packet *p;
	size_t i;
	enum recognised what =
		recognise(s, j->packets, j->spec->addresses, j->spec->n_addresses, &i);

	if (what == RECOGNISED_NOT)
		return;
	if (what == RECOGNISED_OWN) {
		if (j->own_probe != SIZE_MAX && is_own_bad(j, s))
			add_evidence(j, j->own_probe, s);
		return;
	}
	if (what == RECOGNISED_SEARCH)
		i = find_searcher(j, i, s);
	p = &j->packets->list[i];
	if (p->flags & PACKET_CONTROL) {
		p->seen = p->seen || !strcmp(s->interface, j->control);
		return;
	}
	p->seen = p->seen || !(p->flags & PACKET_FROM_HOST);
	if (is_bad(j, p, what, s))
		add_evidence(j, p->probe, s);
}

/* The interface that a vault's packets may leave by: its tunnel, or the way to its gateway. */
static const char *way_out(const struct spec *spec)
{
	return !spec->has_tunnel && spec->leg.role == SPEC_VIA ? spec->leg_name : spec->tunnel_name;
}

void judge_inside(const struct sighting *s, void *arg)
{
	struct judge *j = arg;
	struct packet *p;
	size_t i;

	if (recognise(s, j->packets, NULL, 0, &i) != RECOGNISED_MARK)
		return;
	p = &j->packets->list[i];
	if (p->flags & PACKET_CONTROL) {
		p->seen = p->seen || !strcmp(s->interface, "lo");
		return;
	}
	p->seen = p->seen || (p->flags & PACKET_FROM_HOST && !s->out);
	if (!s->out || strcmp(s->interface, way_out(j->spec)) != 0)
		return;
	p->in_tunnel = true;
	if (p->flags & PACKET_NO_TUNNEL)
		add_evidence(j, p->probe, s);
}
