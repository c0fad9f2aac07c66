// SPDX-License-Identifier: GPL-2.0-or-later
/* program_ndiffports.c - the row of program ndiffports (bpf/path/ndiffports.bpf.c). */
#include "bpf/load/path.h"
#include "bpf/load/program.h"
#include "ndiffports.skel.h"

static const struct parameter parameters[] = {
    {.key = "n",
     .type = PARAMETER_NUMBER,
     .preset = "2",
     .help = "subflows in all, the first included",
     .min = 2,
     .max = 17},
    PARAMETER_ROLE_PATH("client"),
};

static const struct path_traits traits = {.kind = MANAGE_NDIFFPORTS, .same = "n", .same_less = 1};

const struct program program_ndiffports = {
    .name = "ndiffports",
    .summary = "open several MPTCP subflows between the same two addresses",
    .details = "They differ in their ports, for networks that choose paths by ports (ECMP).\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = ndiffports_bpf__elf_bytes,
    .traits = &traits,
    .check = path_check,
    PATH_ROW,
};
