/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/proc/program.c: the userspace WireGuard of a vault: start it, find it, end it.
 *
 * The child itself makes the control socket before it becomes the program: so the socket's peer
 * credentials name the program for as long as it lives, and whoever comes later (the next `down`
 * after a killed `up`) finds it by the interface's name alone. The parent has a socket to wait on
 * from the first moment, and no polling to do.
 */
#include "vault/proc/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "lib/file.h"
#include "lib/uapi.h"

#define START_SECONDS 10
#define END_MILLISECONDS 2000
#define ENVIRON_MAX_BYTES (1U << 20)
#define MARK_SIZE 64
#define SOCKET_FD 3 /* the control socket in the child: the number WG_UAPI_FD tells it */

static const char *const known[] = { "wireguard-go", "boringtun-cli", "boringtun" };

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* Looks for NAME in the folders of PATH. 0 with *PATH set, -ENOENT, -ENOMEM. */
static int find_on_path(const char *name, char **path)
{
	const char *dirs = getenv("PATH");

	if (!dirs || !*dirs)
		dirs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	while (*dirs) {
		int len = (int)strcspn(dirs, ":");

		if (*dirs == '/') { /* a relative folder on PATH is nothing root should run from */
			if (asprintf(path, "%.*s/%s", len, dirs, name) < 0)
				return -ENOMEM;
			if (is_program(*path))
				return 0;
			free(*path);
			*path = NULL;
		}
		dirs += len;
		dirs += *dirs == ':';
	}
	return -ENOENT;
}

int program_find(const char *name, char **path)
{
	int r = -ENOENT;

	if (name && strchr(name, '/')) {
		if (!is_program(name))
			return -ENOENT;
		*path = realpath(name, NULL);
		return *path ? 0 : -errno;
	}
	if (name)
		return find_on_path(name, path);
	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(known); i++)
		r = find_on_path(known[i], path);
	return r;
}

static int socket_path(const char *ifname, struct sockaddr_un *sun)
{
	int len = snprintf(sun->sun_path, sizeof(sun->sun_path), UAPI_DIR "/%s.sock", ifname);

	sun->sun_family = AF_UNIX;
	return len > 0 && (size_t)len < sizeof(sun->sun_path) ? 0 : -ENAMETOOLONG;
}

/* In the child: a listening control socket. A descriptor or -errno. */
static int listen_control(const char *ifname)
{
	struct sockaddr_un sun;
	int r = socket_path(ifname, &sun), fd;

	if (r)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, 16)) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* What the environment of a program that we started says: so nobody else's is ever taken for ours. */
static void make_mark(const char *ifname, char mark[static MARK_SIZE])
{
	snprintf(mark, MARK_SIZE, "VAULT_INTERFACE=%s", ifname);
}

/* In the child: becomes the program. Returns -errno only when it could not. STATUS and WORDS are
 * kept open for that. */
static int become(const char *path, const char *ifname, int status, int words)
{
	char socket_number[32], mark[MARK_SIZE];
	const char *const argv[] = { path, "-f", ifname, NULL };
	const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
				    "LOG_LEVEL=error",
				    "WG_PROCESS_FOREGROUND=1",
				    "WG_SUDO=1",
				    socket_number,
				    mark,
				    NULL };
	const struct rlimit no_core = { 0, 0 };
	sigset_t none;
	int control, null;

	snprintf(socket_number, sizeof(socket_number), "WG_UAPI_FD=%d", SOCKET_FD);
	make_mark(ifname, mark);
	sigemptyset(&none);
	umask(077);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (setsid() < 0 || setrlimit(RLIMIT_CORE, &no_core) || chdir("/") ||
	    sigprocmask(SIG_SETMASK, &none, NULL))
		return -errno;
	control = listen_control(ifname);
	if (control < 0)
		return control;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, 0) < 0 || dup2(words, 1) < 0 || dup2(words, 2) < 0)
		return -errno;
	/* Out of the way first: the socket's new number may be the pipe's old one. */
	status = fcntl(status, F_DUPFD_CLOEXEC, SOCKET_FD + 1);
	control = fcntl(control, F_DUPFD_CLOEXEC, SOCKET_FD + 1);
	if (status < 0 || control < 0 || dup2(control, SOCKET_FD) < 0)
		return -errno;
	if (close_range(SOCKET_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC))
		return -errno;
	execve(path, (char *const *)argv,
	       (char *const *)env); /* POSIX keeps the old type, and changes neither */
	return -errno;
}

