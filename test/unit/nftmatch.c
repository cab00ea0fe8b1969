/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/nftmatch.c: each kind of match has a row, of which come text and expressions; what makes
 * no sense is refused. That nft(8) reads the text as these expressions is dryrun.bats' to tell. */
#include "lib/nftmatch.c"
#include "lib/nftput.c"

#include "test/unit/tap.h"

static bool seen[MATCH_KINDS];

static int add_name(struct nftnl_expr *e, void *arg)
{
	static const char *const headers[] = { "frame", "network", "transport" };
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME), *gap;
	struct str *out = arg;

	gap = out->len ? " " : "";
	if (strcmp(name, "payload") != 0)
		str_addf(out, "%s%s", gap, name);
	else
		str_addf(out, "%s%s+%u:%u", gap,
			 headers[nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_BASE)],
			 nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET),
			 nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_LEN));
	return 0;
}

/* The names of the expressions of a rule of the N matches in TABLE, in their order, a payload as
 * header+offset:length; "refused". */
static void list(enum ruleset_family table, const struct match *matches, size_t n, struct str *out)
{
	struct nftput b = { .rule = nftnl_rule_alloc(), .table = table };

	str_add(out, "");
	for (size_t i = 0; i < n; i++)
		nftmatch_put(&b, &matches[i]);
	if (b.failed)
		str_add(out, "refused");
	else
		nftnl_expr_foreach(b.rule, add_name, out);
	nftnl_rule_free(b.rule);
}

static void check(struct match m, const char *text, const char *expressions)
{
	struct str printed cleanup(str_free) = STR_INIT, built cleanup(str_free) = STR_INIT;
	bool is_same;

	if (m.kind < MATCH_KINDS)
		seen[m.kind] = true;
	for (size_t i = 0; i < m.concat.n; i++)
		seen[m.concat.parts[i]] = true;
	str_add(&printed, "");
	nftmatch_print(&m, &printed);
	list(RULESET_INET, &m, 1, &built);
	is_same = !strcmp(printed.s, text) && !strcmp(built.s, expressions);
	if (!ok(is_same, *text ? text : "what is none"))
		printf("# is: %s: %s\n", printed.s, built.s);
}

static struct prefix prefix_of(const char *text)
{
	struct prefix p = { .len = 0 };

	(void)!prefix_parse(text, &p);
	return p;
}

static void check_comparisons(void)
{
	const struct prefix net = prefix_of("10.0.0.0/8"), six = prefix_of("fd00::1");
	const struct ether_bits bits = { { 2 }, { 0xff } };

	check(match_iif("vlt-*"), "iifname \"vlt-*\"", "meta cmp");
	check(match_not(match_oif("lo")), "oifname != \"lo\"", "meta cmp");
	check(match_saddr_prefix(&net), "ip saddr 10.0.0.0/8", "meta cmp network+12:4 bitwise cmp");
	check(match_not(match_daddr(&six.addr)), "ip6 daddr != fd00::1",
	      "meta cmp network+24:16 cmp");
	check(match_saddr(&six.addr), "ip6 saddr fd00::1", "meta cmp network+8:16 cmp");
	check(match_protocol(IPPROTO_UDP), "meta l4proto udp", "meta cmp");
	check(match_dport(IPPROTO_TCP, 80, 80), "tcp dport 80", "meta cmp transport+2:2 cmp");
	check(match_dport(IPPROTO_UDP, 1, 9), "udp dport 1-9", "meta cmp transport+2:2 cmp cmp");
	check(match_mark(1, 0xf), "meta mark & 0x0000000f == 0x00000001", "meta bitwise cmp");
	check(match_ether_type(ETH_P_8021Q), "ether type 8021q", "frame+12:2 cmp");
	check(match_ether_saddr(&bits), "ether saddr & ff:00:00:00:00:00 == 02:00:00:00:00:00",
	      "frame+6:6 bitwise cmp");
	check(match_not(match_ether_daddr(&bits)),
	      "ether daddr & ff:00:00:00:00:00 != 02:00:00:00:00:00", "frame+0:6 bitwise cmp");
	check(match_arp_saddr(&net.addr), "arp saddr ip 10.0.0.0", "meta cmp network+14:4 cmp");
	check(match_arp_daddr(&net.addr), "arp daddr ip 10.0.0.0", "meta cmp network+24:4 cmp");
	check(match_not(match_family(AF_INET6)), "meta nfproto != ipv6", "meta cmp");
	check(match_ct(RULESET_ESTABLISHED | RULESET_RELATED), "ct state established,related",
	      "ct bitwise cmp");
	check(match_simple(MATCH_CT_REPLY), "ct direction reply", "ct cmp");
	check(match_simple(MATCH_TCP_SYN), "tcp flags syn", "meta cmp transport+13:1 bitwise cmp");
	check(match_simple(MATCH_TCP_NO_OPENING), "tcp flags & (syn | ack) != syn",
	      "meta cmp transport+13:1 bitwise cmp");
	check(match_simple(MATCH_FRAGMENT), "ip frag-off & 0x1fff != 0",
	      "meta cmp network+6:2 bitwise cmp");
	check(match_simple(MATCH_FIB_DADDR_LOCAL), "fib daddr type local", "fib cmp");
	check(match_simple(MATCH_FIB_SADDR_LOCAL), "fib saddr type local", "fib cmp");
	check(match_not(match_simple(MATCH_FIB_BACK)), "fib saddr . iif oif missing", "fib cmp");
	check(match_simple(MATCH_CLAMP_MSS), "tcp option maxseg size set rt mtu",
	      "rt byteorder exthdr");
}

