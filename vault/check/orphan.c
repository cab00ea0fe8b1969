/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/check/orphan.c: links of vaults that nothing in STATE_DIR describes. Where a description
 * was lost, its vault goes on: whoever is inside still sends by a tunnel that nobody looks at.
 */
#include "vault/check/orphan.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/list.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/apply/observed.h"
#include "vault/proc/procs.h"
#include "vault/spec/state.h"

/* What a vault's links on the host are called: its own, its leg's port, and its twin's (leaktest). */
enum { LINKS_OF_A_VAULT = 3 };

struct owned_link {
	char link[IFNAMSIZ], name[SPEC_NAME_MAX + 1];
};

struct owned_links {
	struct owned_link *list; /* owned; in order when they are all there */
	size_t n;
};

static void free_links(struct owned_links *links)
{
	free(links->list);
}

static void name_links(const char *name, struct owned_link out[static LINKS_OF_A_VAULT])
{
	struct spec spec = { 0 };

	snprintf(spec.name, sizeof(spec.name), "%s", name);
	spec_name_interfaces(&spec);
	for (int i = 0; i < LINKS_OF_A_VAULT; i++)
		memcpy(out[i].name, spec.name, sizeof(spec.name));
	memcpy(out[0].link, spec.link_host_if, IFNAMSIZ);
	memcpy(out[1].link, spec.leg_host_if, IFNAMSIZ);
	spec_twin_link(&spec, out[2].link);
}

static int add_links(const char *name, struct owned_links *out)
{
	struct owned_link links[LINKS_OF_A_VAULT] = { 0 };
	int r = 0;

	name_links(name, links);
	for (int i = 0; !r && i < LINKS_OF_A_VAULT; i++)
		r = list_append(&out->list, &out->n, sizeof(links[i]), &links[i]);
	return r;
}

/* Adds those of the vaults that have a folder of vault's: what another has made of it is none. */
static int read_described(struct owned_links *out)
{
	char **names = NULL;
	ssize_t n = state_names(&names);
	int r = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; !r && i < n; i++)
		r = add_links(names[i], out);
	state_names_free(names, n);
	return r;
}

static int read_named(struct owned_links *out)
{
	DIR *dir = opendir(NS_DIR);
	const struct dirent *e;
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!r && (errno = 0, e = readdir(dir)))
		if (spec_name_is_valid(e->d_name))
			r = add_links(e->d_name, out);
	if (!r)
		r = -errno;
	closedir(dir);
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct owned_link *)a)->link, ((const struct owned_link *)b)->link);
}

static void sort(struct owned_links *links)
{
	if (links->n)
		qsort(links->list, links->n, sizeof(*links->list), compare);
}

static const struct owned_link *find(const struct owned_links *links, const struct owned_link *what)
{
	return links->n ? bsearch(what, links->list, links->n, sizeof(*what), compare) : NULL;
}

/* Keeps a link that is a vault's; for the vault's name, what is written on it, or what of it the
 * link's name shows. */
static int note_link(const struct rtnl_link *link, void *arg)
{
	struct owned_links *out = arg;
	struct owned_link new = { 0 };

	if (!observed_is_own(link, "veth", link->alias))
		return 0;

	static_assert(sizeof(SPEC_LINK_PREFIX) == sizeof(SPEC_LEG_PREFIX), "prefixes of a length");
	if (strncmp(link->name, SPEC_LINK_PREFIX, strlen(SPEC_LINK_PREFIX)) != 0 &&
	    strncmp(link->name, SPEC_LEG_PREFIX, strlen(SPEC_LEG_PREFIX)) != 0)
		return 0;
	memcpy(new.link, link->name, sizeof(new.link));
	if (!strncmp(link->alias, SPEC_ALIAS_PREFIX, strlen(SPEC_ALIAS_PREFIX)))
		snprintf(new.name, sizeof(new.name), "%s", link->alias + strlen(SPEC_ALIAS_PREFIX));
	else
		snprintf(new.name, sizeof(new.name), "%s", link->name + strlen(SPEC_LINK_PREFIX));
	new.name[strcspn(new.name, "+")] = '\0'; /* a twin's: in no vault's name */
	return spec_name_is_valid(new.name) ? list_append(&out->list, &out->n, sizeof(new), &new)
					    : 0;
}

