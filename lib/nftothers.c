/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nftothers.c: what the rules of other programs come to, as far as a look at each can tell. */
#include "lib/nftothers.h"

#include <errno.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/list.h"

#define STEPS_MAX 65536
#define DEPTH_MAX 16 /* of jumps: the kernel's own NFT_JUMP_STACK_SIZE */
#define XT_CT_NOTRACK \
	1U /* linux/netfilter/xt_CT.h, which every version of the target begins with */

/* What was loaded into the registers last, and so what is compared. */
enum loaded {
	LOADED_OTHER,
	LOADED_PROTOCOL,
	LOADED_FAMILY, /* or what tells it: other members do, too */
	LOADED_PORT,
	LOADED_V4,
	LOADED_V6,
	LOADED_IN, /* an interface's name */
	LOADED_OUT,
};

struct reading {
	struct nftother rule;
	const char *interface; /* that is looked for */
	enum loaded loaded;
	int err;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* The destination of IPv4, of IPv6, or what it begins with; and the port of TCP and UDP. */
static enum loaded what_payload(const struct nftnl_expr *e)
{
	uint32_t base = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_BASE);
	uint32_t at = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET);
	uint32_t len = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_LEN);

	if (base == NFT_PAYLOAD_TRANSPORT_HEADER && at == 2 && len == 2)
		return LOADED_PORT;
	if (base == NFT_PAYLOAD_NETWORK_HEADER && at == 16 && len && len <= 4)
		return LOADED_V4;
	if (base == NFT_PAYLOAD_NETWORK_HEADER && at == 24 && len && len <= 16)
		return LOADED_V6;
	if (base == NFT_PAYLOAD_NETWORK_HEADER && len == 1 && (at == 9 || at == 6))
		return LOADED_PROTOCOL;
	return LOADED_OTHER;
}

/* DATA of LEN bytes without an end is what names begin with ("vlt-*"). */
static bool is_interface(const char *name, const void *data, uint32_t len)
{
	return len && !strncmp(name, data, len);
}

/* True when what is loaded is an address, or what one begins with: LEN bytes, which go to OUT. */
static bool take_address(const struct reading *r, const uint8_t *data, uint32_t len,
			 struct prefix *out)
{
	const bool v4 = r->loaded == LOADED_V4 && len <= 4;

	if (!v4 && (r->loaded != LOADED_V6 || len > 16))
		return false;
	*out = (struct prefix){ .addr.family = v4 ? AF_INET : AF_INET6, .len = (uint8_t)(8 * len) };
	memcpy(out->addr.bytes, data, len);
	return true;
}

/* Takes down that what is loaded is asked to be DATA. */
static void take_value(struct reading *r, const uint8_t *data, uint32_t len)
{
	struct nftother *rule = &r->rule;
	bool is_read = true;

	if (r->loaded == LOADED_PROTOCOL && len == 1) {
		rule->protocol = *data;
	} else if (r->loaded == LOADED_PORT && len == 2) {
		rule->first = get16(data);
		rule->last = get16(data);
	} else {
		is_read = take_address(r, data, len, &rule->where) || r->loaded == LOADED_FAMILY;
	}
	rule->names_in |= r->loaded == LOADED_IN && is_interface(r->interface, data, len);
	rule->names_out |= r->loaded == LOADED_OUT && is_interface(r->interface, data, len);
	rule->asks_more |= !is_read;
}

/* A range is two comparisons, or one of its own. */
static void take_bound(struct reading *r, enum nft_cmp_ops op, uint16_t port)
{
	if (op == NFT_CMP_GTE)
		r->rule.first = port;
	else
		r->rule.last = port;
	if (!r->rule.last)
		r->rule.last = UINT16_MAX;
	if (!r->rule.first)
		r->rule.first = 1;
}

