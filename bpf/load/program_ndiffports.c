// SPDX-License-Identifier: GPL-2.0-or-later
/* program_ndiffports.c - the row of program ndiffports (bpf/path/ndiffports.bpf.c). */
#include "bpf/load/path.h"
#include "bpf/load/program.h"
#include "ndiffports.skel.h"
#include "wire/command.h"

/* Indices into `parameters`. */
enum { N };

static const struct parameter parameters[] = {
    [N] = {.key = "n",
           .type = PARAMETER_NUMBER,
           .preset = "2",
           .help = "subflows in all, the first included",
           .min = 2,
           .max = 17},
    PARAMETER_ROLE_PATH("client"),
};

static bool check(const struct values *values, const struct option_set *options, GError **error)
{
    (void)values;
    (void)options;
    return path_check(NULL, error);
}

static void run_follow(const struct follow *follow, const struct values *values)
{
    const struct manage_policy policy = {.kind = MANAGE_NDIFFPORTS, .same = values->number[N] - 1};
    path_follow(follow, &policy);
}

static char *way(const struct values *values)
{
    (void)values;
    return path_way();
}

const struct program program_ndiffports = {
    .name = "ndiffports",
    .summary = "open several MPTCP subflows between the same two addresses",
    .details = "They differ in their ports, for networks that choose paths by ports (ECMP).\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = ndiffports_bpf__elf_bytes,
    .for_mptcp = true,
    .image_stock = path_image_stock,
    .check = check,
    .follow = run_follow,
    .way = way,
};
