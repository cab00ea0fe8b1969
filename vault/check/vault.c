/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/vault.c: one vault, its description against what the kernel has. Reads only.
 *
 * Theory of operation. The description that `up` left is planned anew, and every object of the plan
 * is looked at by its kind, as `up` does for a vault that is there; but nothing is made. What the
 * plan does not know is looked for besides. No lock is taken: a check may run from a
 * hook of `up`, which holds it. So while another command holds it, what is not as it should be may
 * only be not yet so, and the verdict is unknown.
 */
#include "vault/check/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/utsname.h>

#include "lib/list.h"
#include "lib/nft.h"
#include "lib/ns.h"
#include "lib/wg.h"
#include "vault/apply/observed.h"
#include "vault/apply/session.h"
#include "vault/check/examine.h"
#include "vault/check/orphan.h"
#include "vault/check/process.h"
#include "vault/check/processes.h"
#include "vault/check/system.h"
#include "vault/gather/forwarding.h"
#include "vault/gather/listeners.h"
#include "vault/plan/plan.h"
#include "vault/proc/procs.h"
#include "vault/spec/reach.h"
#include "vault/spec/state.h"

/* What all examiners of one vault need. */
struct exam {
	struct check *c;
	const struct check_options *options;
	struct spec *spec;
	struct session *w;
	struct plan plan;
	uint64_t through_holes; /* packets */
	bool has_way; /* the host's packets for the vault go by the link */
	bool has_path; /* nothing was found in the way of what may be reached */
};

static void tell_state(struct check *c, int err)
{
	struct state_why why;

	state_explain(c->name, err, &why);
	check_tell(c, "state", FOUND_UNKNOWN, &why.remedy, NULL, NULL, "%s", why.text);
}

/* It has no description: there is no such vault, unless one is being made, or lost it. */
static void tell_absent(struct check *c)
{
	if (state_is_locked(c->name))
		check_tell(c, "state", FOUND_UNKNOWN, REMEDY(CHECK_LATER, NULL), NULL, NULL,
			   "another command is changing this vault");
	else if (!orphan_tell(c))
		tell_state(c, -ENOENT);
}

/* What is up goes on without its file; but nothing makes it again. */
static void tell_conf(struct check *c)
{
	const struct remedy again = remedy_as_made(c->name, c->spec.conf, NULL);

	if (again.row == REMEDY_AS_MADE)
		return;
	check_tell(c, "conf", FOUND_OK, &again, NULL, NULL,
		   "%s is gone: this vault cannot be made again from it", c->spec.conf);
	check_show_last(c);
}

/* False, said why, when there is no description to compare with. */
static bool load(struct check *c, struct spec *spec)
{
	int r = state_load(c->name, spec);

	if (r == -ENOENT)
		tell_absent(c);
	else if (r)
		tell_state(c, r);
	else
		check_add(c, "state", FOUND_OK, NULL, NULL, "described in %s/%s", STATE_DIR,
			  c->name);
	return !r;
}

static const struct remedy *remedy_for(int err)
{
	static const struct remedy have_proc = { .row = REMEDY_HAVE_PROC };

	return err == -ENOENT ? &have_proc : state_remedy(err);
}

/* What is bound to the name, SEEN, is not the namespace of SPEC's vault: HAVE, not WANT. */
static void tell_stranger(struct check *c, const struct spec *spec, uint64_t seen, const char *want,
			  const char *have)
{
	const struct remedy *const del = REMEDY(DEL_NETNS, c->name);

	check_tell(c, "netns", FOUND_FAIL, REMEDY_AFTER(del, AS_MADE, c->name), want, have,
		   "%s/%s is not the namespace that was sealed%s", NS_DIR, c->name,
		   seen == spec->netns_inode ? ", but one that got its number" : "");
}

/* What has the name is no namespace, as ERR says. */
static void tell_no_namespace(struct check *c, int err, const char *want)
{
	char path[sizeof(NS_DIR "/") + SPEC_NAME_MAX];
	const char *have = err == -ELOOP ? "a symbolic link" : "no network namespace";
	const struct remedy *const rm =
		err == -ELOOP ? REMEDY(RM_NAME, path) : REMEDY(RM_FOLDER, path);

	snprintf(path, sizeof(path), "%s/%s", NS_DIR, c->name);
	check_tell(c, "netns", FOUND_FAIL, REMEDY_AFTER(rm, AS_MADE, c->name), want, have,
		   "%s is %s and not vault's", path, have);
}

