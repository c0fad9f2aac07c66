// SPDX-License-Identifier: GPL-2.0-or-later
/* program_uto.c - the row of program uto (bpf/option/uto.bpf.c). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/include/program_abi.h"
#include "bpf/load/program.h"
#include "uto.skel.h"
#include "wire/command.h"

enum {
    TIMEOUT_MAX_S = 0x7fff * 60, /* 15 bits of minutes */
    INITIAL_RTO_S = 1,           /* RFC 6298: a shorter user timeout would end live connections */
};

/* Indices into `parameters`. */
enum { TIMEOUT, LOWER, UPPER };

static const struct parameter parameters[] = {
    [TIMEOUT] = {.key = "timeout",
                 .type = PARAMETER_NUMBER,
                 .preset = "0",
                 .help = "user timeout to advertise (ADV_UTO); 0: advertise none, only take",
                 .unit = "s",
                 .min = 0,
                 .max = TIMEOUT_MAX_S},
    [LOWER] = {.key = "lower",
               .type = PARAMETER_NUMBER,
               .preset = "1",
               .help = "the least that a peer brings this end to (L_LIMIT)",
               .unit = "s",
               .min = INITIAL_RTO_S,
               .max = TIMEOUT_MAX_S},
    [UPPER] = {.key = "upper",
               .type = PARAMETER_NUMBER,
               .preset = "86400",
               .help = "the most that a peer brings this end to (U_LIMIT)",
               .unit = "s",
               .min = INITIAL_RTO_S,
               .max = TIMEOUT_MAX_S},
    {.key = "enabled",
     .type = PARAMETER_BOOL,
     .preset = "yes",
     .help = "no: neither send nor take (ENABLED)"},
    {.key = "changeable",
     .type = PARAMETER_BOOL,
     .preset = "yes",
     .help = "no: never let the peer change the user timeout (CHANGEABLE)"},
    PARAMETER_REPEAT("how often it is sent"),
    PARAMETER_ROLE("which connections it acts on"),
};

static bool check(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error)
{
    (void)options;
    return values_check_limits(program, values, error);
}

/* What is advertised from now on, by live connections too when the program is replaced. */
static bool prepare(const struct program *program, struct bpf_object *object,
                    const struct values *values, const struct option_set *options, GError **error)
{
    (void)program;
    struct bpf_map *map = bpf_object__find_map_by_name(object, LIVE_MAP);
    uint32_t zero = 0;

    (void)options;
    int result = bpf_map__update_elem(map, &zero, sizeof(zero), &values->number[TIMEOUT],
                                      sizeof(values->number[TIMEOUT]), BPF_ANY);
    if (result != 0)
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot set the timeout to advertise: %s",
                    g_strerror(-result));
    return result == 0;
}

const struct program program_uto = {
    .name = "uto",
    .option = "uto",
    .summary = "advertise a user timeout, and adopt what the peer advertises (RFC 5482)",
    .details =
        "Both ends send the option uto on their first segment after the SYNs. Who gets one sets\n"
        "TCP_USER_TIMEOUT of that connection to min(upper, max(timeout, the peer's, lower)), "
        "though\n"
        "never to less than its retransmission timeout, unless its application has set one "
        "itself.\n"
        "Load it again with --replace and another timeout: live connections advertise that too.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = uto_bpf__elf_bytes,
    .check = check,
    .prepare = prepare,
};
