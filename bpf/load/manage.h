/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * manage.h - path managers on a stock kernel: a process that hears of connections by netlink and of
 * which are its cgroup's from the program beside it (bpf/path/member.bpf.c), and opens, closes and
 * announces by netlink.
 */
#ifndef OPTRAIL_BPF_LOAD_MANAGE_H
#define OPTRAIL_BPF_LOAD_MANAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/load/follow.h"

enum manage_kind {
    MANAGE_NDIFFPORTS,
    MANAGE_FULLMESH,
    MANAGE_DELAYING,
    MANAGE_REFRESH,
    MANAGE_ANNOUNCE,
};

struct manage_policy {
    enum manage_kind kind;
    uint32_t same;     /* ndiffports, delaying: additional subflows between the first addresses */
    const char *local; /* prefixes of addresses to use; "": all; NULL: it needs none */
};

/* Works until follow_ended(). */
void manage_run(const struct follow *follow, const struct manage_policy *policy);

#endif