/* The namespace, checked to be the one that was sealed: a descriptor, or -1, said why. */
static int open_namespace(struct check *c, const struct spec *spec)
{
	int ns cleanup(close_fd) = ns_open_name(c->name);
	char want[32], have[32];
	uint64_t inode = 0;
	int r = ns < 0 ? ns : ns_inode(ns, &inode), sealed = r ? 0 : state_is_sealed(spec, ns);

	snprintf(want, sizeof(want), "net:[%llu]", (unsigned long long)spec->netns_inode);
	snprintf(have, sizeof(have), "net:[%llu]", (unsigned long long)inode);
	if (r == -ENOENT || r == -EINVAL) {
		ns = procs_open_left(spec);
		check_tell(c, "netns", FOUND_FAIL, REMEDY(AS_MADE, c->name), want, "none",
			   "no namespace has the name %s%s", c->name,
			   ns < 0 ? "" : ", whose own is there without one");
		return steal_fd(&ns);
	}
	if (r == -ELOOP || r == -EMEDIUMTYPE) {
		tell_no_namespace(c, r, want);
		return -1;
	}
	if (r || sealed < 0) {
		r = r ? r : sealed;
		check_tell(c, "netns", FOUND_UNKNOWN, remedy_for(r), want, NULL,
			   "%s/%s cannot be looked at: %s", NS_DIR, c->name, state_error(r));
		return -1;
	}
	if (!sealed) {
		tell_stranger(c, spec, inode, want, have);
		return -1;
	}
	check_add(c, "netns", FOUND_OK, want, have, "%s/%s is the one that was sealed", NS_DIR,
		  c->name);
	return steal_fd(&ns);
}

static int open_session(struct session *w, const struct spec *spec, int *ns)
{
	struct nl_error error = { 0 };
	int r = state_is_host(spec);

	if (!r)
		r = session_open(w, spec);
	if (!r)
		r = session_enter_vault(w, steal_fd(ns));
	if (!r && spec->has_tunnel && spec->backend == SPEC_BACKEND_KERNEL) {
		r = wg_family(&w->vault_wg, &w->wg_family, &error);
		r = r == -ENOENT ? -EOPNOTSUPP : r; /* this kernel has no WireGuard (any more) */
	}
	if (r)
		return r;
	w->dir = state_open(spec->name);
	return w->dir < 0 ? w->dir : 0;
}

/* The id that findings about OBJ have. */
static const char *id_of(const struct obj *obj, const struct session *w)
{
	if (obj->kind == &kind_files)
		return w->part && strcmp(w->part, STATE_FILE) ? w->part : "state";
	if (obj->kind == &kind_seal && obj->flags & OBJ_OPTIONAL)
		return "frames";
	if (obj->kind == &kind_veth && !obj->veth.bridge.name)
		return "link";
	if (obj->kind == &kind_veth || obj->kind == &kind_bridge)
		return "leg";
	return obj->kind == &kind_up ? "interface" : obj->kind->name;
}

bool check_may_lack(const struct obj *obj)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	if (obj->kind == &kind_wall)
		return !system_has_wall();
	if (!(obj->flags & OBJ_OPTIONAL) || uname(&u) ||
	    sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major < 5 || (major == 5 && minor < 16);
}

static void add_look(struct exam *e, const struct obj *obj, int look)
{
	const struct session *w = e->w;
	const char *id = id_of(obj, w), *how = w->why;

	if (look < 0) {
		check_add(e->c, id, FOUND_UNKNOWN, NULL, NULL, "%s: cannot be told: %s%s%s",
			  obj->label, strerror(-look), *how ? ": " : "", how);
		return;
	}
	if (look == LOOK_SAME) {
		check_add(e->c, id, FOUND_OK, obj->label, obj->label, "%s", obj->label);
		return;
	}
	if (check_may_lack(obj)) {
		check_add(e->c, id, FOUND_SKIP, NULL, NULL, "%s: this kernel has none (%s)",
			  obj->label, obj->kind == &kind_wall ? "cls_bpf" : "Linux 5.16");
		return;
	}
	how = look == LOOK_ABSENT ? "missing" : *how ? how : "not as described";
	check_tell(e->c, id, FOUND_FAIL, REMEDY_AFTER(&w->before, AS_MADE, e->c->name),
		   w->want[0] ? w->want : obj->label, w->want[0] ? w->have : how, "%s: %s",
		   obj->label, how);
}

