/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/exec.c: becomes a command inside a vault, if and only if it can be confined there. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/addr.h"
#include "lib/base.h"
#include "lib/ns.h"
#include "lib/tree.h"

#include "vault/cmd/cmd.h"
#include "vault/confine/environment.h"
#include "vault/confine/mnt.h"
#include "vault/confine/pids.h"
#include "vault/confine/privileges.h"
#include "vault/confine/sealcheck.h"
#include "vault/confine/syscalls.h"
#include "vault/exit.h"
#include "vault/read/clause.h"
#include "vault/report.h"
#include "vault/spec/spec.h"
#include "vault/spec/state.h"

/*
 * Everything is looked up and checked first, in the host's namespaces; then the process goes in and
 * only ever gives away: network namespace, mounts, capabilities, identity, descriptors. It has one
 * thread and replaces itself, so a failure at any of these steps ends it with nothing run. COMMAND
 * gets the caller's signal mask and dispositions. With own-pids a child goes this way instead, and
 * becomes the parent of COMMAND (confine/pids.c).
 */

struct request {
	const char *name, *user, *cwd;
	bool keep_caps, own_pids;
	unsigned int listen_fds, seen;
	char **command;
};

#define AT(member) .at = offsetof(struct request, member)

static const struct clause clauses[] = {
	{ "user", "USER[:GROUP]", "run it as this user, in this group", .type = CLAUSE_TEXT,
	  .offer = OFFER_USERS, AT(user) },
	{ "keep-caps", NULL, "it keeps all capabilities, and can open the vault", AT(keep_caps) },
	{ "own-pids", NULL, "it sees no process from outside", AT(own_pids) },
	{ "cwd", "DIR", "start it in this folder", .type = CLAUSE_TEXT, .offer = OFFER_FOLDERS,
	  AT(cwd) },
};

static const struct clauses words = {
	.command = "exec",
	.list = clauses,
	.n = ARRAY_SIZE(clauses),
	.first = { .arg = "NAME", .type = CLAUSE_NAME, .offer = OFFER_VAULTS, AT(name) },
	.what = "vault",
	.size = sizeof(struct request),
	.seen_at = offsetof(struct request, seen),
	.ends_in_command = true,
	.command_at = offsetof(struct request, command),
};

/* True for a connected stream within this machine: the journal's, a socketpair's. */
static bool is_local_stream(int fd)
{
	struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(peer), size = sizeof(int);
	int type = 0;

	return !getpeername(fd, (struct sockaddr *)&peer, &len) && peer.ss_family == AF_UNIX &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) && type != SOCK_DGRAM;
}

/*
 * Descriptors 0 to 2 stay, so they must be no way out (L24): a socket stays in the namespace it was
 * born in, and a folder leads past the mounts. One that is closed becomes /dev/null, lest a file of
 * ours gets its number.
 */
static int check_stdio(void)
{
	struct stat st;

	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &st)) {
			/* NOLINTNEXTLINE(android-cloexec-open): COMMAND keeps it */
			if (errno != EBADF || open("/dev/null", O_RDWR) != fd)
				return EXIT_EXEC_FAILED; /* nowhere to say it */
			continue;
		}
		if (S_ISDIR(st.st_mode) || (S_ISSOCK(st.st_mode) && !is_local_stream(fd))) {
			report_error(
				"exec",
				"descriptor %d is a %s: it would lead out of the vault (use a pipe)",
				fd,
				S_ISDIR(st.st_mode) ? "folder"
						    : "socket of another network namespace");
			return EXIT_EXEC_FAILED;
		}
	}
	return 0;
}

/* The namespace of SPEC's vault, checked to be that very one and sealed: a descriptor or -1, said
 * why. */
