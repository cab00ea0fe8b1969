/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/spec.c: what was described is what is read back (HO-2): random descriptions through
 * their JSON, random wg-quick files through their text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/addr.h"
#include "lib/str.h"
#include "vault/read/conftext.h"
#include "vault/read/wgconf.h"
#include "vault/spec/reach.h"
#include "vault/spec/spec.h"

#include "test/unit/tap.h"

enum { ROUNDS = 2000 };

static uint64_t state; /* of the random numbers: printed, so that a failure can be had again */

static uint32_t any(void)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth, MMIX */
	return (uint32_t)(state >> 32);
}

static uint32_t below(uint32_t n)
{
	return any() % n;
}

static bool coin(void)
{
	return any() & 1;
}

static void fill_bytes(void *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)out)[i] = (uint8_t)any();
}

static struct addr some_addr(uint8_t family)
{
	struct addr a = { .family = family };

	fill_bytes(a.bytes, addr_size(&a));
	return a;
}

static uint8_t some_family(void)
{
	return coin() ? AF_INET : AF_INET6;
}

static struct prefix some_prefix(void)
{
	struct prefix p = { .addr = some_addr(some_family()) };

	p.len = (uint8_t)below(addr_bits(&p.addr) + 1U);
	return p;
}

static char *some_text(void)
{
	static const char letters[] = "ab/c. \"\\'$`\xc3\xa4#=,;:";
	char text[40];
	size_t n = 1 + below(sizeof(text) - 4);

	for (size_t i = 0; i < n; i++)
		text[i] = letters[below(sizeof(letters) - 1)];
	for (size_t i = 0; i < n; i++) /* whole characters of UTF-8 only */
		if (text[i] == '\xc3' || text[i] == '\xa4')
			text[i] = 'x';
	text[n] = '\0';
	return strdup(text);
}

static void name(char *out, size_t size, const char *prefix)
{
	snprintf(out, size, "%s%x", prefix, any());
}

static void fill_endpoint(struct wg_endpoint *e)
{
	if (coin())
		return; /* none */
	e->port = (uint16_t)(1 + below(UINT16_MAX));
	if (coin())
		e->host = strdup("vpn.example");
	if (!e->host || coin())
		e->addr = some_addr(some_family());
	if (e->addr.family == AF_INET6 && coin())
		e->scope = 1 + below(INT32_MAX);
}

static void fill_device(struct wg_device *wg)
{
	size_t n = below(4);

	fill_bytes(&wg->public_key, KEY_LEN);
	wg->listen_port = (uint16_t)(coin() ? any() : 0);
	wg->fwmark = coin() ? any() : 0;
	for (size_t i = 0; i < n; i++) {
		struct wg_peer *peer = wg_device_add_peer(wg);
		size_t n_allowed = below(4);

		fill_bytes(&peer->public_key, KEY_LEN);
		if (coin())
			peer->flags |= WG_PEER_HAS_PRESHARED_KEY;
		peer->keepalive = (uint16_t)(coin() ? any() : 0);
		fill_endpoint(&peer->endpoint);
		for (size_t j = 0; j < n_allowed; j++) {
			struct prefix p = some_prefix();

			p.len = (uint8_t)(addr_bits(&p.addr) - below(8)); /* nobody else's, too */
			(void)prefix_mask(&p);
			(void)!wg_peer_add_allowed(peer, &p);
		}
	}
}

static void fill_strings(char ***list, size_t *n)
{
	*n = below(3);
	*list = calloc(*n + 1, sizeof(**list));
	for (size_t i = 0; i < *n; i++)
		(*list)[i] = some_text();
}

static void fill_reach(struct spec_reach *reach)
{
	static const char *const protocols[] = { "/tcp", "/udp", "/both", "" };
	char text[REACH_STRLEN], p[PREFIX_STRLEN], a[ADDR_STRLEN];

	for (size_t n = below(4); n; n--) {
		const char *protocol = protocols[below(4)];
		uint16_t port = (uint16_t)(1 + below(60000));
		struct prefix to = some_prefix();
		struct addr at = some_addr(AF_INET);
		const bool v6 = to.addr.family == AF_INET6;

		(void)prefix_mask(&to);
		prefix_format(&to, p);
		(void)!reach_add_from(p, reach); /* refuses some: those that are too wide */
		snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%u%s", v6 ? "[" : "", p, v6 ? "]" : "",
			 "", "", "", ":", port, protocol);
		(void)!reach_add_allow_to(text, reach);
		snprintf(text, sizeof(text), "%s%s%u:%u%s", coin() ? addr_format(&at, a) : "",
			 coin() ? ":" : "", port, port + 1U, protocol);
		(void)!reach_add_publish(text, reach);
		snprintf(text, sizeof(text), "%u-%u%s", port, port + below(9), protocol);
		(void)!reach_add_open_port(text, reach);
		snprintf(text, sizeof(text), "%u%s", port, protocol);
		(void)!reach_add_allow_host(text, reach);
	}
}