static void read_cmp(const struct nftnl_expr *e, struct reading *r)
{
	uint32_t len = 0;
	const uint8_t *data = nftnl_expr_get(e, NFTNL_EXPR_CMP_DATA, &len);
	enum nft_cmp_ops op = (enum nft_cmp_ops)nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_OP);

	r->rule.always = false;
	if (data && op == NFT_CMP_EQ)
		take_value(r, data, len);
	else if (data && (op == NFT_CMP_GTE || op == NFT_CMP_LTE) && r->loaded == LOADED_PORT &&
		 len == 2)
		take_bound(r, op, get16(data));
	else if (!data || op != NFT_CMP_NEQ ||
		 (r->loaded != LOADED_IN && /* all interfaces but one: docker's */
		  !take_address(r, data, len, &r->rule.except)))
		r->rule.asks_more = true;
}

static void read_range(const struct nftnl_expr *e, struct reading *r)
{
	uint32_t len = 0, len_to = 0;
	const uint8_t *from = nftnl_expr_get(e, NFTNL_EXPR_RANGE_FROM_DATA, &len);
	const uint8_t *to = nftnl_expr_get(e, NFTNL_EXPR_RANGE_TO_DATA, &len_to);

	r->rule.always = false;
	if (!from || !to || len != 2 || len_to != 2 || r->loaded != LOADED_PORT ||
	    nftnl_expr_get_u32(e, NFTNL_EXPR_RANGE_OP) != NFT_RANGE_EQ) {
		r->rule.asks_more = true;
		return;
	}
	r->rule.first = get16(from);
	r->rule.last = get16(to);
}

static void read_immediate(const struct nftnl_expr *e, struct reading *r)
{
	const char *chain = nftnl_expr_get_str(e, NFTNL_EXPR_IMM_CHAIN);
	int verdict = (int)nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_VERDICT);

	if (!nftnl_expr_is_set(e, NFTNL_EXPR_IMM_VERDICT))
		return; /* data for what follows */
	switch (verdict) {
	case NF_DROP:
		r->rule.act = NFTOTHER_REFUSES;
		break;
	case NF_ACCEPT:
		r->rule.act = NFTOTHER_ACCEPTS;
		break;
	case NFT_RETURN:
		r->rule.act = NFTOTHER_RETURNS;
		break;
	case NFT_JUMP:
	case NFT_GOTO:
		r->rule.act = verdict == NFT_JUMP ? NFTOTHER_JUMPS : NFTOTHER_GOES;
		free(r->rule.to);
		r->rule.to = chain ? strdup(chain) : NULL;
		r->err = r->rule.to ? r->err : -ENOMEM;
		break;
	default:
		break;
	}
}

/* A target of iptables; its verdicts are expressions as above. */
static void read_target(const struct nftnl_expr *e, struct reading *r)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_TG_NAME);
	uint32_t len = 0;
	const uint8_t *info = nftnl_expr_get(e, NFTNL_EXPR_TG_INFO, &len);
	uint16_t flags = 0;

	if (!name)
		return;
	if (info && len >= sizeof(flags))
		memcpy(&flags, info, sizeof(flags));
	if (!strcmp(name, "REJECT"))
		r->rule.act = NFTOTHER_REFUSES;
	else if (!strcmp(name, "NOTRACK") || (!strcmp(name, "CT") && flags & XT_CT_NOTRACK))
		r->rule.act = NFTOTHER_UNTRACKS;
	else if (!strcmp(name, "DNAT") || !strcmp(name, "REDIRECT") || !strcmp(name, "TPROXY"))
		r->rule.act = NFTOTHER_TRANSLATES;
}

/* A match of iptables: struct xt_tcp and xt_udp both begin with ports, the sender's first, as the
 * machine has them. */
