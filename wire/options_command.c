/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_command.c - `optrail options`: its words, whether a description is right, and the C header
 * for BPF programs. What is described and how it looks: options_list.c, options_show.c.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "wire/command.h"
#include "wire/option_header.h"
#include "wire/options_command.h"

#define USAGE "options list [--json] | show NAME | check FILE... | header [NAME...]"

/* --- check ----------------------------------------------------------------------------------- */

/*
 * Each file is checked by itself against the built-ins and the files named before it; not against
 * the user's folder, where it may already lie.
 */
static int action_check(const struct options_arguments *arguments)
{
    if (arguments->count == 0)
        return command_usage("options", "check takes the files to check");
    g_autoptr(option_set) set = option_set_new();
    option_set_add_builtin(set, NULL);
    int code = EXIT_DONE;
    for (int i = 0; i < arguments->count; i++) {
        g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
        if (option_set_add_file(set, arguments->words[i], faults) == 0) {
            printf("%s: OK\n", arguments->words[i]);
            continue;
        }
        code = EXIT_INPUT;
        for (guint j = 0; j < faults->len; j++)
            printf("%s\n", (const char *)faults->pdata[j]);
    }
    return code;
}

/* --- header ---------------------------------------------------------------------------------- */

static int action_header(struct option_set *set, const struct options_arguments *arguments)
{
    g_autofree char *header = NULL;
    if (arguments->count == 0) {
        header = option_set_c_header(set);
    } else {
        g_autoptr(GPtrArray) descs = g_ptr_array_new();
        for (int i = 0; i < arguments->count; i++) {
            const struct option_desc *desc = option_set_by_name(set, arguments->words[i]);
            if (desc == NULL)
                return command_fail(EXIT_USAGE, "options",
                                    "no option is called '%s'; optrail options list names them all",
                                    arguments->words[i]);
            if (!g_ptr_array_find(descs, desc, NULL))
                g_ptr_array_add(descs, (gpointer)desc);
        }
        header = option_c_header((const struct option_desc *const *)descs->pdata, descs->len);
    }
    printf("%s", header);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct options_arguments arguments = {0};
    const GOptionEntry entries[] = {
        {"options", 0, 0, G_OPTION_ARG_FILENAME, &arguments.dir,
         "Read option descriptions from this folder too", "DIR"},
        {"profile", 0, 0, G_OPTION_ARG_STRING, &arguments.profile,
         "Make the options of this profile active", "NAME"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &arguments.json, "list: for programs", NULL},
        G_OPTION_ENTRY_NULL,
    };
    static const struct {
        const char *name;
        int (*act)(struct option_set *, const struct options_arguments *);
    } actions[] = {{"list", options_list}, {"show", options_show}, {"header", action_header}};

    int code = EXIT_DONE;
    /* command_parse() moves the words down; the vector itself stays the caller's. */
    if (!command_parse(&argc, &argv, entries, USAGE,
                       "list    every option that is described\n"
                       "show    how one looks on the wire, its fields and rules\n"
                       "check   OK, or FILE:LINE and what is wrong, for each description\n"
                       "header  C constants, structs and accessors for BPF programs",
                       &code))
        goto cleanup;
    arguments.count = argc - 2;
    arguments.words = argv + 2;
    if (argc < 2) {
        code = command_usage("options", "one of list, show, check and header is needed");
        goto cleanup;
    }
    if (arguments.json && strcmp(argv[1], "list") != 0) {
        code = command_usage("options", "--json goes with list only");
        goto cleanup;
    }
    if (strcmp(argv[1], "check") == 0) {
        /* The files are checked against the built-ins, whatever else is about. */
        if (arguments.dir != NULL || arguments.profile != NULL)
            code = command_usage("options", "--options and --profile do not go with check");
        else
            code = action_check(&arguments);
        goto cleanup;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(argv[1], actions[i].name) != 0)
            continue;
        g_autoptr(option_set) set =
            command_load_options("options", arguments.dir, arguments.profile, &code);
        if (set != NULL)
            code = actions[i].act(set, &arguments);
        goto cleanup;
    }
    code = command_usage("options", "'%s' is none of list, show, check and header", argv[1]);

cleanup:
    g_free(arguments.dir);
    g_free(arguments.profile);
    return code;
}

const struct command command_options = {
    .name = "options",
    .usage = USAGE,
    .summary = "List, show and check option descriptions; make the C header",
    .run = run,
};
