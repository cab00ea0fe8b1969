/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/confine/privileges.c: who a command in a vault runs as, and what it may never have. */
#include "vault/confine/privileges.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/addr.h"

/* What COMMAND may never have: each of these opens the vault. */
static const struct {
	unsigned long cap;
	const char *name;
} dropped[] = {
	{ CAP_NET_ADMIN,
	  "CAP_NET_ADMIN" }, /* the kill switch, routes; a link of the host's (L38) */
	{ CAP_NET_RAW, "CAP_NET_RAW" }, /* packet sockets (L2) */
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" }, /* setns, mounts (L23) */
	/* Makes any process outside act; /proc/1/root leads past the mounts. */
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
	{ CAP_SYS_MODULE, "CAP_SYS_MODULE" }, /* loads code into the kernel */
	{ CAP_SYS_RAWIO, "CAP_SYS_RAWIO" }, /* writes to the kernel by /dev/mem and ports */
	{ CAP_SYS_BOOT, "CAP_SYS_BOOT" }, /* kexec: another kernel */
	{ CAP_PERFMON, "CAP_PERFMON" }, /* reads the kernel's memory: the tunnel's keys */
	{ CAP_BPF, "CAP_BPF" }, /* the same; programs for hooks outside */
	/* open_by_handle_at(2) opens hidden folders by number. */
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" },
	/* Not CAP_MKNOD, CAP_SYS_CHROOT, CAP_SETUID, CAP_DAC_OVERRIDE…: uid 0 owns the devices and
	   files anyway. */
};

void privileges_add_names(uint64_t mask, struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		if (mask & 1ULL << dropped[i].cap)
			str_addf(out, " %s", dropped[i].name);
}

uint64_t privileges_mask(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		mask |= 1ULL << dropped[i].cap;
	return mask;
}

void identity_free(struct identity *id)
{
	free(id->groups);
	free(id->name);
	free(id->home);
	free(id->shell);
	*id = (struct identity){ 0 };
}

static bool parse_id(const char *text, uint32_t *out)
{
	uint64_t n;

	if (uint_parse(text, strlen(text), 0, UINT32_MAX - 1, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* The groups that initgroups(3) would set. */
static int look_up_groups(const char *user, struct identity *id)
{
	int room = 32;

	for (;;) {
		gid_t *groups = reallocarray(id->groups, (size_t)room, sizeof(*groups));

		if (!groups)
			return -ENOMEM;
		id->groups = groups;
		id->n_groups = room;
		if (getgrouplist(user, id->gid, id->groups, &id->n_groups) >= 0)
			return 0;
		if (room > NGROUPS_MAX)
			return -E2BIG;
		room = id->n_groups > room ? id->n_groups : 2 * room;
	}
}

static int copy_entry(const struct passwd *pw, struct identity *id)
{
	id->uid = pw->pw_uid;
	id->gid = pw->pw_gid;
	id->name = strdup(pw->pw_name);
	id->home = strdup(pw->pw_dir);
	id->shell = strdup(pw->pw_shell);
	return id->name && id->home && id->shell ? 0 : -ENOMEM;
}

int identity_look_up(const char *text, struct identity *id)
{
	char *user cleanup(free_ptr) = strdup(text);
	char *group = user ? strchr(user, ':') : NULL;
	const struct passwd *pw;
	const struct group *gr;
	int err;

	if (!user)
		return -ENOMEM;
	if (group)
		*group++ = '\0';
	pw = getpwnam(user);
	if (!pw && parse_id(user, &id->uid))
		pw = getpwuid(id->uid);
	else if (!pw)
		return -ENOENT;
	if (pw && copy_entry(pw, id))
		return -ENOMEM;
	gr = group ? getgrnam(group) : NULL;
	if (gr)
		id->gid = gr->gr_gid;
	else if (group ? !parse_id(group, &id->gid) : !pw)
		return group ? -ESRCH : -EDESTADDRREQ;
	if (pw)
		return look_up_groups(id->name, id);
	err = (id->groups = malloc(sizeof(*id->groups))) ? 0 : -ENOMEM;
	if (!err)
		id->groups[id->n_groups++] = id->gid;
	return err;
}

int identity_set_environment(const struct identity *id)
{
	char folder[sizeof("/run/user/4294967295")];
	struct stat st;

	snprintf(folder, sizeof(folder), "/run/user/%u", id->uid);
	if (stat(folder, &st) ? unsetenv("XDG_RUNTIME_DIR") : setenv("XDG_RUNTIME_DIR", folder, 1))
		return -ENOMEM;
	if (!id->name)
		return 0;
	return setenv("HOME", id->home, 1) || setenv("USER", id->name, 1) ||
			       setenv("LOGNAME", id->name, 1) || setenv("SHELL", id->shell, 1)
		       ? -ENOMEM
		       : 0;
}

/* Out of the bounding set: execve(2) then gives it to nobody, not even uid 0. No CAP_SETPCAP will
 * do if it is out. */
static int bound(unsigned long cap)
{
	if (!prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
		return 0;
	return errno == EPERM && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0 ? 0 : -errno;
}

static int become(const struct identity *id)
{
	if (setgroups((size_t)id->n_groups, id->groups) || setresgid(id->gid, id->gid, id->gid) ||
	    setresuid(id->uid, id->uid, id->uid))
		return -errno;
	return 0;
}

/* Takes them out of effective, permitted and inheritable; the ambient set, always within these two,
 * follows. */
static int lower(bool all)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	if (all)
		memset(data, 0, sizeof(data));
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++) {
		struct __user_cap_data_struct *word = &data[dropped[i].cap / 32];
		uint32_t rest = ~(UINT32_C(1) << dropped[i].cap % 32);

		word->effective &= rest;
		word->permitted &= rest;
		word->inheritable &= rest;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int privileges_drop(const struct identity *id, bool keep_caps, const char **what)
{
	int err;

	*what = "capabilities of the bounding set";
	for (size_t i = 0; !keep_caps && i < ARRAY_SIZE(dropped); i++) {
		err = bound(dropped[i].cap);
		if (err)
			return err;
	}
	*what = "the user";
	err = id ? become(id) : 0;
	if (err || keep_caps)
		return err;
	*what = "capabilities";
	err = lower(id && id->uid != 0); /* securebits of the caller's may have kept them over the
					    change of user */
	if (err)
		return err;
	*what = "no_new_privs";
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}
