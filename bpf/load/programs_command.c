// SPDX-License-Identifier: GPL-2.0-or-later
/* programs_command.c - optrail programs: what can be loaded, and what can be set. */
#include <stdio.h>

#include "bpf/load/program.h"
#include "bpf/load/commands.h"
#include "wire/command.h"

static void print_parameter(const struct program *program, const struct parameter *parameter,
                            const struct option_set *options)
{
    g_autofree char *allowed = parameter_allowed(program, parameter, options);
    printf("  %s=%s\n      %s: %s\n", parameter->key, parameter->preset, parameter->help, allowed);
    if (parameter->type != PARAMETER_ENUM)
        return;
    for (const struct parameter_value *v = parameter->values; v->name != NULL; v++) {
        if (v->help != NULL)
            printf("        %-12s %s\n", v->name, v->help);
    }
}

static void print_program(const struct program *program, const struct option_set *options)
{
    g_autofree char *more = program->more != NULL ? program->more() : NULL;
    printf("%s - %s\n\n%s%s\nParameters (--set KEY=VALUE), with what they are when not set:\n",
           program->name, program->summary, program->details, more != NULL ? more : "");
    for (size_t i = 0; i < program->n_parameters; i++)
        print_parameter(program, &program->parameters[i], options);
    if (program->option != NULL)
        printf("\nIts bytes: optrail options show %s\n", program->option);
}

static int run_programs(int argc, char **argv)
{
    const char *command = argv[0];
    const GOptionEntry entries[] = {G_OPTION_ENTRY_NULL};
    int code;
    if (!command_parse(&argc, &argv, entries, command_programs.usage,
                       "Without NAME, the list; with it, what the program does and its parameters.",
                       &code))
        return code;
    if (argc > 2)
        return command_usage(command, "one program at a time, not \"%s\" too", argv[2]);
    if (argc < 2) {
        for (size_t i = 0; programs[i] != NULL; i++)
            printf("%-8s %s\n", programs[i]->name, programs[i]->summary);
        return EXIT_DONE;
    }
    const struct program *program = program_by_name(argv[1]);
    if (program == NULL) {
        g_autofree char *names = program_names();
        return command_usage(command, "no program \"%s\"; there are: %s", argv[1], names);
    }
    g_autoptr(option_set) options = option_set_new();
    option_set_add_builtin(options, NULL);
    print_program(program, options);
    return EXIT_DONE;
}

const struct command command_programs = {
    .name = "programs",
    .usage = "programs [NAME]",
    .summary = "List the programs that can be loaded, and their parameters",
    .run = run_programs,
};
