// SPDX-License-Identifier: GPL-2.0-or-later
/* parameter.c - parsing and showing the values of program parameters; see program.h. */
#include <errno.h>
#include <string.h>

#include "bpf/include/program_abi.h"
#include "bpf/load/program.h"
#include "wire/command.h"
#include "wire/segment.h"

G_DEFINE_QUARK(optrail - load - error - quark, load_error)

const struct parameter_value role_values[] = {
    {"client", ROLE_CLIENT, "act on connections that were opened here"},
    {"server", ROLE_SERVER, "act on connections that were accepted here"},
    {"both", ROLE_BOTH, "act on both"},
    {NULL, 0, NULL},
};

const struct parameter_value repeat_values[] = {
    {"once", REPEAT_ONCE, "on the first segment after the SYN alone: a client's third ACK"},
    {"until-acked", REPEAT_UNTIL_ACKED, "on every segment until data sent with it is acknowledged"},
    {"always", REPEAT_ALWAYS, "on every segment"},
    {NULL, 0, NULL},
};

static const struct parameter_value bool_values[] = {
    {"yes", 1, NULL}, {"no", 0, NULL},  {"true", 1, NULL}, {"false", 0, NULL},
    {"on", 1, NULL},  {"off", 0, NULL}, {NULL, 0, NULL},
};

/* What a parameter takes, whatever its type: names or a range. */
struct domain {
    const struct parameter_value *values; /* names, or NULL */
    const struct option_field *field;     /* names of a description's enum, or NULL */
    uint32_t min, max;
};

static void domain_of(const struct program *program, const struct parameter *parameter,
                      const struct option_set *options, struct domain *domain)
{
    *domain = (struct domain){.min = parameter->min, .max = parameter->max};
    switch (parameter->type) {
    case PARAMETER_NUMBER:
    case PARAMETER_SEGMENTS:
    case PARAMETER_TEXT:
        break;
    case PARAMETER_ENUM:
        domain->values = parameter->values;
        break;
    case PARAMETER_BOOL:
        domain->values = bool_values;
        break;
    case PARAMETER_FIELD: {
        const struct option_desc *desc = option_set_by_name(options, program->option);
        const struct option_field *field =
            desc != NULL ? option_field_find(desc, parameter->field) : NULL;
        if (field == NULL) /* the built-in descriptions and this table go together */
            g_error("no field %s.%s for program %s", program->option, parameter->field,
                    program->name);
        if (field->type == FIELD_ENUM) {
            domain->field = field;
            break;
        }
        uint64_t widest = field->bits >= 32 ? UINT32_MAX : (UINT64_C(1) << field->bits) - 1;
        domain->min = field->has_min ? (uint32_t)field->min : 0;
        domain->max = (uint32_t)(field->has_max ? MIN(field->max, widest) : widest);
        break;
    }
    }
}

static bool domain_number(const struct domain *domain, const char *text, uint32_t *number)
{
    for (const struct parameter_value *v = domain->values; v != NULL && v->name != NULL; v++) {
        if (strcmp(v->name, text) == 0) {
            *number = v->number;
            return true;
        }
    }
    if (domain->values != NULL)
        return false;
    if (domain->field != NULL) {
        uint64_t id;
        if (!option_field_value_by_name(domain->field, text, &id) || id > UINT32_MAX)
            return false;
        *number = (uint32_t)id;
        return true;
    }
    guint64 parsed;
    if (!g_ascii_string_to_unsigned(text, 10, domain->min, domain->max, &parsed, NULL))
        return false;
    *number = (uint32_t)parsed;
    return true;
}

/* "ack;data" to SEGMENT_BIT()s; commas do too, since a shell takes semicolons for itself. */
static bool segments_parse(const char *text, uint32_t *bits)
{
    g_auto(GStrv) names = g_strsplit_set(text, ";,", -1);
    *bits = 0;
    for (size_t i = 0; names[i] != NULL; i++) {
        int segment = segment_class_from_name(names[i]);
        if (segment < 0 || segment == SEGMENT_RST) /* the kernel has no hook for RST */
            return false;
        *bits |= SEGMENT_BIT((unsigned)segment);
    }
    return *bits != 0;
}

static char *segments_text(uint32_t bits)
{
    GString *text = g_string_new(NULL);
    for (int segment = 0; segment < SEGMENT_CLASSES; segment++) {
        if (bits & SEGMENT_BIT((unsigned)segment))
            g_string_append_printf(text, "%s%s", text->len > 0 ? ";" : "",
                                   segment_class_name((enum segment_class)segment));
    }
    return g_string_free(text, FALSE);
}

/* Sets the value of parameter `i`. */
static bool parse_value(const struct program *program, size_t i, const struct option_set *options,
                        const char *text, struct values *values)
{
    const struct parameter *parameter = &program->parameters[i];
    struct domain domain;

    if (parameter->type == PARAMETER_TEXT) {
        if (strlen(text) >= PARAMETER_TEXT_SIZE)
            return false;
        g_free(values->text[i]);
        values->text[i] = g_strdup(text);
        return true;
    }
    if (parameter->type == PARAMETER_SEGMENTS)
        return segments_parse(text, &values->number[i]);
    domain_of(program, parameter, options, &domain);
    return domain_number(&domain, text, &values->number[i]);
}

