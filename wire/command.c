/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c - see command.h. */
#include "wire/command.h"

#include <stdio.h>
#include <string.h>

#include "wire/option_set.h"

static void print_line(const char *command, const char *format, va_list arguments)
{
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    /* What comes from files or the command line may hold line ends; an error is one line. */
    g_strdelimit(message, "\n\r", ' ');
    fprintf(stderr, "optrail %s: %s\n", command, g_strchomp(message));
}

int command_fail(int code, const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(command, format, arguments);
    va_end(arguments);
    return code;
}

int command_usage(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(command, format, arguments);
    va_end(arguments);
    fprintf(stderr, "Try: optrail %s --help\n", command);
    return EXIT_USAGE;
}

void command_note(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(command, format, arguments);
    va_end(arguments);
}

gboolean command_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
                       const char *description, int *code)
{
    const char *command = (*argv)[0];
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_strict_posix(context, FALSE);
    g_option_context_set_help_enabled(context, FALSE);
    if (description != NULL)
        g_option_context_set_description(context, description);

    gboolean help = FALSE;
    const GOptionEntry common[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this and leave", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, common, NULL);

    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, argc, argv, &error)) {
        *code = command_usage(command, "%s", error->message);
        return FALSE;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, FALSE, NULL);
        /* GOption's own first line names the process; ours names the subcommand. */
        const char *rest = strstr(text, "\n\n");
        printf("Usage: optrail %s%s", usage, rest != NULL ? rest : "\n");
        *code = EXIT_DONE;
        return FALSE;
    }
    if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
        memmove(*argv + 1, *argv + 2, (size_t)(*argc - 1) * sizeof(**argv));
        (*argc)--;
    }
    return TRUE;
}

struct option_set *command_load_options(const char *command, const char *dir, const char *profile,
                                        int *code)
{
    struct option_set *set = option_set_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    option_set_add_builtin(set, faults);
    g_autofree char *user_dir = option_user_dir();
    option_set_add_dir(set, user_dir, faults);
    if (dir != NULL) {
        if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
            *code = command_fail(EXIT_INPUT, command,
                                 "%s: not a folder; --options names one that holds NAME.opt files",
                                 dir);
            option_set_free(set);
            return NULL;
        }
        option_set_add_dir(set, dir, faults);
    }
    for (guint i = 0; i < faults->len; i++)
        command_note(command, "%s; this file is left out", (char *)faults->pdata[i]);
    if (!option_set_choose_profile(set, profile)) {
        *code = command_usage(command, "--profile %s: no option description names that profile",
                              profile);
        option_set_free(set);
        return NULL;
    }
    return set;
}
