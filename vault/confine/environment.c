/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/environment.c: what of the caller's environment is true inside. */
#include "vault/confine/environment.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vault/confine/helpers.h"

/* What addresses of sockets begin with: of the D-Bus specification, and of Docker and its like. */
static const char *const schemes[] = { "unix:path=", "unix://", "" };

/* The path that VALUE names, cut where an address goes on, into OUT. False when it is none. */
static bool find_path(const char *value, char out[static PATH_MAX])
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		size_t len = strlen(schemes[i]);
		const char *path = value + len;

		if (strncmp(value, schemes[i], len) != 0 || *path != '/' ||
		    (!len && strchr(path, ':'))) /* a list of folders */
			continue;
		snprintf(out, PATH_MAX, "%.*s", (int)strcspn(path, ",;"), path);
		return true;
	}
	return false;
}

/* True when PATH is a helper's, or lies in its folder. */
static bool is_helpers(const char *path)
{
	path += strncmp(path, "/var/run/", 9) ? 1 : 5;
	for (size_t i = 0; i < n_helpers; i++)
		if (!fnmatch(helpers[i].path, path, FNM_PATHNAME | FNM_LEADING_DIR))
			return true;
	return false;
}

/* What is not there and no helper's is a file that the command may be about to make. */
static bool is_out_of_reach(const char *value)
{
	static const char abstract[] = "unix:abstract=";
	char path[PATH_MAX];

	if (!strncmp(value, abstract, sizeof(abstract) - 1))
		return true;
	return find_path(value, path) && is_helpers(path) && access(path, F_OK) && errno == ENOENT;
}

int environment_set(const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; environ[i]; i++) {
		const char *equals = strchr(environ[i], '=');

		if (!equals || !is_out_of_reach(equals + 1))
			environ[kept++] = environ[i];
	}
	environ[kept] = NULL;
	/* All of that name there are, and then one. */
	return unsetenv("VAULT_NAME") || setenv("VAULT_NAME", name, 1) ? -ENOMEM : 0;
}
