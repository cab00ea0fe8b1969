/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/environment.c: what of the caller's environment is true inside. */
#include "vault/confine/environment.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static bool is_out_of_reach(const char *value)
{
	static const char abstract[] = "unix:abstract=";
	char path[PATH_MAX];

	if (!strncmp(value, abstract, sizeof(abstract) - 1))
		return true;
	return find_path(value, path) &&
	       (!strncmp(path, "/run/", 5) || !strncmp(path, "/var/run/", 9)) &&
	       access(path, F_OK) && errno == ENOENT;
}

int environment_set(const char *name)
{
	for (size_t i = 0; environ[i];) {
		const char *equals = strchr(environ[i], '=');
		char *variable cleanup(free_ptr) = NULL;

		if (!equals || equals == environ[i] || !is_out_of_reach(equals + 1)) {
			i++;
			continue;
		}
		variable = strndup(environ[i], (size_t)(equals - environ[i]));
		if (!variable || unsetenv(variable))
			return -ENOMEM;
		i = 0; /* those behind it have moved */
	}
	return setenv("VAULT_NAME", name, 1) ? -ENOMEM : 0;
}
