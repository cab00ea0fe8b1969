/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/field.c: the members of a struct, written, read and compared by their rows. */
#include "lib/field.h"

#include <errno.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/key.h"
#include "lib/str.h"

/* The array of a list, and how many elements it has. */
static const char *get_array(const struct field *f, const void *base, size_t *n)
{
	const char *array;

	memcpy(&array, (const char *)base + f->at, sizeof(array));
	memcpy(n, (const char *)base + f->n_at, sizeof(*n));
	return array;
}

static json_t *write_addr(const struct field *f, const void *at)
{
	const struct addr *a = at;
	char text[ADDR_STRLEN];

	(void)f;
	return a->family ? json_string(addr_format(a, text)) : json_null();
}

static json_t *write_prefix(const struct field *f, const void *at)
{
	const struct prefix *p = at;
	char text[PREFIX_STRLEN];

	(void)f;
	return p->addr.family ? json_string(prefix_format(p, text)) : json_null();
}

static json_t *write_key(const struct field *f, const void *at)
{
	char text[KEY_BASE64_LEN + 1];

	(void)f;
	key_to_base64(at, text);
	return json_string(text);
}

static json_t *write_string(const struct field *f, const void *at)
{
	const char *text;

	(void)f;
	memcpy(&text, at, sizeof(text));
	return text ? json_string(text) : json_null();
}

static json_t *write_choice(const struct field *f, const void *at)
{
	const char *name = f->names[uint_load(at, f->size)];

	return name ? json_string(name) : json_null();
}

static json_t *write_name(const struct field *f, const void *at)
{
	(void)f;
	return json_string(at);
}

static json_t *write_number(const struct field *f, const void *at)
{
	return json_integer((json_int_t)uint_load(at, f->size));
}

static json_t *write_bool(const struct field *f, const void *at)
{
	(void)f;
	return json_boolean(*(const bool *)at);
}

static json_t *write_bit(const struct field *f, const void *at)
{
	return json_boolean(uint_load(at, f->size) & f->max);
}

static json_t *write_struct(const struct field *f, const void *at)
{
	return field_to_json(f->fields, at);
}

static json_t *write_line(const struct field *f, const void *at)
{
	char text[FIELD_STRLEN];

	return json_string(f->format(at, text));
}

static int read_string(const struct field *f, const json_t *value, void *at)
{
	char **slot = at;

	(void)f;
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return -EINVAL;
	*slot = strdup(json_string_value(value));
	return *slot ? 0 : -ENOMEM;
}

static int read_name(const struct field *f, const json_t *value, void *at)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) >= f->size)
		return -EINVAL;
	memcpy(at, text, strlen(text) + 1);
	return 0;
}

static int read_number(const struct field *f, const json_t *value, void *at)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || (uint64_t)number > f->max)
		return -EINVAL;
	uint_store(at, f->size, (uint64_t)number);
	return 0;
}

static int read_choice(const struct field *f, const json_t *value, void *at)
{
	const char *text = json_string_value(value);

	if (!text && !json_is_null(value))
		return -EINVAL;
	for (size_t i = 0; i < f->n_names; i++)
		if (text ? f->names[i] && !strcmp(text, f->names[i]) : !f->names[i]) {
			uint_store(at, f->size, i);
			return 0;
		}
	return -EINVAL;
}

static int read_bool(const struct field *f, const json_t *value, void *at)
{
	(void)f;
	*(bool *)at = json_is_true(value);
	return json_is_boolean(value) ? 0 : -EINVAL;
}

static int read_bit(const struct field *f, const json_t *value, void *at)
{
	if (json_is_true(value))
		uint_store(at, f->size, uint_load(at, f->size) | f->max);
	return json_is_boolean(value) ? 0 : -EINVAL;
}

static int read_key(const struct field *f, const json_t *value, void *at)
{
	const char *text = json_string_value(value);

	(void)f;
	return text ? key_from_base64(text, strlen(text), at) : -EINVAL;
}

static int read_addr(const struct field *f, const json_t *value, void *at)
{
	(void)f;
	if (json_is_null(value))
		return 0;
	return json_is_string(value) ? addr_parse(json_string_value(value), at) : -EINVAL;
}

