/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/spec/spec.h: the description of a vault: values only. Words and the wg-quick file fill it,
 * gather completes it. */
#ifndef VAULT_SPEC_SPEC_H
#define VAULT_SPEC_SPEC_H

#include <jansson.h>
#include <net/if.h>
#include <stdbool.h>

#include "lib/addr.h"
#include "lib/field.h"
#include "lib/wgdev.h"

#define SPEC_NAME_MAX 63
#define SPEC_SCHEMA 1

/* The loopback's index: the kernel's own constant, in every namespace. No other index is known
 * beforehand: modules such as sit put a device of their own into each namespace as it is made. */
#define SPEC_LOOPBACK_INDEX 1U

/* What the names of interfaces on the host begin with: a link's end, a leg's, a segment's bridge. */
#define SPEC_LINK_PREFIX "vlt-"
#define SPEC_LEG_PREFIX "vlg-"
#define SPEC_BRIDGE_PREFIX "vls-"

/* Every link of a vault carries this group inside, so that one request takes all of them away. */
#define SPEC_GROUP 30305U /* "va" */

/* What a tunnel's own packets are marked with on the host, unless its file has a FwMark: the guard
 * knows them by it. The bits that tell vaults apart are none that Kubernetes tests (0xc000). */
#define SPEC_MARK 0x76000000U
#define SPEC_MARK_MASK 0xff000000U

enum spec_backend { SPEC_BACKEND_AUTO, SPEC_BACKEND_KERNEL, SPEC_BACKEND_USERSPACE };

/* One family of the host link; family AF_UNSPEC in `host` and `vault`: the link has none of it. */
struct spec_link_ends {
	struct prefix host, vault;
};

/* When commands of the words are run. */
enum spec_hook { SPEC_POST_UP, SPEC_PRE_DOWN, SPEC_POST_DOWN, SPEC_HOOKS };

struct spec_lines {
	char **list; /* owned, each owned */
	size_t n;
};

/* Ports FIRST to LAST of one protocol: IPPROTO_TCP, _UDP; for holes _ICMP and _ICMPV6 too, which
 * have all ports. */
struct spec_ports {
	uint16_t first, last;
	uint8_t protocol;
};

/* A port of the host that leads to one of the vault. ADDRESS AF_UNSPEC: on all of the host's own. */
struct spec_publish {
	struct addr address;
	uint16_t host_port, port;
	uint8_t protocol;
};

struct spec_hole {
	struct prefix to;
	struct spec_ports ports;
};

/* No list grows longer; of ports that are published, as ranges give many. */
#define SPEC_REACH_MAX 64
#define SPEC_PUBLISH_MAX 256

/* Who and what may be reached over the host link; all lists owned. */
struct spec_reach {
	struct prefix *from; /* accessible-from: none within another */
	struct spec_publish *publish;
	struct spec_ports *open_ports; /* on the tunnel */
	struct spec_ports *host_ports; /* allow-host: one port each */
	struct spec_hole *holes; /* allow-to */
	size_t n_from, n_publish, n_open_ports, n_host_ports, n_holes;
};

/* What a vault does on its segment. */
enum spec_role {
	SPEC_MEMBER, /* it talks to the other members */
	SPEC_GATEWAY, /* and forwards the segment into its tunnel */
	SPEC_VIA, /* and has its only way out by the gateway VIA */
	SPEC_ROLES
};

#define SPEC_MAC_LEN 6

/* What the MAC address of every leg begins with, and no other's on a segment: locally administered,
 * "v". */
#define SPEC_MAC_PREFIX 0x02, 0x76

/* A vault's leg on a segment. */
struct spec_leg {
	char segment[SPEC_NAME_MAX + 1]; /* "": the vault has no leg */
	struct prefix address;
	enum spec_role role;
	struct addr via; /* SPEC_VIA */
};

