/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prefix.h - address prefixes, as maps of programs have them: IPv4 mapped to IPv6. */
#ifndef OPTRAIL_BPF_LOAD_PREFIX_H
#define OPTRAIL_BPF_LOAD_PREFIX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The layout of an LPM trie's key. Bits beyond the prefix are zero. */
struct prefix {
    uint32_t bits;       /* 0 to 128; an IPv4 prefix has 96 more than it is written with */
    uint8_t address[16]; /* network byte order; IPv4 as ::ffff:a.b.c.d */
};

/* "192.0.2.0/24", "2001:db8::/32", an address alone. False with an error that quotes the text. */
bool prefix_parse(const char *text, struct prefix *prefix, GError **error);

/*
 * Prefixes joined by commas, semicolons, blanks or line ends; none in an empty text. Array of struct prefix,
 * or NULL with an error.
 */
GArray *prefixes_parse(const char *text, GError **error);

/* Whether the address (16 octets, IPv4 mapped) stands in the prefix. */
bool prefix_holds(const struct prefix *prefix, const uint8_t address[16]);

struct bpf_map;

/*
 * Puts the prefixes of a text into an LPM trie of programs, with a value of 1 (__u32). False with an
 * error.
 */
bool prefixes_fill(struct bpf_map *map, const char *text, GError **error);

/* As one writes it. Free with g_free(). */
char *prefix_text(const struct prefix *prefix);

#endif
