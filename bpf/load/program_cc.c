// SPDX-License-Identifier: GPL-2.0-or-later
/* program_cc.c - the row of program cc (bpf/option/cc.bpf.c). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "bpf/include/program_abi.h"
#include "bpf/load/program.h"
#include "cc.skel.h"
#include "wire/command.h"

static const struct parameter parameters[] = {
    {.key = "algorithm",
     .type = PARAMETER_FIELD,
     .preset = "cubic",
     .help = "what a client asks the peer to use",
     .field = "algorithm"},
    PARAMETER_REPEAT("how often the client sends it"),
    PARAMETER_ROLE("client: only ask; server: only carry out"),
};

/* The server's map of ids: those that the description names. */
static bool prepare(const struct program *program, struct bpf_object *object,
                    const struct values *values, const struct option_set *options, GError **error)
{
    (void)program;
    (void)values;
    const struct option_desc *desc = option_set_by_name(options, "cc");
    const struct option_field *field = option_field_find(desc, "algorithm");
    struct bpf_map *map = bpf_object__find_map_by_name(object, ALGORITHMS_MAP);

    for (size_t i = 0; i < field->n_values; i++) {
        uint32_t id = (uint32_t)field->values[i].number;
        char name[ALGORITHM_NAME] = {0}; /* zero-filled, as the program expects */
        g_strlcpy(name, field->values[i].name, sizeof(name));
        int result = bpf_map__update_elem(map, &id, sizeof(id), name, sizeof(name), BPF_ANY);
        if (result != 0) {
            g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot fill the map of algorithms: %s",
                        g_strerror(-result));
            return false;
        }
    }
    return true;
}

const struct program program_cc = {
    .name = "cc",
    .option = "cc",
    .summary = "ask the peer for a congestion control algorithm, and carry out what it asks for",
    .details =
        "A client sends the option cc on the third ACK of the handshake. A server that gets it, "
        "then\n"
        "or on a later segment, uses that algorithm on the connection from then on. Ids without a\n"
        "name are refused; algorithms that the server's kernel lacks fail and are counted.\n",
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = cc_bpf__elf_bytes,
    .prepare = prepare,
};