/* Files are several of one object: what is not found wrong is right. */
static void add_files(struct exam *e, const struct obj *obj, int look)
{
	static const char *const files[] = { "resolv.conf", "nsswitch.conf" };

	if (look)
		add_look(e, obj, look);
	for (size_t i = 0; (look >= 0 || e->w->part) && i < ARRAY_SIZE(files); i++)
		if (!e->w->part || strcmp(e->w->part, files[i]))
			check_add(e->c, files[i], FOUND_OK, NULL, NULL, "%s/%s/%s", STATE_DIR,
				  e->c->name, files[i]);
}

/* An interface that is missing, with what hangs on it: told once. */
struct gone {
	const struct obj *list[3]; /* tunnel, link, leg */
	size_t n;
};

static const struct obj *find_gone(const struct gone *gone, const struct obj *obj)
{
	for (size_t i = 0; i < gone->n; i++)
		if (plan_interface(obj) == plan_interface(gone->list[i]) ||
		    (obj->kind == &kind_wall && gone->list[i]->kind == &kind_veth &&
		     !strcmp(obj->wall.name, gone->list[i]->veth.name)))
			return gone->list[i];
	return NULL;
}

static void look_at(struct exam *e, const struct obj *obj, struct gone *gone)
{
	const struct obj *on = find_gone(gone, obj);
	int look;

	session_clear_words(e->w);
	look = obj->kind->look(obj, e->w);
	if (obj->kind == &kind_files) {
		add_files(e, obj, look);
		return;
	}
	if (on && look != LOOK_SAME) {
		check_add(e->c, id_of(obj, e->w), FOUND_SKIP, NULL, NULL, "%s: gone with %s",
			  obj->label, on->label);
		return;
	}
	if (look == LOOK_ABSENT && (obj->kind == &kind_tunnel || obj->kind == &kind_veth))
		gone->list[gone->n++] = obj;
	add_look(e, obj, look);
}

/* Each object of the plan but the namespace, which we are in, and the peers, told in more detail
 * elsewhere. */
static void look_at_plan(struct exam *e)
{
	struct gone gone = { .n = 0 };

	if (e->plan.overflow)
		check_add(e->c, "state", FOUND_UNKNOWN, NULL, NULL, "too many addresses to plan");
	for (size_t i = 0; i < e->plan.n; i++) {
		const struct obj *obj = &e->plan.objs[i];

		if (obj->kind != &kind_netns && obj->kind != &kind_name && obj->kind != &kind_peers)
			look_at(e, obj, &gone);
	}
}

static int add_counter(const char *table, const char *name, uint64_t packets, uint64_t bytes,
		       void *arg)
{
	struct exam *e = arg;
	struct check *c = e->c;
	struct check_counter counter = { .packets = packets, .bytes = bytes };

	if (!strcmp(name, SEAL_HOLES))
		e->through_holes = packets;
	if (!seal_counter_meaning(name) || !spec_name_is_valid(table))
		return 0; /* another's; names of theirs would need escapes in labels and JSON */
	snprintf(counter.table, sizeof(counter.table), "%s", table);
	snprintf(counter.name, sizeof(counter.name), "%s", name);
	return list_append(&c->counters, &c->n_counters, sizeof(counter), &counter);
}

/* How often each reason came up; not to know is told, and is no fault of the vault's. */
static void read_counters(struct exam *e)
{
	struct nl_error error = { 0 };
	int r = nft_dump_counters(&e->w->vault_nft, add_counter, e, &error);

	if (r)
		check_add(e->c, "read", FOUND_UNKNOWN, NULL, NULL, "the counters: %s %s",
			  strerror(-r), error.text);
}

