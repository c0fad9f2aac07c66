// SPDX-License-Identifier: GPL-2.0-or-later
/* program_delack.c - the row of program delack (bpf/option/delack.bpf.c). */
#include "bpf/load/kernel.h"
#include "bpf/load/program.h"
#include "delack.skel.h"
#include "wire/command.h"

enum { KERNEL_MAX_US = 200000 }; /* TCP_DELACK_MAX: programs can only lower it */

/* Indices into `parameters`. */
enum { DIVISOR, SEGMENTS, LOWER, UPPER };

static const struct parameter parameters[] = {
    [DIVISOR] = {.key = "divisor",
                 .type = PARAMETER_NUMBER,
                 .preset = "0",
                 .help =
                     "ask for acknowledgements after the smallest RTT divided by this; 0: do not "
                     "ask",
                 .min = 0,
                 .max = 255},
    [SEGMENTS] = {.key = "segments",
                  .type = PARAMETER_NUMBER,
                  .preset = "0",
                  .help = "ask for one at once after so many full-sized segments; 0: as ever",
                  .unit = "MSS",
                  .min = 0,
                  .max = 255},
    [LOWER] = {.key = "lower",
               .type = PARAMETER_NUMBER,
               .preset = "1000",
               .help = "the least delay that a peer brings this end to",
               .unit = "microseconds",
               .min = 0,
               .max = KERNEL_MAX_US},
    [UPPER] = {.key = "upper",
               .type = PARAMETER_NUMBER,
               .preset = "200000",
               .help = "the most that a peer brings this end to",
               .unit = "microseconds",
               .min = 0,
               .max = KERNEL_MAX_US},
    PARAMETER_REPEAT("how often it is sent"),
    PARAMETER_ROLE("which connections it acts on"),
};

static bool check(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error)
{
    (void)options;
    if (!values_check_limits(program, values, error))
        return false;
    if (values->number[DIVISOR] == 0 && values->number[SEGMENTS] != 0) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE,
                    "--set segments=%u: set divisor too, 0 is refused by the peer",
                    values->number[SEGMENTS]);
        return false;
    }
    return true;
}

static char *way(const struct program *program, const struct values *values)
{
    (void)program;
    (void)values;
    return g_strdup(
        kernel_is_patched()
            ? "sets the delay and the number of segments"
            : "sets the delay; cannot set the number of segments: this kernel is not patched");
}

const struct program program_delack = {
    .name = "delack",
    .option = "delack",
    .summary = "ask the peer how long to delay acknowledgements, and do as it asks",
    .details =
        "Who is asked delays its acknowledgements no longer than its smallest RTT divided by\n"
        "divisor, in the kernel's limits: two ticks (8 ms where HZ is 250) to 200 ms. It follows\n"
        "when the RTT changes. Only a patched kernel can be told after how many segments to\n"
        "acknowledge: elsewhere a request for that is reported as unsupported, and the delay is "
        "set\n"
        "all the same.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = delack_bpf__elf_bytes,
    .check = check,
    .way = way,
};
