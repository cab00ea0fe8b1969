/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/wgconf.c: a wg-quick(8) file: its lines and sections. The values are wgfield.c's
 * and wginterface.c's. */
#include "vault/read/wgconf.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "vault/read/wgvalue.h"

#define PEER_MIN_BYTES \
	61U /* "[Peer]", "PublicKey=", a key and two newlines: no peer that counts takes less */

enum section { SECTION_NONE, SECTION_INTERFACE, SECTION_PEER, SECTION_UNKNOWN };

struct parser {
	struct wgconf *conf;
	struct problems *problems;
	struct wgcheck check;
	unsigned int line;
	enum section section;
	unsigned int peer_line; /* of its [Peer] */
	size_t peer_prefixes; /* how many the file had before this peer */
	unsigned int seen_interface, seen_peer; /* a bit for each of the section's keys */
};

/* First the keys that are wg(8)'s, then those that are wg-quick's own. */
static const struct {
	const char *name;
	const struct wg_fields *fields;
	const struct wgkey *keys;
	unsigned int n_keys;
} sections[] = {
	[SECTION_INTERFACE] = { "[Interface]", &wg_device_fields, wginterface_keys,
				WGKEYS_INTERFACE },
	[SECTION_PEER] = { "[Peer]", &wg_peer_fields, NULL, 0 },
};

/* Keys of WireGuard's relatives: a tunnel that needs them is none that this kernel's WireGuard can
 * make. */
static const struct {
	const char *key, *of;
} foreign_keys[] = {
	{ "Jc", "AmneziaWG" },
	{ "Jmin", "AmneziaWG" },
	{ "Jmax", "AmneziaWG" },
	{ "S1", "AmneziaWG" },
	{ "S2", "AmneziaWG" },
	{ "S3", "AmneziaWG" },
	{ "S4", "AmneziaWG" },
	{ "H1", "AmneziaWG" },
	{ "H2", "AmneziaWG" },
	{ "H3", "AmneziaWG" },
	{ "H4", "AmneziaWG" },
	{ "I1", "AmneziaWG" },
	{ "I2", "AmneziaWG" },
	{ "I3", "AmneziaWG" },
	{ "I4", "AmneziaWG" },
	{ "I5", "AmneziaWG" },
	{ "J1", "AmneziaWG" },
	{ "J2", "AmneziaWG" },
	{ "J3", "AmneziaWG" },
	{ "Itime", "AmneziaWG" },
	{ "AdvancedSecurity", "AmneziaWG" },
	{ "IncludedApplications", "the Android app" },
	{ "ExcludedApplications", "the Android app" },
	{ "AllowedApps", "WireSock" },
	{ "DisallowedApps", "WireSock" },
	{ "DisallowedIPs", "WireSock" },
};

struct found {
	struct wgkey key;
	const struct wg_field *field; /* NULL: wg-quick's own */
	unsigned int bit;
};

/* Is KEY one of SECTION? */
static bool find_key(enum section section, struct slice key, struct found *out)
{
	const struct wg_fields *fields = sections[section].fields;

	for (unsigned int i = 0; i < fields->n; i++) {
		const struct wg_field *f = &fields->list[i];
		unsigned int flags = f->kind == WG_ALLOWED_IPS ? WGKEY_MANY : 0;

		if (!f->file || !slice_is(key, f->file))
			continue;
		*out = (struct found){ { f->file, flags, wgfield_parse }, f, 1U << i };
		return true;
	}
	for (unsigned int i = 0; i < sections[section].n_keys; i++) {
		if (!slice_is(key, sections[section].keys[i].name))
			continue;
		*out = (struct found){ sections[section].keys[i], NULL, 1U << (fields->n + i) };
		return true;
	}
	return false;
}

/* Whether KEY can be repeated in a message: a word, for what stands before a "=" may be the end of
 * a key. */