static void check_sets(void)
{
	static const struct concat service = { 3, { MATCH_IIFNAME, MATCH_DADDR, MATCH_DPORT } },
				   arp = { 1, { MATCH_ARP_ETHER } },
				   target = { 1, { MATCH_ND_TARGET } };

	check(match_saddr_set(AF_INET, "s"), "ip saddr @s", "meta cmp network+12:4 lookup");
	check(match_not(match_dport_set(IPPROTO_TCP, "s")), "tcp dport != @s",
	      "meta cmp transport+2:2 lookup");
	check(match_icmp_set(AF_INET6, "s"), "icmpv6 type @s",
	      "meta cmp meta cmp transport+0:1 lookup");
	check(match_concat_set(AF_INET6, "s", &service), "iifname . ip6 daddr . th dport @s",
	      "meta cmp meta network+24:16 transport+2:2 lookup");
	check(match_concat_set(AF_INET, "s", &arp), "arp saddr ether @s",
	      "frame+12:2 cmp network+8:6 lookup");
	check(match_concat_set(AF_INET6, "s", &target), "@th,64,128 @s",
	      "meta cmp transport+8:16 lookup");
	check(match_dnat_map(AF_INET, "m", &service),
	      "dnat ip to iifname . ip daddr . th dport map @m",
	      "meta cmp meta network+16:4 transport+2:2 lookup nat");
	check(match_update("s", &arp, 60, 5),
	      "update @s { arp saddr ether timeout 1h limit rate over 60/minute burst 5 packets }",
	      "frame+12:2 cmp network+8:6 dynset");
}

static void check_refused(void)
{
	const struct prefix six = prefix_of("fd00::1");
	static const struct concat none = { 1, { MATCH_FAMILY } };

	check(match_simple(MATCH_ARP_ETHER), "", "refused");
	check(match_simple(MATCH_ICMP_TYPE), "", "refused");
	check(match_simple(MATCH_KINDS), "", "refused");
	check(match_daddr_text("no address"), "ip daddr /255", "refused");
	check(match_arp_saddr(&six.addr), "arp saddr ip fd00::1", "refused");
	check(match_concat_set(AF_UNSPEC, "s", &none), "meta nfproto @s", "refused");
}

/* What one match has settled is not said again by the next; a bridge knows the family by the type
 * of the frame. */
static void check_settled(void)
{
	const struct match twice[] = { match_icmp_set(AF_INET6, "s"), match_icmp_set(AF_INET6, "t"),
				       match_daddr_set(AF_INET6, "s") };
	const struct match other[] = { match_not(match_family(AF_INET6)),
				       match_daddr_set(AF_INET6, "s") };
	struct str built cleanup(str_free) = STR_INIT;

	list(RULESET_BRIDGE, twice, 3, &built);
	ok(!strcmp(built.s,
		   "meta cmp meta cmp transport+0:1 lookup transport+0:1 lookup network+24:16 lookup"),
	   "said once");
	str_clear(&built);
	list(RULESET_INET, other, 2, &built);
	ok(!strcmp(built.s, "meta cmp meta cmp network+24:16 lookup"),
	   "what is not settles nothing");
}

/* Ports are in network byte order, marks in the host's. */
static void check_numbers(void)
{
	const uint32_t mark = 0x01020304;
	uint8_t bytes[4];

	ok(number_bytes(&rows[MATCH_DPORT].load, 0x0102, bytes) == 2 && bytes[0] == 1 &&
		   bytes[1] == 2,
	   "a packet's number");
	ok(number_bytes(&rows[MATCH_MARK].load, mark, bytes) == 4 && !memcmp(bytes, &mark, 4),
	   "the kernel's number");
}

int main(void)
{
	bool all = true;

	check_comparisons();
	check_sets();
	check_refused();
	check_settled();
	check_numbers();
	for (size_t i = 0; i < MATCH_KINDS; i++)
		all = all && seen[i] && rows[i].text;
	ok(all, "every kind of match has a row, and is tested");
	return tap_done();
}
