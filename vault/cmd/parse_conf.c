/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/cmd/parse_conf.c: vault parse-conf: says what a wg-quick file holds, and runs nothing of
 * it. */
#include <string.h>

#include "vault/cmd/cmd.h"
#include "vault/exit.h"
#include "vault/read/clause.h"
#include "vault/read/conffile.h"
#include "vault/read/conftext.h"
#include "vault/report.h"

struct request {
	const char *path;
	bool show_keys, strict;
	unsigned int seen;
};

/* --- JSON: a value that could not be made is NULL; to set a NULL fails, and `failed` remembers it
 * --- */

struct json_maker {
	bool show_keys, failed;
	json_t *hidden; /* one string for all keys */
};

static void set(struct json_maker *m, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new_nocheck(object, key, value))
		m->failed = true;
}

static void append(struct json_maker *m, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		m->failed = true;
}

/* VALUE when PRESENT, else null. */
static json_t *number_or_null(bool present, json_int_t value)
{
	return present ? json_integer(value) : json_null();
}

static json_t *key_json(const struct key *key)
{
	char text[KEY_BASE64_LEN + 1];
	json_t *value;

	key_to_base64(key, text);
	value = json_string_nocheck(text);
	explicit_bzero(text, sizeof(text));
	return value;
}

static json_t *secret_json(const struct json_maker *m, bool present, const struct key *key)
{
	if (!present)
		return json_null();
	return m->show_keys ? key_json(key) : json_incref(m->hidden);
}

static json_t *prefixes_json(struct json_maker *m, const struct prefix *list, size_t n)
{
	json_t *array = json_array();
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < n; i++)
		append(m, array, json_string_nocheck(prefix_format(&list[i], text)));
	return array;
}

static json_t *addresses_json(struct json_maker *m, const struct addr *list, size_t n)
{
	json_t *array = json_array();
	char text[ADDR_STRLEN];

	for (size_t i = 0; i < n; i++)
		append(m, array, json_string_nocheck(addr_format(&list[i], text)));
	return array;
}

static json_t *strings_json(struct json_maker *m, const struct wgconf_strings *strings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < strings->n; i++)
		append(m, array, json_string(strings->list[i]));
	return array;
}

static json_t *table_json(const struct wgconf *conf)
{
	switch (conf->table) {
	case WGCONF_TABLE_AUTO:
		return json_string("auto");
	case WGCONF_TABLE_OFF:
		return json_string("off");
	case WGCONF_TABLE_NUMBER:
		return json_integer(conf->table_number);
	case WGCONF_TABLE_NONE:
		break;
	}
	return json_null();
}

static json_t *commands_json(struct json_maker *m, const struct wgconf_strings *commands)
{
	struct str text cleanup(str_free) = STR_INIT;
	json_t *array = json_array();

	for (size_t i = 0; i < commands->n; i++) {
		str_clear(&text);
		conftext_hook(&text, commands->list[i], m->show_keys);
		append(m, array, text.err ? NULL : json_string(text.s));
	}
	return array;
}

static json_t *hooks_json(struct json_maker *m, const struct wgconf *conf)
{
	static const char *const names[WGCONF_HOOKS] = {
		[WGCONF_PRE_UP] = "pre_up",
		[WGCONF_POST_UP] = "post_up",
		[WGCONF_PRE_DOWN] = "pre_down",
		[WGCONF_POST_DOWN] = "post_down",
	};
	json_t *hooks = json_object();

	for (size_t i = 0; i < WGCONF_HOOKS; i++)
		set(m, hooks, names[i], commands_json(m, &conf->hooks[i]));
	return hooks;
}

static json_t *endpoint_json(const struct wg_endpoint *e)
{
	struct str text cleanup(str_free) = STR_INIT;

	wgtext_endpoint(&text, e);
	if (text.err)
		return NULL;
	return text.len ? json_string_nocheck(text.s) : json_null();
}

static json_t *field_json(struct json_maker *m, const struct wg_field *f, const void *noun,
			  bool given)
{
	const struct wg_peer *peer = noun;

	switch (f->kind) {
	case WG_PUBLIC_KEY:
		return key_json(wg_member(f, noun));
	case WG_PRIVATE_KEY:
	case WG_PRESHARED_KEY:
		return secret_json(m, given, wg_member(f, noun));
	case WG_NUMBER:
		return number_or_null(given, (json_int_t)wg_number(f, noun));
	case WG_ENDPOINT:
		return endpoint_json(wg_member(f, noun));
	case WG_ALLOWED_IPS:
		break;
	}
	return prefixes_json(m, peer->allowed_ips, peer->n_allowed_ips);
}

