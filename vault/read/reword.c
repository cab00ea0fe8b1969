/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/read/reword.c: a description back into the clauses of words that it can be made of. */
#include "vault/read/words.h"

#include <string.h>

#include "lib/str.h"
#include "vault/spec/reach.h"

/* Appends the line that TEXT holds, and empties TEXT. 0 or -ENOMEM. */
static int add(struct spec_lines *out, struct str *text)
{
	int r = text->err ? text->err : spec_add_line(out, text->s);

	str_clear(text);
	return r;
}

static int add_tunnel(const struct spec *spec, struct spec_lines *out, struct str *line)
{
	char text[ADDR_STRLEN];
	int r;

	if (!spec->has_tunnel)
		return spec->leg.role == SPEC_VIA ? 0 : spec_add_line(out, "isolated");
	str_addf(line, "%s %s", spec->adopt ? "adopt" : "conf",
		 spec->adopt ? spec->adopt : spec->conf);
	r = add(out, line);
	if (!r && spec->program) {
		str_addf(line, "userspace %s", spec->program);
		r = add(out, line);
	}
	if (!r) {
		str_addf(line, "mtu %u", spec->mtu);
		r = add(out, line);
	}
	for (size_t i = 0; i < spec->n_dns; i++)
		str_addf(line, "%s%s", i ? "," : "dns ", addr_format(&spec->dns[i], text));
	return r || !spec->n_dns ? r : add(out, line);
}

static int add_segment(const struct spec *spec, struct spec_lines *out, struct str *line)
{
	char text[PREFIX_STRLEN];

	if (!spec_has_leg(spec))
		return 0;
	str_addf(line, "segment %s %s", spec->leg.segment, prefix_format(&spec->leg.address, text));
	if (spec->leg.role != SPEC_MEMBER)
		str_addf(line, " %s", spec_role_names[spec->leg.role]);
	if (spec->leg.role == SPEC_VIA)
		str_addf(line, " %s", addr_format(&spec->leg.via, text));
	return add(out, line);
}

static int add_reach(const struct spec_reach *reach, struct spec_lines *out, struct str *line)
{
	char text[REACH_STRLEN];
	int r = 0;

	for (size_t i = 0; !r && i < reach->n_from; i++) {
		str_addf(line, "accessible-from %s", prefix_format(&reach->from[i], text));
		r = add(out, line);
	}
	for (size_t i = 0; !r && i < reach->n_publish; i++) {
		str_addf(line, "publish %s", reach_format_publish(&reach->publish[i], text));
		r = add(out, line);
	}
	for (size_t i = 0; !r && i < reach->n_open_ports; i++) {
		str_addf(line, "open-port %s", reach_format_ports(&reach->open_ports[i], text));
		r = add(out, line);
	}
	for (size_t i = 0; !r && i < reach->n_host_ports; i++) {
		str_addf(line, "allow-host %s", reach_format_ports(&reach->host_ports[i], text));
		r = add(out, line);
	}
	for (size_t i = 0; !r && i < reach->n_holes; i++) {
		str_addf(line, "allow-to %s", reach_format_hole(&reach->holes[i], text));
		r = add(out, line);
	}
	return r;
}

static int add_hooks(const struct spec *spec, struct spec_lines *out, struct str *line)
{
	int r = 0;

	for (int h = 0; h < SPEC_HOOKS; h++)
		for (size_t i = 0; !r && i < spec->hooks[h].n; i++) {
			str_addf(line, "%s %s", spec_hook_clauses[h], spec->hooks[h].list[i]);
			r = add(out, line);
		}
	return r;
}

int reword_spec(const struct spec *spec, struct spec_lines *out)
{
	struct str line cleanup(str_free) = STR_INIT;
	int r = add_tunnel(spec, out, &line);

	if (!r)
		r = add_segment(spec, out, &line);
	if (!r)
		r = add_reach(&spec->reach, out, &line);
	if (!r && !spec->has_link)
		r = spec_add_line(out, "no-link");
	return r ? r : add_hooks(spec, out, &line);
}
