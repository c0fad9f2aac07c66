// SPDX-License-Identifier: GPL-2.0-or-later
/* program_refresh.c - the row of program refresh (bpf/path/refresh.bpf.c). */
#include "bpf/load/path.h"
#include "bpf/load/program.h"
#include "refresh.skel.h"

static const struct parameter parameters[] = {
    {.key = "reset",
     .type = PARAMETER_BOOL,
     .preset = "yes",
     .help = "open a subflow anew that was reset"},
    {.key = "timeout",
     .type = PARAMETER_BOOL,
     .preset = "yes",
     .help = "open one anew whose data was not acknowledged in time"},
    {.key = "age",
     .type = PARAMETER_NUMBER,
     .preset = "0",
     .help = "replace one that is older and in use; 0: whatever its age",
     .unit = "s",
     .min = 0,
     .max = 31536000},
    PARAMETER_ROLE_PATH("client"),
};

static const struct path_traits traits = {.kind = MANAGE_REFRESH};

const struct program program_refresh = {
    .name = "refresh",
    .summary = "put a new MPTCP subflow in the place of one that the network ended",
    .details = "Between the same addresses. One that either end closed stays closed. One that is "
               "replaced\n"
               "because of its age is closed when its successor is there.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = refresh_bpf__elf_bytes,
    .traits = &traits,
    .check = path_check,
    PATH_ROW,
};
