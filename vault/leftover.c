/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/leftover.c: what is there under a vault's name before `up` begins: a vault, a stranger, or
 * a crash's remains. */
#include "vault/leftover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/ns.h"
#include "vault/cmd.h"
#include "vault/plan.h"
#include "vault/report.h"
#include "vault/state.h"
#include "vault/walk.h"

/* Something is bound to the name: ours when the state says so. */
static int judge_namespace(const char *name, int ns, struct spec *old)
{
	int r = state_load(name, old);

	if (!r)
		r = state_is_sealed(old, ns);
	if (r > 0 && state_is_host(old) == -EXDEV) {
		report_error(name, "this is not the network namespace of its host (run it there)");
		return EXIT_FAILED;
	}
	if (r > 0)
		return EXIT_DONE;
	report_error(
		name,
		"a namespace of this name is there that is not this vault's (look at `ip netns`; "
		"`vault down %s` forgets the vault, `ip netns del %s` the namespace)",
		name, name);
	return EXIT_FAILED;
}

size_t leftover_clear(const char *name, int dir, bool stranger)
{
	struct spec spec = { .has_link = true, .has_tunnel = true };
	struct world w;
	struct plan plan;
	size_t failures = 1;
	int r;

	snprintf(spec.name, sizeof(spec.name), "%s", name);
	spec_name_interfaces(&spec);
	spec_set_segment(&spec, name); /* whichever it was: its leg is found by the vault's name */
	r = world_open(&w, &spec);
	if (r) {
		report_error(name, "clearing what an earlier command left: %s", strerror(-r));
	} else {
		w.dir = dir;
		plan_build(&spec, &plan);
		if (stranger)
			plan.n--; /* the name comes last */
		failures = walk_remove(&plan, &w);
		w.dir = -1; /* the caller's */
	}
	world_close(&w);
	return failures;
}

int leftover_settle(const char *name, int dir, bool made, struct spec *old, int *out)
{
	int ns cleanup(close_fd) = ns_open_name(name), code;

	*out = -1;
	if (ns >= 0) {
		code = judge_namespace(name, ns, old);
		if (code == EXIT_DONE)
			*out = steal_fd(&ns);
		return code;
	}
	if (ns != -ENOENT && ns != -EINVAL) {
		report_error(name, "opening %s/%s: %s", NS_DIR, name, strerror(-ns));
		return EXIT_FAILED;
	}
	if (made && ns == -ENOENT)
		return EXIT_DONE;
	return leftover_clear(name, dir, false) ? EXIT_FAILED : EXIT_DONE;
}