static int open_sealed(const struct spec *spec)
{
	const struct remedy again = remedy_as_made(spec->name, spec->conf, NULL);
	char why[256] = "";
	int ns cleanup(close_fd) = ns_open_name(spec->name), err;

	if (ns == -ENOENT || ns == -EINVAL) {
		report_mendable(spec->name, &again, "not up");
		return -1;
	}
	err = ns < 0 ? ns : state_is_sealed(spec, ns);
	if (err < 0) {
		report_error(spec->name, "its network namespace: %s", strerror(-err));
		return -1;
	}
	if (!err) {
		const struct remedy remake =
			remedy_as_made(spec->name, spec->conf, REMEDY(DEL_NETNS, spec->name));

		report_mendable(spec->name, &remake, "%s/%s is not the namespace that was sealed",
				NS_DIR, spec->name);
		return -1;
	}
	if (sealcheck(spec, ns, why)) {
		report_mendable(spec->name, &again, "the kill switch is not in place: %s", why);
		return -1;
	}
	return steal_fd(&ns);
}

static int open_vault(const char *name)
{
	struct spec spec cleanup(spec_free) = { 0 };
	struct state_why why;
	int err = state_load(name, &spec);

	if (err) {
		state_explain(name, err, &why);
		report_mendable(name, &why.remedy, "%s", why.text);
	}
	return err ? -1 : open_sealed(&spec);
}

static int look_up_user(const char *text, struct identity *id)
{
	int err = identity_look_up(text, id);

	if (err == -ENOENT || err == -ESRCH)
		report_error("exec", "user %s: no such %s", text,
			     err == -ENOENT ? "user" : "group");
	else if (err == -EDESTADDRREQ)
		report_error("exec", "user %s: has no entry, so which group? (user %s:GROUP)", text,
			     text);
	else if (err)
		report_error("exec", "user %s: %s", text, strerror(-err));
	return err;
}

/* Into the namespace NS and its mounts, then into FOLDER by its path: what was inherited may lead
 * around a mount. */
static int enter(const struct request *r, int ns, uid_t uid, const char *folder)
{
	char why[MNT_WHY_LEN] = "";
	int err;

	if (setns(ns, CLONE_NEWNET)) {
		report_mendable(r->name, state_remedy(-errno), "cannot enter: %s", strerror(errno));
		return EXIT_EXEC_FAILED;
	}
	if (mnt_enter(r->name, uid, why)) {
		report_error(r->name, "%s", why);
		return EXIT_EXEC_FAILED;
	}
	err = r->keep_caps
		      ? 0
		      : tree_set_nosuid(); /* or ping, which has CAP_NET_RAW, would not start */
	if (err && err != -ENOSYS) {
		report_error(r->name, "making its mounts nosuid: %s", strerror(-err));
		return EXIT_EXEC_FAILED;
	}
	if (chdir(folder)) {
		report_error(r->name, "%s: %s inside (choose another folder: cwd DIR)", folder,
			     strerror(errno));
		return EXIT_EXEC_FAILED;
	}
	return 0;
}

/* How many descriptors from 3 on were passed to this very process, by sd_listen_fds(3)'s
 * convention. */
static unsigned int count_listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t n;

	if (!pid || !fds || uint_parse(pid, strlen(pid), 1, INT_MAX, &n) || n != (uint64_t)getpid())
		return 0;
	return uint_parse(fds, strlen(fds), 0, INT_MAX - 3, &n) ? 0 : (unsigned int)n;
}

/* Who may not enter the caller's folder begins at home, else in the root folder, as by login(1). */
static int leave_closed_folder(const struct identity *id)
{
	if (!faccessat(AT_FDCWD, ".", X_OK, AT_EACCESS) || errno != EACCES)
		return 0;
	return id->home && !chdir(id->home) ? 0 : chdir("/") ? -errno : 0;
}

/* Takes away what COMMAND may not have. */
static int give_up(const struct request *r, const struct identity *id)
{
	const char *what = "the caller's environment";
	int err = id ? identity_set_environment(id) : 0;

	if (!err)
		err = environment_set(r->name);
	if (!err)
		err = privileges_drop(id, r->keep_caps, &what);
	if (!err && id && !r->cwd) {
		what = "the caller's folder";
		err = leave_closed_folder(id);
	}
	if (!err && !r->keep_caps) {
		what = "the kernel's help (seccomp)";
		err = syscalls_refuse();
	}
	if (err)
		report_error(r->name, "cannot give up %s: %s", what, strerror(-err));
	return err ? EXIT_EXEC_FAILED : 0;
}