static int read_prefix(const struct field *f, const json_t *value, void *at)
{
	(void)f;
	if (json_is_null(value))
		return 0;
	return json_is_string(value) ? prefix_parse(json_string_value(value), at) : -EINVAL;
}

static int read_struct(const struct field *f, const json_t *value, void *at)
{
	return field_from_json(f->fields, value, at);
}

static bool same_strings(const struct field *f, const void *a, const void *b)
{
	const char *x, *y;

	(void)f;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x && y ? !strcmp(x, y) : x == y;
}

static bool same_names(const struct field *f, const void *a, const void *b)
{
	return !strncmp(a, b, f->size);
}

static bool same_numbers(const struct field *f, const void *a, const void *b)
{
	return uint_load(a, f->size) == uint_load(b, f->size);
}

static bool same_bits(const struct field *f, const void *a, const void *b)
{
	return !((uint_load(a, f->size) ^ uint_load(b, f->size)) & f->max);
}

static bool same_keys(const struct field *f, const void *a, const void *b)
{
	(void)f;
	return key_equal(a, b);
}

static bool same_addrs(const struct field *f, const void *a, const void *b)
{
	(void)f;
	return addr_equal(a, b);
}

static bool same_prefixes(const struct field *f, const void *a, const void *b)
{
	(void)f;
	return prefix_equal(a, b);
}

static bool same_structs(const struct field *f, const void *a, const void *b)
{
	return !field_differs(f->fields, a, b);
}

static bool same_lines(const struct field *f, const void *a, const void *b)
{
	char x[FIELD_STRLEN], y[FIELD_STRLEN];

	return !strcmp(f->format(a, x), f->format(b, y));
}

/* What is done with one value of a kind, which lies AT; of a list, with each of its elements. */
static const struct codec {
	json_t *(*write)(const struct field *f, const void *at);
	int (*read)(const struct field *f, const json_t *value, void *at);
	bool (*same)(const struct field *f, const void *a, const void *b);
} codecs[] = {
	[FIELD_STRING] = { write_string, read_string, same_strings },
	[FIELD_NAME] = { write_name, read_name, same_names },
	[FIELD_NUMBER] = { write_number, read_number, same_numbers },
	[FIELD_BOOL] = { write_bool, read_bool, same_numbers },
	[FIELD_BIT] = { write_bit, read_bit, same_bits },
	[FIELD_CHOICE] = { write_choice, read_choice, same_numbers },
	[FIELD_KEY] = { write_key, read_key, same_keys },
	[FIELD_ADDR] = { write_addr, read_addr, same_addrs },
	[FIELD_PREFIX] = { write_prefix, read_prefix, same_prefixes },
	[FIELD_STRUCT] = { write_struct, read_struct, same_structs },
	[FIELD_LINES] = { write_line, NULL, same_lines }, /* read into a list: read_lines */
};

static bool is_list(const struct field *f)
{
	return f->kind == FIELD_LIST || f->kind == FIELD_LINES;
}

/* That of the values of F: of a list, of its elements. */
static const struct codec *codec_of(const struct field *f)
{
	return &codecs[f->kind == FIELD_LIST ? f->element : f->kind];
}

/* True when the member has a value: a struct where there is one, all else when it is not zero. */
static bool has_value(const struct field *f, const void *base)
{
	const char *at = (const char *)base + f->at;

	if (f->is_present)
		return f->is_present(base);
	for (size_t i = 0; i < f->size; i++)
		if (at[i])
			return true;
	return false;
}

static json_t *list_to_json(const struct field *f, const void *base)
{
	json_t *out = json_array();
	const char *array;
	size_t n;

	array = get_array(f, base, &n);
	for (size_t i = 0; out && i < n; i++)
		if (json_array_append_new(out, codec_of(f)->write(f, array + i * f->size))) {
			json_decref(out);
			return NULL;
		}
	return out;
}

static json_t *member_to_json(const struct field *f, const void *base)
{
	if (is_list(f))
		return list_to_json(f, base);
	if (f->is_present && !f->is_present(base))
		return json_null();
	return codec_of(f)->write(f, (const char *)base + f->at);
}

