/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/file.c: whole files, pipes, and what must not be left behind. */
#include "lib/file.c"

#include <dirent.h>
#include <sys/wait.h>

#include "test/unit/tap.h"

static char dir[] = "/tmp/vault-file-XXXXXX";
static int dirfd_;

static bool holds(const char *name, const char *want, size_t want_len)
{
	char path[64], *data = NULL;
	size_t len = 0;
	bool same;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read(path, 1 << 20, &data, &len))
		return false;
	same = len == want_len && !memcmp(data, want, len) && !data[len];
	file_wipe_free(&data, len);
	return same && !data;
}

static int read_path(const char *path, size_t max)
{
	char *data = NULL;
	size_t len = 0;
	int ret = file_read(path, max, &data, &len);

	file_wipe_free(&data, len);
	return ret;
}

/* What a child wrote into a pipe in pieces of 777 bytes, N in all. */
static int read_pipe(size_t n, size_t max, size_t *len)
{
	char *data = NULL, piece[777];
	int ends[2], ret;
	pid_t child;

	memset(piece, 'p', sizeof(piece));
	if (pipe(ends))
		return -errno;
	child = fork();
	if (!child) {
		for (size_t left = n; left; left -= left < sizeof(piece) ? left : sizeof(piece))
			if (write(ends[1], piece, left < sizeof(piece) ? left : sizeof(piece)) < 0)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	ret = file_read_fd(ends[0], max, &data, len);
	close(ends[0]);
	waitpid(child, NULL, 0);
	if (!ret && data[*len])
		ret = -EPROTO;
	for (size_t i = 0; !ret && i < *len; i++)
		if (data[i] != 'p')
			ret = -EPROTO;
	file_wipe_free(&data, ret ? 0 : *len);
	return ret;
}

static void test_read(void)
{
	char fifo[64], path[64];
	size_t len = 0;

	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	snprintf(path, sizeof(path), "%s/five", dir);
	ok(!file_replace(dirfd_, "five", 0600, "fi\0e\n", 5) && holds("five", "fi\0e\n", 5),
	   "any bytes, and a NUL after them");
	ok(!file_replace(dirfd_, "none", 0600, "", 0) && holds("none", "", 0), "an empty file");
	ok(!read_path(path, 5) && read_path(path, 4) == -EFBIG, "as much as allowed, and no more");
	ok(read_path(dir, 9) == -EINVAL && read_path("/dev/null", 9) == -EINVAL,
	   "a folder and a device are refused");
	ok(!mkfifo(fifo, 0600) && read_path(fifo, 9) == -EINVAL, "a FIFO is refused at once");
	ok(read_path("/nowhere/at/all", 9) == -ENOENT, "and what is not there");
	ok(!read_path("/proc/self/status", 1 << 20), "a file of /proc, which says it is empty");
	ok(!unlinkat(dirfd_, "fifo", 0), "(cleaning)");
	ok(!read_pipe(0, 9, &len) && !len, "an empty pipe");
	ok(!read_pipe(100000, 100000, &len) && len == 100000, "a pipe, in pieces");
	ok(!read_pipe(4095, 4095, &len) && !read_pipe(4096, 4096, &len) &&
		   !read_pipe(4097, 4097, &len),
	   "about a page");
	ok(read_pipe(10000, 9999, &len) == -EFBIG, "a pipe with too much");
}

static unsigned int count_files(void)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 2;
}

static void test_replace(void)
{
	char temp[64], long_name[NAME_MAX + 1];
	struct stat st;

	memset(long_name, 'n', NAME_MAX);
	long_name[NAME_MAX] = '\0';
	umask(077);
	ok(!file_replace(dirfd_, "f", 0644, "one", 3) && holds("f", "one", 3), "a new file");
	ok(!fstatat(dirfd_, "f", &st, 0) && (st.st_mode & 07777) == 0644,
	   "its mode whatever the umask");
	ok(!file_replace(dirfd_, "f", 0600, "two", 3) && holds("f", "two", 3), "over an old one");
	ok(!fstatat(dirfd_, "f", &st, 0) && (st.st_mode & 07777) == 0600, "with the new mode");
	snprintf(temp, sizeof(temp), ".f.%ld", (long)getpid());
	ok(!symlinkat("five", dirfd_, temp) && !file_replace(dirfd_, "f", 0600, "three", 5) &&
		   holds("f", "three", 5) && holds("five", "fi\0e\n", 5),
	   "what lies in the temporary's place is replaced, not followed");
	ok(file_replace(dirfd_, long_name, 0600, "x", 1) == -ENAMETOOLONG,
	   "a name too long for its temporary");
	ok(!mkdirat(dirfd_, "d", 0700) && file_replace(dirfd_, "d", 0600, "x", 1) == -EISDIR,
	   "not over a folder");
	ok(file_replace(dirfd_, "no/such", 0600, "x", 1) == -ENOENT,
	   "not into a folder that is not there");
	ok(count_files() == 4, "nothing is left behind");
}

static void test_poke(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/f", dir);
	ok(!file_poke(path, "12345") && holds("f", "12345", 5), "poke writes");
	snprintf(path, sizeof(path), "%s/new", dir);
	ok(file_poke(path, "1") == -ENOENT, "and never makes a file");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_read();
	test_replace();
	test_poke();
	unlinkat(dirfd_, "five", 0);
	unlinkat(dirfd_, "none", 0);
	unlinkat(dirfd_, "f", 0);
	unlinkat(dirfd_, "d", AT_REMOVEDIR);
	ok(!rmdir(dir), "(cleaned)");
	close(dirfd_);
	return tap_done();
}
