/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/leak/result/history.c: what an audit log of leak tests says: the report.
 *
 * The log is read as it comes, a line at a time: a day of it is 2,880 runs. A line that is none is
 * counted, as a crash may tear one. Counters of the kill switch only grow, until the vault is made
 * anew: then they begin again at nothing.
 *
 * Nothing of a line is believed: it may be anybody's by now. Its texts, keys and all, are made
 * printable and short before they are looked at; its numbers are none below nothing, and sums stay
 * at the greatest there is.
 */
#include "vault/leak/result/history.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/time.h"
#include "vault/exit.h"
#include "vault/seal/seal.h"

#define LINE_MAX_BYTES (1U << 20) /* many times what a run is */
#define TEXT_MAX_BYTES 1000 /* of one text in it */
#define REASONS_MAX 256 /* of drops; a kill switch has a few dozen */

static const char *const sides[] = { "inside", "host" };

/* Appends ITEM (stolen) unless there are as many as a report has. */
static int keep(json_t **list, size_t *n, json_t *item)
{
	if (!*list)
		*list = json_array();
	if (++*n > HISTORY_LIST_MAX) {
		json_decref(item);
		return 0;
	}
	return json_array_append_new(*list, item) ? -ENOMEM : 0;
}

static int keep_leak(struct history *h, const char *time, const char *id, json_t *evidence)
{
	return keep(&h->leaks, &h->n_leaks,
		    json_pack("{s:s, s:s, s:O?}", "time", time, "id", id, "evidence", evidence));
}

/* A copy of TEXT that a terminal may have. The caller's; NULL without memory. */
static char *make_harmless(const char *text)
{
	char *copy = strndup(text, TEXT_MAX_BYTES);

	if (copy)
		str_make_printable(copy);
	return copy;
}

/*
 * A value is made harmless as deep as it goes, which is as deep as the parser lets it.
 * NOLINTBEGIN(misc-no-recursion)
 */
static json_t *clean(const json_t *value);

static json_t *clean_object(const json_t *value)
{
	json_t *out = json_object(), *member;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)value, key, member) {
		char *harmless cleanup(free_ptr) = make_harmless(key);

		if (!out || !harmless || json_object_set_new(out, harmless, clean(member))) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static json_t *clean_array(const json_t *value)
{
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(value); i++)
		if (!out || json_array_append_new(out, clean(json_array_get(value, i)))) {
			json_decref(out);
			return NULL;
		}
	return out;
}

/* VALUE with all its texts harmless: a new reference, NULL without memory. */
static json_t *clean(const json_t *value)
{
	char *text cleanup(free_ptr) = NULL;

	if (json_is_object(value))
		return clean_object(value);
	if (json_is_array(value))
		return clean_array(value);
	if (!json_is_string(value))
		return json_deep_copy(value);
	text = make_harmless(json_string_value(value));
	return text ? json_string(text) : NULL;
}
/* NOLINTEND(misc-no-recursion) */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_leak(const json_t *object)
{
	return !strcmp(text_of(object, "verdict"), "LEAK");
}

static int take_probes(struct history *h, const char *time, const json_t *run)
{
	json_t *probe;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(run, "probes"), i, probe)
		if (!r && is_leak(probe))
			r = keep_leak(h, time, text_of(probe, "id"),
				      json_object_get(probe, "evidence"));
	return r;
}

/* One address of one side: did it change? Not to be known is no change. */
static int take_side(struct history *h, const char *time, const json_t *address, const char *side)
{
	const char *to = text_of(address, side), *family = text_of(address, "family"), *from;
	char key[32];
	int r = 0;

	if (!*to || (strcmp(family, "ipv4") != 0 && strcmp(family, "ipv6") != 0))
		return 0;
	snprintf(key, sizeof(key), "%.8s %s", family, side);
	if (!h->addresses)
		h->addresses = json_object();
	from = text_of(h->addresses, key);
	if (*from && strcmp(from, to) != 0)
		r = keep(&h->changes, &h->n_changes,
			 json_pack("{s:s, s:s, s:s, s:s, s:s}", "time", time, "family", family,
				   "side", side, "from", from, "to", to));
	if (json_object_set_new(h->addresses, key, json_string(to)))
		r = -ENOMEM;
	return r;
}

