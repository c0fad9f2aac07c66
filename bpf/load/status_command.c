// SPDX-License-Identifier: GPL-2.0-or-later
/* status_command.c - optrail status: what is loaded where, and what it did. */
#include <errno.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <unistd.h>

#include "bpf/load/cgroup.h"
#include "bpf/load/loaded.h"
#include "bpf/load/commands.h"
#include "wire/command.h"

/* Programs on one cgroup that Optrail did not load. */
struct others {
    uint64_t cgroup_id;
    int n;
    uint32_t ids[CGROUP_PROGRAMS_MAX];
};

static bool is_ours(const GPtrArray *list, uint32_t id)
{
    for (guint i = 0; i < list->len; i++) {
        if (((const struct loaded *)list->pdata[i])->id == id)
            return true;
    }
    return false;
}

static void find_others(const char *cgroup, const GPtrArray *list, struct others *others)
{
    uint32_t ids[CGROUP_PROGRAMS_MAX];

    *others = (struct others){0};
    int fd = cgroup != NULL ? cgroup_open(cgroup, &others->cgroup_id, NULL) : -1;
    if (fd < 0)
        return;
    int n = cgroup_programs(fd, ids);
    close(fd);
    for (int i = 0; i < n; i++) {
        if (!is_ours(list, ids[i]))
            others->ids[others->n++] = ids[i];
    }
}

static void print_others(const struct others *others)
{
    char name[16];
    for (int i = 0; i < others->n; i++)
        printf("%s%s (program %u)", i == 0 ? "  not Optrail's: " : ", ",
               bpf_program_name(others->ids[i], name), others->ids[i]);
    if (others->n > 0)
        putchar('\n');
}

static void print_loaded(const struct loaded *loaded, const struct option_set *options)
{
    printf("  %s", loaded->name);
    if (loaded->id == 0) {
        puts("  not attached any more; optrail unload --all tidies up");
        return;
    }
    for (size_t i = 0; loaded->has_values && i < loaded->program->n_parameters; i++) {
        const struct parameter *parameter = &loaded->program->parameters[i];
        g_autofree char *text =
            parameter_text(loaded->program, parameter, options, &loaded->values);
        printf("  %s=%s", parameter->key, text);
    }
    printf("\n    program %u", loaded->id);
    if (loaded->order != 0)
        printf(", runs %u. on its cgroup", loaded->order);
    if (loaded->runs != 0)
        printf(", %" PRIu64 " times so far, %" PRIu64 " ns each", loaded->runs,
               loaded->run_time_ns / loaded->runs);
    putchar('\n');
    if (!loaded->has_counters)
        return;
    printf("   ");
    for (size_t i = 0; i < N_COUNTERS; i++)
        printf(" %s %" PRIu64 "%s", counter_names[i], loaded->counters[i],
               i + 1 < N_COUNTERS ? "," : "\n");
    for (guint i = 0; i < loaded->shown->len; i++)
        printf("    %s\n", (const char *)loaded->shown->pdata[i]);
}

static void print_text(const GPtrArray *list, const char *cgroup, const struct option_set *options)
{
    struct others others;
    const char *headline = NULL; /* of the cgroup that the lines before were about */
    uint64_t last = 0;

    for (guint i = 0; i < list->len; i++) {
        const struct loaded *loaded = list->pdata[i];
        if (loaded->cgroup_id != last) {
            headline = loaded->cgroup != NULL ? loaded->cgroup : "a cgroup that is gone";
            printf("%s (cgroup %" PRIu64 ")\n", headline, loaded->cgroup_id);
            find_others(loaded->cgroup, list, &others);
            print_others(&others);
            last = loaded->cgroup_id;
        }
        print_loaded(loaded, options);
    }
    if (list->len > 0)
        return;
    puts(cgroup != NULL ? "No program of Optrail is loaded there."
                        : "No program of Optrail is loaded.");
    find_others(cgroup, list, &others);
    print_others(&others);
}

static void json_number(JsonBuilder *builder, const char *name, uint64_t number)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, (gint64)number);
}

static void json_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    if (text != NULL)
        json_builder_add_string_value(builder, text);
    else
        json_builder_add_null_value(builder);
}

