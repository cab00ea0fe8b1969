/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test/unit/answers.c: what kernels answered is understood as on the day that it was recorded, also
 * with attributes in it that nobody knows yet.
 *
 *   answers               read test/unit/answers/NAME.nl, tell what it says as NAME.txt has it
 *   answers record NAME   ask the kernel, from the namespace that we are in: both files, anew
 *
 * test/unit/answers/record makes a host with vaults on it, and asks from there and from inside; the
 * tunnel's key in it was made for that and is nobody's. A recording holds each recvmsg(2): its
 * length or -errno, in 32 bits, and its bytes. Where a reader gives up, the next one gets what was
 * not for it, which libnftnl may end the program about: that is red, too.
 */
#include "lib/base.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t answer_send(int fd, const struct msghdr *msg, int flags);
static ssize_t answer_receive(int fd, struct msghdr *msg, int flags);
#define sendmsg answer_send
#define recvmsg answer_receive
#include "lib/nl.c"
#undef sendmsg
#undef recvmsg

#include <glob.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/wireguard.h>

#include "lib/neigh.h"
#include "lib/nft.h"
#include "lib/nftlook.h"
#include "lib/nftnames.h"
#include "lib/nftothers.h"
#include "lib/nftrule.h"
#include "lib/qdisc.h"
#include "lib/rtnl.h"
#include "lib/wg.h"
#include "test/unit/tap.h"
#include "vault/seal/seal.h"

static enum { RECORD, REPLAY, REPLAY_NEWER, REPLAY_NEWER_RULES } how;
static FILE *tape;

/* ---- a kernel that is newer ---------------------------------------------------------------- */

#define HEAD sizeof(struct nlattr)
#define UNKNOWN_TYPE 0x3ff0 /* below NLA_F_NESTED and NLA_F_NET_BYTEORDER */

/* Lists of attributes in an attribute: where what it is of may grow. */
struct nest {
	uint16_t type;
	bool is_list; /* its members have one type, or their place for one, and are lists themselves
		       */
	const struct nest *inside; /* up to type 0; NULL: nothing to go into */
};

static const struct nest none[] = { { .type = 0 } };
static const struct nest link_info[] = { { IFLA_INFO_DATA, false, none }, { .type = 0 } };
static const struct nest link_nests[] = { { IFLA_LINKINFO, false, link_info }, { .type = 0 } };
static const struct nest filter_nests[] = { { TCA_OPTIONS, false, none }, { .type = 0 } };
static const struct nest expr_nests[] = { { NFTA_EXPR_DATA, false, none }, { .type = 0 } };
static const struct nest rule_nests[] = { { NFTA_RULE_EXPRESSIONS, true, expr_nests },
					  { .type = 0 } };
static const struct nest chain_nests[] = { { NFTA_CHAIN_HOOK, false, none }, { .type = 0 } };
static const struct nest element_nests[] = { { NFTA_SET_ELEM_KEY, false, none }, { .type = 0 } };
static const struct nest elements_nests[] = { { NFTA_SET_ELEM_LIST_ELEMENTS, true, element_nests },
					      { .type = 0 } };
static const struct nest object_nests[] = { { NFTA_OBJ_DATA, false, none }, { .type = 0 } };
static const struct nest peer_nests[] = { { WGPEER_A_ALLOWEDIPS, true, none }, { .type = 0 } };
static const struct nest device_nests[] = { { WGDEVICE_A_PEERS, true, peer_nests }, { .type = 0 } };

