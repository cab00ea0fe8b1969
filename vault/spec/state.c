/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/spec/state.c: what is kept between commands: /run/vault/NAME/ and the locks. */
#include "vault/spec/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "lib/time.h"

#define FOLDER_MODE 0711 /* its files can be read by their names; nobody else can lock it */
#define FILE_MODE 0600
#define TEST_FILE "leaktest.json"
#define TEST_MAX_BYTES 1024
#define STATE_MAX_BYTES (64U << 20)
#define PATH_SIZE (sizeof(STATE_DIR) + SPEC_NAME_MAX + 32)

bool state_is_inside(void)
{
	return !access(STATE_DIR "/" STATE_INSIDE, F_OK);
}

/* Where MORTAL nothing of ours is there yet: while it waits for another command's end a signal may
 * end us, also one that is blocked. */
static int lock(int fd, bool mortal)
{
	sigset_t none, old;
	int r;

	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	if (errno != EWOULDBLOCK)
		return -errno;
	sigemptyset(&none);
	if (mortal && sigprocmask(SIG_SETMASK, &none, &old))
		return -errno;
	do
		r = flock(fd, LOCK_EX) ? -errno : 0;
	while (r == -EINTR);
	if (mortal && sigprocmask(SIG_SETMASK, &old, NULL) && !r)
		r = -errno;
	return r;
}

/* True when FD is still what PATH names: nobody removed it while we waited. */
static bool is_current(int fd, const char *path)
{
	struct stat ours, named;

	return !fstat(fd, &ours) && !lstat(path, &named) && ours.st_dev == named.st_dev &&
	       ours.st_ino == named.st_ino;
}

/* 1 when it was made, 0 when it was there, -errno. */
static int make_dir(const char *path, mode_t mode)
{
	if (!mkdir(path, mode))
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

int state_lock(const char *name, bool mortal, bool *made)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", STATE_DIR, name);
	for (;;) {
		int fd cleanup(close_fd) = -1;
		int r = make_dir(STATE_DIR, 0755);

		if (r >= 0)
			r = make_dir(path, FOLDER_MODE);
		if (r < 0)
			return r;
		if (made)
			*made = r;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -errno;
		r = lock(fd, mortal);
		if (r)
			return r;
		if (is_current(fd, path))
			return steal_fd(&fd);
	}
}

int state_open(const char *name)
{
	char path[PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", STATE_DIR, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool state_is_locked(const char *name)
{
	int fd cleanup(close_fd) = state_open(name);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

int state_share(const char *name)
{
	char path[PATH_SIZE];
	int fd cleanup(close_fd) = state_open(name);

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_SH | LOCK_NB))
		return -errno;
	snprintf(path, sizeof(path), "%s/%s", STATE_DIR, name);
	return is_current(fd, path) ? steal_fd(&fd) : -EWOULDBLOCK;
}

static void description_path(const char *name, char out[static PATH_SIZE])
{
	snprintf(out, PATH_SIZE, "%s/%s/" STATE_FILE, STATE_DIR, name);
}

bool state_is_current(int lock, const char *name)
{
	char path[PATH_SIZE];

	description_path(name, path);
	return is_current(lock, path);
}

int state_lock_test(const char *name)
{
	char path[PATH_SIZE];

	description_path(name, path);
	for (;;) {
		int fd cleanup(close_fd) = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
			return -errno;
		if (is_current(fd, path))
			return steal_fd(&fd);
	}
}

static bool has_files(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list cleanup(close_dir) = fd < 0 ? NULL : fdopendir(fd);
	size_t n = 0;

	if (!list)
		close_fd(&fd);
	while (list && readdir(list))
		n++;
	return n > 2; /* . and .. */
}

/* Nobody else can have put anything there: what stands in it is root's word. */
static bool is_roots(const struct stat *st)
{
	return !st->st_uid && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* True when the folder PATH of DIR is one that state_lock made, or has a description, whoever can
 * have written that. */
static bool is_made(int dir, const char *path)
{
	char file[sizeof(STATE_DIR "//" STATE_FILE) + NAME_MAX];
	struct stat st;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW))
		return true; /* to find what is wrong with it is the caller's */
	if (is_roots(&st) && (st.st_mode & 07777) == FOLDER_MODE)
		return true;
	snprintf(file, sizeof(file), "%s/" STATE_FILE, path);
	return !faccessat(dir, file, F_OK, AT_SYMLINK_NOFOLLOW);
}

