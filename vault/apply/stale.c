/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/apply/stale.c: what is there under a vault's name before `up` begins: a vault, a stranger,
 * or a crash's remains. */
#include "vault/apply/stale.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/ns.h"
#include "vault/apply/observed.h"
#include "vault/apply/walk.h"
#include "vault/exit.h"
#include "vault/plan/plan.h"
#include "vault/proc/procs.h"
#include "vault/report.h"
#include "vault/spec/state.h"

int stale_judge(const char *name, int ns, struct spec *old)
{
	struct state_why why;
	int r = state_load(name, old);

	if (r == -EPERM) {
		state_explain(name, r, &why);
		report_mendable(name, &why.remedy, "%s", why.text);
		return EXIT_FAILED;
	}
	if (!r)
		r = state_is_sealed(old, ns);
	if (r > 0 && state_is_host(old) == -EXDEV) {
		report_mendable(name, state_remedy(-EXDEV), "%s", state_error(-EXDEV));
		return EXIT_FAILED;
	}
	if (r > 0)
		return EXIT_DONE;
	report_mendable(name,
			r == -ENOENT ? REMEDY(OTHER_NAME_OR_DEL, name) : REMEDY(WHOSE_NETNS, name),
			"a namespace of this name is there that is not this vault's");
	return EXIT_FAILED;
}

/* What has the name of an interface of the vault's, and is not its own, is named. */
static void tell_unexpected(struct session *w)
{
	const char *const names[] = { w->spec->link_host_if, w->spec->leg_host_if };
	char alias[SPEC_ALIAS_LEN];
	struct nl_error error;
	struct rtnl_link link;

	spec_alias(w->spec->name, alias);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!rtnl_get_link(&w->host_route, names[i], &link, &error) &&
		    !observed_is_own(&link, "veth", alias))
			report_warning(w->spec->name, "the interface %s is not vault's: left alone",
				       names[i]);
}

/* True, and said, when what stands under the vault's names is somebody else's, or could be: its
 * folder, or, by interfaces that long names share, another vault's. */
static bool is_anothers(const char *name, int dir)
{
	char rival[SPEC_NAME_MAX + 1];
	struct state_why why;
	int r = state_find_rival(name, rival), whose = state_judge(dir);

	if (whose) {
		state_explain(name, whose, &why);
		report_mendable(name, &why.remedy, "%s", why.text);
	} else if (r > 0) {
		report_mendable(name, REMEDY(OTHER_NAME, NULL),
				"its interfaces would have the names of the vault %s's", rival);
	} else if (r < 0) {
		report_error(name, "reading %s: %s", STATE_DIR, strerror(-r));
	} else {
		return false;
	}
	return true;
}

size_t stale_clear(const char *name, int dir, bool stranger)
{
	struct spec spec = { .has_link = true, .has_tunnel = true };
	struct session w;
	struct plan plan;
	size_t failures = 1;
	int r;

	if (is_anothers(name, dir))
		return 1;
	snprintf(spec.name, sizeof(spec.name), "%s", name);
	spec_name_interfaces(&spec);
	spec_set_segment(&spec, name); /* whichever it was: its leg is found by the vault's name */
	r = session_open(&w, &spec);
	if (r) {
		report_error(name, "clearing what an earlier command left: %s", strerror(-r));
	} else {
		w.dir = dir;
		plan_build(&spec, &plan);
		if (stranger)
			plan.n--; /* the name comes last */
		failures = walk_remove(&plan, &w);
		tell_unexpected(&w);
		w.dir = -1; /* the caller's */
	}
	session_close(&w);
	return failures;
}

int stale_open_nameless(const char *name, struct spec *old)
{
	int r = state_load(name, old);

	if (!r)
		r = state_is_host(old);
	return r ? r : procs_open_left(old);
}

int stale_settle(const char *name, int dir, bool made, struct spec *old, int *out)
{
	int ns cleanup(close_fd) = ns_open_name(name), code;

	*out = -1;
	if (ns >= 0) {
		code = stale_judge(name, ns, old);
		if (code == EXIT_DONE)
			*out = steal_fd(&ns);
		return code;
	}
	if (ns == -ELOOP || ns == -EMEDIUMTYPE) {
		report_mendable(name, REMEDY(OTHER_NAME, NULL),
				"%s/%s is %s and not vault's: left alone", NS_DIR, name,
				ns == -ELOOP ? "a symbolic link" : "no network namespace");
		return EXIT_FAILED;
	}
	if (ns != -ENOENT && ns != -EINVAL) {
		report_error(name, "opening %s/%s: %s", NS_DIR, name, strerror(-ns));
		return EXIT_FAILED;
	}
	if (is_anothers(name, dir))
		return EXIT_FAILED;
	if (made && ns == -ENOENT)
		return EXIT_DONE;
	*out = stale_open_nameless(name, old);
	if (*out >= 0)
		return EXIT_DONE;
	spec_free(old);
	return stale_clear(name, dir, false) ? EXIT_FAILED : EXIT_DONE;
}
