// SPDX-License-Identifier: GPL-2.0-or-later
/* program_sched.c - the row of program sched (bpf/option/sched.bpf.c). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/include/program_abi.h"
#include "bpf/load/program.h"
#include "bpf/load/request.h"
#include "sched.skel.h"
#include "wire/command.h"

/* Indices into `parameters`. */
enum { SCHEDULER };

static const struct parameter parameters[] = {
    [SCHEDULER] = {.key = "scheduler",
                   .type = PARAMETER_TEXT,
                   .preset = "",
                   .help = "what to ask the peer to use; nothing: do not ask",
                   .unit = "a name that the option's description has (optrail options show sched)"},
    REQUEST_OWN("no"),
    REQUEST_PARAMETERS("first"),
};

static const struct option_field *field(const struct option_set *options)
{
    return option_field_find(option_set_by_name(options, "sched"), "scheduler");
}

static bool check(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error)
{
    const char *name = values->text[SCHEDULER];
    uint64_t id;

    if (*name == '\0' || option_field_value_by_name(field(options), name, &id))
        return request_check(program, values, options, error);
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < field(options)->n_values; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", field(options)->values[i].name);
    g_set_error(error, LOAD_ERROR, EXIT_USAGE, "--set scheduler=%s: scheduler is one of %s", name,
                names->str);
    return false;
}

static bool configure(const struct program *program, struct variables *variables,
                      const struct values *values, const struct option_set *options, GError **error)
{
    uint64_t id = 0;
    bool ask = option_field_value_by_name(field(options), values->text[SCHEDULER], &id);

    return request_ask(program, variables, values, ask, (uint32_t)id, error);
}

/* The map of ids: those that the description names. */
static bool prepare(const struct program *program, struct bpf_object *object,
                    const struct values *values, const struct option_set *options, GError **error)
{
    struct bpf_map *map = bpf_object__find_map_by_name(object, SCHEDULERS_MAP);

    for (size_t i = 0; i < field(options)->n_values; i++) {
        uint32_t id = (uint32_t)field(options)->values[i].number;
        char name[SCHEDULER_NAME] = {0}; /* zero-filled, as the program expects */
        g_strlcpy(name, field(options)->values[i].name, sizeof(name));
        int result = bpf_map__update_elem(map, &id, sizeof(id), name, sizeof(name), BPF_ANY);
        if (result != 0) {
            g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot fill the map of schedulers: %s",
                        g_strerror(-result));
            return false;
        }
    }
    return request_prepare(program, object, values, options, error);
}

static const struct request_traits traits = {.not_on_stock =
                                                 "change the scheduler of a connection"};

const struct program program_sched = {
    .name = "sched",
    .option = "sched",
    .summary =
        "ask the peer for a packet scheduler of an MPTCP connection, and use the one it asks for",
    .details =
        "The connection's scheduler changes while it lives. Ids without a name are refused; "
        "schedulers\n"
        "that the kernel lacks (sysctl net.mptcp.available_schedulers) fail and are counted. The\n"
        "request goes out on pure ACKs, a round-trip time apart, until the peer echoes it. A "
        "stock\n"
        "kernel can ask, and cannot do as it is asked.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = sched_bpf__elf_bytes,
    .traits = &traits,
    .for_mptcp = true,
    .check = check,
    .configure = configure,
    .prepare = prepare,
    .way = request_way,
};