/* What follows the header of a message, and what its attributes hold. False: it is left as it is. */
static bool shape(const struct nlmsghdr *nlh, int bus, size_t *extra, const struct nest **nests)
{
	*nests = none;
	if (bus == NETLINK_NETFILTER) {
		*extra = sizeof(struct nfgenmsg);
		switch (nlh->nlmsg_type & 0xff) {
		case NFT_MSG_NEWRULE:
			*nests = how == REPLAY_NEWER_RULES ? rule_nests : none;
			break;
		case NFT_MSG_NEWCHAIN:
			*nests = chain_nests;
			break;
		case NFT_MSG_NEWSETELEM:
			*nests = elements_nests;
			break;
		case NFT_MSG_NEWOBJ:
			*nests = object_nests;
			break;
		default:
			break;
		}
		return true;
	}
	if (bus == NETLINK_GENERIC) {
		*extra = GENL_HDRLEN;
		*nests = nlh->nlmsg_type == GENL_ID_CTRL ? none : device_nests;
		return true;
	}
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
		*extra = sizeof(struct ifinfomsg);
		*nests = link_nests;
		return true;
	case RTM_NEWADDR:
		*extra = sizeof(struct ifaddrmsg);
		return true;
	case RTM_NEWROUTE:
	case RTM_NEWRULE:
		*extra = sizeof(struct rtmsg);
		return true;
	case RTM_NEWNEIGH:
		*extra = sizeof(struct ndmsg);
		return true;
	case RTM_NEWQDISC: /* its options are a struct, with some kinds */
		*extra = sizeof(struct tcmsg);
		return true;
	case RTM_NEWTFILTER:
		*extra = sizeof(struct tcmsg);
		*nests = filter_nests;
		return true;
	default:
		return false;
	}
}

static size_t align(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static void put(char *out, size_t *len, uint16_t type, const void *payload, size_t size)
{
	struct nlattr *attr = (struct nlattr *)(void *)(out + *len);

	*attr = (struct nlattr){ .nla_len = (uint16_t)(HEAD + size), .nla_type = type };
	memmove(out + *len + HEAD, payload, size);
	memset(out + *len + HEAD + size, 0, align(size) - size);
	*len += HEAD + align(size);
}

/* The attributes of LEN bytes at IN with unknown ones before and behind them, at OUT. The length. */
static size_t grow(const char *in, size_t len, const struct nest *nests, bool is_list, char *out);

static size_t grow_one(const struct nlattr *attr, const struct nest *nests, char *out)
{
	const char *payload = (const char *)attr + HEAD;
	size_t size = attr->nla_len - HEAD, len = 0;
	char inside[RECEIVE_SIZE];

	for (; nests->type; nests++)
		if (nests->type == (attr->nla_type & NLA_TYPE_MASK)) {
			size = grow(payload, size, nests->inside, nests->is_list, inside);
			payload = inside;
			break;
		}
	put(out, &len, attr->nla_type, payload, size);
	return len;
}

/* A member of a list. */
static size_t grow_member(const struct nlattr *attr, const struct nest *nests, char *out)
{
	char inside[RECEIVE_SIZE] = "";
	size_t len = 0,
	       size = grow((const char *)attr + HEAD, attr->nla_len - HEAD, nests, false, inside);

	put(out, &len, attr->nla_type, inside, size);
	return len;
}

static size_t grow(const char *in, size_t len, const struct nest *nests, bool is_list, char *out)
{
	const char *end = in + len;
	const struct nlattr *attr;
	size_t n = 0;

	if (!is_list)
		put(out, &n, UNKNOWN_TYPE, "a newer kernel's", 16);
	while ((attr = nl_next_attr(&in, end)) != NULL)
		n += is_list ? grow_member(attr, nests, out + n) : grow_one(attr, nests, out + n);
	if (!is_list)
		put(out, &n, UNKNOWN_TYPE + 1, "\1", 1);
	return n;
}

/* ---- what is recorded ---------------------------------------------------------------------- */

static int bus_of(int fd)
{
	int bus = -1;
	socklen_t len = sizeof(bus);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &bus, &len) ? -1 : bus;
}

static ssize_t answer_send(int fd, const struct msghdr *msg, int flags)
{
	size_t len = 0;

	if (how == RECORD)
		return sendmsg(fd, msg, flags);
	for (size_t i = 0; i < msg->msg_iovlen; i++)
		len += msg->msg_iov[i].iov_len;
	return (ssize_t)len;
}

