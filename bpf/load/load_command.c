// SPDX-License-Identifier: GPL-2.0-or-later
/* load_command.c - optrail load: puts a program onto a cgroup. */
#include <stdio.h>

#include "bpf/load/attach.h"
#include "bpf/load/follow.h"
#include "bpf/load/commands.h"
#include "wire/command.h"

static int run_load(int argc, char **argv)
{
    const char *command = argv[0];
    g_autofree char *cgroup = NULL;
    g_auto(GStrv) settings = NULL;
    g_autofree char *folder = NULL;
    gboolean verbose = FALSE, replace = FALSE;
    const GOptionEntry entries[] = {
        {"cgroup", 'c', 0, G_OPTION_ARG_FILENAME, &cgroup,
         "Act on the connections of processes in this cgroup (version 2)", "DIR"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &settings, "Set a parameter of the program",
         "KEY=VALUE"},
        {"replace", 'r', 0, G_OPTION_ARG_NONE, &replace,
         "Take the place of the one that is loaded, without a gap; connections and counters go on",
         NULL},
        {"options", 'O', 0, G_OPTION_ARG_FILENAME, &folder,
         "Option descriptions of your own are in this folder too", "DIR"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "Show what libbpf and the verifier say",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code;
    if (!command_parse(&argc, &argv, entries, command_load.usage,
                       "The program stays when the command ends: see optrail status and unload.\n"
                       "Its parameters: optrail programs PROGRAM.",
                       &code))
        return code;
    g_autofree char *names = program_names();
    if (argc < 2)
        return command_usage(command, "which program? There are: %s", names);
    if (argc > 2)
        return command_usage(command, "one program at a time, not \"%s\" too", argv[2]);
    const struct program *program = program_by_name(argv[1]);
    if (program == NULL)
        return command_usage(command, "no program \"%s\"; there are: %s", argv[1], names);
    if (cgroup == NULL)
        return command_usage(command, "--cgroup DIR is missing: onto which cgroup?");

    g_autoptr(option_set) options = command_load_options(command, folder, NULL, &code);
    if (options == NULL)
        return code;
    g_autoptr(GError) error = NULL;
    g_auto(program_values) values = {0};
    unsigned how = (verbose ? LOAD_VERBOSE : 0U) | (replace ? LOAD_REPLACE : 0U);
    if (!parameters_parse(program, options, (const char *const *)settings, &values, &error))
        return command_fail(error->code, command, "%s", error->message);
    struct follower follower;
    if (program->follow != NULL && !follow_begin(program, cgroup, &values, &follower, &error))
        return command_fail(error->code, command, "%s", error->message);
    bool done = loaded_attach(program, cgroup, &values, options, how, &error);
    if (program->follow != NULL)
        follow_go(&follower, done);
    if (!done)
        return command_fail(error->code, command, "%s", error->message);
    g_autofree char *way = program->way != NULL ? program->way(program, &values) : NULL;
    if (way != NULL)
        fprintf(stderr, "%s: %s\n", program->name, way);
    return EXIT_DONE;
}

const struct command command_load = {
    .name = "load",
    .usage = "load PROGRAM --cgroup DIR [--set KEY=VALUE]... [--replace]",
    .summary = "Put an option program onto a cgroup",
    .run = run_load,
};
