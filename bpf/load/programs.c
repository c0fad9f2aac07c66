// SPDX-License-Identifier: GPL-2.0-or-later
/* programs.c - the table of programs; see program.h. Each row is a program_NAME.c. */
#include <string.h>

#include "bpf/load/program.h"

extern const struct program program_cc;
extern const struct program program_uto;

const struct program *const programs[] = {
    &program_cc,
    &program_uto,
    NULL,
};

const struct program *program_by_name(const char *name)
{
    for (size_t i = 0; programs[i] != NULL; i++) {
        if (strcmp(programs[i]->name, name) == 0)
            return programs[i];
    }
    return NULL;
}

char *program_names(void)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; programs[i] != NULL; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", programs[i]->name);
    return g_string_free(names, FALSE);
}
