// SPDX-License-Identifier: GPL-2.0-or-later
/* program_delaying.c - the row of program delaying (bpf/path/delaying.bpf.c). */
#include "bpf/load/path.h"
#include "bpf/load/program.h"
#include "delaying.skel.h"
#include "wire/command.h"

/* Indices into `parameters`. */
enum { OCTETS, DURATION, RATE };

static const struct parameter parameters[] = {
    [OCTETS] = {.key = "octets",
                .type = PARAMETER_NUMBER,
                .preset = "0",
                .help = "open them when so much was read; 0: never because of that",
                .min = 0,
                .max = UINT32_MAX},
    [DURATION] = {.key = "duration",
                  .type = PARAMETER_NUMBER,
                  .preset = "0",
                  .help =
                      "open them when it is read from after that time; 0: never because of that",
                  .unit = "ms",
                  .min = 0,
                  .max = UINT32_MAX},
    [RATE] = {.key = "rate",
              .type = PARAMETER_NUMBER,
              .preset = "0",
              .help = "with duration: only if less was received by then; 0: whatever was",
              .unit = "kbit/s",
              .min = 0,
              .max = UINT32_MAX},
    {.key = "more",
     .type = PARAMETER_NUMBER,
     .preset = "0",
     .help = "open so many between the first one's addresses too",
     .min = 0,
     .max = 16},
    PARAMETER_PATH_LOCAL,
    PARAMETER_ROLE_PATH("client"),
};

static bool check(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error)
{
    if (values->number[OCTETS] == 0 && values->number[DURATION] == 0) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE,
                    "set octets or duration: when is a connection worth more subflows?");
        return false;
    }
    if (values->number[RATE] != 0 && values->number[DURATION] == 0) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE, "--set rate=%u: over which duration? Set it too",
                    values->number[RATE]);
        return false;
    }
    return path_check(program, values, options, error);
}

static const struct path_traits traits = {.kind = MANAGE_DELAYING, .same = "more"};

const struct program program_delaying = {
    .name = "delaying",
    .summary = "open a full mesh of MPTCP subflows for connections that are worth it",
    .details = "Worth it are those that have brought so many octets, or last so long, or do not "
               "reach a rate\n"
               "by then. Looked at when the application reads. Addresses as program fullmesh.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = delaying_bpf__elf_bytes,
    .traits = &traits,
    .check = check,
    PATH_ROW,
};