json_t *field_to_json(const struct fields *fields, const void *base)
{
	json_t *out = json_object();

	for (size_t i = 0; out && i < fields->n; i++) {
		const struct field *f = &fields->list[i];

		if (f->sparse && !has_value(f, base))
			continue;
		if (json_object_set_new(out, f->name, member_to_json(f, base))) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static int lines_from_json(const struct field *f, const json_t *value, void *base)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *text = json_string_value(json_array_get(value, i));

		if (!text || f->parse(text, base))
			return -EINVAL;
	}
	return 0;
}

/* The array for all N elements, zeroed: so what was not read yet frees as well. */
static int make_array(const struct field *f, size_t n, void *base)
{
	void **slot = (void **)(void *)((char *)base + f->at);

	*slot = calloc(n ? n : 1, f->size);
	if (*slot)
		memcpy((char *)base + f->n_at, &n, sizeof(n));
	return *slot ? 0 : -ENOMEM;
}

static int list_from_json(const struct field *f, const json_t *value, void *base)
{
	size_t n = json_array_size(value), count;
	int r = 0;

	if (!json_is_array(value))
		return -EINVAL;
	if (f->kind == FIELD_LINES)
		return lines_from_json(f, value, base);
	if (!f->append)
		r = make_array(f, n, base);
	for (size_t i = 0; !r && i < n; i++) {
		const json_t *element = json_array_get(value, i);
		void *at = f->append ? f->append(base)
				     : (char *)get_array(f, base, &count) + i * f->size;

		if (json_is_null(element))
			r = -EINVAL;
		else
			r = at ? codec_of(f)->read(f, element, at) : -ENOMEM;
	}
	return r;
}

static int member_from_json(const struct field *f, const json_t *value, void *base)
{
	if (is_list(f))
		return list_from_json(f, value, base);
	if (f->is_present && json_is_null(value))
		return 0;
	if (f->is_present && f->present_at != SIZE_MAX)
		*(bool *)((char *)base + f->present_at) = true;
	return codec_of(f)->read(f, value, (char *)base + f->at);
}

int field_from_json(const struct fields *fields, const json_t *json, void *base)
{
	int r = json_is_object(json) ? 0 : -EINVAL;

	for (size_t i = 0; !r && i < fields->n; i++) {
		const struct field *f = &fields->list[i];
		const json_t *value = json_object_get(json, f->name);

		if (value)
			r = member_from_json(f, value, base);
		else if (f->fallback)
			uint_store((char *)base + f->at, f->size, f->fallback);
	}
	return r;
}

static bool same_list(const struct field *f, const void *a, const void *b)
{
	size_t n, m;
	const char *x = get_array(f, a, &n), *y = get_array(f, b, &m);

	for (size_t i = 0; i < n && n == m; i++)
		if (!codec_of(f)->same(f, x + i * f->size, y + i * f->size))
			return false;
	return n == m;
}

static bool same_member(const struct field *f, const void *a, const void *b)
{
	bool has = !f->is_present || f->is_present(a);

	if (is_list(f))
		return same_list(f, a, b);
	if (has != (!f->is_present || f->is_present(b)))
		return false;
	return !has || codec_of(f)->same(f, (const char *)a + f->at, (const char *)b + f->at);
}

const char *field_differs(const struct fields *fields, const void *a, const void *b)
{
	for (size_t i = 0; i < fields->n; i++)
		if (!same_member(&fields->list[i], a, b))
			return fields->list[i].name;
	return NULL;
}

/* The two that are compared, and who is told. */
struct comparison {
	const void *a, *b;
	field_change_fn *fn;
	void *arg;
};

/* A value as people write it, into OUT: a struct is known by its first row, and one that is on by
 * its word alone. */
