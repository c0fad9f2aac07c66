// SPDX-License-Identifier: GPL-2.0-or-later
/* program_announce.c - the row of program announce (bpf/path/announce.bpf.c). */
#include "bpf/load/path.h"
#include "bpf/load/program.h"
#include "announce.skel.h"
#include "wire/command.h"

/* Indices into `parameters`. */
enum { LOCAL };

static const struct parameter parameters[] = {
    [LOCAL] = PARAMETER_PATH_LOCAL,
    PARAMETER_ROLE_PATH("server"),
};

static bool check(const struct values *values, const struct option_set *options, GError **error)
{
    (void)options;
    return path_check(values->text[LOCAL], error);
}

static bool prepare(struct bpf_object *object, const struct values *values,
                    const struct option_set *options, GError **error)
{
    (void)options;
    return path_prepare(object, values->text[LOCAL], error);
}

static void run_follow(const struct follow *follow, const struct values *values)
{
    const struct manage_policy policy = {.kind = MANAGE_ANNOUNCE, .local = values->text[LOCAL]};
    path_follow(follow, &policy);
}

static char *way(const struct values *values)
{
    (void)values;
    return path_way();
}

const struct program program_announce = {
    .name = "announce",
    .summary = "announce a server's other addresses to its MPTCP clients",
    .details = "Every address of this host but the connection's own, of both families, and those "
               "that come\n"
               "while it lives. Load it in the network namespace of the server.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = announce_bpf__elf_bytes,
    .for_mptcp = true,
    .image_stock = path_image_stock,
    .check = check,
    .prepare = prepare,
    .follow = run_follow,
    .way = way,
};
