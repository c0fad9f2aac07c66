// SPDX-License-Identifier: GPL-2.0-or-later
/* program_announce.c - the row of program announce (bpf/path/announce.bpf.c). */
#include "bpf/load/path.h"
#include "bpf/load/program.h"
#include "announce.skel.h"

static const struct parameter parameters[] = {
    PARAMETER_PATH_LOCAL,
    PARAMETER_ROLE_PATH("server"),
};

static const struct path_traits traits = {.kind = MANAGE_ANNOUNCE};

const struct program program_announce = {
    .name = "announce",
    .summary = "announce a server's other addresses to its MPTCP clients",
    .details = "Every address of this host but the connection's own, of both families, and those "
               "that come\n"
               "while it lives. Load it in the network namespace of the server.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = announce_bpf__elf_bytes,
    .traits = &traits,
    .check = path_check,
    PATH_ROW,
};
