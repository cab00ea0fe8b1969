/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ruleset.h: an nftables table as data: sets, counters, chains and rules made of matches. Pure;
 * see nft(8). */
#ifndef LIB_RULESET_H
#define LIB_RULESET_H

#include <net/if.h>
#include <stdbool.h>

#include "lib/addr.h"
#include "lib/str.h"

/* What one part of a rule looks at, or does; the text of each is what `nft list ruleset` prints.
 * lib/nftmatch.c has a row of each. */
enum match_kind {
	MATCH_IIFNAME, /* iifname "NAME"; a trailing '*' matches any rest */
	MATCH_OIFNAME,
	MATCH_SADDR, /* ip saddr PREFIX, ip6 saddr PREFIX */
	MATCH_DADDR,
	MATCH_PROTOCOL, /* meta l4proto tcp */
	MATCH_DPORT, /* tcp dport 80, udp dport 6881-6889; th dport in a key */
	MATCH_MARK, /* meta mark & MASK == MARK */
	MATCH_ETHER_TYPE, /* ether type 8021q */
	MATCH_ETHER_SADDR, /* ether saddr & MASK == MAC */
	MATCH_ETHER_DADDR,
	MATCH_ARP_ETHER, /* arp saddr ether: in a key only */
	MATCH_ARP_SADDR, /* arp saddr ip ADDRESS */
	MATCH_ARP_DADDR,
	MATCH_ND_TARGET, /* in a key only, of IPv6: the target of an advertisement or solicitation;
			    a match of the rule says that it is one */
	MATCH_FAMILY, /* meta nfproto ipv6 */
	MATCH_ICMP_TYPE, /* icmp type, icmpv6 type: in a set only */
	MATCH_CT_STATE, /* ct state established,related */
	MATCH_CT_REPLY, /* ct direction reply */
	MATCH_TCP_SYN, /* tcp flags syn */
	MATCH_TCP_NO_OPENING, /* tcp flags & (syn | ack) != syn */
	MATCH_FRAGMENT, /* ip frag-off & 0x1fff != 0 */
	MATCH_FIB_DADDR_LOCAL, /* fib daddr type local */
	MATCH_FIB_SADDR_LOCAL,
	MATCH_FIB_BACK, /* fib saddr . iif oif exists: an answer would leave the way it came;
			   negated: missing */
	MATCH_CLAMP_MSS, /* tcp option maxseg size set rt mtu: the last of a rule, as the next */
	MATCH_CONCAT, /* oifname . ip daddr @NAME, and the like: see struct concat */
	MATCH_DNAT_MAP, /* dnat ip to CONCAT map @NAME: the last of a rule, which has no verdict */
	MATCH_UPDATE, /* update @NAME { CONCAT timeout T }, of a dynamic set; with a rate, goes on
			 only for what comes more often: limit rate over N/minute burst M packets */
	MATCH_KINDS
};

/* The bytes from there on of an ICMPv6 header are a target (RFC 4861), and nft's text for them: it
 * has a word, icmpv6 taddr, since 1.0.7 only. */
#define ND_TARGET_OFFSET 8
#define ND_TARGET_TEXT "@th,64,128"

#define CONCAT_MAX 5

/* What one key of a set is made of, in this order: kinds that look at something. */
struct concat {
	size_t n;
	enum match_kind parts[CONCAT_MAX];
};

/* Of a MAC address: those bits of it that MASK has. */
struct ether_bits {
	uint8_t mac[ETHER_LEN], mask[ETHER_LEN];
};

struct match {
	enum match_kind kind;
	bool negated;
	bool in_set; /* what it looks at is in the set NAME, instead of being compared */
	uint8_t family; /* AF_INET, AF_INET6: of addresses and ICMP types; 0 for any in a key */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP: of ports; 0 for any in a key */
	uint16_t first, last; /* MATCH_DPORT; first: MATCH_ETHER_TYPE */
	uint32_t mark, mask; /* MATCH_MARK */
	struct ether_bits ether; /* MATCH_ETHER_SADDR, _DADDR */
	uint32_t rate, burst; /* MATCH_UPDATE: a minute; 0: none */
	struct concat concat; /* MATCH_CONCAT, MATCH_DNAT_MAP, MATCH_UPDATE */
	uint32_t states; /* MATCH_CT_STATE: RULESET_ESTABLISHED, … */
	struct prefix prefix;
	char name[IFNAMSIZ + 1]; /* of the interface or set */
};

/* Bits of `ct state` (linux/netfilter/nf_conntrack_common.h: NF_CT_STATE_BIT). */
enum ruleset_ct_state { RULESET_ESTABLISHED = 1U << 1, RULESET_RELATED = 1U << 2 };

