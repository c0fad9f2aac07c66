// SPDX-License-Identifier: GPL-2.0-or-later
/* programs.c - the table of programs; see program.h. Each row is a program_NAME.c. */
#include <string.h>

#include "bpf/load/program.h"

extern const struct program program_announce;
extern const struct program program_cc;
extern const struct program program_delack;
extern const struct program program_delay;
extern const struct program program_delaying;
extern const struct program program_explore;
extern const struct program program_fullmesh;
extern const struct program program_ito;
extern const struct program program_iw;
extern const struct program program_ndiffports;
extern const struct program program_option;
extern const struct program program_rate;
extern const struct program program_refresh;
extern const struct program program_sched;
extern const struct program program_tune;
extern const struct program program_uto;

const struct program *const programs[] = {
    &program_uto,
    &program_cc,
    &program_iw,
    &program_delack,
    &program_rate,
    &program_sched,
    &program_delay,
    &program_ito,
    &program_ndiffports,
    &program_fullmesh,
    &program_refresh,
    &program_delaying,
    &program_announce,
    &program_option,
    &program_tune,
    &program_explore,
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

const struct program *program_by_instance(const char *instance)
{
    const char *dash = strchr(instance, '-');
    g_autofree char *name =
        dash != NULL ? g_strndup(instance, (gsize)(dash - instance)) : g_strdup(instance);
    return program_by_name(name);
}

char *program_instance(const struct program *program, const struct values *values)
{
    int i = program->instance_by != NULL ? parameter_index(program, program->instance_by) : -1;
    if (i < 0 || values->text[i] == NULL)
        return g_strdup(program->name);
    return g_strdup_printf("%s-%s", program->name, values->text[i]);
}

char *program_names(void)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; programs[i] != NULL; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", programs[i]->name);
    return g_string_free(names, FALSE);
}
