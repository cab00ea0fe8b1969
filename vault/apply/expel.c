/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/expel.c: takes out of a vault what nobody asked for.
 *
 * Theory of operation. What is there is told by dumps; what of it is unexpected, by the same
 * questions that `check` asks; and to remove it the kernel is sent back what it told. One may take
 * others with it, as an address does its routes, or stand in the kernel's way to another: so there
 * is no telling from one answer, and what counts is whether it is there when all is read again.
 * Rounds go on for as long as each of them removes something.
 */
#include "vault/apply/expel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/ns.h"
#include "vault/apply/observed.h"
#include "vault/apply/unexpected.h"
#include "vault/report.h"

#define ROUNDS 8

struct round {
	const struct plan *plan, *had;
	struct session *w;
	walk_change_fn *fn;
	void *arg;
	bool only_looks; /* nothing is sent */
	bool is_asked; /* what is about to go was asked for before */
	bool tells; /* nothing more can be removed: what is left is told */
	size_t found, removed;
	uint8_t family; /* of the rules that are looked at */
	unsigned int rules; /* of those that every namespace begins with, which are there */
};

/* Sends what was queued about LABEL. */
static int finish(struct round *e, char sign, const char *label)
{
	struct session *w = e->w;
	int r = 0;

	if (e->only_looks)
		session_forget(w);
	else
		r = session_flush(w);
	e->found++;
	if (!r) {
		e->removed++;
		if (!e->is_asked)
			e->fn(sign, label, e->arg);
	} else if (e->tells) {
		report_error(w->spec->name, "removing %s, which is not the vault's: %s%s%s", label,
			     strerror(-r), w->why[0] ? ": " : "", w->why);
	}
	w->why[0] = '\0';
	e->is_asked = false;
	return 0;
}

static int remove_told(struct round *e, const struct nlmsghdr *told, const char *label)
{
	struct session *w = e->w;
	int r = session_queue(w, &w->vault_route);

	if (r)
		return r;
	rtnl_queue_delete(&w->batch, &w->vault_route, w->current, told);
	return finish(e, '-', label);
}

static int expel_route(const struct rtnl_route *route, void *arg)
{
	char text[PREFIX_STRLEN], label[PREFIX_STRLEN + 16];
	struct round *e = arg;

	if (!unexpected_is_route(e->plan, e->w->observed, route))
		return 0;
	e->is_asked = e->had && !unexpected_is_route(e->had, e->w->observed, route);
	snprintf(label, sizeof(label), "route %s", prefix_format(&route->dst, text));
	return remove_told(e, route->told, label);
}

/* Strangers, and ours that have something besides: these are then made anew. */
static bool is_odd_address(const struct round *e, const struct rtnl_address *a)
{
	return unexpected_is_address(e->plan, a) ||
	       (a->index != SPEC_LOOPBACK_INDEX && observed_address_fault(e->w->observed, a));
}

static int expel_address(const struct rtnl_address *a, void *arg)
{
	char text[PREFIX_STRLEN], label[PREFIX_STRLEN + 16];
	struct round *e = arg;

	if (!is_odd_address(e, a))
		return 0;
	e->is_asked = e->had && !unexpected_is_address(e->had, a) &&
		      !observed_address_fault(e->w->observed, a);
	snprintf(label, sizeof(label), "address %s", prefix_format(&a->address, text));
	return remove_told(e, a->told, label);
}

static int expel_neighbour(const struct rtnl_neighbour *neighbour, void *arg)
{
	char text[ADDR_STRLEN], label[ADDR_STRLEN + 16];

	snprintf(label, sizeof(label), "%s %s", neighbour->proxy ? "proxy" : "neighbour",
		 addr_format(&neighbour->address, text));
	return remove_told(arg, neighbour->told, label);
}

static int expel_rule(const struct rtnl_rule *rule, void *arg)
{
	struct round *e = arg;
	char label[48];

	if (!unexpected_is_rule(e->family, rule, &e->rules))
		return 0;
	snprintf(label, sizeof(label), "policy rule %u", rule->priority);
	return remove_told(e, rule->told, label);
}

/* Those that every namespace begins with, put back. */
static int add_rules(struct round *e)
{
	size_t n;
	const struct rtnl_rule *first = unexpected_first_rules(e->family, &n);
	struct session *w = e->w;
	char label[48];
	int r = 0;

	for (size_t i = 0; !r && i < n; i++) {
		if (e->rules & 1U << i)
			continue;
		r = session_queue(w, &w->vault_route);
		if (r)
			break;
		rtnl_queue_rule(&w->batch, &w->vault_route, w->current, e->family,
				first[i].priority, first[i].table);
		snprintf(label, sizeof(label), "policy rule %u", first[i].priority);
		r = finish(e, '+', label);
	}
	return r;
}

