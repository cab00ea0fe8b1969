/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/leaklog.c: a log that loses no line but the one in hand, whatever happens to its file. */
#include "vault/leak/result/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "test/unit/sandbox.h"
#include "test/unit/tap.h"

#define LOG "/run/log/a.jsonl"

/* Appends {"n": N}. */
static int add(struct leak_log *log, int n)
{
	json_t *line = json_pack("{s:i}", "n", n);
	int r = leak_log_add(log, line);

	json_decref(line);
	return r;
}

static bool holds(const char *path, const char *text)
{
	char *data cleanup(free_ptr) = NULL;
	size_t len;

	if (file_read(path, 65536, &data, &len))
		return false;
	if (strcmp(data, text) != 0)
		printf("# %s\n", data);
	return !strcmp(data, text);
}

static bool put(const char *path, const char *text)
{
	int fd cleanup(close_fd) = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static void test_lines(void)
{
	struct leak_log log;
	struct stat st;

	ok(!leak_log_open(&log, LOG) && !add(&log, 1) && !add(&log, 2) &&
		   holds(LOG, "{\"n\":1}\n{\"n\":2}\n"),
	   "two lines");
	ok(!stat(LOG, &st) && (st.st_mode & 07777) == 0600, "for its owner alone");
	leak_log_close(&log);
	ok(!leak_log_open(&log, LOG) && !add(&log, 3) &&
		   holds(LOG, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n"),
	   "one more, by the next");
	leak_log_close(&log);
	ok(put(LOG, "{\"n\":1}\n{\"n\"") && !leak_log_open(&log, LOG) && !add(&log, 2) &&
		   !add(&log, 3) && holds(LOG, "{\"n\":1}\n{\"n\"\n{\"n\":2}\n{\"n\":3}\n"),
	   "what a crash left is ended first");
	ok(put(LOG, "") && !add(&log, 4) && holds(LOG, "{\"n\":4}\n"),
	   "cut by its owner: rotated by copy");
	leak_log_close(&log);
}

static void test_rotation(void)
{
	struct leak_log log;

	ok(!leak_log_open(&log, LOG) && put(LOG, "") && !add(&log, 1) && !rename(LOG, LOG ".1") &&
		   !add(&log, 2) && holds(LOG ".1", "{\"n\":1}\n") && holds(LOG, "{\"n\":2}\n"),
	   "moved away, made anew");
	ok(!unlink(LOG) && !add(&log, 3) && holds(LOG, "{\"n\":3}\n"), "removed");
	ok(!unlink(LOG) && !rename(LOG ".1", LOG) && !add(&log, 4) &&
		   holds(LOG, "{\"n\":1}\n{\"n\":4}\n"),
	   "replaced");
	ok(!unlink(LOG) && !symlink("/run/log/b", LOG) && add(&log, 5) == -ELOOP &&
		   access("/run/log/b", F_OK),
	   "a link in its place is not followed");
	ok(!unlink(LOG) && !add(&log, 6) && holds(LOG, "{\"n\":6}\n"), "and is again what it was");
	leak_log_close(&log);
}

static void test_others(void)
{
	struct leak_log log;

	ok(leak_log_open(&log, "/run/none/a") == -ENOENT, "no such folder");
	ok(!mkfifo("/run/log/fifo", 0600) && leak_log_open(&log, "/run/log/fifo") == -EINVAL,
	   "a FIFO");
	ok(leak_log_open(&log, "/dev/full") == -EINVAL, "a device");
	ok(leak_log_open(&log, "/run/log") == -EISDIR, "a folder");
	ok(!chdir("/run/log") && !leak_log_open(&log, "here") && !add(&log, 1) &&
		   holds("/run/log/here", "{\"n\":1}\n"),
	   "a name without a folder");
	leak_log_close(&log);
}

/* On a disk of one page, all but 7 bytes taken. */
static void test_full(void)
{
	char text[4096 + 64], most[4090] = "";
	struct leak_log log;

	memset(most, 'x', sizeof(most) - 2);
	most[sizeof(most) - 2] = '\n';
	snprintf(text, sizeof(text), "%s{\"n\":1}\n{\"n\":3}\n", most);
	if (mkdir("/run/small", 0755) || mount("none", "/run/small", "tmpfs", 0, "size=4096")) {
		skip("a full disk", "no tmpfs");
		return;
	}
	ok(put("/run/small/a", most) && !leak_log_open(&log, "/run/small/a") &&
		   add(&log, 1) == -ENOSPC && add(&log, 2) == -ENOSPC,
	   "a full disk is told");
	ok(!mount("none", "/run/small", "tmpfs", MS_REMOUNT, "size=8192") && !add(&log, 3) &&
		   holds("/run/small/a", text),
	   "once there is room, the next line is whole");
	leak_log_close(&log);
}

int main(void)
{
	if (!sandbox_enter() || mkdir("/run/log", 0755)) {
		skip("the log", "may not make namespaces");
		return tap_done();
	}
	test_lines();
	test_rotation();
	test_others();
	test_full();
	return tap_done();
}
