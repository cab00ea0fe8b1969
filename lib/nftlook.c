/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/nftlook.c: does the kernel have just this ruleset?
 *
 * Both sides pass nftlook_add: the messages that would make the ruleset, and the messages in which
 * the kernel says what it has (echoes of a transaction, or dumps). Then the lists must be equal,
 * rules in their order (lib/nftrule.h says of two whether they are), the rest in any. Whatever
 * cannot be read counts as a difference: an answer half understood is no answer.
 */
#include "lib/nftlook.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "lib/nft.h"
#include "lib/nftrule.h"

/* By key; rules of one chain in the order they came, anything else by what it is. */
static int compare_lines(const void *a, const void *b)
{
	const struct nftlook_line *x = a, *y = b;
	int r = strcmp(x->key, y->key);

	if (r)
		return r;
	if (x->is_rule)
		return x->seq < y->seq ? -1 : x->seq > y->seq;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->what, y->what, x->len);
}

static bool same_lines(const struct nftlook_line *want, const struct nftlook_line *have)
{
	if (strcmp(want->key, have->key))
		return false;
	if (want->is_rule)
		return nftrule_same(want->what, want->len, have->what, have->len);
	return want->len == have->len && !memcmp(want->what, have->what, want->len);
}

static const struct nftlook_line *next_line(const struct nftlook *look, size_t *i,
					    const char *table, enum nftlook_scope scope)
{
	while (*i < look->n && (!nftlook_is_of(&look->lines[*i], table) ||
				(scope == NFTLOOK_RULES && !look->lines[*i].is_rule)))
		++*i;
	return *i < look->n ? &look->lines[(*i)++] : NULL;
}

/* What the messages that make RS say, read as the kernel's answers are. */
static int expected_lines(const struct ruleset *rs, struct nftlook *expected)
{
	struct nl nowhere = NL_CLOSED;
	struct nl_batch b = { 0 };
	int r;

	nft_queue_table(&b, &nowhere, 0, rs, NFT_CREATE);
	r = b.err;
	for (size_t at = 0; !r && at < b.len;) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)(b.buf + at);

		r = nftlook_add(nlh, expected);
		at += NLMSG_ALIGN((size_t)nlh->nlmsg_len);
	}
	nl_batch_free(&b);
	return r;
}

static int differ(const struct nftlook_line *want, const struct nftlook_line *have,
		  char why[static 256])
{
	if (want && (!have || strcmp(want->key, have->key) < 0))
		snprintf(why, 256, "missing: %.240s", want->key);
	else if (have && (!want || strcmp(want->key, have->key) > 0))
		snprintf(why, 256, "not ours: %.240s", have->key);
	else
		snprintf(why, 256, "changed: %.240s", want ? want->key : "");
	return -EBADE;
}

int nftlook_compare(struct nftlook *seen, const struct ruleset *rs, enum nftlook_scope scope,
		    char why[static 256])
{
	struct nftlook expected cleanup(nftlook_free) = { 0 };
	char table[64];
	size_t i = 0, j = 0;
	int r = expected_lines(rs, &expected);

	snprintf(table, sizeof(table), "%s %s", ruleset_family_word(rs->family), rs->table);
	if (r) {
		snprintf(why, 256, "cannot compare table %s: %s", table, strerror(-r));
		return r;
	}
	if (seen->n)
		qsort(seen->lines, seen->n, sizeof(*seen->lines), compare_lines);
	if (expected.n)
		qsort(expected.lines, expected.n, sizeof(*expected.lines), compare_lines);
	for (;;) {
		const struct nftlook_line *want = next_line(&expected, &i, table, scope);
		const struct nftlook_line *have = next_line(seen, &j, table, scope);

		if (!want && !have)
			return 0;
		if (!want || !have || !same_lines(want, have))
			return differ(want, have, why);
	}
}

enum nftlook_table nftlook_find_table(const struct nftlook *seen, const struct ruleset *rs)
{
	char key[64];

	snprintf(key, sizeof(key), "table %s %s", ruleset_family_word(rs->family), rs->table);
	for (size_t i = 0; i < seen->n; i++) {
		const char *comment;

		if (strcmp(seen->lines[i].key, key))
			continue;
		comment = nftlook_comment(&seen->lines[i]);
		return strcmp(comment, rs->comment ? rs->comment : "") ? NFTLOOK_FOREIGN
								       : NFTLOOK_OURS;
	}
	return NFTLOOK_NO_TABLE;
}

static bool has_line(const struct nftlook *seen, const struct nftlook_line *line)
{
	for (size_t i = 0; i < seen->n; i++)
		if (same_lines(line, &seen->lines[i]))
			return true;
	return false;
}

int nftlook_has_sets(const struct nftlook *seen, const struct ruleset *rs)
{
	struct nftlook expected cleanup(nftlook_free) = { 0 };
	int r = expected_lines(rs, &expected);
	bool has = !r;

	for (size_t i = 0; has && i < expected.n; i++)
		if (!strncmp(expected.lines[i].key, "set ", strlen("set ")) ||
		    !strncmp(expected.lines[i].key, "counter ", strlen("counter ")))
			has = has_line(seen, &expected.lines[i]);
	return r ? r : has;
}

