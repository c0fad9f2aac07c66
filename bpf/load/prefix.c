// SPDX-License-Identifier: GPL-2.0-or-later
/* prefix.c - see prefix.h. */
#include "bpf/load/prefix.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>

#include "bpf/load/program.h"
#include "wire/command.h"

enum { MAPPED_BITS = 96 }; /* of ::ffff:0:0/96, in which IPv4 stands (RFC 4291, 2.5.5.2) */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool prefix_parse(const char *text, struct prefix *prefix, GError **error)
{
    const char *slash = strchr(text, '/');
    g_autofree char *address =
        slash != NULL ? g_strndup(text, (gsize)(slash - text)) : g_strdup(text);
    guint64 bits = 0;
    unsigned widest = 128;
    uint8_t octets[16];

    if (inet_pton(AF_INET, address, octets + sizeof(mapped)) == 1) {
        memcpy(octets, mapped, sizeof(mapped));
        widest = 32;
    } else if (inet_pton(AF_INET6, address, octets) != 1) {
        goto wrong;
    }
    if (slash == NULL)
        bits = widest;
    else if (!g_ascii_string_to_unsigned(slash + 1, 10, 0, widest, &bits, NULL))
        goto wrong;
    if (widest == 32)
        bits += MAPPED_BITS;
    prefix->bits = (uint32_t)bits;
    memset(prefix->address, 0, sizeof(prefix->address));
    for (size_t i = 0; i < sizeof(octets); i++) {
        if (bits >= 8 * i + 8)
            prefix->address[i] = octets[i];
        else if (bits > 8 * i)
            prefix->address[i] = (uint8_t)(octets[i] & 0xff00U >> (bits - 8 * i));
    }
    return true;

wrong:
    g_set_error(error, LOAD_ERROR, EXIT_USAGE,
                "\"%s\" is no prefix, such as 192.0.2.0/24 or 2001:db8::/32", text);
    return false;
}

GArray *prefixes_parse(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(text, ",; \t\r\n", -1);
    g_autoptr(GArray) prefixes = g_array_new(FALSE, TRUE, sizeof(struct prefix));

    for (size_t i = 0; words[i] != NULL; i++) {
        struct prefix prefix = {0};
        if (words[i][0] == '\0')
            continue;
        if (!prefix_parse(words[i], &prefix, error))
            return NULL;
        g_array_append_val(prefixes, prefix);
    }
    return g_steal_pointer(&prefixes);
}

bool prefix_holds(const struct prefix *prefix, const uint8_t address[16])
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned bits = prefix->bits > 8 * i ? MIN(prefix->bits - 8 * i, 8U) : 0;
        if ((address[i] ^ prefix->address[i]) & (0xff00U >> bits & 0xffU))
            return false;
    }
    return true;
}

bool prefixes_fill(struct bpf_map *map, const char *text, GError **error)
{
    const uint32_t yes = 1;
    g_autoptr(GArray) prefixes = prefixes_parse(text, error);

    for (guint i = 0; prefixes != NULL && i < prefixes->len; i++) {
        const struct prefix *prefix = &g_array_index(prefixes, struct prefix, i);
        int result = bpf_map__update_elem(map, prefix, sizeof(*prefix), &yes, sizeof(yes), BPF_ANY);
        if (result != 0) {
            g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot fill the map %s: %s",
                        bpf_map__name(map), g_strerror(-result));
            return false;
        }
    }
    return prefixes != NULL;
}

char *prefix_text(const struct prefix *prefix)
{
    char text[INET6_ADDRSTRLEN];
    bool is_mapped =
        prefix->bits >= MAPPED_BITS && memcmp(prefix->address, mapped, sizeof(mapped)) == 0;

    if (is_mapped)
        inet_ntop(AF_INET, prefix->address + sizeof(mapped), text, sizeof(text));
    else
        inet_ntop(AF_INET6, prefix->address, text, sizeof(text));
    return g_strdup_printf("%s/%u", text, prefix->bits - (is_mapped ? MAPPED_BITS : 0U));
}
