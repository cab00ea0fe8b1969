/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/field.h: what the members of a struct are, a row each: where one lies, of which kind it is,
 * and what it is called. Writing, reading and comparing are loops over the rows, so no member can
 * be in one of them and not in another.
 */
#ifndef LIB_FIELD_H
#define LIB_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base.h"

#define FIELD_STRLEN 128

enum field_kind {
	FIELD_STRING, /* char *, owned; NULL is JSON's null */
	FIELD_NAME, /* char[] */
	FIELD_NUMBER, /* unsigned, of 1, 2, 4 or 8 bytes */
	FIELD_BOOL,
	FIELD_BIT, /* the bit MAX of an unsigned int */
	FIELD_CHOICE, /* an enum, by NAMES; a name that is NULL is null */
	FIELD_KEY, /* struct key, a public one */
	FIELD_ADDR, /* struct addr; AF_UNSPEC is null */
	FIELD_PREFIX, /* struct prefix, likewise */
	FIELD_STRUCT, /* FIELDS, of a struct that lies here */
	FIELD_LIST, /* an owned array of ELEMENT */
	FIELD_LINES, /* an owned array whose elements are written by FORMAT and read by PARSE */
};

struct fields;

struct field {
	const char *name; /* in JSON */
	const char *word; /* what people call it, as a clause of words does; NULL: nobody asks for
			     it, it follows from something else */
	enum field_kind kind;
	enum field_kind element; /* FIELD_LIST: STRING, ADDR, PREFIX or STRUCT */
	size_t at, size; /* where it lies in its struct; bytes of it, of a list one element's */
	size_t n_at; /* of a list: where its count (size_t) lies */
	uint64_t max; /* of a number */
	uint64_t fallback; /* what a number is that is not there; anything else is zero or empty */
	bool sparse; /* left out of the JSON where it is zero */
	const char *const *names; /* FIELD_CHOICE: N_NAMES of them */
	size_t n_names;
	const struct fields *fields; /* FIELD_STRUCT, and FIELD_LIST of such */
	/* FIELD_STRUCT: true when there is one, else it is null; NULL: always. When it is read, the
	   bool at PRESENT_AT is set, unless that is SIZE_MAX. */
	bool (*is_present)(const void *base);
	size_t present_at;
	/* FIELD_LIST: makes room for one more element of BASE's list, counts it, and returns it, or
	   NULL without memory; itself NULL: the whole array is made at once. */
	void *(*append)(void *base);
	/* FIELD_LINES: the element as text, in BUF, and back; PARSE appends it to the list of BASE
	   and returns NULL, or why not. */
	const char *(*format)(const void *element, char buf[static FIELD_STRLEN]);
	const char *(*tell)(const void *element, char buf[static FIELD_STRLEN]); /* as people write
										    it; NULL: so */
	const char *(*parse)(const char *text, void *base);
};

/* The first row is what one of them is known by. */
struct fields {
	const struct field *list;
	size_t n;
};

/* Where MEMBER of STRUCT lies, for a row; and a list with its count. */
#define FIELD_AT(type, member) .at = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define FIELD_ARRAY(type, member, count)                                       \
	.at = offsetof(type, member), .size = sizeof(*((type *)NULL)->member), \
	.n_at = offsetof(type, count)

/* The struct BASE as a JSON object, in the order of its rows. A new reference, or NULL without
 * memory, or for text that is not UTF-8. */
json_t *field_to_json(const struct fields *fields, const void *base);

/*
 * Fills BASE, zeroed, from such an object. Members that no row knows are ignored: a later writer
 * has them; and an older one had not all of these. 0, -ENOMEM, or -EINVAL for a value that
 * field_to_json would not have written. What was read is the caller's to free, also on error.
 */
int must_check field_from_json(const struct fields *fields, const json_t *json, void *base);

/* The name of the first member in which A and B differ, or NULL. */
const char *field_differs(const struct fields *fields, const void *a, const void *b);

/* Told of one thing that differs: SIGN is '+' for one that is new, '-' for one that is gone, '~'
 * for another value; TEXT is the value as people write it, "" where the word says all. 0 or -errno,
 * which ends it. */
typedef int field_change_fn(char sign, const char *word, const char *text, void *arg);

/*
 * Calls FN for each member, and each element of a list, that has a word and is not the same in A,
 * what was, and in B, what shall be: a change of a struct in a list is one, with the words of what
 * changed in it ("KEY: endpoint, keepalive"). The order of a list is no difference. 0, -ENOMEM or
 * what FN returned.
 */
int must_check field_changes(const struct fields *fields, const void *a, const void *b,
			     field_change_fn *fn, void *arg);

#endif