static void read_match(const struct nftnl_expr *e, struct reading *r)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_MT_NAME);
	uint32_t len = 0;
	const uint8_t *info = nftnl_expr_get(e, NFTNL_EXPR_MT_INFO, &len);
	uint16_t ports[4];

	if (name && !strcmp(name, "comment"))
		return;
	r->rule.always = false;
	if (!name || (strcmp(name, "tcp") != 0 && strcmp(name, "udp") != 0) || !info ||
	    len < sizeof(ports)) {
		r->rule.asks_more = true;
		return;
	}
	memcpy(ports, info, sizeof(ports));
	r->rule.protocol = *name == 't' ? IPPROTO_TCP : IPPROTO_UDP;
	if (ports[2] || ports[3] != UINT16_MAX) {
		r->rule.first = ports[2];
		r->rule.last = ports[3];
	}
}

static void read_nat(const struct nftnl_expr *e, struct reading *r)
{
	if (nftnl_expr_get_u32(e, NFTNL_EXPR_NAT_TYPE) == NFT_NAT_DNAT)
		r->rule.act = NFTOTHER_TRANSLATES;
}

static void read_meta(const struct nftnl_expr *e, struct reading *r)
{
	uint32_t key = nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY);

	r->loaded = key == NFT_META_L4PROTO                               ? LOADED_PROTOCOL
		    : key == NFT_META_NFPROTO || key == NFT_META_PROTOCOL ? LOADED_FAMILY
		    : key == NFT_META_IIFNAME                             ? LOADED_IN
		    : key == NFT_META_OIFNAME                             ? LOADED_OUT
									  : LOADED_OTHER;
}

static void read_payload(const struct nftnl_expr *e, struct reading *r)
{
	r->loaded = what_payload(e);
}

static void read_reject(const struct nftnl_expr *e, struct reading *r)
{
	(void)e;
	r->rule.act = NFTOTHER_REFUSES;
}

static void read_notrack(const struct nftnl_expr *e, struct reading *r)
{
	(void)e;
	r->rule.act = NFTOTHER_UNTRACKS;
}

static void read_redirect(const struct nftnl_expr *e, struct reading *r)
{
	(void)e;
	r->rule.act = NFTOTHER_TRANSLATES;
}

/* Ports in a set, or for which a map has where they lead. */
static void read_lookup(const struct nftnl_expr *e, struct reading *r)
{
	const char *set = nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET);

	r->rule.always = false;
	if (r->loaded != LOADED_PORT || !set || r->rule.set ||
	    nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV) {
		r->rule.asks_more = true;
		return;
	}
	r->rule.set = strdup(set);
	r->err = r->rule.set ? r->err : -ENOMEM;
	if (!r->rule.first) {
		r->rule.first = 1;
		r->rule.last = UINT16_MAX;
	}
}

/* To note a packet in a set asks nothing of it, but with a limit. */
static void read_dynset(const struct nftnl_expr *e, struct reading *r)
{
	if (!nftnl_expr_is_set(e, NFTNL_EXPR_DYNSET_EXPR) &&
	    !nftnl_expr_is_set(e, NFTNL_EXPR_DYNSET_EXPRESSIONS))
		return;
	r->rule.always = false;
	r->rule.asks_more = true;
}

static void read_nothing(const struct nftnl_expr *e, struct reading *r)
{
	(void)e;
	(void)r;
}

static const struct {
	const char *name;
	void (*read)(const struct nftnl_expr *e, struct reading *r);
} expressions[] = {
	{ "cmp", read_cmp },         { "range", read_range },     { "immediate", read_immediate },
	{ "meta", read_meta },       { "payload", read_payload }, { "match", read_match },
	{ "target", read_target },   { "reject", read_reject },   { "notrack", read_notrack },
	{ "nat", read_nat },         { "redir", read_redirect },  { "tproxy", read_redirect },
	{ "counter", read_nothing }, { "log", read_nothing },     { "objref", read_nothing },
	{ "dynset", read_dynset },   { "lookup", read_lookup },
};

/* One that is not known may be a condition. */
static int read_expression(struct nftnl_expr *e, void *arg)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
	struct reading *r = arg;

	for (size_t i = 0; name && i < ARRAY_SIZE(expressions); i++)
		if (!strcmp(name, expressions[i].name)) {
			expressions[i].read(e, r);
			return 0;
		}
	r->rule.always = false;
	r->rule.asks_more = true;
	r->loaded = LOADED_OTHER;
	return 0;
}

