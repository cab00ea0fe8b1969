/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/kind/hosts.c: the names of a segment's vaults: one file of hosts(5) a segment, in
 * /run/vault/.segment-NAME, which each of them has as its own by a hard link.
 *
 * It is written in place: so a program that has been running for days knows a member of today. The
 * host's own hosts follow, as they were when a member came or went; a name that they have is not a
 * vault's, whose line is marked as none then. Under the host's lock.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "vault/apply/session.h"
#include "vault/plan/obj.h"
#include "vault/spec/state.h"

#define HOSTS_MAX_BYTES (4U << 20)
#define FOLDER ".segment-"
#define REST "# the host's own:\n"
#define PATH_SIZE 300

/* A vault's line, "ADDRESS\tNAME", or "#ADDRESS\tNAME" of one that is not looked up by its name. */
struct line {
	const char *address, *name; /* into the file's text, which go on behind */
	size_t address_len, name_len;
};

/* Reads the line at TEXT, of LEN bytes. False for one of no vault. */
static bool read_line(const char *text, size_t len, struct line *line)
{
	const size_t mark = len && *text == '#';
	const char *tab = memchr(text, '\t', len);

	if (!tab || tab == text + mark || text[mark] == ' ')
		return false;
	line->address = text + mark;
	line->address_len = (size_t)(tab - line->address);
	line->name = tab + 1;
	line->name_len = len - (size_t)(line->name - text);
	return true;
}

/* True when one of the names in a line of hosts(5) is that one. */
static bool names(const char *text, size_t len, const struct line *line)
{
	static const char gaps[] = " \t\r";
	const char *end = text + len;

	for (text += strcspn(text, " \t\r\n#"); text < end; text += len) {
		text += strspn(text, gaps);
		len = strcspn(text, " \t\r\n#");
		if (!len)
			return false; /* the line's end, or a remark */
		if (len == line->name_len && !strncasecmp(text, line->name, len))
			return true;
	}
	return false;
}

/* Names of every host's own (RFC 6761). */
static bool is_local(const struct line *line)
{
	static const char local[] = ".localhost";
	const size_t len = strlen(local);

	return (line->name_len == len - 1 && !strncasecmp(line->name, local + 1, len - 1)) ||
	       (line->name_len > len &&
		!strncasecmp(line->name + line->name_len - len, local, len));
}

/* A name that the host's own hosts HOST have leads where it leads there, whatever a vault's is. */
static bool is_taken(const struct line *line, const char *host)
{
	size_t len;

	for (; *host; host += len + (host[len] == '\n')) {
		len = strcspn(host, "\n");
		if (*host != '#' && names(host, len, line))
			return true;
	}
	return is_local(line);
}

static void add_line(const struct line *line, const char *host, struct str *out)
{
	str_addf(out, "%s%.*s\t%.*s\n", is_taken(line, host) ? "#" : "", (int)line->address_len,
		 line->address, (int)line->name_len, line->name);
}

static bool is_of(const struct line *line, const char *name)
{
	return line->name_len == strlen(name) && !memcmp(line->name, name, line->name_len);
}

/* Copies the lines of vaults in TEXT but those of NAME to OUT. Returns how many. */
static size_t keep_others(const char *text, const char *name, const char *host, struct str *out)
{
	struct line line;
	size_t kept = 0, len;

	for (; *text && strncmp(text, REST, strlen(REST)); text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (!read_line(text, len, &line) || is_of(&line, name))
			continue;
		add_line(&line, host, out);
		kept++;
	}
	return kept;
}

/* Overwrites what the file FD has: who reads it meanwhile sees some of both. */
static int overwrite(int fd, const struct str *text)
{
	ssize_t n = pwrite(fd, text->s, text->len, 0);

	if (n < 0 || (size_t)n != text->len)
		return n < 0 ? -errno : -EIO;
	return ftruncate(fd, (off_t)text->len) ? -errno : 0;
}

