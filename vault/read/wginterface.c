/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/wginterface.c: the keys of [Interface] that are wg-quick's own. */
#include <string.h>

#include "lib/list.h"

#include "vault/read/wgvalue.h"

#define ADDRESSES_MAX 256U /* of an interface; they are compared each with each */
#define MTU_MIN 576U

static bool has_address(const struct wgconf *conf, const struct prefix *p)
{
	for (size_t i = 0; i < conf->n_addresses; i++)
		if (prefix_equal(&conf->addresses[i], p))
			return true;
	return false;
}

static void add_address(const struct wgvalue *v, const struct prefix *p)
{
	struct wgconf *conf = v->conf;

	if (list_append(&conf->addresses, &conf->n_addresses, sizeof(*p), p))
		wgvalue_no_memory(v);
}

static void warn_empty_element(const struct wgvalue *v)
{
	problem_warn(v->problems, v->line, "%s: an empty element between commas is left out",
		     v->key);
}

static void parse_address(const struct wgvalue *v)
{
	struct slice rest = v->text, element;
	struct prefix p;

	while (slice_next_element(&rest, &element)) {
		if (!element.len)
			warn_empty_element(v);
		else if (!wgvalue_prefix(v, element, &p))
			continue;
		else if (has_address(v->conf, &p))
			wgvalue_refuse(v, element, "is given twice");
		else if (v->conf->n_addresses >= ADDRESSES_MAX)
			wgvalue_refuse(v, element, "is one too many: there may be %u",
				       ADDRESSES_MAX);
		else
			add_address(v, &p);
	}
}

static void add_resolver(const struct wgvalue *v, const struct addr *a)
{
	if (list_append(&v->conf->dns, &v->conf->n_dns, sizeof(*a), a))
		wgvalue_no_memory(v);
}

/* Appends a copy of TEXT. */
static void add_string(const struct wgvalue *v, struct wgconf_strings *strings, struct slice text)
{
	char *copy = strndup(text.s, text.len);

	if (copy && !list_append(&strings->list, &strings->n, sizeof(copy), &copy))
		return;
	free(copy);
	wgvalue_no_memory(v);
}

static void parse_dns(const struct wgvalue *v)
{
	struct slice rest = v->text, element;
	char text[ADDR_STRLEN];
	struct addr a;

	while (slice_next_element(&rest, &element)) {
		if (!element.len)
			warn_empty_element(v);
		else if (slice_copy(element, text, sizeof(text)) && !addr_parse(text, &a))
			add_resolver(v, &a);
		else if (slice_is_domain(element))
			add_string(v, &v->conf->search, element);
		else
			wgvalue_refuse(v, element,
				       "is neither an IP address nor a domain to search");
	}
}

/* ip(8) would read a number that starts with 0 as octal or hexadecimal, where wg(8) reads decimal. */
static bool number_for_ip(const struct wgvalue *v, uint64_t min, uint64_t max, uint64_t *out)
{
	if (v->text.len < 2 || v->text.s[0] != '0')
		return wgvalue_number(v, v->text, min, max, out);
	wgvalue_refuse(v, v->text, "starts with 0: write it in decimal");
	return false;
}

static void parse_mtu(const struct wgvalue *v)
{
	uint64_t mtu;

	v->check->mtu_line = v->line;
	if (number_for_ip(v, MTU_MIN, UINT16_MAX, &mtu))
		v->conf->mtu = (uint16_t)mtu;
}

static void parse_table(const struct wgvalue *v)
{
	struct wgconf *conf = v->conf;
	uint64_t n;

	if (v->text.len == 3 && !memcmp(v->text.s, "off", 3)) {
		conf->table = WGCONF_TABLE_OFF;
	} else if (v->text.len == 4 && !memcmp(v->text.s, "auto", 4)) {
		conf->table = WGCONF_TABLE_AUTO;
	} else if (!is_digit(v->text.s[0])) {
		wgvalue_refuse(v, v->text,
			       "must be off or auto, in lower case, or a number: "
			       "the names of tables are each host's own");
	} else if (number_for_ip(v, 1, UINT32_MAX, &n)) {
		conf->table = WGCONF_TABLE_NUMBER;
		conf->table_number = (uint32_t)n;
	}
}

static void parse_save_config(const struct wgvalue *v)
{
	bool on = slice_is(v->text, "true");

	if (!on && !slice_is(v->text, "false")) {
		wgvalue_refuse(v, v->text, "must be true or false");
		return;
	}
	v->conf->has_save_config = true;
	v->conf->save_config = on;
	if (on)
		problem_warn(v->problems, v->line,
			     "SaveConfig: is not heeded: the file is never written");
}

/* Kept for the report and never run. What cannot stand in JSON cannot be reported. */
static void parse_hook(const struct wgvalue *v, enum wgconf_hook kind)
{
	if (!slice_is_utf8(v->text)) {
		wgvalue_refuse(v, (struct slice){ 0 }, "is not UTF-8: save the file as UTF-8");
		return;
	}
	add_string(v, &v->conf->hooks[kind], v->text);
	problem_warn(v->problems, v->line, "%s: is reported and never run", v->key);
}

static void parse_pre_up(const struct wgvalue *v)
{
	parse_hook(v, WGCONF_PRE_UP);
}

static void parse_post_up(const struct wgvalue *v)
{
	parse_hook(v, WGCONF_POST_UP);
}

static void parse_pre_down(const struct wgvalue *v)
{
	parse_hook(v, WGCONF_PRE_DOWN);
}

static void parse_post_down(const struct wgvalue *v)
{
	parse_hook(v, WGCONF_POST_DOWN);
}

const struct wgkey wginterface_keys[WGKEYS_INTERFACE] = {
	{ "Address", WGKEY_MANY | WGKEY_EMPTY, parse_address },
	{ "DNS", WGKEY_MANY | WGKEY_EMPTY, parse_dns },
	{ "MTU", WGKEY_EMPTY, parse_mtu },
	{ "Table", WGKEY_EMPTY, parse_table },
	{ "SaveConfig", 0, parse_save_config },
	{ "PreUp", WGKEY_MANY | WGKEY_EMPTY | WGKEY_FREE, parse_pre_up },
	{ "PostUp", WGKEY_MANY | WGKEY_EMPTY | WGKEY_FREE, parse_post_up },
	{ "PreDown", WGKEY_MANY | WGKEY_EMPTY | WGKEY_FREE, parse_pre_down },
	{ "PostDown", WGKEY_MANY | WGKEY_EMPTY | WGKEY_FREE, parse_post_down },
};