/* The next message of what was recorded: a datagram is handed out message by message, as a newer
 * kernel's may be longer. */
static ssize_t next_message(int fd, char *out)
{
	static char datagram[RECEIVE_SIZE];
	static const char *at, *end;
	const struct nest *nests;
	struct nlmsghdr *nlh;
	size_t extra = 0;
	int32_t n = 0;

	if (at == end) {
		if (fread(&n, sizeof(n), 1, tape) != 1 || n > (int32_t)sizeof(datagram))
			n = -ENODATA;
		if (n > 0 && fread(datagram, (size_t)n, 1, tape) != 1)
			n = -ENODATA;
		if (n < 0) {
			errno = -n;
			return -1;
		}
		at = datagram;
		end = datagram + n;
	}
	nlh = nl_next(&at, end);
	if (!nlh) {
		at = end;
		errno = ENODATA;
		return -1;
	}
	memcpy(out, nlh, nlh->nlmsg_len);
	if (how != REPLAY && nlh->nlmsg_type >= NLMSG_MIN_TYPE &&
	    shape(nlh, bus_of(fd), &extra, &nests)) {
		size_t before = NLMSG_HDRLEN + NLMSG_ALIGN(extra);

		((struct nlmsghdr *)(void *)out)->nlmsg_len =
			(uint32_t)(before + grow((const char *)nlh + before,
						 nlh->nlmsg_len - before, nests, false,
						 out + before));
	}
	return ((struct nlmsghdr *)(void *)out)->nlmsg_len;
}

static ssize_t answer_receive(int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_nl *from = msg->msg_name;
	ssize_t n;

	if (how == RECORD) {
		int32_t len;

		n = recvmsg(fd, msg, flags);
		len = n < 0 ? -errno : (int32_t)n;
		fwrite(&len, sizeof(len), 1, tape);
		if (n > 0)
			fwrite(msg->msg_iov[0].iov_base, (size_t)n, 1, tape);
		return n;
	}
	*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	return next_message(fd, msg->msg_iov[0].iov_base);
}

/* ---- what is understood -------------------------------------------------------------------- */

/* What one reading understood: a text, and the rules, which are compared as the product does. */
struct understood {
	FILE *out;
	char *text; /* owned */
	size_t len;
	struct nftlook look;
	uint32_t links[64]; /* indexes, to be asked about */
	size_t n_links;
	char wireguard[IFNAMSIZ]; /* "" for none */
};

static const char *show(const struct addr *a)
{
	static char text[4][ADDR_STRLEN];
	static unsigned int i;

	i = (i + 1) % 4;
	return a->family ? addr_format(a, text[i]) : "-";
}

static const char *show_prefix(const struct prefix *p)
{
	static char text[PREFIX_STRLEN];

	return p->addr.family ? prefix_format(p, text) : "-";
}

static int tell_link(const struct rtnl_link *l, void *arg)
{
	struct understood *u = arg;

	fprintf(u->out,
		"link %u %s kind '%s' mtu %u group %u master %u lower %u qdisc '%s' alias '%s' xdp %s "
		"flags %#x mac %02x%02x%02x%02x%02x%02x bridge %d%d%d%d port %d%d\n",
		l->index, l->name, l->kind, l->mtu, l->group, l->master, l->lower, l->qdisc,
		l->alias, l->xdp ? l->xdp : "-", l->flags, l->mac[0], l->mac[1], l->mac[2],
		l->mac[3], l->mac[4], l->mac[5], l->bridge.spans, l->bridge.snoops,
		l->bridge.learns_local, l->bridge.is_bounded, l->learns, l->floods);
	if (u->n_links < ARRAY_SIZE(u->links))
		u->links[u->n_links++] = l->index;
	if (!strcmp(l->kind, "wireguard"))
		snprintf(u->wireguard, sizeof(u->wireguard), "%s", l->name);
	return 0;
}

