/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/check/caps.c: what a process may do to a vault. */
#include "vault/check/caps.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "vault/confine/privileges.h"

#define FILE_MAX_BYTES (1U << 20)

/* The number after "NAME:" in a status file, in BASE. False when it is not there. */
static bool status_number(const char *text, const char *name, int base, uint64_t *out)
{
	const char *at = strstr(text, name);

	if (!at || (at != text && at[-1] != '\n'))
		return false;
	*out = strtoull(at + strlen(name), NULL, base);
	return true;
}

/* Adds those of a thread by its status file. */
static int add_thread(const char *status, struct caps *caps)
{
	uint64_t effective, permitted, inheritable, bounding, frozen, filtered;

	if (!status_number(status, "CapEff:", 16, &effective) ||
	    !status_number(status, "CapPrm:", 16, &permitted) ||
	    !status_number(status, "CapInh:", 16, &inheritable) ||
	    !status_number(status, "CapBnd:", 16, &bounding) ||
	    !status_number(status, "NoNewPrivs:", 10, &frozen))
		return -EBADMSG;
	caps->had |= (effective | permitted) & privileges_mask();
	caps->to_gain |= frozen ? 0 : (bounding | inheritable) & privileges_mask();
	/* The line is missing where the kernel has no filters. */
	caps->calls_all =
		caps->calls_all || !status_number(status, "Seccomp:", 10, &filtered) || !filtered;
	return 0;
}

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ESRCH;
}

/* Each thread has its own. */
static int read_threads(int dir, struct caps *caps)
{
	int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *tasks cleanup(close_dir) = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	size_t n = 0, len = 0;

	if (!tasks)
		return -errno;
	while (!r && (errno = 0, e = readdir(tasks))) {
		char *status cleanup(free_ptr) = NULL, path[64];

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%.20s/status", e->d_name);
		r = file_read_at(dirfd(tasks), path, FILE_MAX_BYTES, &status, &len);
		n += !r;
		if (!r)
			r = add_thread(status, caps);
		else if (is_gone(r))
			r = 0;
	}
	r = r ? r : -errno;
	return r ? r : n ? 0 : -ESRCH;
}

int caps_read(int dir, struct caps *out)
{
	struct stat ours, its;
	int r;

	*out = (struct caps){ 0 };
	if (stat("/proc/thread-self/ns/user", &ours) || fstatat(dir, "ns/user", &its, 0))
		return -errno;
	r = read_threads(dir, out);
	if (ours.st_ino != its.st_ino)
		out->had = out->to_gain = 0;
	return r;
}
