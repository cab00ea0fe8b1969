/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/conffile.c: a wg-quick file, from its path to a struct wgconf. */
#include "vault/read/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "vault/remedy.h"

#define OTHERS 077 /* the mode bits that let others read, write or run */

static void add_warning(struct problems *p, const struct remedy *remedy, const char *text)
{
	struct str hint cleanup(str_free) = STR_INIT;

	remedy_add_hint(remedy, &hint);
	problem_warn(p, 0, "%s%s", text, hint.s ? hint.s : "");
}

static int add_fault(const struct trust_fault *fault, void *arg)
{
	struct remedy remedy;

	remedy_for_file(fault, &remedy);
	add_warning(arg, &remedy, fault->text);
	return 0;
}

/* FD is the file at PATH, and has CONF's private key in it. */
static void warn_of_readers(const char *path, int fd, const struct wgconf *conf, struct problems *p)
{
	struct stat st;
	char text[96];

	if (key_is_zero(&conf->device.private_key) || fstat(fd, &st) || !(st.st_mode & OTHERS))
		return;
	snprintf(text, sizeof(text), "holds a private key and is open to others (mode %04o)",
		 (unsigned int)st.st_mode & 07777U);
	add_warning(p, REMEDY(CLOSE_KEYS, path), text);
	problems_sort(p);
}

/* O_NONBLOCK: a FIFO would keep us until somebody writes to it. */
static int open_any(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A descriptor of the regular file PATH, or -errno. */
static int open_file(const char *path, const struct trust *trust, struct problems *p)
{
	int fd cleanup(close_fd) = trust ? trust_open(path, trust, add_fault, p) : open_any(path);
	struct stat st = { .st_mode = 0 };

	if (fd != -EINVAL && (fd < 0 || fstat(fd, &st))) {
		int err = fd < 0 ? -fd : errno;

		problem_error(p, 0, "cannot open it: %s", strerror(err));
		return -err;
	}
	if (!S_ISREG(st.st_mode)) {
		problem_error(
			p, 0,
			S_ISDIR(st.st_mode)
				? "is a folder, and no file"
				: "is not a regular file: give the text on standard input, as FILE -");
		return -EINVAL;
	}
	return steal_fd(&fd);
}

int conffile_read(const char *path, const struct trust *trust, struct wgconf *out,
		  struct problems *p)
{
	bool is_stdin = !strcmp(path, "-");
	int file cleanup(close_fd) = is_stdin ? -1 : open_file(path, trust, p);
	char *text = NULL;
	size_t len = 0;
	int ret;

	memset(out, 0, sizeof(*out));
	if (!is_stdin && file < 0)
		return file;
	ret = file_read_fd(is_stdin ? STDIN_FILENO : file, WGCONF_MAX_BYTES, &text, &len);
	if (ret == -EFBIG)
		problem_error(p, 0, "has more than %u MiB, which no configuration has",
			      WGCONF_MAX_BYTES >> 20);
	else if (ret)
		problem_error(p, 0, "cannot read it: %s", strerror(-ret));
	else if (wgconf_parse(text, len, out, p))
		ret = 0; /* the problems say it */
	file_wipe_free(&text, len);
	if (file >= 0)
		warn_of_readers(path, file, out, p);
	return ret;
}
