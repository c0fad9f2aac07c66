// SPDX-License-Identifier: GPL-2.0-or-later
/* program_tune.c - the row of program tune (bpf/tune/tune.bpf.c). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf/load/loaded.h"
#include "bpf/load/program.h"
#include "bpf/load/rules.h"
#include "bpf/load/variable.h"
#include "tune.skel.h"
#include "wire/command.h"

enum { RULES };

static const struct parameter parameters[] = {
    [RULES] = {.key = "rules",
               .type = PARAMETER_TEXT,
               .preset = "",
               .help = "the rules",
               .unit = "a file"},
};

static bool check(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error)
{
    (void)program;
    (void)options;
    if (values->text[RULES][0] == '\0') {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE, "--set rules=FILE is missing: tune what?");
        return false;
    }
    g_autoptr(GArray) rules = rules_read(values->text[RULES], error);
    return rules != NULL;
}

static bool configure(const struct program *program, struct variables *variables,
                      const struct values *values, const struct option_set *options, GError **error)
{
    (void)program;
    g_autoptr(GArray) rules = rules_read(values->text[RULES], error);

    (void)options;
    if (rules == NULL)
        return false;
    uint32_t n = rules->len;
    if (variables_set(variables, "n_rules", &n, sizeof(n)))
        return true;
    g_set_error(error, LOAD_ERROR, EXIT_INPUT, "program tune was built without its variables");
    return false;
}

static bool prepare(const struct program *program, struct bpf_object *object,
                    const struct values *values, const struct option_set *options, GError **error)
{
    (void)program;
    g_autoptr(GArray) rules = rules_read(values->text[RULES], error);
    struct bpf_map *map = bpf_object__find_map_by_name(object, RULES_MAP);

    (void)options;
    if (rules == NULL)
        return false;
    for (uint32_t i = 0; i < rules->len; i++) {
        const struct tune_rule *rule = &g_array_index(rules, struct tune_rule, i);
        int result = bpf_map__update_elem(map, &i, sizeof(i), rule, sizeof(*rule), BPF_ANY);
        if (result != 0) {
            g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot fill the map of rules: %s",
                        g_strerror(-result));
            return false;
        }
    }
    return true;
}

static void show(const struct map_list *maps, GPtrArray *lines)
{
    int rules_fd = map_list_open(maps, RULES_MAP);
    int counters_fd = map_list_open(maps, RULE_COUNTERS_MAP);
    int n_cpus = libbpf_num_possible_cpus();
    g_autofree struct rule_counters *per_cpu = g_new0(struct rule_counters, (gsize)MAX(n_cpus, 1));

    if (rules_fd < 0 || counters_fd < 0 || n_cpus <= 0)
        goto cleanup;
    for (uint32_t i = 0; i < RULES_MAX; i++) {
        struct tune_rule rule;
        if (bpf_map_lookup_elem(rules_fd, &i, &rule) != 0 || rule.sets == 0 ||
            bpf_map_lookup_elem(counters_fd, &i, per_cpu) != 0)
            break;
        uint64_t sum[N_RULE_COUNTERS] = {0};
        for (int cpu = 0; cpu < n_cpus; cpu++) {
            for (size_t n = 0; n < N_RULE_COUNTERS; n++)
                sum[n] += per_cpu[cpu].n[n];
        }
        g_ptr_array_add(lines, g_strdup_printf("rule %s: connections %" PRIu64 ", set %" PRIu64
                                               ", failed %" PRIu64 ", answered %" PRIu64,
                                               rule.name, sum[RULE_CONNECTIONS], sum[RULE_SET],
                                               sum[RULE_FAILED], sum[RULE_ANSWERED]));
    }

cleanup:
    if (rules_fd >= 0)
        close(rules_fd);
    if (counters_fd >= 0)
        close(counters_fd);
}

const struct program program_tune = {
    .name = "tune",
    .summary = "set TCP parameters by rules on prefixes and ports (TCP-BPF)",
    .details = "The first rule that fits a connection says what is set on it. A rule file has a "
               "group for\n"
               "each rule, [rule NAME], with keys that say which connections and what to set:\n",
    .more = rules_help,
    .parameters = parameters,
    .n_parameters = G_N_ELEMENTS(parameters),
    .image = tune_bpf__elf_bytes,
    .check = check,
    .configure = configure,
    .prepare = prepare,
    .show = show,
};