int state_judge(int dir)
{
	struct stat st;
	bool is_safe = !fstat(dir, &st) && is_roots(&st);

	if (!is_made(dir, ".") && (!is_safe || has_files(dir)))
		return -EEXIST;
	return is_safe ? 0 : -EPERM;
}

bool state_is_foreign(const char *name)
{
	char path[PATH_SIZE];
	int fd cleanup(close_fd) = -1;

	snprintf(path, sizeof(path), "%s/%s", STATE_DIR, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && state_judge(fd) == -EEXIST;
}

static int is_vault(const struct dirent *entry)
{
	char path[sizeof(STATE_DIR "/") + NAME_MAX];

	if (entry->d_type != DT_DIR || !spec_name_is_valid(entry->d_name))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", STATE_DIR, entry->d_name);
	return is_made(AT_FDCWD, path);
}

int state_find_rival(const char *name, char rival[static SPEC_NAME_MAX + 1])
{
	char **names = NULL;
	ssize_t n = state_names(&names);
	int r = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; names && !r && i < n; i++)
		if (strcmp(names[i], name) != 0 && spec_names_collide(names[i], name)) {
			snprintf(rival, SPEC_NAME_MAX + 1, "%s", names[i]);
			r = 1;
		}
	state_names_free(names, n);
	return r;
}

void state_names_free(char **names, ssize_t n)
{
	for (ssize_t i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
}

/* The entries of the folder DIR that are WANTED, without the last CUT bytes of each. */
static ssize_t list_names(const char *dir, int (*wanted)(const struct dirent *), size_t cut,
			  char ***names)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, wanted, alphasort);
	ssize_t out = 0;

	if (n < 0) {
		*names = NULL;
		return errno == ENOENT ? 0 : -errno;
	}
	*names = calloc(n ? (size_t)n : 1, sizeof(**names));
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if (*names && ((*names)[i] = strndup(name, strlen(name) - cut)))
			out++;
		free(list[i]);
	}
	free(list);
	if (out == n)
		return n;
	state_names_free(*names, *names ? n : 0);
	*names = NULL;
	return -ENOMEM;
}

ssize_t state_names(char ***names)
{
	return list_names(STATE_DIR, is_vault, 0, names);
}

static const char words_ending[] = ".conf";

static int is_words_file(const struct dirent *entry)
{
	char name[sizeof(entry->d_name)];
	size_t len = strlen(entry->d_name), tail = strlen(words_ending);

	if (len <= tail || strcmp(entry->d_name + len - tail, words_ending) != 0)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(len - tail), entry->d_name);
	return spec_name_is_valid(name);
}

ssize_t state_words_names(char ***names)
{
	return list_names(WORDS_DIR, is_words_file, strlen(words_ending), names);
}