static int text_of(const struct field *f, const void *at, struct str *out)
{
	json_t *value;

	if ((f->kind == FIELD_LIST ? f->element : f->kind) == FIELD_STRUCT) {
		f = &f->fields->list[0];
		at = (const char *)at + f->at;
	}
	str_clear(out);
	if (f->tell) {
		char text[FIELD_STRLEN];

		str_add(out, f->tell(at, text));
		return out->err;
	}
	value = codec_of(f)->write(f, at);
	if (!value)
		return -ENOMEM;
	if (json_is_integer(value))
		str_addf(out, "%lld", (long long)json_integer_value(value));
	else
		str_add(out, json_is_string(value) ? json_string_value(value) : "");
	json_decref(value);
	return out->err;
}

static int tell(const struct comparison *c, char sign, const struct field *f, const void *at)
{
	struct str text cleanup(str_free) = STR_INIT;
	int r = text_of(f, at, &text);

	return r ? r : c->fn(sign, f->word, text.s, c->arg);
}

/* What of the element, X as it was and Y as it shall be, is another: its words. */
static int tell_element(const struct comparison *c, const struct field *f, const void *x,
			const void *y)
{
	struct str text cleanup(str_free) = STR_INIT;
	const char *gap = ": ";
	int r = text_of(f, y, &text);

	for (size_t i = 0; !r && i < f->fields->n; i++) {
		const struct field *member = &f->fields->list[i];

		if (!member->word || same_member(member, x, y))
			continue;
		str_addf(&text, "%s%s", gap, member->word);
		gap = ", ";
	}
	if (!r)
		r = text.err;
	return r || *gap == ':' ? r : c->fn('~', f->word, text.s, c->arg);
}

/* True for the same one, whatever else of it changed. */
static bool is_same_one(const struct field *f, const void *x, const void *y)
{
	return f->element == FIELD_STRUCT && f->kind == FIELD_LIST
		       ? same_member(&f->fields->list[0], x, y)
		       : codec_of(f)->same(f, x, y);
}

/* The element of BASE's list that is X, or NULL. */
static const void *find_element(const struct field *f, const void *base, const void *x)
{
	size_t n;
	const char *list = get_array(f, base, &n);

	for (size_t i = 0; i < n; i++)
		if (is_same_one(f, list + i * f->size, x))
			return list + i * f->size;
	return NULL;
}

static int compare_lists(const struct comparison *c, const struct field *f)
{
	size_t n, m;
	const char *x = get_array(f, c->a, &n), *y = get_array(f, c->b, &m);
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		if (!find_element(f, c->b, x + i * f->size))
			r = tell(c, '-', f, x + i * f->size);
	for (size_t i = 0; !r && i < m; i++) {
		const void *was = find_element(f, c->a, y + i * f->size);

		if (!was)
			r = tell(c, '+', f, y + i * f->size);
		else if (f->element == FIELD_STRUCT && f->kind == FIELD_LIST)
			r = tell_element(c, f, was, y + i * f->size);
	}
	return r;
}

/* As deep as the tables are, which are constant. NOLINTBEGIN(misc-no-recursion) */
static int compare_members(const struct comparison *c, const struct field *f)
{
	const bool had = has_value(f, c->a), has = has_value(f, c->b);
	const char *x = (const char *)c->a + f->at, *y = (const char *)c->b + f->at;
	int r = 0;

	if (f->word && had != has)
		r = tell(c, has ? '+' : '-', f, has ? y : x);
	else if (f->word && f->kind != FIELD_STRUCT && has && !codec_of(f)->same(f, x, y))
		r = tell(c, '~', f, y);
	if (r || f->kind != FIELD_STRUCT || (f->is_present && !has))
		return r;
	if (f->word && !had) /* it was told by its first row */
		return field_changes(&(const struct fields){ f->fields->list + 1,
							     f->fields->n - 1 },
				     x, y, c->fn, c->arg);
	return field_changes(f->fields, x, y, c->fn, c->arg);
}

int field_changes(const struct fields *fields, const void *a, const void *b, field_change_fn *fn,
		  void *arg)
{
	const struct comparison c = { a, b, fn, arg };
	int r = 0;

	for (size_t i = 0; !r && i < fields->n; i++) {
		const struct field *f = &fields->list[i];

		if (!is_list(f))
			r = compare_members(&c, f);
		else if (f->word)
			r = compare_lists(&c, f);
	}
	return r;
}
/* NOLINTEND(misc-no-recursion) */
