/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings.h - what can be said about a behaviour: KEY=VALUE words, one table of them all.
 */
#ifndef OPTRAIL_LAB_SETTINGS_H
#define OPTRAIL_LAB_SETTINGS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum keep { KEEP_ALL, KEEP_FIRST, KEEP_LAST };
enum end { END_BOTH, END_CLIENT, END_SERVER };

struct settings {
    /* Which segments it is about. */
    uint32_t affected, of;        /* that many of so many connections, in the order of their SYNs */
    uint16_t port_low, port_high; /* connections with a port, of either end, in this range */
    unsigned directions;          /* bits 1 << enum direction */
    unsigned segments;            /* SEGMENT_BIT()s */
    uint32_t nth;                 /* only the nth of these, per direction; 0: every one */
    /* What it does with them. */
    bool kinds[256];
    uint8_t option[40]; /* whole options */
    uint8_t option_length;
    uint32_t forward, reverse; /* offsets, modulo 2^32 */
    int at;                    /* octet; negative: from the end */
    uint8_t flip;              /* bits */
    uint32_t size;             /* octets */
    uint32_t wait_ms;
    uint32_t by; /* segments */
    enum keep keep;
    enum end to;
    bool sack;
};

/* Every connection, both directions, every segment. */
void settings_init(struct settings *settings);

/* Applies "KEY=VALUE". `keys` are those that the behaviour knows, separated by blanks. */
bool settings_set(struct settings *settings, const char *keys, const char *word, GError **error);

#endif