/* The number that LISTEN_PID tells is COMMAND's. */
static int pass_listen_fds(const struct request *r)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	return r->own_pids && r->listen_fds && setenv("LISTEN_PID", pid, 1) ? -ENOMEM : 0;
}

static int become_command(const struct request *r)
{
	const char *nearest;
	int err = pass_listen_fds(r);

	if (err || syscall(SYS_close_range, 3 + r->listen_fds, ~0U, 0)) {
		report_error(r->name, "cannot close descriptors: %s", strerror(err ? -err : errno));
		return EXIT_EXEC_FAILED;
	}
	execvp(r->command[0], r->command);
	err = errno;
	nearest = err == ENOENT ? clause_nearest(&words, r->command[0]) : NULL;
	if (err == ENOENT && r->command[0][0] == '-')
		nearest = "vault help exec";
	report_error(r->command[0], "%s%s%s%s", strerror(err), nearest ? " (" : "",
		     nearest ? nearest : "", nearest ? "?)" : "");
	return err == ENOENT ? EXIT_EXEC_NOT_FOUND : EXIT_EXEC_CANNOT_RUN;
}

static int begin_pids(const struct request *r, struct pids *pids, pid_t *child)
{
	*child = pids_begin(pids);
	if (*child < 0)
		report_error(r->name, "no PID namespace of its own: %s", strerror((int)-*child));
	return *child < 0 ? EXIT_EXEC_FAILED : 0;
}

/* The outer one of them, which stays outside. */
static int await_pids(const struct request *r, const struct identity *id, const struct pids *pids,
		      pid_t child)
{
	int code, status;

	pids_await_start(pids);
	code = give_up(r, id);
	if (code)
		kill(child, SIGKILL);
	status = pids_wait(pids, child);
	return code ? code : status;
}

/* In the first of them, which waits; COMMAND's goes on. */
static int start_pids(const struct request *r, const struct pids *pids)
{
	pid_t child = pids_start(pids);

	if (child > 0)
		return pids_wait(pids, child);
	if (!child)
		return become_command(r);
	report_error(r->name, "its first process: %s", strerror((int)-child));
	return EXIT_EXEC_FAILED;
}

/* Goes into the vault's namespace NS, and becomes COMMAND there. An exit code. */
static int go(const struct request *r, const struct identity *id, int ns, const char *folder)
{
	struct pids pids = { .tty = -1 };
	pid_t child = 0;
	int code = r->own_pids ? begin_pids(r, &pids, &child) : 0;

	if (!code && child)
		return await_pids(r, id, &pids, child);
	if (!code)
		code = enter(r, ns, id ? id->uid : getuid(), folder);
	if (!code)
		code = give_up(r, id);
	if (code)
		return code;
	return r->own_pids ? start_pids(r, &pids) : become_command(r);
}

static int run(int argc, char **argv, const struct options *options)
{
	struct identity id cleanup(identity_free) = { 0 };
	int ns cleanup(close_fd) = -1;
	struct request r;
	char folder[PATH_MAX];
	int code;

	(void)options; /* report.h has them */
	code = cmd_read(&words, argc, argv, &r);
	if (!code)
		code = check_stdio();
	if (code)
		return code;
	if (r.user && look_up_user(r.user, &id))
		return EXIT_EXEC_FAILED;
	if (!r.cwd && !getcwd(folder, sizeof(folder))) {
		report_error("exec", "the working folder: %s (choose another: cwd DIR)",
			     strerror(errno));
		return EXIT_EXEC_FAILED;
	}
	ns = open_vault(r.name);
	if (ns < 0)
		return EXIT_EXEC_FAILED;
	r.listen_fds = count_listen_fds();
	return go(&r, r.user ? &id : NULL, ns, r.cwd ? r.cwd : folder);
}

const struct cmd cmd_exec = {
	.name = "exec",
	.help = "run a command inside a vault",
	.words = &words,
	.run = run,
	.on_host = true,
};