enum verdict {
	VERDICT_NONE,
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_MASQUERADE, /* from the address that the packet leaves by */
	VERDICT_MASQUERADE_RANDOM, /* and from a random port (L19) */
};

#define RULE_MATCHES_MAX 8
#define RULESET_COMMENT_MAX 96

struct rule {
	struct match matches[RULE_MATCHES_MAX];
	size_t n_matches;
	const char *counter; /* static name of a counter of the table, or NULL */
	enum verdict verdict;
	const char *comment; /* static; the reason, with the vector's id; or NULL */
};

enum chain_hook {
	CHAIN_INPUT,
	CHAIN_FORWARD,
	CHAIN_OUTPUT,
	CHAIN_EGRESS,
	CHAIN_POSTROUTING,
	CHAIN_PREROUTING, /* in table bridge: as its other hooks, at priority -200, "filter" there */
	CHAIN_NAT_PREROUTING, /* of type nat */
	CHAIN_NAT_OUTPUT,
	CHAIN_NAT_POSTROUTING,
};

/* Where a chain is: nft's words for its type, its hook and, but in table bridge, a priority there;
 * the hook's number (NF_INET_*, NF_NETDEV_*); that priority. */
struct chain_place {
	const char *type, *hook, *base;
	uint32_t number;
	int priority;
};

const struct chain_place *chain_place(enum chain_hook hook);

struct chain {
	const char *name; /* static */
	enum chain_hook hook;
	int priority; /* "filter" is 0, in table bridge -200 */
	enum verdict policy;
	char device[IFNAMSIZ]; /* CHAIN_EGRESS only */
	struct rule *rules; /* owned */
	size_t n_rules;
};

/* What a key is made of: see set_shape. Those with two addresses, or ports in ranges, hold ranges. */
enum set_type {
	SET_IPV4,
	SET_IPV6,
	SET_PORT,
	SET_ICMP,
	SET_ICMPV6,
	SET_ETHER,
	SET_LINK,
	SET_LINK_ETHER, /* link . MAC address */
	SET_NETWORK_IPV4, /* link . prefix */
	SET_NETWORK_IPV6,
	SET_LINK_IPV4, /* link . address */
	SET_LINK_IPV6,
	SET_TARGET, /* what MATCH_ND_TARGET is in */
	SET_LINK_TARGET, /* link . target */
	SET_SERVICE_IPV4, /* link . address . protocol . port */
	SET_SERVICE_IPV6,
	SET_PEER_IPV4, /* link . address . prefix */
	SET_PEER_IPV6,
	SET_HOLE_IPV4, /* link . address . prefix . protocol . ports */
	SET_HOLE_IPV6,
	SET_ENDPOINT_IPV4, /* mark . address . port */
	SET_ENDPOINT_IPV6,
	MAP_SELF_IPV4, /* protocol . port . prefix : address . port */
	MAP_SELF_IPV6,
	MAP_PUBLISH_IPV4, /* protocol . port . prefix . prefix : address . port */
	MAP_PUBLISH_IPV6,
	SET_TYPES
};

enum set_field {
	FIELD_IPV4,
	FIELD_IPV6,
	FIELD_TARGET, /* an IPv6 address, from where nft(8) sees a number */
	FIELD_PORT,
	FIELD_ICMP,
	FIELD_ICMPV6,
	FIELD_LINK,
	FIELD_PROTOCOL,
	FIELD_MARK,
	FIELD_ETHER
};

/* Bytes of a field, as the kernel takes it; nft's number of its type (include/datatype.h there) and
 * its word for it: NULL where it has none. */
struct set_field_type {
	size_t len;
	uint32_t number;
	const char *word;
};

const struct set_field_type *set_field_type(enum set_field field);

struct set_shape {
	size_t n;
	enum set_field fields[CONCAT_MAX];
	bool ranges; /* every field is a range, its two ends included */
	bool map; /* to an address of the key's family and a port */
};

/* How long an element of a dynamic set stays behind its last update. */
#define RULESET_TIMEOUT 3600 /* seconds */

#define SET_KEY_MAX 64 /* what the kernel's registers hold */
#define SET_DATA_MAX 20

/* KEY, END and DATA as the kernel takes them. */
struct set_element {
	uint8_t key[SET_KEY_MAX], end[SET_KEY_MAX];
	uint8_t data[SET_DATA_MAX];
	char comment[IFNAMSIZ]; /* shown by nft; "" for none */
	size_t len; /* of what was put into the key so far */
};

struct set {
	const char *name; /* static */
	enum set_type type;
	struct set_element *elements; /* owned */
	size_t n_elements;
	bool is_constant; /* whoever refreshes the table puts all that is in it */
	uint32_t size; /* of a dynamic set, which rules fill: so many, each for RULESET_TIMEOUT; 0:
			  it is none */
};

