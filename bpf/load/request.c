// SPDX-License-Identifier: GPL-2.0-or-later
/* request.c - see request.h. */
#include "bpf/load/request.h"

#include <bpf/libbpf.h>

#include "bpf/load/kernel.h"
#include "bpf/load/prefix.h"
#include "bpf/load/variable.h"
#include "wire/command.h"

const struct parameter_value carrier_values[] = {
    {"auto", REQUEST_AUTO, "as a suboption where the kernel is patched, else by ExID"},
    {"suboption", REQUEST_SUBOPTION, "an MPTCP suboption, which the peer echoes"},
    {"exid", REQUEST_TWIN, "an experimental TCP option, for peers without the patches"},
    {NULL, 0, NULL},
};

const struct parameter_value subflows_values[] = {
    {"first", SUBFLOWS_FIRST, "that with which the connection began"},
    {"joined", SUBFLOWS_JOINED, "the others"},
    {"all", SUBFLOWS_ALL, "each"},
    {NULL, 0, NULL},
};

static uint32_t number_of(const struct program *program, const struct values *values,
                          const char *key)
{
    return values->number[parameter_index(program, key)];
}

static const char *local_of(const struct program *program, const struct values *values)
{
    return values->text[parameter_index(program, REQUEST_LOCAL)];
}

bool request_check(const struct program *program, const struct values *values,
                   const struct option_set *options, GError **error)
{
    (void)options;
    g_autoptr(GArray) prefixes = prefixes_parse(local_of(program, values), error);

    if (prefixes == NULL) {
        g_prefix_error(error, "--set " REQUEST_LOCAL ": ");
        return false;
    }
    if (prefixes->len > LOCAL_PREFIXES_MAX) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE, "--set " REQUEST_LOCAL ": at most %d prefixes",
                    LOCAL_PREFIXES_MAX);
        return false;
    }
    return values_check_limits(program, values, error);
}

bool request_configure(const struct program *program, struct variables *variables,
                       const struct values *values, const struct option_set *options,
                       GError **error)
{
    const struct request_traits *traits = program->traits;
    uint32_t value = number_of(program, values, traits->value);

    (void)options;
    return request_ask(program, variables, values, value != 0, value, error);
}

bool request_ask(const struct program *program, struct variables *variables,
                 const struct values *values, bool ask, uint32_t value, GError **error)
{
    const uint32_t asks = ask, limited = *local_of(program, values) != '\0';

    if (number_of(program, values, "carrier") == REQUEST_SUBOPTION && !kernel_is_patched()) {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT,
                    "--set carrier=suboption: this kernel lets no program write MPTCP suboptions "
                    "(kernel/README.md); exid goes");
        return false;
    }
    if (variables_set(variables, "ask", &asks, sizeof(asks)) &&
        variables_set(variables, "value", &value, sizeof(value)) &&
        variables_set(variables, "local_limited", &limited, sizeof(limited)))
        return true;
    g_set_error(error, LOAD_ERROR, EXIT_INPUT, "program %s was built without its variables",
                program->name);
    return false;
}

bool request_prepare(const struct program *program, struct bpf_object *object,
                     const struct values *values, const struct option_set *options, GError **error)
{
    (void)options;
    return prefixes_fill(bpf_object__find_map_by_name(object, LOCAL_PREFIXES_MAP),
                         local_of(program, values), error);
}

char *request_way(const struct program *program, const struct values *values)
{
    const struct request_traits *traits = program->traits;
    bool patched = kernel_is_patched();
    bool suboption = patched && number_of(program, values, "carrier") != REQUEST_TWIN;
    return g_strdup_printf("asks by %s%s%s%s",
                           suboption ? "MPTCP suboption, until it is echoed"
                                     : "experimental option (ExID), that has no echo",
                           patched ? "" : "; takes only those: this kernel is not patched",
                           patched ? "" : "; cannot ", patched ? "" : traits->not_on_stock);
}