/* What the program said on stdout and stderr so far, one line of it. */
static void last_words(int words, char why[static 256])
{
	char text[256];
	ssize_t n;

	while ((n = recv(words, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		text[strcspn(text, "\r\n")] = '\0';
		if (text[0])
			snprintf(why, 256, "%s", text);
	}
}

/* Waits until the program answers a request for its settings, or has ended, or START_SECONDS have
 * passed. */
static int await_answer(const char *ifname, int pidfd)
{
	int fd cleanup(close_fd) = uapi_connect(ifname, START_SECONDS, NULL);
	struct pollfd fds[2] = { { .fd = pidfd, .events = POLLIN }, { .events = POLLIN } };
	char byte;
	int n;

	if (fd < 0)
		return fd;
	if (send(fd, "get=1\n\n", 7, MSG_NOSIGNAL) != 7)
		return -EPIPE;
	fds[1].fd = fd;
	do
		n = poll(fds, 2, START_SECONDS * 1000);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	if (fds[1].revents & POLLIN && recv(fd, &byte, 1, MSG_PEEK) == 1)
		return 0;
	return -ECHILD;
}

static bool await_end(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, END_MILLISECONDS) == 1;
}

static int end_process(int pidfd)
{
	if (pidfd_send_signal(pidfd, SIGTERM, NULL, 0))
		return errno == ESRCH ? 0 : -errno;
	if (await_end(pidfd))
		return 0;
	if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) && errno != ESRCH)
		return -errno;
	return await_end(pidfd) ? 0 : -ETIMEDOUT;
}

static int unlink_socket(const char *ifname)
{
	struct sockaddr_un sun;
	int r = socket_path(ifname, &sun);

	if (r)
		return r;
	return unlink(sun.sun_path) && errno != ENOENT ? -errno : 0;
}

/* The child's -errno from before it became the program, or 0 when it did. */
static int read_status(int status)
{
	int err = 0;
	ssize_t n;

	do
		n = read(status, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	return n == sizeof(err) ? err : -EIO;
}

/* After a failed start: nothing of the child may go on. */
static void reap(pid_t pid, int pidfd, const char *ifname)
{
	if (end_process(pidfd))
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (unlink_socket(ifname))
		return; /* the error that led here is the one to tell */
}

int program_start(const char *path, const char *ifname, char why[static 256])
{
	int status[2], words[2], pidfd cleanup(close_fd) = -1, r;
	pid_t pid;

	why[0] = '\0';
	if (mkdir(UAPI_DIR, 0755) && errno != EEXIST)
		return -errno;
	r = program_end(ifname);
	if (r)
		return r;
	if (pipe2(status, O_CLOEXEC))
		return -errno;
	/* A datagram pair: writing to it after we are gone gives an error, where a pipe would end
	 * the program. */
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, words)) {
		r = -errno;
		close(status[0]);
		close(status[1]);
		return r;
	}
	pid = fork();
	if (pid == 0) {
		r = become(path, ifname, status[1], words[1]);
		if (write(status[1], &r, sizeof(r)) != sizeof(r))
			_exit(126);
		_exit(127);
	}
	r = pid < 0 ? -errno : 0;
	close(status[1]);
	close(words[1]);
	if (!r) {
		pidfd = pidfd_open(pid, 0);
		r = pidfd < 0 ? -errno : read_status(status[0]);
		if (!r)
			r = await_answer(ifname, pidfd);
		if (r) {
			last_words(words[0], why);
			reap(pid, pidfd, ifname);
		}
	}
	close(status[0]);
	close(words[0]);
	return r;
}

/*
 * 1 when the process PID carries our mark for IFNAME, 0 when not, -errno when it cannot be told:
 * -ESRCH of one that is ending, which has no memory any more, and for a moment its socket still.
 */
static int is_ours(pid_t pid, const char *ifname)
{
	char path[64], mark[MARK_SIZE], *text cleanup(free_ptr) = NULL;
	size_t len = 0;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	make_mark(ifname, mark);
	r = file_read(path, ENVIRON_MAX_BYTES, &text, &len);
	if (r)
		return r == -ENOENT ? -ESRCH : r;
	return len ? memmem(text, len, mark, strlen(mark) + 1) != NULL : -ESRCH;
}

int program_end(const char *ifname)
{
	int pidfd cleanup(close_fd) = -1;
	pid_t pid = 0;
	int fd cleanup(close_fd) = uapi_connect(ifname, 1, &pid);
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd == -ECONNREFUSED)
		return unlink_socket(ifname);
	if (fd < 0)
		return fd;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return errno == ESRCH ? unlink_socket(ifname) : -errno;
	r = is_ours(pid, ifname);
	if (r == -ESRCH)
		r = await_end(pidfd) ? 0 : -EADDRINUSE; /* whose it is cannot be told */
	else
		r = r <= 0 ? -EADDRINUSE : end_process(pidfd);
	return r ? r : unlink_socket(ifname);
}

int program_look(const char *ifname, pid_t *pid)
{
	int fd cleanup(close_fd) = uapi_connect(ifname, 1, pid), r;

	if (fd < 0)
		return fd;
	if (*pid <= 0)
		return -EXDEV; /* in a PID namespace that we cannot see */
	if (kill(*pid, 0)) /* no signal: is it there? */
		return -errno;
	r = is_ours(*pid, ifname);
	if (r == -ESRCH) /* it has ended or is about to, or /proc hides it (hidepid) */
		return kill(*pid, 0) ? -errno : -EACCES;
	return r < 0 ? r : r ? 0 : -EADDRINUSE;
}