int state_lock_host(void)
{
	int r = make_dir(STATE_DIR, 0755);
	int fd cleanup(close_fd) = -1;

	if (r < 0)
		return r;
	fd = open(STATE_DIR "/.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = lock(fd, false);
	return r ? r : steal_fd(&fd);
}

/* What vault.json holds; a new reference, or NULL without memory. */
static json_t *state_json(const struct spec *spec, const struct ns_id *id, uint32_t generation)
{
	json_t *json = spec_to_json(spec);

	if (json &&
	    !json_object_set_new(json, "netns_inode", json_integer((json_int_t)id->inode)) &&
	    !json_object_set_new(json, "netns_cookie", json_integer((json_int_t)id->cookie)) &&
	    !json_object_set_new(json, "seal_generation", json_integer(generation)))
		return json;
	json_decref(json);
	return NULL;
}

/* Adds members to JSON that stand in the folder DIR's vault.json. What cannot be read has none. */
static int keep_members(int dir, json_t *json)
{
	char *text cleanup(free_ptr) = NULL;
	size_t len = 0;
	json_t *old;
	int r;

	if (file_read_at(dir, STATE_FILE, STATE_MAX_BYTES, &text, &len))
		return 0;
	old = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	r = json_is_object(old) ? json_object_update_missing(json, old) : 0;
	json_decref(old);
	return r ? -ENOMEM : 0;
}

int state_save(int dir, const struct spec *spec, const struct ns_id *id, uint32_t generation)
{
	json_t *json = state_json(spec, id, generation);
	char *text cleanup(free_ptr) = NULL;

	if (json && !keep_members(dir, json))
		text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	return text ? file_replace(dir, STATE_FILE, FILE_MODE, text, strlen(text)) : -ENOMEM;
}

int state_is_sealed(const struct spec *spec, int ns)
{
	struct ns_id id = { 0 };
	int r = spec->netns_cookie ? ns_identify(ns, &id) : ns_inode(ns, &id.inode);

	return r ? r : id.inode == spec->netns_inode && id.cookie == spec->netns_cookie;
}

int state_is_host(const struct spec *spec)
{
	int self cleanup(close_fd) = ns_open_self();
	uint64_t inode = 0;
	int r = self < 0 ? self : ns_inode(self, &inode);

	if (r)
		return r;
	return inode == spec->netns_inode || (spec->host_inode && inode != spec->host_inode)
		       ? -EXDEV
		       : 0;
}

const char *state_error(int err)
{
	return err == -EXDEV ? "this is not the network namespace of its host" : strerror(-err);
}

const struct remedy *state_remedy(int err)
{
	static const struct remedy as_root = { .row = REMEDY_AS_ROOT };
	static const struct remedy on_host = { .row = REMEDY_ON_HOST };

	switch (-err) {
	case EPERM:
	case EACCES:
		return &as_root;
	case EXDEV:
		return &on_host;
	default:
		return NULL;
	}
}

/* Reads the description in the folder DIR into *OUT. */
static int load(int dir, struct spec *out)
{
	int fd cleanup(close_fd) =
		openat(dir, STATE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text cleanup(free_ptr) = NULL;
	struct stat st, folder;
	size_t len = 0;
	json_t *json;
	int r;

	if (fd < 0 || fstat(fd, &st) || fstat(dir, &folder))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (!is_roots(&st) || !is_roots(&folder))
		return -EPERM;
	r = file_read_fd(fd, STATE_MAX_BYTES, &text, &len);
	if (r)
		return r;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	r = json ? spec_from_json(json, out) : -EINVAL;
	json_decref(json);
	return r;
}

/* Read first: one that an older vault wrote lacks members, and means the same. */
int state_is_saved(int dir, const struct spec *spec, const struct ns_id *id, uint32_t generation)
{
	struct spec saved cleanup(spec_free) = { 0 };
	json_t *wanted, *found;
	int r = load(dir, &saved);

	if (r)
		return r == -ENOENT || r == -EINVAL ? 0 : r;
	wanted = state_json(spec, id, generation);
	found = spec_to_json(&saved);
	r = wanted && found ? json_equal(wanted, found) : -ENOMEM;
	json_decref(wanted);
	json_decref(found);
	return r;
}

int state_load(const char *name, struct spec *out)
{
	char path[PATH_SIZE];
	int dir cleanup(close_fd) = -1, r;

	memset(out, 0, sizeof(*out));
	snprintf(path, sizeof(path), "%s/%s", STATE_DIR, name);
	dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	r = load(dir, out);
	return !r && strcmp(out->name, name) ? -EINVAL : r;
}

/* What a killed file_replace left beside its file. 0 or the first -errno. */
static int remove_temps(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list) {
		r = -errno;
		close_fd(&fd);
		return r;
	}
	for (struct dirent *e = readdir(list); e; e = readdir(list))
		if (e->d_type == DT_REG && e->d_name[0] == '.' && unlinkat(dir, e->d_name, 0) && !r)
			r = -errno;
	closedir(list);
	return r;
}

static int remove_listed(int dir, const char *const *names, size_t n)
{
	int r = remove_temps(dir);

	for (size_t i = 0; i < n; i++)
		if (unlinkat(dir, names[i], 0) && errno != ENOENT && !r)
			r = -errno;
	return r;
}

/* Says so, with the remedy, when others can write in PATH, which is of MODE where vault makes it. */
static bool tell_writers(const char *path, mode_t mode, struct state_why *out)
{
	struct stat st;

	if (lstat(path, &st) || is_roots(&st))
		return false;
	snprintf(out->path, sizeof(out->path), "%s", path);
	snprintf(out->mode, sizeof(out->mode), "%o", (unsigned int)mode);
	out->remedy = *REMEDY(OWN_STATE, out->path, out->mode);
	snprintf(out->text, sizeof(out->text),
		 "%s is not root's alone (user %u, mode %04o): not read", path,
		 (unsigned int)st.st_uid, (unsigned int)st.st_mode & 07777U);
	return true;
}

static void explain_writers(const char *name, struct state_why *out)
{
	char folder[PATH_SIZE], file[PATH_SIZE];

	snprintf(folder, sizeof(folder), "%s/%s", STATE_DIR, name);
	description_path(name, file);
	if (tell_writers(folder, FOLDER_MODE, out) || tell_writers(file, FILE_MODE, out))
		return;
	snprintf(out->text, sizeof(out->text), "%s was not root's alone: not read", folder);
	out->remedy = *REMEDY(AGAIN, NULL);
}

enum remedy_row state_row_up(const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s.conf", WORDS_DIR, name);
	return access(path, F_OK) ? REMEDY_CONF_FILE : REMEDY_UP;
}

/* What is none, or was changed, tells nothing of what is there by that name. */
static void forget(const char *name, struct state_why *out)
{
	out->first[0] = *REMEDY(DOWN, name);
	out->first[1] = *REMEDY_AFTER(&out->first[0], DEL_NETNS, name);
	out->remedy = *REMEDY_AFTER(&out->first[1], CONF_FILE, name);
	out->remedy.row = state_row_up(name);
}

/* The name of a vault that may have been meant by NAME, owned by the caller; or NULL. */
static char *nearest_name(const char *name)
{
	size_t limit = strlen(name) > 4 ? 2 : 1;
	char **names = NULL, *found = NULL;
	ssize_t n = state_names(&names);

	for (ssize_t i = 0; names && !found && i < n; i++)
		if (strcmp(names[i], name) != 0 && str_distance(names[i], name) <= limit)
			found = strdup(names[i]);
	state_names_free(names, n);
	return found;
}

static void explain_absence(const char *name, struct state_why *out)
{
	char *near cleanup(free_ptr) = nearest_name(name);
	int ns cleanup(close_fd) = ns_open_name(name);

	if (ns >= 0) {
		snprintf(out->text, sizeof(out->text),
			 "not up: %s/%s is a namespace that is not a vault's", NS_DIR, name);
		out->remedy = *REMEDY(OTHER_NAME_OR_DEL, name);
		return;
	}
	snprintf(out->text, sizeof(out->text), near ? "not up; %s is" : "not up", near);
	out->remedy = *REMEDY(CONF_FILE, name);
	out->remedy.row = state_row_up(name);
	if (near && out->remedy.row == REMEDY_CONF_FILE) /* that one was meant */
		out->remedy.row = REMEDY_NONE;
}

void state_explain(const char *name, int err, struct state_why *out)
{
	out->remedy.row = REMEDY_NONE;
	if (err == -ENOENT) {
		explain_absence(name, out);
	} else if (err == -EINVAL) {
		snprintf(out->text, sizeof(out->text),
			 "cannot parse %s/%s/" STATE_FILE ": corrupt or edited", STATE_DIR, name);
		forget(name, out);
	} else if (err == -EEXIST) {
		snprintf(out->text, sizeof(out->text),
			 "%s/%s is there and is not vault's: left alone", STATE_DIR, name);
	} else if (err == -EPERM) {
		explain_writers(name, out);
	} else {
		snprintf(out->text, sizeof(out->text),
			 "its description in %s/%s cannot be read: %s", STATE_DIR, name,
			 strerror(-err));
		if (err == -EACCES)
			out->remedy = *REMEDY(AS_ROOT, NULL);
	}
}

int state_save_test(const char *name, const struct state_test *test)
{
	int dir cleanup(close_fd) = state_share(name);
	char *text cleanup(free_ptr) = NULL;
	char time[TIME_STRLEN];
	struct state_test before, now = *test;
	json_t *json;

	if (dir < 0)
		return dir;
	state_load_test(dir, &before);
	if (before.generation == test->generation)
		now.dropped += before.dropped;
	if (!now.ms) {
		now.ms = before.ms;
		memcpy(now.verdict, before.verdict, sizeof(now.verdict));
	}
	json = json_pack("{s:s*, s:s*, s:I, s:I}", "time",
			 now.ms ? time_format(now.ms, time) : NULL, "verdict",
			 now.ms ? now.verdict : NULL, "generation", (json_int_t)now.generation,
			 "dropped", (json_int_t)now.dropped);
	if (json)
		text = json_dumps(json, 0);
	json_decref(json);
	return text ? file_replace(dir, TEST_FILE, FILE_MODE, text, strlen(text)) : -ENOMEM;
}

void state_load_test(int dir, struct state_test *out)
{
	char *text cleanup(free_ptr) = NULL;
	const char *time = NULL, *verdict = NULL;
	json_int_t generation = 0, dropped = 0;
	json_t *json = NULL;
	size_t len = 0;

	*out = (struct state_test){ .ms = 0 };
	if (!file_read_at(dir, TEST_FILE, TEST_MAX_BYTES, &text, &len))
		json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (json && !json_unpack(json, "{s?:s, s?:s, s?:I, s?:I}", "time", &time, "verdict",
				 &verdict, "generation", &generation, "dropped", &dropped)) {
		out->generation =
			generation > 0 && generation <= UINT32_MAX ? (uint32_t)generation : 0;
		out->dropped = dropped > 0 ? (uint64_t)dropped : 0;
	}
	if (time && verdict && strlen(verdict) < sizeof(out->verdict) &&
	    !time_parse(time, &out->ms))
		snprintf(out->verdict, sizeof(out->verdict), "%s", verdict);
	json_decref(json);
}

int state_remove_files(int dir)
{
	static const char *const files[] = { STATE_FILE,      TEST_FILE,      "resolv.conf",
					     "nsswitch.conf", "confine.conf", "hosts" };
	static const char *const etc_files[] = { "resolv.conf", "nsswitch.conf", "hosts" };
	int etc cleanup(close_fd) =
		openat(dir, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = etc < 0 ? 0 : remove_listed(etc, etc_files, ARRAY_SIZE(etc_files));
	int rest = remove_listed(dir, files, ARRAY_SIZE(files));

	if (!r && unlinkat(dir, "etc", AT_REMOVEDIR) && errno != ENOENT)
		r = -errno;
	return r ? r : rest;
}

int state_remove_dir(const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", STATE_DIR, name);
	return rmdir(path) && errno != ENOENT ? -errno : 0;
}