static void fill_tunnel(struct spec *s)
{
	s->has_tunnel = true;
	s->backend = coin() ? SPEC_BACKEND_KERNEL : SPEC_BACKEND_USERSPACE;
	name(s->tunnel_if, sizeof(s->tunnel_if), "wg-");
	s->tunnel_index = below(INT32_MAX);
	s->mtu = (uint16_t)any();
	fill_device(&s->wg);
	s->n_addresses = below(4);
	s->addresses = calloc(s->n_addresses + 1, sizeof(*s->addresses));
	for (size_t i = 0; i < s->n_addresses; i++)
		s->addresses[i] = some_prefix();
}

static void fill_link(struct spec *s)
{
	s->has_link = true;
	name(s->link_if, sizeof(s->link_if), "vlt-");
	name(s->link_host_if, sizeof(s->link_host_if), "vlt-");
	if (coin())
		name(s->link_name, sizeof(s->link_name), "eth");
	s->link_host_index = below(INT32_MAX);
	s->link_index = below(INT32_MAX);
	for (int f = 0; f < ADDR_FAMILIES; f++)
		if (coin())
			s->link[f] = (struct spec_link_ends){ some_prefix(), some_prefix() };
}

static void fill_leg(struct spec *s)
{
	char segment[16];

	name(segment, sizeof(segment), "s");
	s->leg.address = some_prefix();
	s->leg.role = (enum spec_role)below(SPEC_ROLES);
	if (s->leg.role == SPEC_VIA)
		s->leg.via = some_addr(s->leg.address.addr.family);
	s->leg_host_index = below(INT32_MAX);
	s->leg_index = below(INT32_MAX);
	spec_set_segment(s, segment);
}

static void fill_spec(struct spec *s)
{
	memset(s, 0, sizeof(*s));
	name(s->name, sizeof(s->name), "v");
	spec_name_interfaces(s);
	if (coin())
		s->conf = some_text();
	if (coin())
		s->adopt = some_text();
	if (coin())
		s->program = some_text();
	if (coin())
		fill_tunnel(s);
	if (coin())
		fill_link(s);
	if (coin())
		fill_leg(s);
	fill_reach(&s->reach);
	s->n_dns = below(3);
	s->dns = calloc(s->n_dns + 1, sizeof(*s->dns));
	for (size_t i = 0; i < s->n_dns; i++)
		s->dns[i] = some_addr(some_family());
	fill_strings(&s->search, &s->n_search);
	for (int h = 0; h < SPEC_HOOKS; h++)
		fill_strings(&s->hooks[h].list, &s->hooks[h].n);
	fill_strings(&s->asked.list, &s->asked.n);
	fill_strings(&s->in_the_way.list, &s->in_the_way.n);
	s->without_tunnel = coin();
	s->netns_inode = any();
	s->netns_cookie = coin() ? any() : 0;
	s->host_inode = coin() ? any() : 0;
	s->seal_generation = any();
}

static const char *differs; /* which member does: what a person wants to know */

static bool same_prefixes(const struct prefix *a, size_t n_a, const struct prefix *b, size_t n_b)
{
	for (size_t i = 0; i < n_a && n_a == n_b; i++)
		if (!prefix_equal(&a[i], &b[i]))
			return false;
	return n_a == n_b;
}

/* The rows of the peers, within those of the tunnel. */
static const struct fields *find_rows(const struct fields *fields, const char *name)
{
	const struct fields *found = NULL;

	for (size_t i = 0; !found && i < fields->n; i++)
		if (!strcmp(fields->list[i].name, name))
			found = fields->list[i].fields;
		else if (fields->list[i].kind == FIELD_STRUCT)
			found = find_rows(fields->list[i].fields, name);
	return found;
}

static bool same_peers(const struct wg_device *a, const struct wg_device *b)
{
	const struct fields *rows = find_rows(&spec_fields, "peers");

	for (size_t i = 0; i < a->n_peers; i++) {
		differs = field_differs(rows, &a->peers[i], &b->peers[i]);
		if (differs)
			return false;
	}
	return a->listen_port == b->listen_port && a->fwmark == b->fwmark;
}