/* Asked for, and no fault; but whoever looks shall see them. */
static void tell_holes(struct exam *e)
{
	const struct spec_reach *reach = &e->spec->reach;
	char text[REACH_STRLEN];

	for (size_t i = 0; i < reach->n_holes; i++) {
		check_add(e->c, "hole", FOUND_OK, NULL, NULL,
			  "allow-to %s is open, outside the tunnel (%llu packets by all holes)",
			  reach_format_hole(&reach->holes[i], text),
			  (unsigned long long)e->through_holes);
		check_show_last(e->c);
	}
}

static void tell_way(const struct forwarding_fault *fault, void *arg)
{
	struct exam *e = arg;

	e->has_way = false;
	check_tell(e->c, "way", fault->how == FORWARDING_SHUT ? FOUND_FAIL : FOUND_UNKNOWN,
		   fault->remedy, fault->expected, fault->observed, "%s", fault->text);
}

static bool has_failed(const struct check *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].verdict == FOUND_FAIL && !strcmp(c->list[i].id, id))
			return true;
	return false;
}

/* What the host, and who may enter, sends to the vault must not go elsewhere: as it does where the
 * link itself is not as it should be, which is told. */
static void check_way(struct exam *e)
{
	if (!e->spec->has_link || has_failed(e->c, "link"))
		return;
	e->has_way = true;
	forwarding_check_link(e->w, tell_way, e);
	if (e->has_way)
		check_add(e->c, "way", FOUND_OK, e->spec->link_host_if, e->spec->link_host_if,
			  "the host's way to the vault is %s", e->spec->link_host_if);
}

/* A firewall of the administrator's may let it by in ways that cannot be told from outside. */
static enum found judge_path(const struct spec *spec, const struct forwarding_fault *fault)
{
	switch (fault->how) {
	case FORWARDING_SHUT:
		/* what stood there when the vault was made is as it was, which `up` has told */
		return spec_has_line(&spec->in_the_way, fault->text) ? FOUND_SKIP : FOUND_FAIL;
	case FORWARDING_DOUBT:
		return FOUND_SKIP;
	case FORWARDING_UNREAD:
		break;
	}
	return FOUND_UNKNOWN;
}

static void tell_path(const struct forwarding_fault *fault, void *arg)
{
	struct exam *e = arg;

	e->has_path = false;
	check_tell(e->c, "forwarding", judge_path(e->spec, fault), fault->remedy, fault->expected,
		   fault->observed, "%s", fault->text);
}

/* What was asked for beyond the host itself must pass there, too. */
static void check_path(struct exam *e)
{
	const struct spec_reach *reach = &e->spec->reach;

	e->has_path = reach->n_from || reach->n_holes || reach->n_host_ports || reach->n_publish;
	forwarding_check(e->w, tell_path, e);
	if (e->has_path)
		check_add(e->c, "forwarding", FOUND_OK, NULL, NULL,
			  "found nothing on the host in the way of what may be reached");
}

struct listening {
	struct check *c;
	size_t found;
};

static void tell_listener(const struct spec_publish *publish, const char *who, const char *does,
			  bool sure, void *arg)
{
	struct listening *l = arg;
	char text[REACH_STRLEN];

	l->found++;
	check_tell(l->c, "published", sure ? FOUND_FAIL : FOUND_SKIP,
		   REMEDY(END_PROGRAM_OR_PORT, NULL), NULL, who,
		   "publish %s: %s %s, too: who may enter gets the vault",
		   reach_tell_publish(publish, text), who, does);
}

/* One that came later than the vault, and does not get what it listens for. */
static void check_published(struct exam *e)
{
	struct listening l = { .c = e->c };
	int r = listeners_find(&e->spec->reach, &e->w->host_nft, tell_listener, &l);

	if (r)
		check_add(e->c, "published", FOUND_UNKNOWN, NULL, NULL,
			  "which ports programs of the host have: %s", strerror(-r));
	else if (e->spec->reach.n_publish && !l.found)
		check_add(e->c, "published", FOUND_OK, NULL, NULL,
			  "nobody else on the host has a port that is published");
}