char *parameter_allowed(const struct program *program, const struct parameter *parameter,
                        const struct option_set *options)
{
    struct domain domain;
    domain_of(program, parameter, options, &domain);
    if (parameter->type == PARAMETER_BOOL)
        return g_strdup("yes or no");
    if (parameter->type == PARAMETER_SEGMENTS)
        return g_strdup("some of syn, synack, ack, data, fin, joined by ; or ,");
    if (parameter->type == PARAMETER_TEXT)
        return g_strdup_printf("%s, at most %d characters",
                               parameter->unit != NULL ? parameter->unit : "text",
                               PARAMETER_TEXT_SIZE - 1);
    if (domain.values == NULL && domain.field == NULL)
        return g_strdup_printf("a number from %u to %u%s%s%s", domain.min, domain.max,
                               parameter->unit != NULL ? " (" : "",
                               parameter->unit != NULL ? parameter->unit : "",
                               parameter->unit != NULL ? ")" : "");
    GString *text = g_string_new("one of ");
    const char *separator = "";
    for (const struct parameter_value *v = domain.values; v != NULL && v->name != NULL; v++) {
        g_string_append_printf(text, "%s%s", separator, v->name);
        separator = ", ";
    }
    for (size_t i = 0; domain.field != NULL && i < domain.field->n_values; i++) {
        g_string_append_printf(text, "%s%s", separator, domain.field->values[i].name);
        separator = ", ";
    }
    return g_string_free(text, FALSE);
}

char *parameter_text(const struct program *program, const struct parameter *parameter,
                     const struct option_set *options, const struct values *values)
{
    size_t i = (size_t)(parameter - program->parameters);
    uint32_t value = values->number[i];
    struct domain domain;

    if (parameter->type == PARAMETER_TEXT)
        return g_strdup(values->text[i] != NULL ? values->text[i] : "");
    if (parameter->type == PARAMETER_SEGMENTS)
        return segments_text(value);
    domain_of(program, parameter, options, &domain);
    for (const struct parameter_value *v = domain.values; v != NULL && v->name != NULL; v++) {
        if (v->number == value)
            return g_strdup(v->name);
    }
    const char *name = domain.field != NULL ? option_field_value_name(domain.field, value) : NULL;
    return name != NULL ? g_strdup(name) : g_strdup_printf("%u", value);
}

static bool unknown_key(const struct program *program, const char *setting, GError **error)
{
    g_autoptr(GString) keys = g_string_new(NULL);
    for (size_t i = 0; i < program->n_parameters; i++)
        g_string_append_printf(keys, "%s%s", i > 0 ? ", " : "", program->parameters[i].key);
    g_set_error(error, LOAD_ERROR, EXIT_USAGE,
                "--set %s: program %s has no such parameter; it has %s", setting, program->name,
                keys->str);
    return false;
}

int parameter_index(const struct program *program, const char *key)
{
    for (size_t i = 0; i < program->n_parameters; i++) {
        if (strcmp(program->parameters[i].key, key) == 0)
            return (int)i;
    }
    return -1;
}

static bool parse_setting(const struct program *program, const struct option_set *options,
                          const char *setting, struct values *values, bool *given, GError **error)
{
    const char *equals = strchr(setting, '=');
    if (equals == NULL || equals == setting) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE, "--set %s: write KEY=VALUE", setting);
        return false;
    }
    g_autofree char *key = g_strndup(setting, (gsize)(equals - setting));
    int i = parameter_index(program, key);
    if (i < 0 && program->takes_fields) {
        if (values->fields == NULL)
            values->fields = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(values->fields, g_strdup(setting));
        return true;
    }
    if (i < 0)
        return unknown_key(program, setting, error);
    if (given[i]) {
        g_set_error(error, LOAD_ERROR, EXIT_USAGE, "--set %s: %s is set twice", setting, key);
        return false;
    }
    given[i] = true;
    if (parse_value(program, (size_t)i, options, equals + 1, values))
        return true;
    g_autofree char *allowed = parameter_allowed(program, &program->parameters[i], options);
    g_set_error(error, LOAD_ERROR, EXIT_USAGE, "--set %s: %s is %s, not \"%s\"", setting, key,
                allowed, equals + 1);
    return false;
}

void values_clear(struct values *values)
{
    for (size_t i = 0; i < PROGRAM_PARAMETERS_MAX; i++)
        g_clear_pointer(&values->text[i], g_free);
    g_clear_pointer(&values->fields, g_ptr_array_unref);
}

bool values_check_limits(const struct program *program, const struct values *values, GError **error)
{
    int lower = parameter_index(program, "lower"), upper = parameter_index(program, "upper");
    if (lower < 0 || upper < 0 || values->number[lower] <= values->number[upper])
        return true;
    g_set_error(error, LOAD_ERROR, EXIT_USAGE,
                "--set lower=%u: lower is at most upper, which is %u", values->number[lower],
                values->number[upper]);
    return false;
}

bool parameters_parse(const struct program *program, const struct option_set *options,
                      const char *const *settings, struct values *values, GError **error)
{
    bool given[PROGRAM_PARAMETERS_MAX] = {false};

    g_assert(program->n_parameters <= PROGRAM_PARAMETERS_MAX);
    for (size_t i = 0; i < program->n_parameters; i++) {
        if (!parse_value(program, i, options, program->parameters[i].preset, values))
            g_error("preset of %s.%s is not allowed", program->name, program->parameters[i].key);
    }
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i++) {
        if (!parse_setting(program, options, settings[i], values, given, error))
            return false;
    }
    return program->check == NULL || program->check(program, values, options, error);
}