static int take_addresses(struct history *h, const char *time, const json_t *run)
{
	json_t *address;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(run, "addresses"), i, address) {
		for (size_t s = 0; !r && s < ARRAY_SIZE(sides); s++)
			r = take_side(h, time, address, sides[s]);
		if (!r && is_leak(address))
			r = keep_leak(h, time, "echo", json_object_get(address, "detail"));
	}
	return r;
}

/* None is less than nothing. */
static json_int_t number_of(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? n : 0;
}

static json_int_t add(json_int_t a, json_int_t b)
{
	json_int_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* A counter of the kill switch. Of what it had before the log begins, only the first run's own
 * packets count. */
static int take_counter(struct history *h, const char *reason, const json_t *counter)
{
	const json_t *so_far = json_object_get(h->drops, reason);
	json_int_t total = number_of(counter, "total"), packets = number_of(counter, "packets");
	json_int_t before = number_of(so_far, "total"), more = total - before;

	if (!so_far && json_object_size(h->drops) == REASONS_MAX)
		return 0;
	if (!so_far)
		more = packets;
	else if (more < 0)
		more = total;
	return json_object_set_new(h->drops, reason,
				   json_pack("{s:I, s:I, s:I}", "packets",
					     add(number_of(so_far, "packets"), more), "by_probes",
					     add(number_of(so_far, "by_probes"), packets), "total",
					     total))
		       ? -ENOMEM
		       : 0;
}

static int take_drops(struct history *h, const json_t *run)
{
	const char *reason;
	json_t *counter;
	int r = 0;

	if (!h->drops)
		h->drops = json_object();
	json_object_foreach(json_object_get(run, "drops"), reason, counter)
		r = r ? r : take_counter(h, reason, counter);
	return r;
}

static int take_action(struct history *h, const char *time, const json_t *run)
{
	const json_t *action = json_object_get(run, "action");

	if (!json_is_object(action))
		return 0;
	return keep(&h->actions, &h->n_actions,
		    json_pack("{s:s, s:s, s:b, s:f}", "time", time, "what", text_of(action, "what"),
			      "done", json_is_true(json_object_get(action, "done")), "delay",
			      json_number_value(json_object_get(action, "delay"))));
}

static int take_run(struct history *h, const json_t *run)
{
	const char *time = text_of(run, "time"), *verdict = text_of(run, "verdict");
	const char *name = text_of(run, "name");
	int64_t ms;
	int r;

	if (time_parse(time, &ms) || !*verdict || !*name) {
		h->bad++;
		return 0;
	}
	if (strcmp(name, h->name) != 0) {
		h->others++;
		return 0;
	}
	summary_add(&h->summary, ms, verdict);
	r = take_probes(h, time, run);
	r = r ? r : take_addresses(h, time, run);
	r = r ? r : take_action(h, time, run);
	return r ? r : take_drops(h, run);
}

static int take_line(struct history *h, const char *text, size_t len)
{
	json_t *read, *run;
	int r;

	if (!len)
		return 0; /* two that ended a torn line at once */
	h->lines++;
	read = json_loadb(text, len, 0, NULL);
	run = read ? clean(read) : NULL;
	r = read && !run ? -ENOMEM : take_run(h, run);
	json_decref(read);
	json_decref(run);
	return r;
}

/* Into TEXT, LINE_MAX_BYTES of it, without its newline. 1, 0 at the end of the file, or -errno. */
static int read_line(FILE *file, char *text, size_t *len)
{
	int c;

	*len = 0;
	errno = 0;
	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		if (*len == LINE_MAX_BYTES)
			return -EFBIG;
		text[(*len)++] = (char)c;
	}
	if (ferror(file))
		return -errno;
	return c != EOF || *len;
}

int history_read(struct history *h, FILE *file)
{
	char *text cleanup(free_ptr) = malloc(LINE_MAX_BYTES);
	size_t len;
	int r = text ? 1 : -ENOMEM;

	while (r > 0) {
		r = read_line(file, text, &len);
		if (r > 0 && take_line(h, text, len))
			r = -ENOMEM;
	}
	return r;
}

int history_exit_code(const struct history *h)
{
	int code = summary_exit_code(&h->summary);

	if (h->n_leaks)
		return EXIT_FAILED;
	return code == EXIT_DONE && h->bad ? EXIT_UNDECIDED : code;
}

/* ---- what comes out ---- */

/* A new reference to LIST, or to an empty one. */
static json_t *list_of(json_t *list)
{
	return list ? json_incref(list) : json_array();
}