static int expel_rules(struct round *e, uint8_t family, struct nl_error *error)
{
	int r;

	e->family = family;
	e->rules = 0;
	r = rtnl_dump_rules(&e->w->vault_route, family, expel_rule, e, error);
	return r ? r : add_rules(e);
}

/* The kernel's own tunnel devices cannot be removed, nor need they be. */
static int quiet_fallbacks(struct round *e)
{
	const struct observed *s = e->w->observed;
	struct session *w = e->w;
	char label[IFNAMSIZ + 16];
	int r = 0;

	for (size_t i = 0; !r && i < s->n_links; i++) {
		if (!spec_is_fallback(s->links[i].name) || unexpected_is_idle(&s->links[i]))
			continue;
		r = session_queue(w, &w->vault_route);
		if (r)
			break;
		rtnl_queue_up(&w->batch, &w->vault_route, w->current, s->links[i].index, false);
		if (s->links[i].master)
			rtnl_queue_nomaster(&w->batch, &w->vault_route, w->current,
					    s->links[i].index);
		snprintf(label, sizeof(label), "interface %s", s->links[i].name);
		r = finish(e, '~', label);
	}
	return r;
}

/* True when what was observed has anything of this kind: else there is nothing to ask. */
static bool has_odd_route(const struct round *e)
{
	const struct observed *s = e->w->observed;

	for (size_t i = 0; i < s->n_routes; i++)
		if (unexpected_is_route(e->plan, s, &s->routes[i]))
			return true;
	return false;
}

static bool has_odd_address(const struct round *e)
{
	const struct observed *s = e->w->observed;

	for (size_t i = 0; i < s->n_addresses; i++)
		if (is_odd_address(e, &s->addresses[i]))
			return true;
	return false;
}

static int go_round(struct round *e, struct nl_error *error)
{
	struct nl *nl = &e->w->vault_route;
	bool v6 = ns_has_ipv6();
	int r = quiet_fallbacks(e);

	if (!r)
		r = expel_rules(e, AF_INET, error);
	if (!r && v6)
		r = expel_rules(e, AF_INET6, error);
	if (!r)
		r = rtnl_dump_neighbours(nl, expel_neighbour, e, error);
	if (!r && has_odd_route(e)) {
		r = rtnl_dump_tables(nl, AF_INET, expel_route, e, error);
		if (!r && v6)
			r = rtnl_dump_tables(nl, AF_INET6, expel_route, e, error);
	}
	if (!r && has_odd_address(e))
		r = rtnl_dump_addresses(nl, expel_address, e, error);
	return r;
}

static void report_unread(const struct session *w, const struct nl_error *error, int r)
{
	report_error(w->spec->name, "looking for what is not the vault's: %s%s%s%s", strerror(-r),
		     error->text[0] ? ": " : "", error->text, w->why);
}

int expel_tell(const struct plan *plan, const struct plan *had, struct session *w,
	       walk_change_fn *fn, void *arg)
{
	struct round e = {
		.plan = plan, .had = had, .w = w, .fn = fn, .arg = arg, .only_looks = true
	};
	struct nl_error error = { 0 };
	int r = go_round(&e, &error);

	if (r)
		report_unread(w, &error, r);
	return r;
}

int expel(const struct plan *plan, const struct plan *had, struct session *w, walk_change_fn *fn,
	  void *arg)
{
	struct round e = { .plan = plan, .had = had, .w = w, .fn = fn, .arg = arg };
	struct nl_error error = { 0 };
	int r = 0;

	for (int round = 0; round < ROUNDS && !e.tells; round++) {
		e.tells = round && !e.removed;
		e.found = e.removed = 0;
		r = go_round(&e, &error);
		if (r || !e.found)
			break;
		observed_free(w->observed);
		r = observed_take(w, plan->spec, w->observed, w->why);
		if (r)
			break;
	}
	if (r)
		report_unread(w, &error, r);
	else if (e.found && !e.tells)
		report_error(w->spec->name,
			     "what is not the vault's comes back as soon as it is removed: is "
			     "another program at work inside?");
	return r ? r : e.found ? -EIO : 0;
}
