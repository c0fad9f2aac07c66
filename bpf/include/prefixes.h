/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefixes.h - sets of address prefixes, which the loader fills (bpf/load/prefix.h) and programs look
 * addresses up in.
 *
 * For BPF programs of type sock_ops.
 */
#ifndef OPTRAIL_BPF_PREFIXES_H
#define OPTRAIL_BPF_PREFIXES_H

#include "bpf/include/sock_ops.h"

struct prefix_key {
    __u32 bits; /* of the prefix, 96 more for IPv4 */
    struct address address;
};

/* A map NAME of at most MAX prefixes */
#define PREFIXES(NAME, MAX)                                                                        \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_LPM_TRIE);                                                       \
        __uint(map_flags, BPF_F_NO_PREALLOC);                                                      \
        __uint(max_entries, MAX);                                                                  \
        __type(key, struct prefix_key);                                                            \
        __type(value, __u32);                                                                      \
    } NAME SEC(".maps")

/* Whether the address is in one of the prefixes of the map */
static __always_inline bool prefixes_hold(void *prefixes, const struct address *address)
{
    struct prefix_key key = {.bits = 128, .address = *address};

    return bpf_map_lookup_elem(prefixes, &key) != NULL;
}

#endif