/* The kernel's numbers: NFPROTO_*. */
enum ruleset_family { RULESET_INET = 1, RULESET_NETDEV = 5, RULESET_BRIDGE = 7 };

struct ruleset {
	enum ruleset_family family;
	int err; /* 0 or -ENOMEM, sticky: look once at the end */
	const char *table; /* static name */
	const char *comment; /* of the table, by which its maker knows it; static, or NULL */
	const char **counters; /* owned list of static names */
	struct set *sets; /* owned */
	struct chain *chains; /* owned */
	size_t n_counters, n_sets, n_chains;
};

/* Builders. All append; errors stick in the ruleset. What they return is valid until the next call
 * of the same kind. */
void ruleset_counter(struct ruleset *rs, const char *name);
struct set *ruleset_set(struct ruleset *rs, const char *name, enum set_type type);
void ruleset_dynamic_set(struct ruleset *rs, const char *name, enum set_type type, uint32_t size);
struct chain *ruleset_chain(struct ruleset *rs, const char *name, enum chain_hook hook,
			    int priority, enum verdict policy, const char *device);
/* Elements; ADDRESS must be of the set's family. */
void set_add_address(struct ruleset *rs, struct set *set, const struct addr *address);
/*
 * A new element of a set whose key has several fields, to be put in one after the other, each what
 * its type says. NULL without memory (sticky), which the put functions take.
 */
struct set_element *set_add(struct ruleset *rs, struct set *set);
void element_put_link(struct set_element *e, const char *link);
void element_put_address(struct set_element *e, const struct addr *address);
void element_put_prefix(struct set_element *e, const struct prefix *prefix);
void element_put_ether(struct set_element *e, const uint8_t mac[static ETHER_LEN]);
void element_put_protocol(struct set_element *e, uint8_t protocol);
void element_put_ports(struct set_element *e, uint16_t first, uint16_t last);
void element_put_mark(struct set_element *e, uint32_t mark);
/* Orders a set's elements and leaves out those that stand there twice: the kernel holds each once. */
void set_make_unique(struct set *set);
/* COMMENT of at most IFNAMSIZ - 1 characters. */
void element_put_comment(struct set_element *e, const char *comment);
/* What a map's element leads to; and back, ADDRESS's family set. */
void element_put_target(struct set_element *e, const struct addr *address, uint16_t port);
void element_get_target(const struct set_element *e, struct addr *address, uint16_t *port);
/* True when KEY, put together as an element of one value a field, is in E of a set of TYPE. */
bool element_holds(enum set_type type, const struct set_element *e, const struct set_element *key);
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
struct match match_daddr_prefix(const struct prefix *prefix);
struct match match_daddr_text(const char *prefix); /* a constant */
struct match match_saddr_set(uint8_t family, const char *set);
struct match match_daddr_set(uint8_t family, const char *set);
struct match match_saddr_prefix(const struct prefix *prefix);
struct match match_concat_set(uint8_t family, const char *set, const struct concat *concat);
struct match match_dnat_map(uint8_t family, const char *map, const struct concat *concat);
struct match match_protocol(uint8_t protocol);
struct match match_mark(uint32_t mark, uint32_t mask);
struct match match_dport(uint8_t protocol, uint16_t first, uint16_t last);
struct match match_dport_set(uint8_t protocol, const char *set);
struct match match_ether_type(uint16_t type);
struct match match_ether_daddr(const struct ether_bits *bits);
struct match match_ether_saddr(const struct ether_bits *bits);
/* RATE a minute, after BURST; 0: every one. */
struct match match_update(const char *set, const struct concat *concat, uint32_t rate,
			  uint32_t burst);
struct match match_family(uint8_t family);
struct match match_icmp_set(uint8_t family, const char *set);
struct match match_ct(uint32_t states);
struct match match_simple(enum match_kind kind);
struct match match_arp_saddr(const struct addr *address);
struct match match_arp_daddr(const struct addr *address);
struct match match_not(struct match match);

const struct set_shape *set_shape(enum set_type type);
/* Bytes of a key of TYPE and of its data (0: no map), as the kernel takes them. */
size_t set_key_len(enum set_type type);
size_t set_data_len(enum set_type type);
/* Frees what RS owns and zeroes it. */
void ruleset_free(struct ruleset *rs);

/* "inet", "ip", "ip6", "netdev", …: NFPROTO_* as nft(8) writes it; "unknown". */
const char *ruleset_family_word(unsigned int family);

/* "tcp", "udp", "ipv6-icmp", "icmp": IPPROTO_*. */
const char *ruleset_protocol_word(uint8_t protocol);

/* Appends RS to OUT in nft's own language, as `nft -f` takes it: the whole table, elements
 * included. */
void ruleset_print(const struct ruleset *rs, struct str *out);

#endif
