/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/plan/obj.h: the kernel objects that a vault is made of, and the verbs that every kind of
 * them knows. */
#ifndef VAULT_PLAN_OBJ_H
#define VAULT_PLAN_OBJ_H

#include <net/if.h>
#include <stdbool.h>

#include "lib/addr.h"
#include "lib/str.h"
#include "vault/seal/seal.h"
#include "vault/spec/spec.h"

struct obj;
struct session;

enum look { LOOK_SAME, LOOK_ABSENT, LOOK_OTHER };

/*
 * One kind of object, which knows of the vault what OBJ carries. `make` and `remove` queue or do
 * their work in W (apply/session.h) and return 0 or -errno; what they queued may fail later, when
 * the walk sends it. `remove` is NULL where the object dies with the namespace; it takes an object
 * that is not there for removed. `look` compares OBJ with what W->observed found; without one the
 * object is what its maker says it is. With W->observed set, `make` is asked of an object that
 * `look` did not find as it should be, and replaces what is there. `print` appends the equivalent
 * commands, for people, to OUT.
 */
struct kind {
	const char *name;
	int (*make)(const struct obj *obj, struct session *w);
	int (*remove)(const struct obj *obj, struct session *w);
	int (*look)(const struct obj *obj,
		    struct session *w); /* enum look, or -errno: it cannot be told */
	void (*print)(const struct obj *obj, struct str *out);
};

extern const struct kind kind_netns, kind_seal, kind_sysctl, kind_guard, kind_veth, kind_bridge,
	kind_tunnel, kind_peers, kind_address, kind_up, kind_route, kind_files, kind_name,
	kind_forward, kind_hosts, kind_wall;

enum obj_flags {
	OBJ_TRAFFIC = 1U << 0, /* carries packets: the first to go */
	OBJ_UNLOCKS = 1U << 1, /* from here on nothing shared with other vaults is touched */
	OBJ_OPTIONAL = 1U << 2, /* -EOPNOTSUPP is a warning: an older kernel lacks it and the rest
				   holds alone */
};

/* An interface inside the vault. */
struct obj_interface {
	const char *name;
	uint32_t index;
	uint32_t mtu; /* 0: nothing is said of it */
};

/* An address of one. */
struct obj_address {
	struct obj_interface on;
	struct prefix address;
};

/* A route inside the vault: to DST by the interface INDEX, and there by VIA unless it is
 * AF_UNSPEC; or unreachable with INDEX 0. */
struct obj_route {
	struct prefix dst;
	struct addr via;
	const char *name; /* of the interface */
	uint32_t index;
	uint32_t metric;
};

/* The bridge of a segment, shared by the vaults that have a leg there. */
struct obj_bridge {
	const char *name, *segment;
	uint32_t index; /* where it is made */
};

/*
 * A veth pair, one end on the host, PEER in the vault. The host's end is routed, with addresses; or
 * a port of a bridge, with nothing of its own.
 */
struct obj_veth {
	const char *name, *peer;
	uint32_t index, peer_index;
	const char *peer_frames; /* the table of what leaves by PEER */
	struct prefix addresses[ADDR_FAMILIES]; /* routed: AF_UNSPEC where it has none */
	bool forwards; /* routed: to networks beyond the host (VC-7) */
	bool answers_localhost; /* routed: for ports of 127.0.0.1 */
	struct obj_bridge bridge; /* its name NULL: it is routed */
	uint8_t mac[SPEC_MAC_LEN]; /* with a bridge, PEER's */
};

struct obj_tunnel {
	const char *name;
	uint32_t index, mtu;
	bool is_userspace;
	const char *program; /* of a userspace one */
	const char *adopt; /* the name that it had on the host, where it was made there; else NULL */
	uint32_t adopt_index; /* its index there; 0: it is inside already */
	const struct wg_device *wg; /* keys and peers */
	int *tun; /* a TUN device without WireGuard, whose descriptor goes there; else NULL */
};

#define OBJ_INTERFACES 3

struct obj_sysctl {
	bool has_ipv6;
	bool routes[ADDR_FAMILIES]; /* a gateway of that family */
	const char *interfaces[OBJ_INTERFACES]; /* all that there may be, by name; "": none */
};

/* A vault's line in the file of its segment's names. */
struct obj_hosts {
	const char *segment;
	struct addr address;
};

/* Rules, and the vault that they are made for: SPEC is handed on to seal/, and not read. */
struct obj_seal {
	const struct spec *spec;
	enum seal_table table;
	uint32_t index; /* of the interface that it is of; 0: of all */
};
struct obj_guard {
	const struct spec *spec;
	enum seal_guard table;
	struct addr leg; /* of SEAL_SEGMENTS: the leg's address, which is no other vault's */
	bool grants_alone; /* what else is missing of the table stays so */
};
struct obj_wall {
	const struct spec *spec;
	const char *name; /* of the interface of the host that it stands at */
	uint32_t index;
};

struct obj {
	const struct kind *kind;
	const char
		*vault; /* the name of that it is of; all that is pointed to outlives the object */
	unsigned int flags;
	char label[80]; /* names the object in messages: "address 10.66.0.2/32 on wg-media" */
	union {
		struct obj_seal seal;
		struct obj_guard guard;
		struct obj_wall wall;
		const struct spec *description; /* what kind_files writes down */
		struct obj_sysctl sysctl;
		struct obj_veth veth;
		struct obj_bridge bridge;
		struct obj_tunnel tunnel; /* kind_tunnel and kind_peers */
		struct obj_address address;
		struct obj_interface interface; /* kind_up and kind_forward */
		struct obj_route route;
		struct obj_hosts hosts;
	};
};

#define PLAN_MAX 512

/* A vault as the ordered list of its objects. */
struct plan {
	const struct spec *spec; /* what it is a plan of; outlives it */
	struct obj objs[PLAN_MAX];
	size_t n;
	bool overflow; /* more than PLAN_MAX: nothing may be made of it */
};

#endif