/* The number behind WORD in the line's text; 0 without one. */
static uint32_t number_of(const struct nftlook_line *line, const char *word)
{
	const char *at = strstr(line->what, word);

	return at ? (uint32_t)strtoul(at + strlen(word), NULL, 10) : 0;
}

/* What of one kind, whose lines begin with KIND, is not expected. A set without a name went with
 * its rule. */
static size_t queue_unexpected_of(struct nl_batch *b, struct nl *nl, unsigned int tag,
				  const struct ruleset *rs, const struct nftlook *seen,
				  const struct nftlook *expected, const char *kind,
				  uint16_t message)
{
	char start[64];
	size_t n = 0, len;

	snprintf(start, sizeof(start), "%s %s %s ", kind, ruleset_family_word(rs->family),
		 rs->table);
	len = strlen(start);
	for (size_t i = 0; i < seen->n; i++) {
		const struct nftlook_line *line = &seen->lines[i];

		if (strncmp(line->key, start, len) != 0 || has_line(expected, line) ||
		    (message == NFT_MSG_DELSET && number_of(line, "flags ") & NFT_SET_ANONYMOUS))
			continue;
		if (b)
			nft_queue_delete(b, nl, tag, rs, message, line->key + len,
					 number_of(line, "type "));
		n++;
	}
	return n;
}

static size_t queue_unexpected(struct nl_batch *b, struct nl *nl, unsigned int tag,
			       const struct ruleset *rs, const struct nftlook *seen,
			       const struct nftlook *expected)
{
	static const struct {
		const char *kind;
		uint16_t message;
	} kinds[] = { { "set", NFT_MSG_DELSET }, /* first: it may name chains and counters */
		      { "chain", NFT_MSG_DELCHAIN },
		      { "counter", NFT_MSG_DELOBJ } };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		n += queue_unexpected_of(b, nl, tag, rs, seen, expected, kinds[i].kind,
					 kinds[i].message);
	return n;
}

int nftlook_queue_unexpected(struct nl_batch *b, struct nl *nl, unsigned int tag,
			     const struct ruleset *rs, const struct nftlook *seen)
{
	struct nftlook expected cleanup(nftlook_free) = { 0 };
	int r = expected_lines(rs, &expected);

	if (r || !queue_unexpected(NULL, nl, tag, rs, seen, &expected))
		return r;
	nft_queue_flush(b, nl, tag, rs);
	(void)queue_unexpected(b, nl, tag, rs, seen, &expected);
	return 0;
}

int nftlook_ask_table(struct nl *nl, const struct ruleset *rs, struct nftlook *seen,
		      struct nl_error *error)
{
	struct nl_batch b cleanup(nl_batch_free) = { 0 };
	struct nlmsghdr *nlh = nl_batch_add(&b, nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0,
					    sizeof(struct nfgenmsg), NFT_TABLE_MAXNAMELEN, 0);
	struct nfgenmsg *nfg = nl_extra(nlh);

	nfg->nfgen_family = (uint8_t)rs->family;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, rs->table);
	nl_batch_end(&b, nlh);
	return nl_batch_send(&b, nftlook_add, seen, error);
}

int nftlook_generation(struct nl *nl, uint32_t *generation, struct nl_error *error)
{
	struct nl_batch b cleanup(nl_batch_free) = { 0 };
	struct nftlook seen = { 0 };
	struct nlmsghdr *nlh = nl_batch_add(&b, nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0,
					    sizeof(struct nfgenmsg), 0, 0);
	int r;

	nl_batch_end(&b, nlh);
	r = nl_batch_send(&b, nftlook_add, &seen, error);
	*generation = seen.generation;
	return r ? r : seen.generation ? 0 : -EBADMSG;
}

static int dump_elements(struct nl *nl, const struct ruleset *rs, const struct set *set,
			 struct nftlook *seen, struct nl_error *error)
{
	char buf[256] = "";
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	int r;

	nfg->nfgen_family = (uint8_t)rs->family;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, rs->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
	r = nl_dump(nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, 0, nfg,
		    mnl_nlmsg_get_payload_len(nlh), nftlook_add, seen, error);
	return r == -ENOENT ? 0 : r; /* a set that is missing shows as missing */
}

static int dump_all(struct nl *nl, const struct ruleset *rs, size_t n, struct nftlook *seen,
		    struct nl_error *error)
{
	static const uint8_t kinds[] = { NFT_MSG_GETTABLE, NFT_MSG_GETOBJ, NFT_MSG_GETSET,
					 NFT_MSG_GETCHAIN, NFT_MSG_GETRULE };
	const struct nfgenmsg nfg = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(kinds); i++)
		r = nl_dump(nl, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | kinds[i]), 0, &nfg,
			    sizeof(nfg), nftlook_add, seen, error);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; !r && j < rs[i].n_sets; j++)
			r = dump_elements(nl, &rs[i], &rs[i].sets[j], seen, error);
	return r;
}

int nftlook_dump(struct nl *nl, const struct ruleset *rs, size_t n, struct nftlook *seen,
		 struct nl_error *error)
{
	nftlook_free(seen);
	return dump_all(nl, rs, n, seen, error);
}