static int tell_address(const struct rtnl_address *a, void *arg)
{
	const struct understood *u = arg;

	fprintf(u->out, "address %u %s peer %s broadcast %d scope %u flags %#x\n", a->index,
		show_prefix(&a->address), show(&a->peer), a->has_broadcast, a->scope, a->flags);
	return 0;
}

static int tell_route(const struct rtnl_route *r, void *arg)
{
	const struct understood *u = arg;

	fprintf(u->out, "route %s via %s from %s link %u metric %u type %u kernel %d table %u\n",
		show_prefix(&r->dst), show(&r->via), show(&r->prefsrc), r->index, r->metric,
		r->type, r->by_kernel, r->table);
	return 0;
}

static int tell_rule(const struct rtnl_rule *r, void *arg)
{
	const struct understood *u = arg;

	fprintf(u->out, "rule %u table %u plain %d to %s\n", r->priority, r->table, r->plain,
		show_prefix(&r->to));
	return 0;
}

static int tell_neighbour(const struct rtnl_neighbour *n, void *arg)
{
	const struct understood *u = arg;

	fprintf(u->out, "neighbour %s link %u proxy %d\n", show(&n->address), n->index, n->proxy);
	return 0;
}

static int tell_neigh(const struct addr *a, void *arg)
{
	const struct understood *u = arg;

	fprintf(u->out, "known %s\n", show(a));
	return 0;
}

static int tell_qdisc(const struct qdisc *q, void *arg)
{
	const struct understood *u = arg;

	fprintf(u->out, "qdisc %u handle %#x kind %s\n", q->index, q->handle, q->kind);
	return 0;
}

static int tell_filter(const struct qdisc_filter *f, void *arg)
{
	const struct understood *u = arg;

	fprintf(u->out, "filter priority %u handle %#x protocol %#x kind %s direct %d code %zu\n",
		f->priority, f->handle, f->protocol, f->kind, f->is_direct, f->n);
	return 0;
}

static int tell_name(const struct nft_named *n, void *arg)
{
	const struct understood *u = arg;

	fprintf(u->out, "nft %d family %u table '%s' name '%s' handle %llu devices %d\n",
		(int)n->what, n->family, n->table, n->name, (unsigned long long)n->handle,
		n->devices != NULL);
	return 0;
}

static int tell_counter(const char *table, const char *name, uint64_t packets, uint64_t bytes,
			void *arg)
{
	const struct understood *u = arg;

	fprintf(u->out, "counter %s %s %llu %llu\n", table, name, (unsigned long long)packets,
		(unsigned long long)bytes);
	return 0;
}

static void tell_others(const struct nftothers *o, const struct understood *u)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct nftother *r = &o->list[i];

		fprintf(u->out,
			"other %u %s %s act %d to '%s' always %d in %d out %d protocol %u %u-%u set '%s' "
			"where %s more %d\n",
			r->family, r->table, r->chain, (int)r->act, r->to ? r->to : "", r->always,
			r->names_in, r->names_out, r->protocol, r->first, r->last,
			r->set ? r->set : "", show_prefix(&r->where), r->asks_more);
	}
}

static void tell_device(const struct wg_device *d, const struct understood *u)
{
	fprintf(u->out, "wireguard port %u mark %#x peers %zu\n", d->listen_port, d->fwmark,
		d->n_peers);
	for (size_t i = 0; i < d->n_peers; i++) {
		const struct wg_peer *p = &d->peers[i];

		fprintf(u->out,
			"peer endpoint %s:%u keepalive %u psk %d handshake %lld rx %llu tx %llu\n",
			show(&p->endpoint.addr), p->endpoint.port, p->keepalive,
			(p->flags & WG_PEER_HAS_PRESHARED_KEY) != 0, (long long)p->last_handshake,
			(unsigned long long)p->rx_bytes, (unsigned long long)p->tx_bytes);
		for (size_t j = 0; j < p->n_allowed_ips; j++)
			fprintf(u->out, "allowed %s\n", show_prefix(&p->allowed_ips[j]));
	}
}