struct spec {
	char name[SPEC_NAME_MAX + 1];
	char *conf; /* owned: path of the wg-quick file; NULL: none */
	char *adopt; /* owned: name the tunnel had on the host, when it was made there; else NULL */
	uint32_t adopt_index; /* its index there; 0: it is inside already (not kept in the state) */

	struct wg_device wg; /* the tunnel; its secret keys are never written to the state */
	struct prefix *addresses; /* owned: the tunnel's own */
	size_t n_addresses;
	struct addr *dns; /* owned: the only resolvers */
	size_t n_dns;
	char **search; /* owned, each owned */
	size_t n_search;
	uint16_t mtu; /* 0 until gathered */

	enum spec_backend backend; /* AUTO until gathered */
	char *program; /* owned: the userspace WireGuard; NULL: none asked for, or none needed */

	struct spec_lines hooks[SPEC_HOOKS];
	struct spec_lines asked; /* the clauses it was made with, each as a file of words has it */
	struct spec_lines in_the_way; /* of them on the host, as `up` told */

	bool without_tunnel; /* `down keep-ns` took the tunnel away: the rest stands for the next
				`up` */

	bool has_tunnel; /* not so: no way out at all, or one by the segment's gateway */
	bool isolated; /* no tunnel is wanted (not kept in the state) */
	struct spec_leg leg;

	bool has_link;
	bool link_given; /* words gave the link's ends: just those families (not kept in the state) */
	char link_name[IFNAMSIZ]; /* words gave link_if; "": it is made of the name */
	struct spec_link_ends link[ADDR_FAMILIES];
	struct spec_reach reach;

	/* Gathered: */
	char tunnel_if[IFNAMSIZ], link_if[IFNAMSIZ], link_host_if[IFNAMSIZ];
	char leg_if[IFNAMSIZ], leg_host_if[IFNAMSIZ]; /* of the leg: inside; on the host */
	char bridge_name[IFNAMSIZ]; /* of the leg's segment, on the host */
	uint32_t link_host_index; /* of link_host_if on the host */
	uint32_t leg_host_index; /* of leg_host_if on the host */
	uint32_t link_index, leg_index, tunnel_index; /* of those names in the vault */
	uint64_t netns_inode; /* 0 until made */
	uint64_t netns_cookie; /* 0 until made, or not known: an older vault did not ask */
	uint64_t host_inode; /* of the network namespace that is its host; 0: not known */
	uint32_t seal_generation; /* of the rules in the vault when the last of them was read back;
				     0 until made */
};

/* Name of the interface with INDEX inside the vault; "" for an index that is none of them. */
const char *spec_interface(const struct spec *spec, uint32_t index);

/* True for 1 to SPEC_NAME_MAX characters of [A-Za-z0-9_.-] that do not begin with '.' or '-', but
 * for "all", which stands for every vault. */
bool spec_name_is_valid(const char *name);

/* True for the names of interfaces that the kernel itself puts into every namespace, for the
 * tunnels it has modules for. */
bool spec_is_fallback(const char *interface);

/* True for a name that the link's end inside may have: a vault's, of 1 to IFNAMSIZ - 1 characters,
 * which is none of the kernel's own. */
bool spec_link_name_is_valid(const char *name);

/* Fills the interface names from spec->name: as they are where they fit, else cut, with a hash of
 * the whole; link_if from spec->link_name, where words gave one. */
void spec_name_interfaces(struct spec *spec);

/*
 * What is written on the interfaces of the vault NAME on the host, and on a segment's bridge: by
 * this, and not by their names, they are known as vault's (L40).
 */
#define SPEC_ALIAS_PREFIX "vault "
#define SPEC_ALIAS_LEN (sizeof(SPEC_ALIAS_PREFIX "segment ") + SPEC_NAME_MAX)
void spec_alias(const char *name, char out[static SPEC_ALIAS_LEN]);
void spec_bridge_alias(const char *segment, char out[static SPEC_ALIAS_LEN]);
/* Indexes on the host are from here on, where the kernel, which counts up from 1, does not reach. */
#define SPEC_FIRST_INDEX 0x10000000U
/* The index of a segment's bridge, made of its name; even, where the legs' there are odd. */
uint32_t spec_bridge_index(const char *segment);