static void free_rule(struct nftother *rule)
{
	free(rule->table);
	free(rule->chain);
	free(rule->to);
	free(rule->set);
}

struct dump {
	struct nftothers *out;
	const char *ours, *interface;
};

/* True when anybody may want to know of it. */
static bool tells(const struct nftother *rule)
{
	return rule->to || ((rule->names_in || rule->names_out) && rule->act != NFTOTHER_GOES_ON) ||
	       (rule->always && rule->act != NFTOTHER_GOES_ON) ||
	       (rule->act == NFTOTHER_TRANSLATES && rule->first);
}

static int add_rule(struct nftnl_rule *r, struct dump *d)
{
	const char *table = nftnl_rule_get_str(r, NFTNL_RULE_TABLE);
	const char *chain = nftnl_rule_get_str(r, NFTNL_RULE_CHAIN);
	struct reading reading = { .rule = { .always = true }, .interface = d->interface };
	struct nftother *rule = &reading.rule;

	rule->family = (uint8_t)nftnl_rule_get_u32(r, NFTNL_RULE_FAMILY);
	if (!table || !chain)
		return -EBADMSG;
	if (rule->family == NFPROTO_INET && !strcmp(table, d->ours))
		return 0;
	(void)nftnl_expr_foreach(r, read_expression, &reading);
	if (!reading.err && !tells(rule)) {
		free_rule(rule);
		return 0;
	}
	rule->table = strdup(table);
	rule->chain = strdup(chain);
	if (!reading.err && rule->table && rule->chain &&
	    !list_append(&d->out->list, &d->out->n, sizeof(*rule), rule))
		return 0;
	free_rule(rule);
	return -ENOMEM;
}

static int rule_reply(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	int err = 0; /* one with an expression that libnftnl does not know yet tells us nothing */

	if (!r)
		return -ENOMEM;
	if (nftnl_rule_nlmsg_parse(nlh, r) >= 0)
		err = add_rule(r, arg);
	nftnl_rule_free(r);
	return err;
}

static bool same_chain(const struct nftother *a, const struct nftother *b)
{
	return a->family == b->family && !strcmp(a->chain, b->chain) && !strcmp(a->table, b->table);
}

static void find_ends(struct nftothers *o)
{
	for (size_t i = o->n; i-- > 0;)
		o->list[i].beyond = i + 1 < o->n && same_chain(&o->list[i], &o->list[i + 1])
					    ? o->list[i + 1].beyond
					    : i + 1;
}

int nftothers_dump(struct nl *nl, const char *ours, const char *interface, struct nftothers *out,
		   struct nl_error *error)
{
	const struct nfgenmsg nfg = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	struct dump d = { .out = out, .ours = ours, .interface = interface };

	int r;

	*out = (struct nftothers){ .list = NULL };
	r = nl_dump(nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, 0, &nfg, sizeof(nfg),
		    rule_reply, &d, error);
	find_ends(out);
	return r;
}

/* The element that is the nearest to a port from below. A set of ranges has each as its first and,
 * marked so, the one behind its last. */
struct nearest {
	uint16_t port, key;
	bool found, is_end, has_ends;
};

static int see_element(struct nftnl_set_elem *e, void *arg)
{
	struct nearest *n = arg;
	uint32_t len = 0;
	const uint8_t *key = nftnl_set_elem_get(e, NFTNL_SET_ELEM_KEY, &len);
	const bool is_end =
		nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_FLAGS) &&
		nftnl_set_elem_get_u32(e, NFTNL_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END;

	n->has_ends = n->has_ends || is_end;
	if (!key || len < 2 || get16(key) > n->port || (n->found && get16(key) < n->key) ||
	    (n->found && get16(key) == n->key && is_end))
		return 0;
	n->found = true;
	n->key = get16(key);
	n->is_end = is_end;
	return 0;
}