static bool same_device(const struct wg_device *a, const struct wg_device *b)
{
	bool same = key_equal(&a->private_key, &b->private_key) && a->flags == b->flags &&
		    a->n_peers == b->n_peers;

	for (size_t i = 0; same && i < a->n_peers; i++)
		same = key_equal(&a->peers[i].preshared_key, &b->peers[i].preshared_key) &&
		       a->peers[i].flags == b->peers[i].flags;
	if (!same)
		differs = "a key or a flag";
	return same;
}

/* A vault has a name for its tunnel and link even when it has none: only those of what it has are
 * kept. */
static bool reads_back(const struct spec *spec)
{
	json_t *json = spec_to_json(spec), *again;
	char *text = json_dumps(json, JSON_COMPACT);
	struct spec found;
	bool same;

	again = json_loads(text ? text : "", 0, NULL);
	differs = "all of it: it cannot be read";
	same = !spec_from_json(again, &found) &&
	       !(differs = field_differs(&spec_fields, spec, &found));
	if (!same)
		printf("# differs: %s, in %s\n", differs, text);
	spec_free(&found);
	free(text);
	json_decref(json);
	json_decref(again);
	return same;
}

static void test_descriptions(void)
{
	const uint64_t seed = state;
	bool good = true;

	for (int i = 0; good && i < ROUNDS; i++) {
		struct spec spec;

		fill_spec(&spec);
		good = reads_back(&spec);
		spec_free(&spec);
	}
	if (!good)
		printf("# SEED=%llu\n", (unsigned long long)seed);
	ok(good, "HO-2 2,000 random descriptions are read back as they were");
}

struct told {
	size_t plus, minus, other;
	struct str text;
};

static int count_change(char sign, const char *word, const char *text, void *arg)
{
	struct told *told = arg;

	told->plus += sign == '+';
	told->minus += sign == '-';
	told->other += sign == '~';
	str_addf(&told->text, "%c %s%s%s\n", sign, word, *text ? " " : "", text);
	return told->text.err;
}

/* What differs from A to B, and nothing when they are the same. */
static void count_changes(const struct spec *a, const struct spec *b, struct told *told)
{
	*told = (struct told){ .text = STR_INIT };
	if (field_changes(&spec_fields, a, b, count_change, told))
		told->plus = SIZE_MAX;
}

/* There and back: what comes goes, what goes comes, and a copy is no change. */
static bool changes_mirror(const struct spec *a, const struct spec *b)
{
	json_t *json = spec_to_json(a);
	struct spec copy;
	struct told there, back, none;
	bool good = !spec_from_json(json, &copy);

	json_decref(json);
	count_changes(a, b, &there);
	count_changes(b, a, &back);
	count_changes(a, &copy, &none);
	good = good && !none.text.len && there.plus != SIZE_MAX && there.other == back.other;
	/* of a struct that comes its members are told, too; of one that goes they are not */
	if (a->has_tunnel == b->has_tunnel && a->has_link == b->has_link &&
	    spec_has_leg(a) == spec_has_leg(b))
		good = good && there.plus == back.minus && there.minus == back.plus;
	if (!good)
		printf("# there: %s# back: %s# copy: %s\n", there.text.s, back.text.s,
		       none.text.s ? none.text.s : "");
	str_free(&there.text);
	str_free(&back.text);
	str_free(&none.text);
	spec_free(&copy);
	return good;
}

static void test_changes(void)
{
	const uint64_t seed = state;
	bool good = true;

	for (int i = 0; good && i < ROUNDS; i++) {
		struct spec a, b;

		fill_spec(&a);
		fill_spec(&b);
		good = changes_mirror(&a, &b);
		spec_free(&a);
		spec_free(&b);
	}
	if (!good)
		printf("# SEED=%llu\n", (unsigned long long)seed);
	ok(good,
	   "HO-2 DL-6 the changes between 2,000 pairs of random descriptions, there and back");
}

