// SPDX-License-Identifier: GPL-2.0-or-later
/* program_rate.c - the row of program rate (bpf/option/rate.bpf.c). */
#include "bpf/load/program.h"
#include "bpf/load/request.h"
#include "rate.skel.h"
#include "wire/command.h"

/* Indices into `parameters`. */
enum { LIMIT, CLOSING };

static const struct parameter parameters[] = {
    [LIMIT] = {.key = "limit",
               .type = PARAMETER_NUMBER,
               .preset = "0",
               .help = "ask the peer to send no faster on the subflow; 0: do not ask",
               .unit = "kbit/s",
               .min = 0,
               .max = UINT32_MAX},
    [CLOSING] = {.key = "closing",
                 .type = PARAMETER_BOOL,
                 .preset = "no",
                 .help = "yes: ask it to close the subflow gracefully (a limit of 0 on the wire)"},
    {.key = "lower",
     .type = PARAMETER_NUMBER,
     .preset = "100",
     .help = "the least that a peer brings this end to",
     .unit = "kbit/s",
     .min = 1,
     .max = UINT32_MAX},
    {.key = "may_close",
     .type = PARAMETER_BOOL,
     .preset = "yes",
     .help = "no: never close a subflow because the peer asks"},
    REQUEST_PARAMETERS("all"),
};

static bool check(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error)
{
    if (values->number[LIMIT] != 0 && values->number[CLOSING]) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE,
                    "--set closing=yes: a limit of %u is set too; ask for one of the two",
                    values->number[LIMIT]);
        return false;
    }
    return request_check(program, values, options, error);
}

static bool configure(const struct program *program, struct variables *variables,
                      const struct values *values, const struct option_set *options, GError **error)
{
    (void)options;
    return request_ask(program, variables, values,
                       values->number[LIMIT] != 0 || values->number[CLOSING], values->number[LIMIT],
                       error);
}

static const struct request_traits traits = {.not_on_stock = "close a subflow"};

const struct program program_rate = {
    .name = "rate",
    .option = "rate",
    .summary =
        "ask the peer for a rate limit on a subflow of MPTCP, and keep to the one it asks for",
    .details =
        "Who is asked paces the subflow (SO_MAX_PACING_RATE); the connection's scheduler puts the\n"
        "rest onto the others. The request goes out on pure ACKs, a round-trip time apart, until\n"
        "the peer echoes it. On a stock kernel it is an option with an ExID, that has no echo.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = rate_bpf__elf_bytes,
    .traits = &traits,
    .for_mptcp = true,
    .check = check,
    .configure = configure,
    .prepare = request_prepare,
    .way = request_way,
};
