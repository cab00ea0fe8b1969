/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vault/spec/reach.h: what may be reached over the host link, and on the tunnel, as text and back.
 * Pure.
 */
#ifndef VAULT_SPEC_REACH_H
#define VAULT_SPEC_REACH_H

#include "lib/str.h"
#include "vault/spec/spec.h"

#define REACH_STRLEN 96

/*
 * Each reads TEXT, one argument of the word that it is named after (see vault.conf(5)), and appends
 * to the list of REACH. NULL when done; else what is wrong with it, a static text that follows the
 * argument in a message. What is there already is not appended again.
 */
const char *reach_add_from(const char *text, struct spec_reach *reach);
const char *reach_add_publish(const char *text, struct spec_reach *reach);
const char *reach_add_open_port(const char *text, struct spec_reach *reach);
const char *reach_add_allow_host(const char *text, struct spec_reach *reach);
const char *reach_add_allow_to(const char *text, struct spec_reach *reach);

/* Write an element of the lists as its word takes it to BUF and return BUF. */
const char *reach_format_publish(const struct spec_publish *publish, char buf[static REACH_STRLEN]);
/* The same, the port once where both are one. */
const char *reach_tell_publish(const struct spec_publish *publish, char buf[static REACH_STRLEN]);
/* Appends all that is published to OUT, as the word takes it, parted by ", ": ports in a row as a
 * range. */
void reach_add_published(const struct spec_reach *reach, struct str *out);
/* The same of the host's ports alone, for a column: "8000-8100,53/udp". */
void reach_add_host_ports(const struct spec_reach *reach, struct str *out);
const char *reach_format_ports(const struct spec_ports *ports, char buf[static REACH_STRLEN]);
const char *reach_format_hole(const struct spec_hole *hole, char buf[static REACH_STRLEN]);

/* Reads ADDR[:PORT][/PROTOCOL], one packet's, as allow-to has it but with nothing refused: TCP where
 * there is a port alone, ICMP where there is none. NULL, or what is wrong, static; and as text. */
const char *reach_parse_target(const char *text, struct spec_hole *out);
void reach_add_target(const struct spec_hole *target, struct str *out);

/* Frees the lists and zeroes REACH. */
void reach_free(struct spec_reach *reach);

#endif