/* Two descriptions by hand: each sign, a list, a peer, a struct that comes. */
static void test_change_words(void)
{
	static const char wanted[] =
		"~ mtu 1300\n"
		"+ peer AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
		"~ peer AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=: keepalive\n"
		"+ link vlt-a\n+ host-address 10.200.0.1/30\n"
		"- publish 80:8080/tcp\n+ publish 81/udp\n"
		"+ segment s\n+ segment address 10.9.0.1/24\n";
	struct spec a = { .has_tunnel = true, .mtu = 1400 },
		    b = { .has_tunnel = true, .mtu = 1300 };
	struct told told;
	struct wg_peer *peer;
	bool good;

	peer = wg_device_add_peer(&a.wg);
	peer->public_key.bytes[0] = 1;
	peer = wg_device_add_peer(&b.wg);
	peer->public_key.bytes[0] = 2;
	peer = wg_device_add_peer(&b.wg);
	peer->public_key.bytes[0] = 1;
	peer->keepalive = 25;
	good = !reach_add_publish("80:8080", &a.reach) && !reach_add_publish("81/udp", &b.reach);
	b.has_link = true;
	snprintf(b.link_host_if, sizeof(b.link_host_if), "vlt-a");
	good = good && !prefix_parse("10.200.0.1/30", &b.link[ADDR_V4].host) &&
	       !prefix_parse("10.9.0.1/24", &b.leg.address);
	snprintf(b.leg.segment, sizeof(b.leg.segment), "s");
	count_changes(&a, &b, &told);
	good = good && !told.text.err && !strcmp(told.text.s, wanted);
	if (!good)
		printf("# %s\n", told.text.s);
	ok(good, "DL-6 what changes is told by its word");
	str_free(&told.text);
	spec_free(&a);
	spec_free(&b);
}

#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
enum { COVER_MAX = 1024 };

/* Marks the bytes of a struct that its rows, and those of the structs in it, have. */
static void cover(const struct fields *fields, size_t base, bool bytes[static COVER_MAX])
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = &fields->list[i];
		const bool is_list = f->kind == FIELD_LIST || f->kind == FIELD_LINES;

		if (f->kind == FIELD_STRUCT) {
			cover(f->fields, base + f->at, bytes);
			if (f->is_present && f->present_at != SIZE_MAX)
				bytes[f->present_at] = true;
			continue;
		}
		memset(bytes + base + f->at, true, is_list ? sizeof(void *) : f->size);
		if (is_list)
			memset(bytes + base + f->n_at, true, sizeof(size_t));
	}
}

#define NOT_KEPT(bytes, type, member) \
	memset(bytes + offsetof(type, member), true, sizeof(((type *)NULL)->member))

/* True when each byte is marked that is no padding, PADDED having ones where there is none. */
static bool is_covered(const bool bytes[static COVER_MAX], const void *padded, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((const uint8_t *)padded)[i] && !bytes[i]) {
			printf("# no row has the byte %zu\n", i);
			return false;
		}
	return true;
}

/* A member that has no row is not kept: one that came without a word is found here. */
static void test_rows(void)
{
	bool spec[COVER_MAX] = { false }, peer[COVER_MAX] = { false };
	struct spec all_of_spec;
	struct wg_peer all_of_peer;

	memset(&all_of_spec, 0xff, sizeof(all_of_spec));
	memset(&all_of_peer, 0xff, sizeof(all_of_peer));
	__builtin_clear_padding(&all_of_spec);
	__builtin_clear_padding(&all_of_peer);
	cover(&spec_fields, 0, spec);
	NOT_KEPT(spec, struct spec, adopt_index);
	NOT_KEPT(spec, struct spec, isolated);
	NOT_KEPT(spec, struct spec, link_given);
	NOT_KEPT(spec, struct spec, wg.private_key);
	NOT_KEPT(spec, struct spec, wg.flags);
	NOT_KEPT(spec, struct spec, wg.max_peers);
	/* Padding that the compiler (gcc 12) leaves alone: before the inodes, and at the end. */
	memset(spec + offsetof(struct spec, netns_inode) - sizeof(uint32_t), true,
	       sizeof(uint32_t));
	memset(spec + sizeof(struct spec) - sizeof(uint32_t), true, sizeof(uint32_t));
	ok(is_covered(spec, &all_of_spec, sizeof(all_of_spec)),
	   "HO-2 each member of a description has its row");

	cover(find_rows(&spec_fields, "peers"), 0, peer);
	NOT_KEPT(peer, struct wg_peer, preshared_key);
	NOT_KEPT(peer, struct wg_peer, last_handshake);
	NOT_KEPT(peer, struct wg_peer, last_handshake_nsec);
	NOT_KEPT(peer, struct wg_peer, rx_bytes);
	NOT_KEPT(peer, struct wg_peer, tx_bytes);
	ok(is_covered(peer, &all_of_peer, sizeof(all_of_peer)),
	   "HO-2 each member of a peer has its row");
}
#else
static void test_rows(void)
{
	skip("HO-2 each member of a description has its row",
	     "this compiler does not tell what is padding");
}
#endif