static bool is_word(struct slice key)
{
	for (size_t i = 0; i < key.len; i++)
		if (!is_digit(key.s[i]) && ((key.s[i] | 0x20) < 'a' || (key.s[i] | 0x20) > 'z'))
			return false;
	return key.len && key.len <= 24 && !is_digit(key.s[0]);
}

static void refuse_unknown_key(struct parser *p, struct slice key, struct slice value)
{
	enum section other = p->section == SECTION_PEER ? SECTION_INTERFACE : SECTION_PEER;
	struct found row;

	if (find_key(other, key, &row)) {
		problem_error(p->problems, p->line, "%s: belongs to %s", row.key.name,
			      sections[other].name);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(foreign_keys); i++) {
		if (!slice_is(key, foreign_keys[i].key))
			continue;
		problem_error(p->problems, p->line,
			      "%s: is a key of %s's, not of WireGuard's: such a tunnel cannot be "
			      "made here",
			      foreign_keys[i].key, foreign_keys[i].of);
		return;
	}
	if (key.len && (memchr(key.s, ' ', key.len) || memchr(key.s, '\t', key.len)))
		problem_error(p->problems, p->line,
			      "unknown key: a key's name has no blanks in it");
	else if (is_word(key) && value.len)
		problem_error(p->problems, p->line, "unknown key %.*s in %s", (int)key.len, key.s,
			      sections[p->section].name);
	else
		problem_error(p->problems, p->line, "unknown key in %s", sections[p->section].name);
}

/* True when blanks stand in VALUE other than beside a comma: wg(8) would join what they part. */
static bool has_inner_blank(struct slice value)
{
	char before = ',';

	if (!memchr(value.s, ' ', value.len) && !memchr(value.s, '\t', value.len))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (!is_blank(value.s[i])) {
			before = value.s[i];
			continue;
		}
		while (i + 1 < value.len && is_blank(value.s[i + 1]))
			i++;
		if (before != ',' && i + 1 < value.len && value.s[i + 1] != ',')
			return true;
	}
	return false;
}

static void parse_value(struct parser *p, const struct found *found, struct slice value)
{
	const struct wgkey *row = &found->key;
	const struct wgvalue v = { .conf = p->conf,
				   .check = &p->check,
				   .problems = p->problems,
				   .line = p->line,
				   .key = row->name,
				   .field = found->field,
				   .in_peer = p->section == SECTION_PEER,
				   .text = value };
	const char *list = row->flags & WGKEY_MANY ? ": put a comma between two values" : "";

	if (!value.len && row->flags & WGKEY_EMPTY)
		return;
	if (!value.len)
		problem_error(p->problems, p->line,
			      "%s: has no value: give it one or take the line away", row->name);
	else if (!(row->flags & WGKEY_FREE) && value.s[value.len - 1] == '\\')
		problem_error(p->problems, p->line,
			      "%s: ends in a backslash, which does not continue a line", row->name);
	else if (!(row->flags & WGKEY_FREE) && has_inner_blank(value))
		problem_error(p->problems, p->line, "%s: has blanks inside its value%s", row->name,
			      list);
	else
		row->parse(&v);
}

/* A line `KEY = VALUE`; BAD when it holds bytes that were refused already. */
static void parse_assignment(struct parser *p, struct slice key, struct slice value, bool bad)
{
	unsigned int *seen = p->section == SECTION_PEER ? &p->seen_peer : &p->seen_interface;
	struct found row = { .bit = 0 };
	bool known = find_key(p->section, key, &row), repeated = *seen & row.bit;

	*seen |= row.bit;
	if (bad)
		return;
	if (!known)
		refuse_unknown_key(p, key, value);
	else if (repeated && !(row.key.flags & WGKEY_MANY))
		problem_error(p->problems, p->line,
			      "%s: is given twice: wg-quick takes the last, "
			      "keep one",
			      row.key.name);
	else
		parse_value(p, &row, value);
}

