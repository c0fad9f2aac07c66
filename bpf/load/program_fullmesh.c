// SPDX-License-Identifier: GPL-2.0-or-later
/* program_fullmesh.c - the row of program fullmesh (bpf/path/fullmesh.bpf.c). */
#include "bpf/load/path.h"
#include "bpf/load/program.h"
#include "fullmesh.skel.h"

static const struct parameter parameters[] = {
    PARAMETER_PATH_LOCAL,
    PARAMETER_ROLE_PATH("client"),
};

static const struct path_traits traits = {.kind = MANAGE_FULLMESH};

const struct program program_fullmesh = {
    .name = "fullmesh",
    .summary = "open an MPTCP subflow between every two addresses of the hosts",
    .details =
        "All addresses of this host with all that the peer has or announces, of both families. A\n"
        "process in the background tells the program when this host's addresses change; load it "
        "in\n"
        "the network namespace whose connections it is for.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = fullmesh_bpf__elf_bytes,
    .traits = &traits,
    .check = path_check,
    PATH_ROW,
};