/* The host's own hosts, owned by the caller; none is no error. */
static int read_host(char **text, size_t *len)
{
	int r = file_read("/etc/hosts", HOSTS_MAX_BYTES, text, len);

	if (r == -ENOENT) {
		*len = 0;
		*text = strdup("");
		r = *text ? 0 : -ENOMEM;
	}
	return r;
}

/* Writes the segment's file anew, without lines of NAME and, with ADDRESS, with that one. The
 * number of vaults in it, or -errno. */
static ssize_t rewrite(int dir, const char *segment, const char *name, const struct addr *address)
{
	int fd cleanup(close_fd) =
		openat(dir, "hosts", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	struct str out cleanup(str_free) = STR_INIT;
	char *text cleanup(free_ptr) = NULL, *host cleanup(free_ptr) = NULL, own[ADDR_STRLEN];
	const char *old;
	size_t len = 0, host_len = 0, n;
	int r = fd < 0 ? -errno : file_read_fd(fd, HOSTS_MAX_BYTES, &text, &len);

	if (!r)
		r = read_host(&host, &host_len);
	if (r)
		return r;
	old = text ? text : "";
	str_addf(&out, "# made by vault: segment %s\n", segment);
	n = keep_others(old, name, host, &out);
	if (address) {
		addr_format(address, own);
		add_line(&(struct line){ own, name, strlen(own), strlen(name) }, host, &out);
	}
	str_add(&out, REST);
	str_addn(&out, host, host_len);
	r = out.err;
	if (!r && (out.len != len || memcmp(out.s, old, len)))
		r = overwrite(fd, &out);
	return r ? r : (ssize_t)(n + (address != NULL));
}

/* Makes the hosts of the folder TO the file that those of FROM are. */
static int link_file(int from, int to)
{
	if (unlinkat(to, "hosts", 0) && errno != ENOENT)
		return -errno;
	return linkat(from, "hosts", to, "hosts", 0) ? -errno : 0;
}

static int open_folder(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int remove_from(const char *segment, const char *name)
{
	char path[PATH_SIZE];
	int dir cleanup(close_fd) = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s%s", STATE_DIR, FOLDER, segment);
	dir = open_folder(AT_FDCWD, path);
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	n = rewrite(dir, segment, name, NULL);
	if (n)
		return n < 0 ? (int)n : 0;
	if (unlinkat(dir, "hosts", 0) || rmdir(path))
		return -errno;
	return 0;
}

static int is_segment(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && !strncmp(entry->d_name, FOLDER, strlen(FOLDER)) &&
	       spec_name_is_valid(entry->d_name + strlen(FOLDER));
}

/* Out of all segments but KEEP: which it was in is not known after a crash, or a change. */
static int remove_from_all(const char *name, const char *keep)
{
	struct dirent **list = NULL;
	int n = scandir(STATE_DIR, &list, is_segment, alphasort), r = n < 0 ? -errno : 0;

	for (int i = 0; i < n; i++) {
		const char *segment = list[i]->d_name + strlen(FOLDER);
		int err = keep && !strcmp(segment, keep) ? 0 : remove_from(segment, name);

		r = r ? r : err;
		free(list[i]);
	}
	free(list);
	return r == -ENOENT ? 0 : r;
}

static int hosts_make(const struct obj *obj, struct session *w)
{
	const struct obj_hosts *own = &obj->hosts;
	int dir cleanup(close_fd) = -1, etc cleanup(close_fd) = -1;
	char path[PATH_SIZE];
	int r = session_flush(w);
	ssize_t n;

	if (!r)
		r = session_lock_host(w);
	if (!r && w->observed)
		r = remove_from_all(obj->vault, own->segment);
	if (r)
		return r;
	snprintf(path, sizeof(path), "%s/%s%s", STATE_DIR, FOLDER, own->segment);
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	dir = open_folder(AT_FDCWD, path);
	etc = open_folder(w->dir, "etc");
	if (dir < 0 || etc < 0)
		return dir < 0 ? dir : etc;
	n = rewrite(dir, own->segment, obj->vault, &own->address);
	r = n < 0 ? (int)n : link_file(dir, w->dir);
	return r ? r : link_file(dir, etc);
}

/* A vault that stays up has no segment's names any more: what is read inside is the host's file. */
static int unlink_own(int dir)
{
	int etc cleanup(close_fd) = open_folder(dir, "etc");

	if (etc >= 0 && unlinkat(etc, "hosts", 0) && errno != ENOENT)
		return -errno;
	return unlinkat(dir, "hosts", 0) && errno != ENOENT ? -errno : 0;
}

static int hosts_remove(const struct obj *obj, struct session *w)
{
	int r = session_flush(w);

	if (!r)
		r = session_lock_host(w);
	if (!r && w->observed)
		r = unlink_own(w->dir);
	return r ? r : remove_from_all(obj->vault, NULL);
}

/* True when the file of that path is the one of ST. */
static bool is_same(int dir, const char *path, const struct stat *st)
{
	struct stat other;

	return !fstatat(dir, path, &other, AT_SYMLINK_NOFOLLOW) && other.st_ino == st->st_ino &&
	       other.st_dev == st->st_dev;
}

/* True when the segment's file TEXT has the vault NAME at ADDRESS. */
static bool has_vault(const char *text, const char *name, const struct addr *address)
{
	char own[ADDR_STRLEN];
	struct line line;
	size_t len;

	addr_format(address, own);
	for (; *text && strncmp(text, REST, strlen(REST)); text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (read_line(text, len, &line) && is_of(&line, name) &&
		    line.address_len == strlen(own) && !memcmp(line.address, own, line.address_len))
			return true;
	}
	return false;
}

static int hosts_look(const struct obj *obj, struct session *w)
{
	const struct obj_hosts *own = &obj->hosts;
	char path[PATH_SIZE], *text cleanup(free_ptr) = NULL;
	struct stat st;
	size_t len = 0;
	int r;

	snprintf(path, sizeof(path), "%s/%s%s/hosts", STATE_DIR, FOLDER, own->segment);
	r = file_read(path, HOSTS_MAX_BYTES, &text, &len);
	if (r || lstat(path, &st))
		return !r || r == -ENOENT ? LOOK_ABSENT : r;
	if (!has_vault(text, obj->vault, &own->address))
		snprintf(w->why, sizeof(w->why), "its line is missing in %.200s", path);
	else if (!is_same(w->dir, "hosts", &st) || !is_same(w->dir, "etc/hosts", &st))
		snprintf(w->why, sizeof(w->why), "its hosts are another file than %.200s", path);
	else
		return LOOK_SAME;
	return LOOK_OTHER;
}

static void hosts_print(const struct obj *obj, struct str *out)
{
	const struct obj_hosts *own = &obj->hosts;
	const char *segment = own->segment;
	const struct line line = { .name = obj->vault, .name_len = strlen(obj->vault) };
	char address[ADDR_STRLEN];

	str_addf(out, "mkdir -p %s/%s%s\n", STATE_DIR, FOLDER, segment);
	str_addf(out, "# with the lines of other members that are there\n");
	str_addf(out, "cat - /etc/hosts >%s/%s%s/hosts <<'EOF'\n", STATE_DIR, FOLDER, segment);
	str_addf(out, "# made by vault: segment %s\n%s%s\t%s\n" REST "EOF\n", segment,
		 is_local(&line) ? "#" : "", addr_format(&own->address, address), obj->vault);
	str_addf(out, "ln -f %s/%s%s/hosts %s/%s\n", STATE_DIR, FOLDER, segment, STATE_DIR,
		 obj->vault);
	str_addf(out, "ln -f %s/%s%s/hosts %s/%s/etc\n", STATE_DIR, FOLDER, segment, STATE_DIR,
		 obj->vault);
}

const struct kind kind_hosts = { .name = "hosts",
				 .make = hosts_make,
				 .remove = hosts_remove,
				 .look = hosts_look,
				 .print = hosts_print };
