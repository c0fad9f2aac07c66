/* SPDX-License-Identifier: GPL-2.0-or-later */
/* path.h - what the rows of the path managers share. */
#ifndef OPTRAIL_BPF_LOAD_PATH_H
#define OPTRAIL_BPF_LOAD_PATH_H

#include "bpf/load/manage.h"
#include "bpf/load/program.h"

#define PATH_LOCAL "local"

#define PARAMETER_PATH_LOCAL                                                                       \
    {                                                                                              \
        .key = PATH_LOCAL, .type = PARAMETER_TEXT, .preset = "",                                   \
        .help = "the addresses of this host to use; none: all but link-local ones",                \
        .unit = "prefixes such as 192.0.2.0/24,2001:db8::/32"                                      \
    }

/* The program that goes with a stock kernel (bpf/path/member.bpf.c). */
const void *path_image_stock(size_t *size);

/*
 * Refuses a faulty `local` (NULL: there is none), and a stock kernel whose connections are not for
 * user space to manage.
 */
bool path_check(const char *local, GError **error);

/* Fills the map of local addresses, for prepare(). */
bool path_prepare(struct bpf_object *object, const char *local, GError **error);

/*
 * For follow(): on a patched kernel keeps that map up to date, where the policy has `local`; on a
 * stock kernel is the path manager.
 */
void path_follow(const struct follow *follow, const struct manage_policy *policy);

/* For way(). */
char *path_way(void);

#endif