static void begin_peer(struct parser *p)
{
	p->peer_line = p->line;
	p->peer_prefixes = p->check.n_prefixes;
	p->seen_peer = 0;
	if (wg_device_add_peer(&p->conf->device))
		return;
	p->problems->overflow = true;
	p->section = SECTION_UNKNOWN;
}

/* A peer without a valid key is dropped: a file of mere [Peer] lines would take 20 times its size. */
static void end_peer(struct parser *p)
{
	struct wg_device *device = &p->conf->device;

	if (!(p->seen_peer & 1U << 0)) /* the first of a peer's fields */
		problem_error(p->problems, p->peer_line, "[Peer] has no PublicKey");
	if (!key_is_zero(&device->peers[device->n_peers - 1].public_key))
		return;
	wg_device_drop_peer(device);
	p->check.n_prefixes = p->peer_prefixes;
}

/* Leaves one section and enters that of HEADER, "[…". */
static void change_section(struct parser *p, struct slice header, bool bad)
{
	if (p->section == SECTION_PEER)
		end_peer(p);
	p->section = SECTION_UNKNOWN; /* whose keys are not looked at: one error is enough */
	for (enum section i = SECTION_INTERFACE; i <= SECTION_PEER; i++)
		if (slice_is(header, sections[i].name))
			p->section = i;
	if (p->section == SECTION_PEER)
		begin_peer(p);
	else if (p->section == SECTION_UNKNOWN && !bad)
		problem_error(p->problems, p->line,
			      "unknown section: there are [Interface] and [Peer]");
}

/*
 * False when all eight bytes at S are printable ASCII: then none passes 127 when 1 is added, or
 * falls below 0 when a blank is taken away, and neither sets the high bit of any.
 */
static bool are_odd(const char *s)
{
	const uint64_t ones = UINT64_MAX / 0xff;
	uint64_t bytes;

	memcpy(&bytes, s, sizeof(bytes));
	return ((bytes + ones) | (bytes - ones * ' ')) & ones << 7;
}

/* True when LINE is to be looked at byte by byte. */
static bool may_have_bad_byte(struct slice line)
{
	if (line.len < sizeof(uint64_t))
		return true;
	for (size_t i = 0; i < line.len - sizeof(uint64_t); i += sizeof(uint64_t))
		if (are_odd(line.s + i))
			return true;
	return are_odd(line.s + line.len - sizeof(uint64_t));
}

/* Says what byte of LINE has no place in a text; true when there is one. */
static bool has_bad_byte(struct parser *p, struct slice line)
{
	if (!may_have_bad_byte(line))
		return false;
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.s[i];

		if ((c >= ' ' && c != 0x7f) || c == '\t')
			continue;
		if (!c)
			problem_error(p->problems, p->line,
				      "a NUL byte: a line can hide behind it: take it out");
		else if (c == '\r')
			problem_error(
				p->problems, p->line,
				"a carriage return inside the line: end lines with LF or CR LF");
		else
			problem_error(p->problems, p->line,
				      "the control character 0x%02x: take it out", c);
		return true;
	}
	return false;
}

static void parse_line(struct parser *p, struct slice line)
{
	bool bad = has_bad_byte(p, line);
	const char *comment = memchr(line.s, '#', line.len), *equals;

	if (comment)
		line.len = (size_t)(comment - line.s);
	line = slice_trim(line);
	if (!line.len)
		return;
	if (line.s[0] == '[') {
		change_section(p, line, bad);
		return;
	}
	equals = memchr(line.s, '=', line.len);
	if (p->section == SECTION_UNKNOWN || (bad && (!equals || p->section == SECTION_NONE)))
		return;
	if (line.s[0] == ';' || (line.len > 1 && !memcmp(line.s, "//", 2))) {
		problem_error(p->problems, p->line, "only # starts a comment");
	} else if (p->section == SECTION_NONE) {
		problem_error(p->problems, p->line,
			      "stands before any section: [Interface] is missing above it");
		p->section = SECTION_UNKNOWN;
	} else if (!equals) {
		problem_error(p->problems, p->line, "no \"=\": a line is KEY = VALUE");
	} else {
		parse_assignment(p, slice_trim((struct slice){ line.s, (size_t)(equals - line.s) }),
				 slice_trim((struct slice){
					 equals + 1, line.len - (size_t)(equals + 1 - line.s) }),
				 bad);
	}
}

