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

extern const struct kind kind_netns, kind_seal, kind_sysctl, kind_guard, kind_link, kind_tunnel,
	kind_peers, kind_address, kind_up, kind_route, kind_files, kind_name, kind_leg,
	kind_forward, kind_hosts, kind_wall;

enum obj_flags {
	OBJ_TRAFFIC = 1U << 0, /* carries packets: the first to go */
	OBJ_UNLOCKS = 1U << 1, /* from here on nothing shared with other vaults is touched */
	OBJ_OPTIONAL = 1U << 2, /* -EOPNOTSUPP is a warning: an older kernel lacks it and the rest
				   holds alone */
};

/* A route inside the vault: to DST by the interface INDEX, and there by VIA unless it is
 * AF_UNSPEC; or unreachable with INDEX 0. */
struct obj_route {
	struct prefix dst;
	struct addr via;
	uint32_t index;
	uint32_t metric;
};

struct obj {
	const struct kind *kind;
	const struct spec *spec; /* of the vault that it is of; outlives it */
	unsigned int flags;
	char label[80]; /* names the object in messages: "address 10.66.0.2/32 on wg-media" */
	union {
		enum seal_table table; /* seal */
		enum seal_guard guard; /* guard */
		struct {
			uint32_t index;
			struct prefix address;
		} address;
		uint32_t up_index; /* up */
		struct obj_route route;
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
