/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ruleset.h: an nftables table as data: sets, counters, chains and rules made of matches. Pure;
 * see nft(8). */
#ifndef LIB_RULESET_H
#define LIB_RULESET_H

#include <net/if.h>
#include <stdbool.h>

#include "lib/addr.h"
#include "lib/str.h"

/* What one match of a rule looks at; the text of each is what `nft list ruleset` prints. */
enum match_kind {
	MATCH_IIFNAME, /* iifname "NAME"; a trailing '*' matches any rest */
	MATCH_OIFNAME,
	MATCH_SADDR, /* ip saddr PREFIX, ip6 saddr PREFIX */
	MATCH_DADDR,
	MATCH_SADDR_SET, /* ip saddr @NAME */
	MATCH_DADDR_SET,
	MATCH_LINK_DADDR_SET, /* oifname . ip daddr @NAME */
	MATCH_DPORT_SET, /* udp dport @NAME, tcp dport @NAME */
	MATCH_FAMILY, /* meta nfproto ipv6 */
	MATCH_ICMP_TYPE_SET, /* icmp type @NAME, icmpv6 type @NAME */
	MATCH_CT_STATE, /* ct state established,related */
	MATCH_CT_REPLY, /* ct direction reply */
	MATCH_TCP_NO_OPENING, /* tcp flags & (syn | ack) != syn */
	MATCH_FRAGMENT, /* ip frag-off & 0x1fff != 0 */
	MATCH_ARP_SADDR, /* arp saddr ip ADDRESS */
	MATCH_ARP_DADDR,
	MATCH_KINDS
};

struct match {
	enum match_kind kind;
	bool negated;
	uint8_t family; /* AF_INET, AF_INET6: for sets of addresses and ICMP types */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP: for ports */
	uint32_t states; /* MATCH_CT_STATE: RULESET_ESTABLISHED, … */
	struct prefix prefix;
	char name[IFNAMSIZ + 1]; /* of the interface or set */
};

/* Bits of `ct state` (linux/netfilter/nf_conntrack_common.h: NF_CT_STATE_BIT). */
enum ruleset_ct_state { RULESET_ESTABLISHED = 1U << 1, RULESET_RELATED = 1U << 2 };

enum verdict { VERDICT_NONE, VERDICT_ACCEPT, VERDICT_DROP };

#define RULE_MATCHES_MAX 8
#define RULESET_COMMENT_MAX 96

struct rule {
	struct match matches[RULE_MATCHES_MAX];
	size_t n_matches;
	const char *counter; /* static name of a counter of the table, or NULL */
	enum verdict verdict;
	const char *comment; /* static; the reason, with the vector's id; or NULL */
};

enum chain_hook { CHAIN_INPUT, CHAIN_FORWARD, CHAIN_OUTPUT, CHAIN_EGRESS };

struct chain {
	const char *name; /* static */
	enum chain_hook hook;
	int priority; /* against "filter", 0 */
	enum verdict policy;
	char device[IFNAMSIZ]; /* CHAIN_EGRESS only */
	struct rule *rules; /* owned */
	size_t n_rules;
};

enum set_type { SET_IPV4, SET_IPV6, SET_PORT, SET_ICMP, SET_ICMPV6, SET_LINK_IPV4, SET_LINK_IPV6 };

#define SET_KEY_MAX 32

struct set_element {
	uint8_t key[SET_KEY_MAX]; /* as the kernel takes it */
};

struct set {
	const char *name; /* static */
	enum set_type type;
	struct set_element *elements; /* owned */
	size_t n_elements;
};

enum ruleset_family { RULESET_INET, RULESET_NETDEV };

struct ruleset {
	enum ruleset_family family;
	const char *table; /* static name */
	const char **counters; /* owned list of static names */
	struct set *sets; /* owned */
	struct chain *chains; /* owned */
	size_t n_counters, n_sets, n_chains;
	int err; /* 0 or -ENOMEM, sticky: look once at the end */
};

/* Builders. All append; errors stick in the ruleset. What they return is valid until the next call
 * of the same kind. */
void ruleset_counter(struct ruleset *rs, const char *name);
struct set *ruleset_set(struct ruleset *rs, const char *name, enum set_type type);
struct chain *ruleset_chain(struct ruleset *rs, const char *name, enum chain_hook hook,
			    int priority, enum verdict policy, const char *device);
/* Elements; ADDRESS must be of the set's family. LINK is for the sets of links. */
void set_add_address(struct ruleset *rs, struct set *set, const struct addr *address);
void set_add_link_address(struct ruleset *rs, struct set *set, const char *link,
			  const struct addr *address);
void set_add_number(struct ruleset *rs, struct set *set, uint16_t number);

/* Appends a rule made of the N matches at MATCHES. COUNTER and COMMENT may be NULL. */
void chain_rule(struct ruleset *rs, struct chain *chain, const struct match *matches, size_t n,
		const char *counter, enum verdict verdict, const char *comment);
/* chain_rule with the matches written in place: RULE(rs, chain, counter, verdict, comment,
 * match_oif("x"), …) */
#define RULE(rs, chain, counter, verdict, comment, ...)              \
	chain_rule(rs, chain, (const struct match[]){ __VA_ARGS__ }, \
		   ARRAY_SIZE(((const struct match[]){ __VA_ARGS__ })), counter, verdict, comment)

struct match match_iif(const char *name);
struct match match_oif(const char *name);
struct match match_saddr(const struct addr *address);
struct match match_daddr(const struct addr *address);
struct match match_daddr_prefix(const char *prefix);
struct match match_saddr_set(uint8_t family, const char *set);
struct match match_daddr_set(uint8_t family, const char *set);
struct match match_link_daddr_set(uint8_t family, const char *set);
struct match match_dport_set(uint8_t protocol, const char *set);
struct match match_family(uint8_t family);
struct match match_icmp_set(uint8_t family, const char *set);
struct match match_ct(uint32_t states);
struct match match_simple(enum match_kind kind);
struct match match_arp_saddr(const struct addr *address);
struct match match_arp_daddr(const struct addr *address);
struct match match_not(struct match match);

/* Bytes of a key of TYPE as the kernel takes it. */
size_t set_key_len(enum set_type type);
/* Frees what RS owns and zeroes it. */
void ruleset_free(struct ruleset *rs);

/* Appends RS to OUT in nft's own language, as `nft -f` takes it: the whole table, elements
 * included. */
void ruleset_print(const struct ruleset *rs, struct str *out);

#endif
