/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mountinfo.c: what is mounted where, as the caller's mount namespace has it. */
#include "lib/mountinfo.h"

#include <errno.h>
#include <string.h>

#include "lib/file.h"

#define MAX_BYTES (64U << 20)

/* Undoes the \OOO of proc_pid_mountinfo(5), in place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*out++ = (char)((unsigned int)(s[1] - '0') << 6 |
					(unsigned int)(s[2] - '0') << 3 |
					(unsigned int)(s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* "ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [FIELD...] - TYPE SOURCE OPTIONS" */
static int parse_line(char *line, struct mounted *out)
{
	char *rest = strstr(line, " - "), *type, *root, *path;

	if (!rest)
		return -EBADMSG;
	*rest = '\0';
	rest += strlen(" - ");
	type = strsep(&rest, " ");
	for (int i = 0; i < 3; i++)
		strsep(&line, " ");
	root = strsep(&line, " ");
	path = strsep(&line, " ");
	if (!path) /* nor root, where there are fewer fields */
		return -EBADMSG;
	unescape(root);
	unescape(path);
	*out = (struct mounted){ .root = root, .path = path, .type = type };
	return 0;
}

static int parse(struct mountinfo *info)
{
	char *rest = info->text;
	size_t lines = 1;

	for (const char *s = rest; (s = strchr(s, '\n')); s++)
		lines++;
	info->list = calloc(lines, sizeof(*info->list));
	if (!info->list)
		return -ENOMEM;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		int r = *line ? parse_line(line, &info->list[info->n]) : 0;

		if (r)
			return r;
		info->n += info->list[info->n].path != NULL;
	}
	return 0;
}

int mountinfo_read(struct mountinfo *out)
{
	size_t len = 0;
	int r = file_read("/proc/self/mountinfo", MAX_BYTES, &out->text, &len);

	return r ? r : parse(out);
}

void mountinfo_free(struct mountinfo *info)
{
	free(info->list);
	free(info->text);
	*info = (struct mountinfo){ 0 };
}