static int elements_reply(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int r = -ENOMEM;

	if (set)
		r = nftnl_set_elems_nlmsg_parse(nlh, set) < 0 ? -EBADMSG : 0;
	if (!r)
		nftnl_set_elem_foreach(set, see_element, arg);
	if (set)
		nftnl_set_free(set);
	return r;
}

int nftothers_is_in_set(struct nl *nl, const struct nftother *rule, uint16_t port,
			struct nl_error *error)
{
	struct nearest nearest = { .port = port };
	char buf[1024] = ""; /* names of nf_tables have up to 255 bytes */
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	int r;

	nfg->nfgen_family = rule->family;
	nfg->version = NFNETLINK_V0;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, rule->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, rule->set);
	r = nl_dump(nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, 0, nfg,
		    mnl_nlmsg_get_payload_len(nlh), elements_reply, &nearest, error);
	if (r)
		return r;
	return nearest.found && (nearest.has_ends ? !nearest.is_end : nearest.key == port);
}

void nftothers_free(struct nftothers *o)
{
	for (size_t i = 0; i < o->n; i++)
		free_rule(&o->list[i]);
	free(o->list);
	*o = (struct nftothers){ .list = NULL };
}

/* A chain that is gone through, and the rule that is next. */
struct place {
	const char *chain;
	size_t next;
};

static const struct nftother *next_rule(const struct nftothers *o, uint8_t family,
					const char *table, struct place *place)
{
	while (place->next < o->n) {
		const struct nftother *rule = &o->list[place->next];

		if (rule->family == family && !strcmp(rule->chain, place->chain) &&
		    !strcmp(rule->table, table)) {
			place->next++;
			return rule;
		}
		place->next = rule->beyond;
	}
	return NULL;
}

enum nftother_act nftothers_end(const struct nftothers *o, uint8_t family, const char *table,
				const char *chain)
{
	struct place places[DEPTH_MAX] = { { .chain = chain } };
	size_t depth = 1;

	for (size_t steps = 0; depth && steps < STEPS_MAX; steps++) {
		const struct nftother *rule = next_rule(o, family, table, &places[depth - 1]);
		enum nftother_act act = !rule          ? NFTOTHER_RETURNS
					: rule->always ? rule->act
						       : NFTOTHER_GOES_ON;

		if (act == NFTOTHER_ACCEPTS || act == NFTOTHER_REFUSES || act == NFTOTHER_UNTRACKS)
			return act;
		if (act == NFTOTHER_RETURNS)
			depth--;
		else if (act == NFTOTHER_GOES)
			places[depth - 1] = (struct place){ .chain = rule->to };
		else if (act == NFTOTHER_JUMPS && depth < DEPTH_MAX)
			places[depth++] = (struct place){ .chain = rule->to };
	}
	return NFTOTHER_GOES_ON;
}

/* Marks the rules of one chain; true when there were some that were not. */
static bool mark(struct nftothers *o, uint8_t family, const char *table, const char *chain)
{
	struct place place = { .chain = chain };
	bool any = false;

	for (;;) {
		const struct nftother *rule = next_rule(o, family, table, &place);

		if (!rule)
			return any;
		any = any || !rule->reached;
		o->list[place.next - 1].reached = true;
	}
}

void nftothers_reach(struct nftothers *o, uint8_t family, const char *table, const char *chain)
{
	bool more = mark(o, family, table, chain);

	while (more) {
		more = false;
		for (size_t i = 0; i < o->n; i++) {
			struct nftother *rule = &o->list[i];

			if (rule->reached && rule->to && !rule->followed) {
				rule->followed = true;
				more |= mark(o, rule->family, rule->table, rule->to);
			}
		}
	}
}

void nftothers_leave(struct nftothers *o)
{
	for (size_t i = 0; i < o->n; i++)
		o->list[i].reached = o->list[i].followed = false;
}