static void tell_lines(const struct understood *u)
{
	for (size_t i = 0; i < u->look.n; i++)
		fprintf(u->out, "%s%s%s\n", u->look.lines[i].key,
			u->look.lines[i].is_rule ? "" : ": ",
			u->look.lines[i].is_rule ? "" : (const char *)u->look.lines[i].what);
}

/* What failed is part of what is understood: this kernel has no such thing. */
static void tell_error(const struct understood *u, const char *what, int r)
{
	if (r)
		fprintf(u->out, "%s: %s\n", what, strerror(-r));
}

static void ask_links(struct understood *u)
{
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	struct nl_error error;

	tell_error(u, "open", nl_open(&nl, NETLINK_ROUTE));
	tell_error(u, "links", rtnl_dump_links(&nl, tell_link, u, &error));
	tell_error(u, "addresses", rtnl_dump_addresses(&nl, tell_address, u, &error));
	tell_error(u, "routes", rtnl_dump_tables(&nl, AF_INET, tell_route, u, &error));
	tell_error(u, "routes", rtnl_dump_tables(&nl, AF_INET6, tell_route, u, &error));
	tell_error(u, "rules", rtnl_dump_rules(&nl, AF_INET, tell_rule, u, &error));
	tell_error(u, "rules", rtnl_dump_rules(&nl, AF_INET6, tell_rule, u, &error));
	tell_error(u, "neighbours", rtnl_dump_neighbours(&nl, tell_neighbour, u, &error));
	tell_error(u, "neigh", neigh_dump(&nl, tell_neigh, u, &error));
	tell_error(u, "qdiscs", qdisc_dump(&nl, tell_qdisc, u, &error));
	for (size_t i = 0; i < u->n_links; i++)
		tell_error(u, "filters",
			   qdisc_dump_filters(&nl, u->links[i],
					      TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), tell_filter,
					      u, &error));
}

static void ask_rules(struct understood *u)
{
	static const struct ruleset ours[] = {
		{ .family = RULESET_INET, .table = SEAL_TABLE },
		{ .family = RULESET_NETDEV, .table = SEAL_LINK_TABLE },
		{ .family = RULESET_NETDEV, .table = SEAL_TUNNEL_TABLE },
		{ .family = RULESET_NETDEV, .table = SEAL_LEG_TABLE },
		{ .family = RULESET_INET, .table = SEAL_GUARD_TABLE },
		{ .family = RULESET_BRIDGE, .table = SEAL_GUARD_TABLE },
	};
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	struct nftothers others cleanup(nftothers_free) = { 0 };
	struct nl_error error;

	tell_error(u, "open", nl_open(&nl, NETLINK_NETFILTER));
	tell_error(u, "names", nft_dump_names(&nl, tell_name, u, &error));
	tell_error(u, "counters", nft_dump_counters(&nl, tell_counter, u, &error));
	tell_error(u, "others",
		   nftothers_dump(&nl, SEAL_GUARD_TABLE, "vlt-media", &others, &error));
	tell_others(&others, u);
	tell_error(u, "rules", nftlook_dump(&nl, ours, ARRAY_SIZE(ours), &u->look, &error));
	tell_lines(u);
}

static void ask_wireguard(struct understood *u)
{
	struct nl nl cleanup(nl_close) = NL_CLOSED;
	struct wg_device device = { 0 };
	struct nl_error error;
	uint16_t family = 0;

	tell_error(u, "open", nl_open(&nl, NETLINK_GENERIC));
	tell_error(u, "wireguard's family", wg_family(&nl, &family, &error));
	if (!family || !*u->wireguard)
		return;
	tell_error(u, "wireguard", wg_get(&nl, family, u->wireguard, &device, &error));
	tell_device(&device, u);
	wg_device_free(&device);
}