/* Who else is plugged in is no fault; but whoever looks shall see them. */
static void tell_ports(struct exam *e)
{
	const struct observed_host *host = e->w->observed->host;
	const struct rtnl_link *bridge =
		observed_link(host->links, host->n_links, e->spec->bridge_name);

	for (size_t i = 0; bridge && spec_has_leg(e->spec) && i < host->n_links; i++)
		if (host->links[i].master == bridge->index &&
		    !observed_is_own(&host->links[i], "veth", host->links[i].alias)) {
			check_add(e->c, "leg", FOUND_OK, NULL, host->links[i].name,
				  "%s, no vault's, is a port of %s too", host->links[i].name,
				  bridge->name);
			check_show_last(e->c);
		}
}

static void examine(struct exam *e)
{
	struct observed observed = { 0 };
	struct check *c = e->c;
	int r;

	e->w->host = &e->options->host->observed;
	r = observed_take(e->w, e->spec, &observed, e->w->why);

	if (r) {
		check_tell(c, "read", FOUND_UNKNOWN, remedy_for(r), NULL, NULL, "%s", e->w->why);
		return;
	}
	e->w->observed = &observed;
	e->w->generation = e->spec->seal_generation; /* the description is compared with itself */
	look_at_plan(e);
	if (e->spec->has_tunnel) {
		check_tunnel(c, e->spec, &observed, e->options->max_handshake_age);
		check_socket(c, e->spec, e->w, e->options->host);
	}
	check_unexpected(c, &e->plan, e->w);
	check_iptables(c, e->w->vault_ns);
	check_tc_xdp(c, e->w);
	read_counters(e);
	tell_holes(e);
	tell_ports(e);
	check_way(e);
	check_path(e);
	check_published(e);
	check_gateway(c, e->spec, e->options->host);
	e->w->observed = NULL;
	observed_free(&observed);
}

/* While another command is at work, what is wrong may be on its way. */
static void consider_others(struct check *c, const struct session *w)
{
	if (check_verdict(c) != FOUND_FAIL || w->dir < 0)
		return;
	if (!flock(w->dir, LOCK_SH | LOCK_NB))
		return;
	check_tell(c, "state", FOUND_UNKNOWN, REMEDY(CHECK_LATER, NULL), NULL, NULL,
		   "another command is changing this vault");
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].verdict == FOUND_FAIL) {
			c->list[i].verdict = FOUND_UNKNOWN;
			c->list[i].is_command = false; /* it may be on its way */
		}
}

bool check_open(struct check *c, struct session *w)
{
	int ns cleanup(close_fd) = -1, r;

	*w = (struct session){ .host_ns = -1, .vault_ns = -1, .dir = -1, .host_lock = -1 };
	w->host_route = w->host_nft = w->vault_route = w->vault_nft = w->vault_wg =
		(struct nl)NL_CLOSED;
	if (!load(c, &c->spec))
		return false;
	tell_conf(c);
	ns = open_namespace(c, &c->spec);
	if (ns < 0)
		return false;
	c->is_up = true;
	r = open_session(w, &c->spec, &ns);
	if (r)
		check_tell(c, "read", FOUND_UNKNOWN, remedy_for(r), NULL, NULL,
			   "the namespaces cannot be looked into: %s", state_error(r));
	return !r;
}

void check_vault(struct check *c, const struct check_options *options)
{
	struct session w;
	struct exam e = { .c = c, .options = options, .spec = &c->spec, .w = &w };

	if (check_open(c, &w)) {
		state_load_test(w.dir, &c->test);
		if (c->test.generation != c->spec.seal_generation)
			c->test.dropped = 0; /* by rules that are no more */
		plan_build(&c->spec, &e.plan);
		examine(&e);
		consider_others(c, &w);
	}
	session_close(&w);
	if (!c->is_up)
		return;
	check_processes(c, c->spec.netns_inode, options->host);
	for (size_t i = 0; i < options->n_pids; i++)
		if (!check_process(c, c->spec.netns_inode, options->pids[i]))
			check_add(c, "process", FOUND_UNKNOWN, NULL, NULL,
				  "%d: there is no such process", (int)options->pids[i]);
	for (size_t i = 0; i < options->n_units; i++)
		check_unit(c, c->spec.netns_inode, options->units[i]);
}