/* True when two vaults of these names would have one interface: long names are cut. */
bool spec_names_collide(const char *a, const char *b);

/* The name, on the host, of the link of SPEC's twin (leaktest): no vault's, as '+' is in no name. */
void spec_twin_link(const struct spec *spec, char out[static IFNAMSIZ]);

/* Takes the name of the leg's segment, and fills the interface names that come of it. */
void spec_set_segment(struct spec *spec, const char *segment);
bool spec_has_leg(const struct spec *spec);
/* True when OTHER is the gateway that SPEC has its only way out by. */
bool spec_is_gateway_of(const struct spec *other, const struct spec *spec);
/* The MAC address of the leg that has that address: everybody knows it beforehand. */
void spec_leg_mac(const struct addr *address, uint8_t mac[static SPEC_MAC_LEN]);

/*
 * The link-local address of the leg that has ADDRESS in a segment of IPv6, made of its MAC as the
 * kernel would (RFC 4291, appendix A). Nobody is reached by it: but the kernel looks for neighbours
 * from no other when it has a packet of somebody else's for them (a gateway), or none at all.
 */
struct prefix spec_leg_local(const struct addr *address);

/*
 * The link's address of that kind inside, fe80::2, where the link has IPv6: neighbours are looked
 * for from it as above, and nothing else is said.
 */
extern const struct prefix spec_link_local;

/* The mark of this vault's tunnel, made of its name. */
uint32_t spec_mark(const struct spec *spec);
/*
 * True when the guard holds the tunnel's packets to the endpoints of its peers: they carry
 * spec_mark. Not so when the file has a FwMark of its own, or a peer whose endpoint is not given.
 */
bool spec_pins_endpoints(const struct spec *spec);
/* True when words, or what they name, give it a way of its own: a tunnel, a gateway, or none at
 * all. */
bool spec_has_way(const struct spec *spec);
/* True when the guard on the host has anything to do for it. */
bool spec_is_guarded(const struct spec *spec);

/* True when the tunnel has an address of the family (AF_INET, AF_INET6). */
bool spec_tunnel_has(const struct spec *spec, uint8_t family);
/* True when the words ask for anything of the family beyond the host itself over the link. */
bool spec_reaches(const struct spec *spec, uint8_t family);
/* True when the address lies in a prefix that is reached over the link, or is the leg's segment;
 * *WHICH is that. */
bool spec_goes_by_link(const struct spec *spec, const struct addr *a, struct prefix *which);
/* True when the tunnel or the link has an address of the family: else the family is off in the
 * vault. */
bool spec_uses(const struct spec *spec, uint8_t family);

/* What its JSON and words call a role, and words the lists of commands. */
extern const char *const spec_role_names[SPEC_ROLES];
extern const char *const spec_hook_clauses[SPEC_HOOKS];

/* The members that are kept, a row each (lib/field.h). */
extern const struct fields spec_fields;

/* The description without any secret, for the state file. A new reference, or NULL without memory. */
json_t *spec_to_json(const struct spec *spec);
/*
 * Fills *OUT (spec_free it, also on error) from such a value. 0, -ENOMEM, -EINVAL for a
 * member that spec_to_json, of this or another version, would not have written.
 */
int must_check spec_from_json(const json_t *json, struct spec *out);

/* Appends a copy of LINE to LINES. 0 or -ENOMEM. */
int must_check spec_add_line(struct spec_lines *lines, const char *line);

/* True when LINE is one of LINES. */
bool spec_has_line(const struct spec_lines *lines, const char *line);

/* Takes all lines away. */
void spec_clear_lines(struct spec_lines *lines);

/* Wipes keys, frees, zeroes. */
void spec_free(struct spec *spec);

#endif