static void understand(const char *path, struct understood *u)
{
	*u = (struct understood){ .n_links = 0 };
	u->out = open_memstream(&u->text, &u->len);
	tape = fopen(path, how == RECORD ? "w" : "r");
	if (!u->out || !tape) {
		perror(path);
		exit(1);
	}
	ask_links(u);
	ask_rules(u);
	ask_wireguard(u);
	fclose(tape);
	fclose(u->out);
}

static void forget(struct understood *u)
{
	nftlook_free(&u->look);
	free(u->text);
}

/* The text that is kept beside PATH.nl, owned by the caller. */
static char *kept_text(const char *path)
{
	char name[256], *text;
	FILE *f;
	size_t n;

	snprintf(name, sizeof(name), "%.*s.txt", (int)(strlen(path) - strlen(".nl")), path);
	f = fopen(name, "r");
	text = calloc(1, 1 << 20);
	if (!f || !text) {
		perror(name);
		exit(1);
	}
	n = fread(text, 1, (1 << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* The first line of A that B has not, to be looked at. */
static void tell_difference(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	printf("# from here: %.120s\n# it was: %.120s\n", a, b);
}

/* How many rules of A and B, which hold the same lines, are the same to us. */
static size_t count_same(const struct nftlook *a, const struct nftlook *b, size_t *rules)
{
	size_t n = 0;

	*rules = 0;
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		*rules += a->lines[i].is_rule;
		n += a->lines[i].is_rule && nftrule_same(a->lines[i].what, a->lines[i].len,
							 b->lines[i].what, b->lines[i].len);
	}
	return n;
}

/* Attributes that nobody knows say nothing of what is known; but in a rule's expression they may
 * turn what it does, so that it is another rule: the seal would rather be made anew. */
static void test_recording(const char *path)
{
	struct understood then, newer, rules;
	char *kept = kept_text(path), name[300];
	size_t n;

	how = REPLAY;
	understand(path, &then);
	how = REPLAY_NEWER;
	understand(path, &newer);
	how = REPLAY_NEWER_RULES;
	understand(path, &rules);
	snprintf(name, sizeof(name), "HO-15 %s: is understood as it was", path);
	if (!ok(!strcmp(kept, then.text), name))
		tell_difference(then.text, kept);
	snprintf(name, sizeof(name), "HO-15 %s: and with attributes that nobody knows", path);
	if (!ok(!strcmp(then.text, newer.text), name))
		tell_difference(newer.text, then.text);
	snprintf(name, sizeof(name), "HO-15 %s: with those its rules are the same", path);
	ok(count_same(&then.look, &newer.look, &n) == n && n > 0 && then.look.n == newer.look.n,
	   name);
	snprintf(name, sizeof(name), "HO-15 %s: with those in an expression none is", path);
	ok(!count_same(&then.look, &rules.look, &n) && n > 0, name);
	forget(&then);
	forget(&newer);
	forget(&rules);
	free(kept);
}

static int record(const char *name)
{
	char path[256];
	struct understood u;
	FILE *f;

	how = RECORD;
	snprintf(path, sizeof(path), "%s.nl", name);
	understand(path, &u);
	snprintf(path, sizeof(path), "%s.txt", name);
	f = fopen(path, "w");
	if (!f || fwrite(u.text, 1, u.len, f) != u.len || fclose(f)) {
		perror(path);
		return 1;
	}
	forget(&u);
	return 0;
}

int main(int argc, char **argv)
{
	glob_t found;

	if (argc == 3 && !strcmp(argv[1], "record"))
		return record(argv[2]);
	if (ok(!glob("test/unit/answers/*.nl", 0, NULL, &found), "there are recordings"))
		for (size_t i = 0; i < found.gl_pathc; i++)
			test_recording(found.gl_pathv[i]);
	globfree(&found);
	return tap_done();
}
