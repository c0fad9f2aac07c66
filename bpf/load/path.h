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

/* The `traits` of a row that manages paths. */
struct path_traits {
    enum manage_kind kind;
    const char *same; /* the parameter of how many subflows go between the first one's addresses */
    uint32_t same_less; /* what that counts in and need not be opened */
};

/* The program that goes with a stock kernel (bpf/path/member.bpf.c). */
const void *path_image_stock(size_t *size);

/*
 * For check(): refuses a faulty `local`, and a stock kernel whose connections are not for user space
 * to manage.
 */
bool path_check(const struct program *program, const struct values *values,
                const struct option_set *options, GError **error);

/* For prepare(): fills the map of local addresses, where the program has one. */
bool path_prepare(const struct program *program, struct bpf_object *object,
                  const struct values *values, const struct option_set *options, GError **error);

/*
 * For follow(): on a patched kernel keeps that map up to date, where the row has `local`; on a stock
 * kernel is the path manager.
 */
void path_follow(const struct program *program, const struct follow *follow,
                 const struct values *values);

/* For way(). */
char *path_way(const struct program *program, const struct values *values);

/* What all such rows have besides. */
#define PATH_ROW                                                                                   \
    .for_mptcp = true, .image_stock = path_image_stock, .prepare = path_prepare,                   \
    .follow = path_follow, .way = path_way

#endif