/* One that an older vault wrote has none of the members that came later (HO-12). */
static void test_older(void)
{
	struct spec spec, found;
	json_t *json;
	bool good;

	fill_spec(&spec);
	fill_link(&spec);
	fill_leg(&spec);
	json = spec_to_json(&spec);
	json_object_del(json_object_get(json, "link"), "index");
	json_object_del(json_object_get(json, "segment"), "index");
	json_object_set_new(json, "of a later one", json_object());
	good = !spec_from_json(json, &found);
	ok(good && found.link_index == 2 && found.leg_index == 3,
	   "HO-12 without a link's and a leg's index they are the constants of old");
	json_object_set_new(json_object_get(json, "link"), "index", json_integer(-1));
	spec_free(&found);
	ok(spec_from_json(json, &found) == -EINVAL, "an index that is none is refused");
	spec_free(&found);
	spec_free(&spec);
	json_decref(json);
}

static void fill_conf(struct wgconf *c)
{
	memset(c, 0, sizeof(*c));
	fill_device(&c->device);
	fill_bytes(&c->device.private_key, KEY_LEN);
	key_clamp(&c->device.private_key);
	key_public(&c->device.private_key, &c->device.public_key);
	c->device.flags = WG_DEVICE_GIVES_PRIVATE_KEY |
			  (c->device.listen_port ? WG_DEVICE_GIVES_LISTEN_PORT : 0) |
			  (c->device.fwmark ? WG_DEVICE_GIVES_FWMARK : 0);
	for (size_t i = 0; i < c->device.n_peers; i++) {
		struct wg_peer *peer = &c->device.peers[i];

		if (peer->flags & WG_PEER_HAS_PRESHARED_KEY)
			fill_bytes(&peer->preshared_key, KEY_LEN);
		if (peer->keepalive)
			peer->flags |= WG_PEER_GIVES_KEEPALIVE;
		if (peer->endpoint.host)
			peer->endpoint.addr = (struct addr){ 0 };
		peer->endpoint.scope = 0; /* in a file a scope is part of the host's text */
	}
	c->mtu = (uint16_t)(coin() ? 1280 + below(8000) : 0);
	c->n_addresses = 1 + below(3);
	c->addresses = calloc(c->n_addresses, sizeof(*c->addresses));
	for (size_t i = 0; i < c->n_addresses; i++)
		c->addresses[i] = some_prefix();
	c->n_dns = below(3);
	c->dns = calloc(c->n_dns + 1, sizeof(*c->dns));
	for (size_t i = 0; i < c->n_dns; i++)
		c->dns[i] = some_addr(some_family());
}

static bool reads_back_text(const struct wgconf *conf)
{
	struct problems p = { 0 };
	struct wgconf found;
	struct str text = { 0 };
	bool same;
	size_t errors;

	conftext_interface(&text, conf, true);
	for (size_t i = 0; i < conf->device.n_peers; i++)
		conftext_peer(&text, &conf->device.peers[i], true);
	errors = wgconf_parse(text.s, text.len, &found, &p);
	differs = errors ? p.list[0].text : "a list of the interface";
	same = !errors && same_device(&conf->device, &found.device) && conf->mtu == found.mtu &&
	       same_peers(&conf->device, &found.device) &&
	       same_prefixes(conf->addresses, conf->n_addresses, found.addresses,
			     found.n_addresses) &&
	       conf->n_dns == found.n_dns;
	if (!same)
		printf("# differs: %s\n", differs);
	str_free(&text);
	problems_free(&p);
	wgconf_free(&found);
	return same;
}

static void test_files(void)
{
	const uint64_t seed = state;
	bool good = true;

	for (int i = 0; good && i < ROUNDS; i++) {
		struct wgconf conf;

		fill_conf(&conf);
		good = reads_back_text(&conf);
		wgconf_free(&conf);
	}
	if (!good)
		printf("# SEED=%llu\n", (unsigned long long)seed);
	ok(good, "HO-2 2,000 random files are read back as they were");
}

int main(void)
{
	const char *seed = getenv("SEED");

	if (seed)
		state = strtoull(seed, NULL, 10);
	else if (getrandom(&state, sizeof(state), 0) != sizeof(state))
		return 1;
	test_rows();
	test_descriptions();
	test_changes();
	test_change_words();
	test_older();
	test_files();
	return tap_done();
}
