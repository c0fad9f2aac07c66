/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings.c - reads KEY=VALUE words. A new key is a row in the table and a member of the struct.
 */
#include "lab/forwarder/settings.h"

#include <gio/gio.h>
#include <string.h>

#include "lab/forwarder/frame.h"

void settings_init(struct settings *settings)
{
    *settings = (struct settings){
        .affected = 1,
        .of = 1,
        .port_high = UINT16_MAX,
        .directions = 1u << FORWARD | 1u << REVERSE,
        .segments = SEGMENT_BIT(SEGMENT_CLASSES) - 1,
        .sack = true,
        .by = 1,
    };
}

/* --- one function for each sort of value; true when `text` is one -------------------------------- */

static bool number(const char *text, guint64 max, uint32_t *out)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, 0, max, &value, NULL))
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_u32(const char *text, void *out)
{
    return number(text, UINT32_MAX, out);
}

static bool read_size(const char *text, void *out)
{
    return number(text, 65535, out) && *(uint32_t *)out > 0;
}

static bool read_wait(const char *text, void *out)
{
    return number(text, 10000, out);
}

static bool read_count(const char *text, void *out)
{
    return number(text, 1000, out) && *(uint32_t *)out > 0;
}

/* An offset modulo 2^32: both "4294967295" and "-1" are -1. */
static bool read_offset(const char *text, void *out)
{
    gint64 value;

    if (!g_ascii_string_to_signed(text, 10, -(gint64)UINT32_MAX, UINT32_MAX, &value, NULL))
        return false;
    *(uint32_t *)out = (uint32_t)value;
    return true;
}

static bool read_at(const char *text, void *out)
{
    gint64 value;

    if (!g_ascii_string_to_signed(text, 10, -65535, 65535, &value, NULL))
        return false;
    *(int *)out = (int)value;
    return true;
}

static bool read_affect(const char *text, void *out)
{
    struct settings *settings = out;
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);

    return g_strv_length(parts) == 2 && number(parts[0], 1000000, &settings->affected) &&
           number(parts[1], 1000000, &settings->of) && settings->of > 0 &&
           settings->affected <= settings->of;
}

static bool read_port(const char *text, void *out)
{
    struct settings *settings = out;
    g_auto(GStrv) parts = g_strsplit(text, "-", 2);
    guint n = g_strv_length(parts);
    uint32_t low, high;

    if (n == 0 || !number(parts[0], 65535, &low) || !number(parts[n - 1], 65535, &high) ||
        low > high)
        return false;
    settings->port_low = (uint16_t)low;
    settings->port_high = (uint16_t)high;
    return true;
}

static bool read_kinds(const char *text, void *out)
{
    bool *kinds = out;
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    memset(kinds, 0, 256 * sizeof(*kinds));
    for (char **part = parts; *part != NULL; part++) {
        uint32_t kind;
        /* 0 and 1 are the padding itself. */
        if (!number(*part, 255, &kind) || kind < 2)
            return false;
        kinds[kind] = true;
    }
    return parts[0] != NULL;
}

static bool read_segments(const char *text, void *out)
{
    unsigned *segments = out;
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    if (strcmp(text, "all") == 0)
        return true;
    *segments = 0;
    for (char **part = parts; *part != NULL; part++) {
        int segment = segment_class_from_name(*part);
        if (segment < 0)
            return false;
        *segments |= SEGMENT_BIT(segment);
    }
    return *segments != 0;
}

/* Whole options in hex: each one's length must say what is there. */
static bool read_option(const char *text, void *out)
{
    struct settings *settings = out;
    size_t n = strlen(text) / 2;

    if (n < 2 || n > sizeof(settings->option) || strlen(text) % 2 != 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = g_ascii_xdigit_value(text[2 * i]), low = g_ascii_xdigit_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        settings->option[i] = (uint8_t)(high << 4 | low);
    }
    settings->option_length = (uint8_t)n;
    return settings->option[1] == n;
}

static bool read_flip(const char *text, void *out)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 16, 1, 255, &value, NULL))
        return false;
    *(uint8_t *)out = (uint8_t)value;
    return true;
}

static bool one_of(const char *text, const char *const *names, unsigned *out)
{
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool read_direction(const char *text, void *out)
{
    static const char *const names[] = {"forward", "reverse", "both", NULL};
    unsigned which;

    if (!one_of(text, names, &which))
        return false;
    *(unsigned *)out = which + 1; /* 1 << FORWARD, 1 << REVERSE, both */
    return true;
}

static bool read_keep(const char *text, void *out)
{
    static const char *const names[] = {"all", "first", "last", NULL};

    return one_of(text, names, out);
}

static bool read_to(const char *text, void *out)
{
    static const char *const names[] = {"both", "client", "server", NULL};

    return one_of(text, names, out);
}

static bool read_sack(const char *text, void *out)
{
    static const char *const names[] = {"keep", "translate", NULL};
    unsigned which;

    if (!one_of(text, names, &which))
        return false;
    *(bool *)out = which == 1;
    return true;
}

static const struct {
    const char *key;
    bool (*read)(const char *text, void *out);
    size_t offset;
    const char *wanted;
} table[] = {
    {"affect", read_affect, 0, "N/M: so many of that many connections"},
    {"port", read_port, 0, "a port, or LOW-HIGH"},
    {"direction", read_direction, offsetof(struct settings, directions),
     "forward, reverse or both"},
    {"segments", read_segments, offsetof(struct settings, segments),
     "all, or some of syn,synack,ack,data,fin,rst"},
    {"nth", read_u32, offsetof(struct settings, nth), "a number; 0: every one"},
    {"kinds", read_kinds, offsetof(struct settings, kinds), "option kinds from 2 to 255"},
    {"option", read_option, 0, "one option in hex: kind, length, the rest"},
    {"forward", read_offset, offsetof(struct settings, forward), "an offset"},
    {"reverse", read_offset, offsetof(struct settings, reverse), "an offset"},
    {"at", read_at, offsetof(struct settings, at), "an octet's place; negative: from the end"},
    {"flip", read_flip, offsetof(struct settings, flip), "bits to turn over, in hex: 01 to ff"},
    {"size", read_size, offsetof(struct settings, size), "octets, from 1 to 65535"},
    {"wait", read_wait, offsetof(struct settings, wait_ms), "milliseconds, up to 10000"},
    {"by", read_count, offsetof(struct settings, by), "segments, from 1 to 1000"},
    {"keep", read_keep, offsetof(struct settings, keep), "all, first or last"},
    {"to", read_to, offsetof(struct settings, to), "both, client or server"},
    {"sack", read_sack, offsetof(struct settings, sack), "translate or keep"},
};

static bool is_listed(const char *keys, const char *key)
{
    g_auto(GStrv) listed = g_strsplit(keys, " ", -1);

    return g_strv_contains((const char *const *)listed, key);
}

bool settings_set(struct settings *settings, const char *keys, const char *word, GError **error)
{
    const char *equals = strchr(word, '=');
    g_autofree char *key = g_strndup(word, equals ? (gsize)(equals - word) : strlen(word));

    for (size_t i = 0; equals != NULL && i < G_N_ELEMENTS(table); i++) {
        if (strcmp(key, table[i].key) != 0 || !is_listed(keys, key))
            continue;
        if (table[i].read(equals + 1, (char *)settings + table[i].offset))
            return true;
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: not %s", word,
                    table[i].wanted);
        return false;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: the keys are %s", word, keys);
    return false;
}
