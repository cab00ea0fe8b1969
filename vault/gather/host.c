/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/gather/host.c: all that is to be known of the host before a vault is made, or made right. */
#include <errno.h>
#include <string.h>

#include "lib/ns.h"
#include "vault/gather/forwarding.h"
#include "vault/gather/gather.h"
#include "vault/gather/listeners.h"
#include "vault/report.h"
#include "vault/spec/reach.h"

/* True when words give the link other ends than it has. */
static bool moves_link(const struct spec *spec, const struct spec *old)
{
	for (int f = 0; spec->link_given && f < ADDR_FAMILIES; f++)
		if (!prefix_equal(&spec->link[f].host, &old->link[f].host) ||
		    !prefix_equal(&spec->link[f].vault, &old->link[f].vault))
			return true;
	return false;
}

struct taking {
	const struct spec *old; /* NULL: none */
	struct problems *p;
};

static bool is_published(const struct spec *spec, const struct spec_publish *publish)
{
	for (size_t i = 0; spec && i < spec->reach.n_publish; i++) {
		const struct spec_publish *had = &spec->reach.publish[i];

		if (had->protocol == publish->protocol && had->host_port == publish->host_port &&
		    (!had->address.family || addr_equal(&had->address, &publish->address)))
			return true;
	}
	return false;
}

/* What a program of the host has is not taken from it; what it has been taken already stays so. */
static void judge_listener(const struct spec_publish *publish, const char *who, const char *does,
			   bool sure, void *arg)
{
	const struct taking *taking = arg;
	char text[REACH_STRLEN];

	reach_tell_publish(publish, text);
	if (!sure)
		problem_warn(
			taking->p, 0,
			"publish %s: %s %s, if for the same packets: who may enter gets the vault",
			text, who, does);
	else if (is_published(taking->old, publish))
		problem_warn(taking->p, 0, "publish %s: %s %s, too: who may enter gets the vault",
			     text, who, does);
	else
		problem_error(taking->p, 0,
			      "publish %s: %s %s: who may enter would get the vault "
			      "(another port, or ADDRESS:PORT of an address where it does not)",
			      text, who, does);
}

static bool takes_no_more(const struct spec *spec, const struct spec *old)
{
	for (size_t i = 0; i < spec->reach.n_publish; i++)
		if (!is_published(old, &spec->reach.publish[i]))
			return false;
	return true;
}

static int refuse_taken(const struct spec *spec, const struct spec *old, struct session *w,
			struct problems *p)
{
	struct taking taking = { old, p };
	size_t before = p->n_errors;
	int r = listeners_find(&spec->reach, &w->host_nft, judge_listener, &taking);

	/* Rules that change all the time cannot be read: they say no more than who else is there. */
	if (r == -EAGAIN || (r && old && takes_no_more(spec, old))) {
		problem_warn(p, 0, "publish: which ports programs of the host have: %s",
			     strerror(-r));
		return 0; /* what is there is put right all the same */
	}
	if (r)
		problem_error(p, 0, "publish: which ports programs of the host have: %s",
			      strerror(-r));
	return r ? r : p->n_errors > before ? -EADDRINUSE : 0;
}

int gather_host(struct spec *spec, const struct spec *old, uint32_t own, struct session *w)
{
	bool wants_link = !old || !old->has_link || moves_link(spec, old) ||
			  (spec_has_leg(spec) && !spec_has_leg(old));
	struct problems p = { 0 };
	int r = ns_inode(w->host_ns, &spec->host_inode);

	gather_families(spec, &p);
	wants_link = wants_link || gather_wants_link(spec);
	if (!r && spec->leg.role == SPEC_VIA && !spec->n_dns)
		r = gather_resolvers(spec, &p);
	if (!r && wants_link)
		r = gather_link(spec, own, w, &p);
	if (!r)
		r = refuse_taken(spec, old, w, &p);
	if (r && !p.n_errors)
		report_error(spec->name, "%s", strerror(-r));
	report_problems_of(spec->name, &p);
	problems_free(&p);
	return r;
}

struct noting {
	struct spec *spec;
	const struct spec_lines *accepted; /* NULL: all are */
	struct problems *p;
	int err;
};

static void note_fault(const struct forwarding_fault *fault, void *arg)
{
	struct noting *n = arg;

	forwarding_warn(fault, n->p);
	if (fault->how == FORWARDING_SHUT && !n->err &&
	    (!n->accepted || spec_has_line(n->accepted, fault->text)))
		n->err = spec_add_line(&n->spec->in_the_way, fault->text);
}

int gather_ways(struct spec *spec, const struct spec_lines *accepted, struct session *w,
		struct problems *p)
{
	struct noting n = { .spec = spec, .accepted = accepted, .p = p };

	spec_clear_lines(&spec->in_the_way);
	forwarding_check(w, note_fault, &n);
	return n.err;
}