json_t *history_json(const struct history *h)
{
	json_t *out = summary_json(&h->summary);
	json_t *more =
		json_pack("{s:s, s:I, s:I, s:I, s:o, s:I, s:o, s:I, s:o, s:I, s:o}", "name",
			  h->name, "lines", (json_int_t)h->lines, "bad_lines", (json_int_t)h->bad,
			  "other_lines", (json_int_t)h->others, "leaks", list_of(h->leaks),
			  "n_leaks", (json_int_t)h->n_leaks, "address_changes", list_of(h->changes),
			  "n_address_changes", (json_int_t)h->n_changes, "actions",
			  list_of(h->actions), "n_actions", (json_int_t)h->n_actions, "drops",
			  h->drops ? json_incref(h->drops) : json_object());

	if (!out || !more || json_object_update(out, more)) {
		json_decref(out);
		out = NULL;
	}
	json_decref(more);
	return out;
}

/* EVIDENCE is what servers said, or what was seen. */
static void print_evidence(const json_t *evidence, struct str *out)
{
	if (json_is_string(evidence))
		str_addf(out, "  %s", json_string_value(evidence));
	str_add(out, "\n");
	for (size_t i = 0; i < json_array_size(evidence); i++) {
		const json_t *one = json_array_get(evidence, i);

		str_addf(out, "    %s %s: %s\n", text_of(one, "time"), text_of(one, "interface"),
			 text_of(one, "summary"));
	}
}

static void print_rest(size_t n, struct str *out)
{
	if (n > HISTORY_LIST_MAX)
		str_addf(out, "  and %zu more\n", n - HISTORY_LIST_MAX);
}

static void print_leaks(const struct history *h, struct str *out)
{
	const json_t *one;
	size_t i;

	if (!h->n_leaks)
		return;
	str_addf(out, "leaks: %zu\n", h->n_leaks);
	json_array_foreach(h->leaks, i, one) {
		str_addf(out, "  %s  %s", text_of(one, "time"), text_of(one, "id"));
		print_evidence(json_object_get(one, "evidence"), out);
	}
	print_rest(h->n_leaks, out);
}

static void print_addresses(const struct history *h, struct str *out)
{
	const char *key;
	json_t *value;
	const json_t *one;
	size_t i;

	json_object_foreach(h->addresses, key, value) {
		str_addf(out, "%s: last seen as %s\n", key, json_string_value(value));
	}
	if (!h->n_changes)
		return;
	str_addf(out, "changes of address: %zu\n", h->n_changes);
	json_array_foreach(h->changes, i, one) {
		str_addf(out, "  %s  %s %s: %s, before %s\n", text_of(one, "time"),
			 text_of(one, "family"), text_of(one, "side"), text_of(one, "to"),
			 text_of(one, "from"));
	}
	print_rest(h->n_changes, out);
}

static void print_actions(const struct history *h, struct str *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(h->actions, i, one) {
		str_addf(out, "on-leak: %s  %s: %s, after %.3f s\n", text_of(one, "time"),
			 text_of(one, "what"),
			 json_is_true(json_object_get(one, "done")) ? "done" : "it failed",
			 json_number_value(json_object_get(one, "delay")));
	}
	print_rest(h->n_actions, out);
}

static void print_drops(const struct history *h, struct str *out)
{
	const char *reason;
	json_t *counter;

	json_object_foreach(h->drops, reason, counter) {
		const char *meaning = seal_counter_meaning(reason);

		if (number_of(counter, "packets"))
			str_addf(out, "dropped %lld packets, %lld of them the probes': %s\n",
				 (long long)number_of(counter, "packets"),
				 (long long)number_of(counter, "by_probes"),
				 meaning ? meaning : reason);
	}
}

void history_print(const struct history *h, struct str *out)
{
	summary_print(&h->summary, h->name, out);
	print_leaks(h, out);
	print_actions(h, out);
	print_addresses(h, out);
	print_drops(h, out);
	if (h->bad)
		str_addf(out, "%zu of %zu lines are no runs\n", h->bad, h->lines);
	if (h->others)
		str_addf(out, "%zu of %zu lines are runs of other vaults\n", h->others, h->lines);
}

void history_free(struct history *h)
{
	json_decref(h->leaks);
	json_decref(h->changes);
	json_decref(h->addresses);
	json_decref(h->actions);
	json_decref(h->drops);
}