/* Takes the next line off *REST, without its end (LF or CR LF). */
static struct slice next_line(struct slice *rest)
{
	const char *newline = memchr(rest->s, '\n', rest->len);
	struct slice line = { rest->s, newline ? (size_t)(newline - rest->s) : rest->len };
	size_t taken = line.len + (newline ? 1 : 0);

	rest->s += taken;
	rest->len -= taken;
	if (line.len && line.s[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Makes room for the peers of TEXT, or few more: doubling would cost a big file megabytes. */
static int reserve_peers(struct parser *p, struct slice text)
{
	const char *header = sections[SECTION_PEER].name;
	size_t n = 0, most = text.len / PEER_MIN_BYTES + 1;
	const char *end = text.s + text.len, *at = text.s;

	while ((at = memchr(at, '[', (size_t)(end - at))) != NULL) {
		if ((size_t)(end - at) >= strlen(header) &&
		    !strncasecmp(at, header, strlen(header)))
			n++;
		at++;
	}
	if (n > most)
		n = most;
	return wg_device_reserve(&p->conf->device, n) || wgcheck_init(&p->check, (uint32_t)n)
		       ? -ENOMEM
		       : 0;
}

/* True when TEXT starts with a byte order mark that leaves nothing to read; one of UTF-8 is stepped
 * over. */
static bool has_byte_order_mark(struct parser *p, struct slice *text)
{
	if (text->len >= 3 && !memcmp(text->s, "\xef\xbb\xbf", 3)) {
		problem_error(
			p->problems, 1,
			"a byte order mark stands before the text: save the file as UTF-8 without one");
		text->s += 3;
		text->len -= 3;
		return false;
	}
	if (text->len < 2 || (memcmp(text->s, "\xff\xfe", 2) && memcmp(text->s, "\xfe\xff", 2)))
		return false;
	problem_error(p->problems, 1,
		      "the file is UTF-16: save it as UTF-8 without a byte order mark");
	return true;
}

static void parse_text(struct parser *p, struct slice text)
{
	if (has_byte_order_mark(p, &text))
		return;
	if (reserve_peers(p, text)) {
		p->problems->overflow = true;
		return;
	}
	while (text.len) {
		p->line++;
		parse_line(p, next_line(&text));
	}
	if (p->section == SECTION_PEER)
		end_peer(p);
	wgcheck_run(&p->check, p->conf, p->seen_interface & 1U << 0, p->problems);
}

size_t wgconf_parse(const char *text, size_t len, struct wgconf *out, struct problems *problems)
{
	struct parser p = { .conf = out, .problems = problems };

	memset(out, 0, sizeof(*out));
	if (len > WGCONF_MAX_BYTES)
		problem_error(problems, 0, "has more than %u MiB", WGCONF_MAX_BYTES >> 20);
	else
		parse_text(&p, (struct slice){ text, len });
	wgcheck_free(&p.check);
	problems_sort(problems);
	return problems->n_errors + problems->overflow;
}

static void free_strings(struct wgconf_strings *strings)
{
	for (size_t i = 0; i < strings->n; i++)
		free(strings->list[i]);
	free(strings->list);
}

void wgconf_free(struct wgconf *conf)
{
	wg_device_free(&conf->device);
	free(conf->addresses);
	free(conf->dns);
	free_strings(&conf->search);
	for (size_t i = 0; i < WGCONF_HOOKS; i++)
		free_strings(&conf->hooks[i]);
	explicit_bzero(conf, sizeof(*conf));
}