static int read_links(struct owned_links *out)
{
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	struct nl_error error;
	int r = nl_open(&nl, NETLINK_ROUTE);

	return r ? r : rtnl_dump_links(&nl, note_link, out, &error);
}

int orphans_find(int (*fn)(const char *name, void *arg), void *arg)
{
	struct owned_links links cleanup(free_links) = { 0 };
	struct owned_links described cleanup(free_links) = { 0 };
	struct owned_links named cleanup(free_links) = { 0 };
	int r = read_links(&links); /* first: a vault's folder is there before its links are */

	if (!r && links.n)
		r = read_described(&described);
	if (!r && links.n)
		r = read_named(&named);
	sort(&described);
	sort(&named);
	for (size_t i = 0; !r && i < links.n; i++) {
		const struct owned_link *whole = find(&named, &links.list[i]);

		if (find(&described, &links.list[i]) || !if_nametoindex(links.list[i].link))
			continue; /* or it was being taken down */
		r = fn(whole ? whole->name : links.list[i].name, arg);
	}
	return r;
}

/* True when there is a link of that name, and it is the vault NAME's. */
static bool is_there(struct nl *nl, const char *link, const char *name)
{
	char alias[SPEC_ALIAS_LEN];
	struct spec spec = { 0 };
	struct rtnl_link found;
	struct nl_error error;

	snprintf(spec.name, sizeof(spec.name), "%s", name);
	spec_alias(spec.name, alias);
	return !rtnl_get_link(nl, link, &found, &error) && observed_is_own(&found, "veth", alias);
}

/* Who goes on in there once the name is taken from it; "" when nobody is, or it cannot be told. */
static void tell_inside(int ns, char out[static 48])
{
	struct proc *list cleanup(free_ptr) = NULL;
	uint64_t inode = 0;
	ssize_t n = ns_inode(ns, &inode) ? 0 : procs_in_netns(inode, &list);

	if (n == 1)
		snprintf(out, 48, ", with process %d inside", (int)list[0].pid);
	else if (n > 1)
		snprintf(out, 48, ", with %zd processes inside", n);
}

bool orphan_tell(struct check *c)
{
	struct owned_link links[LINKS_OF_A_VAULT] = { 0 };
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	int ns cleanup(close_fd) = ns_open_name(c->name);
	char folder[sizeof(STATE_DIR "/") + SPEC_NAME_MAX];
	const struct remedy *const rm =
		state_is_foreign(c->name) ? REMEDY(RM_FOLDER, folder) : NULL;
	const struct remedy *const down = REMEDY_AFTER(rm, DOWN, c->name);
	const struct remedy *const del = REMEDY_AFTER(down, DEL_NETNS, c->name);
	struct remedy anew = *REMEDY_AFTER(ns >= 0 ? del : down, CONF_FILE, c->name);
	char inside[48] = "";
	bool found = false;

	anew.row = state_row_up(c->name);
	snprintf(folder, sizeof(folder), "%s/%s", STATE_DIR, c->name);
	name_links(c->name, links);
	if (nl_open(&nl, NETLINK_ROUTE))
		return false;
	if (ns >= 0)
		tell_inside(ns, inside);
	for (int i = 0; i < LINKS_OF_A_VAULT; i++) {
		if (!is_there(&nl, links[i].link, c->name))
			continue;
		found = true;
		if (ns >= 0)
			check_tell(c, "state", FOUND_UNKNOWN, &anew, NULL, NULL,
				   "%s: a link of a vault that is not described, as is %s/%s%s",
				   links[i].link, NS_DIR, c->name, inside);
		else
			check_tell(c, "state", FOUND_UNKNOWN, &anew, NULL, NULL,
				   "%s: a link of a vault that is not described", links[i].link);
	}
	return found;
}
