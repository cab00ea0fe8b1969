/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/fuzz/words.c: any text as a file of words, and as words of the command line. */
#include "vault/read/words.c"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_file(const char *text, size_t len)
{
	struct spec spec = { 0 };
	struct words words = { .spec = &spec };
	struct problems p = { 0 };

	(void)!words_parse_text(text, len, &words, &p);
	problems_free(&p);
	words_free(&words);
	spec_free(&spec);
}

/* Every line is one word. */
static void as_arguments(const char *text, size_t len)
{
	struct spec spec = { 0 };
	struct words words = { .spec = &spec };
	struct problems p = { 0 };
	char *copy_of_text = strndup(text, len), *rest = copy_of_text, *list[64];
	char name[] = "x";
	size_t n = 0;

	list[n++] = name;

	while (rest && n < ARRAY_SIZE(list))
		list[n++] = strsep(&rest, "\n");
	(void)!words_parse(list, n, &words, &p);
	problems_free(&p);
	words_free(&words);
	spec_free(&spec);
	free(copy_of_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_file((const char *)data, size);
	as_arguments((const char *)data, size);
	return 0;
}