static void json_loaded(JsonBuilder *builder, const struct loaded *loaded,
                        const struct option_set *options)
{
    json_builder_begin_object(builder);
    json_text(builder, "program", loaded->name);
    json_text(builder, "cgroup", loaded->cgroup);
    json_number(builder, "cgroup_id", loaded->cgroup_id);
    json_builder_set_member_name(builder, "attached");
    json_builder_add_boolean_value(builder, loaded->id != 0);
    json_number(builder, "id", loaded->id);
    json_number(builder, "order", loaded->order);
    json_number(builder, "runs", loaded->runs);
    json_number(builder, "run_time_ns", loaded->run_time_ns);
    json_builder_set_member_name(builder, "parameters");
    json_builder_begin_object(builder);
    for (size_t i = 0; loaded->has_values && i < loaded->program->n_parameters; i++) {
        const struct parameter *parameter = &loaded->program->parameters[i];
        g_autofree char *text =
            parameter_text(loaded->program, parameter, options, &loaded->values);
        if (parameter->type == PARAMETER_NUMBER)
            json_number(builder, parameter->key, loaded->values.number[i]);
        else
            json_text(builder, parameter->key, text);
    }
    json_builder_end_object(builder);
    json_builder_set_member_name(builder, "counters");
    json_builder_begin_object(builder);
    for (size_t i = 0; loaded->has_counters && i < N_COUNTERS; i++)
        json_number(builder, counter_names[i], loaded->counters[i]);
    json_builder_end_object(builder);
    json_builder_set_member_name(builder, "shown");
    json_builder_begin_array(builder);
    for (guint i = 0; i < loaded->shown->len; i++)
        json_builder_add_string_value(builder, loaded->shown->pdata[i]);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void json_others(JsonBuilder *builder, const char *cgroup, const GPtrArray *list)
{
    struct others others;
    char name[16];

    find_others(cgroup, list, &others);
    for (int i = 0; i < others.n; i++) {
        json_builder_begin_object(builder);
        json_text(builder, "name", bpf_program_name(others.ids[i], name));
        json_number(builder, "id", others.ids[i]);
        json_text(builder, "cgroup", cgroup);
        json_number(builder, "cgroup_id", others.cgroup_id);
        json_builder_end_object(builder);
    }
}

static void print_json(const GPtrArray *list, const char *cgroup, const struct option_set *options)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_number(builder, "schema", 1);
    json_builder_set_member_name(builder, "programs");
    json_builder_begin_array(builder);
    for (guint i = 0; i < list->len; i++)
        json_loaded(builder, list->pdata[i], options);
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "others");
    json_builder_begin_array(builder);
    uint64_t last = 0;
    for (guint i = 0; i < list->len; i++) {
        const struct loaded *loaded = list->pdata[i];
        if (loaded->cgroup_id != last)
            json_others(builder, loaded->cgroup, list);
        last = loaded->cgroup_id;
    }
    if (list->len == 0 && cgroup != NULL)
        json_others(builder, cgroup, list);
    json_builder_end_array(builder);
    json_builder_end_object(builder);

    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, TRUE);
    puts(text);
}

static int run_status(int argc, char **argv)
{
    const char *command = argv[0];
    g_autofree char *cgroup = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"cgroup", 'c', 0, G_OPTION_ARG_FILENAME, &cgroup, "Only what is on this cgroup", "DIR"},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &json, "As JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code;
    if (!command_parse(
            &argc, &argv, entries, command_status.usage,
            "Counters are of options and requests since the program was loaded. How\n"
            "often and how long it ran is known while sysctl kernel.bpf_stats_enabled=1.",
            &code))
        return code;
    if (argc > 1)
        return command_usage(command, "\"%s\" is too much", argv[1]);

    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = loaded_list(cgroup, &error);
    if (list == NULL)
        return command_fail(error->code, command, "%s", error->message);
    g_autoptr(option_set) options = option_set_new();
    option_set_add_builtin(options, NULL);
    if (json)
        print_json(list, cgroup, options);
    else
        print_text(list, cgroup, options);
    return EXIT_DONE;
}

const struct command command_status = {
    .name = "status",
    .usage = "status [--cgroup DIR] [--json]",
    .summary = "Show what is loaded where, and what it did",
    .run = run_status,
};
