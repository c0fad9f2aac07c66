// SPDX-License-Identifier: GPL-2.0-or-later
/* unload_command.c - optrail unload: takes programs off their cgroups. */
#include <string.h>
#include <unistd.h>

#include "bpf/load/cgroup.h"
#include "bpf/load/loaded.h"
#include "bpf/load/commands.h"
#include "wire/command.h"

/* By its full name, or that of the program: "option" is all of option-NAME. */
static bool is_meant(const struct loaded *loaded, const char *name)
{
    return strcmp(loaded->name, name) == 0 ||
           (loaded->program != NULL && strcmp(loaded->program->name, name) == 0);
}

static int run_unload(int argc, char **argv)
{
    const char *command = argv[0];
    g_autofree char *cgroup = NULL;
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        {"cgroup", 'c', 0, G_OPTION_ARG_FILENAME, &cgroup, "The cgroup that the program is on",
         "DIR"},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all,
         "All programs of Optrail; without --cgroup: on all cgroups, those that are gone too",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code;
    if (!command_parse(&argc, &argv, entries, command_unload.usage,
                       "Connections go on; what was set on them stays. Programs that are not\n"
                       "Optrail's are left alone.",
                       &code))
        return code;
    if (argc > 2)
        return command_usage(command, "one program at a time, not \"%s\" too", argv[2]);
    if (all == (argc == 2))
        return command_usage(command, "either one PROGRAM or --all");
    if (!all && cgroup == NULL)
        return command_usage(command, "--cgroup DIR is missing: off which cgroup?");

    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = loaded_list(cgroup, &error);
    if (list == NULL)
        return command_fail(error->code, command, "%s", error->message);

    guint n_removed = 0;
    code = EXIT_DONE;
    for (guint i = 0; i < list->len; i++) {
        const struct loaded *loaded = list->pdata[i];
        if (!all && !is_meant(loaded, argv[1]))
            continue;
        n_removed++;
        g_clear_error(&error);
        if (!loaded_remove(loaded, &error))
            code = command_fail(error->code, command, "%s", error->message);
    }
    loaded_clean();
    if (!all && n_removed == 0)
        return command_fail(EXIT_INPUT, command, "%s is not loaded on %s; see: optrail status",
                            argv[1], cgroup);
    return code;
}

const struct command command_unload = {
    .name = "unload",
    .usage = "unload PROGRAM|--all --cgroup DIR",
    .summary = "Take option programs off a cgroup",
    .run = run_unload,
};