/* Into O what the file gives of NOUN, which is of FIELDS. */
static void set_fields(struct json_maker *m, json_t *o, const struct wg_fields *fields,
		       const void *noun)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct wg_field *f = &fields->list[i];

		if (f->json)
			set(m, o, f->json,
			    field_json(m, f, noun, *wg_flags(fields, noun) & f->flag));
	}
}

static json_t *interface_json(struct json_maker *m, const struct wgconf *conf)
{
	json_t *o = json_object();

	set_fields(m, o, &wg_device_fields, &conf->device);
	set(m, o, "addresses", prefixes_json(m, conf->addresses, conf->n_addresses));
	set(m, o, "dns", addresses_json(m, conf->dns, conf->n_dns));
	set(m, o, "dns_search", strings_json(m, &conf->search));
	set(m, o, "mtu", number_or_null(conf->mtu, conf->mtu));
	set(m, o, "table", table_json(conf));
	set(m, o, "save_config",
	    conf->has_save_config ? json_boolean(conf->save_config) : json_null());
	set(m, o, "hooks", hooks_json(m, conf));
	return o;
}

static json_t *peer_json(struct json_maker *m, const struct wg_peer *peer)
{
	json_t *o = json_object();

	set_fields(m, o, &wg_peer_fields, peer);
	return o;
}

static json_t *peers_json(struct json_maker *m, const struct wg_device *device)
{
	json_t *array = json_array();

	for (size_t i = 0; i < device->n_peers; i++)
		append(m, array, peer_json(m, &device->peers[i]));
	return array;
}

static json_t *warnings_json(struct json_maker *m, const struct problems *problems)
{
	json_t *array = json_array();

	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->list[i];
		json_t *o = json_object();

		set(m, o, "line", number_or_null(p->line, p->line));
		set(m, o, "message", json_string(p->text));
		append(m, array, o);
	}
	return array;
}

/* NULL when there was no memory for all of it. */
static json_t *conf_json(const struct wgconf *conf, const struct problems *problems, bool show_keys)
{
	struct json_maker m = { .show_keys = show_keys, .hidden = json_string(WGTEXT_HIDDEN) };
	json_t *o = json_object();

	set(&m, o, "interface", interface_json(&m, conf));
	set(&m, o, "peers", peers_json(&m, &conf->device));
	set(&m, o, "warnings", warnings_json(&m, problems));
	json_decref(m.hidden);
	if (!m.failed)
		return o;
	json_decref(o);
	return NULL;
}

/* Peer by peer, for the whole text of a big file is as big again. */
static int print_text(const struct wgconf *conf, bool show_keys)
{
	struct str text cleanup(str_free) = STR_INIT;

	conftext_interface(&text, conf, show_keys);
	for (size_t i = 0; i <= conf->device.n_peers && !text.err; i++) {
		report_result(text.s);
		str_clear(&text);
		if (i < conf->device.n_peers)
			conftext_peer(&text, &conf->device.peers[i], show_keys);
	}
	if (text.err)
		report_error("parse-conf", "out of memory");
	return text.err ? EXIT_FAILED : EXIT_DONE;
}

static int print_conf(const struct request *request, const struct wgconf *conf,
		      const struct problems *problems)
{
	if (!report_is_json())
		return print_text(conf, request->show_keys);
	report_json(conf_json(conf, problems, request->show_keys));
	return EXIT_DONE;
}

#define AT(member) .at = offsetof(struct request, member)

static const struct clause clauses[] = {
	{ "show-keys", NULL, "print the secret keys, too", AT(show_keys) },
	{ "strict", NULL, "what is a warning is an error", AT(strict) },
};

static const struct clauses words = {
	.command = "parse-conf",
	.list = clauses,
	.n = ARRAY_SIZE(clauses),
	.first = { .arg = "FILE", .type = CLAUSE_TEXT, .offer = OFFER_FILES, AT(path) },
	.what = "wg-quick file (- is stdin)",
	.size = sizeof(struct request),
	.seen_at = offsetof(struct request, seen),
};

static int run(int argc, char **argv, const struct options *options)
{
	struct problems problems cleanup(problems_free) = { 0 };
	struct wgconf conf cleanup(wgconf_free) = { 0 };
	struct request request;
	bool failed;

	(void)options; /* report.h knows them */
	if (cmd_read(&words, argc, argv, &request))
		return EXIT_USAGE;
	failed = conffile_read(request.path, NULL, &conf, &problems);
	if (request.strict)
		problems_be_strict(&problems);
	report_problems(request.path, &problems);
	if (failed || problems.n_errors || problems.overflow)
		return EXIT_USAGE;
	return print_conf(&request, &conf, &problems);
}

const struct cmd cmd_parse_conf = {
	.name = "parse-conf",
	.help = "parse a wg-quick file; its hooks are not run",
	.words = &words,
	.run = run,
};
