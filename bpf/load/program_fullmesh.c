// SPDX-License-Identifier: GPL-2.0-or-later
/* program_fullmesh.c - the row of program fullmesh (bpf/path/fullmesh.bpf.c). */
#include "bpf/load/path.h"
#include "bpf/load/program.h"
#include "fullmesh.skel.h"
#include "wire/command.h"

/* Indices into `parameters`. */
enum { LOCAL };

static const struct parameter parameters[] = {
    [LOCAL] = PARAMETER_PATH_LOCAL,
    PARAMETER_ROLE_PATH("client"),
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
    const struct manage_policy policy = {.kind = MANAGE_FULLMESH, .local = values->text[LOCAL]};
    path_follow(follow, &policy);
}

static char *way(const struct values *values)
{
    (void)values;
    return path_way();
}

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
    .for_mptcp = true,
    .image_stock = path_image_stock,
    .check = check,
    .prepare = prepare,
    .follow = run_follow,
    .way = way,
};
