/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_list.c - `optrail options list`: every description in a line, or all of them as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "wire/command.h"
#include "wire/options_command.h"

static gint compare_by_name(gconstpointer a, gconstpointer b)
{
    const struct option_desc *left = *(const struct option_desc *const *)a;
    const struct option_desc *right = *(const struct option_desc *const *)b;
    return strcmp(left->name, right->name);
}

/* All descriptions by name, those of other profiles too. */
static GPtrArray *sorted(const struct option_set *set)
{
    GPtrArray *descs = g_ptr_array_new();
    for (size_t i = 0; i < option_set_size(set); i++)
        g_ptr_array_add(descs, (gpointer)option_set_at(set, i));
    g_ptr_array_sort(descs, compare_by_name);
    return descs;
}

static void json_string(const char *key, const char *text, const char *behind)
{
    printf("\"%s\": \"", key);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            printf("\\%c", *at);
        else if ((unsigned char)*at < ' ')
            printf("\\u%04x", (unsigned)*at);
        else
            putchar(*at);
    }
    printf("\"%s", behind);
}

static void json_field(const struct option_field *field, const struct option_desc *desc)
{
    printf("{");
    json_string("name", field->name, ", ");
    json_string("type", options_type_names[field->type], ", ");
    if (field->transform != TRANSFORM_NONE)
        json_string("of", desc->fields[field->of].name, ", ");
    else if (field->rest)
        printf("\"offset_bits\": %u, \"bits\": null, ", field->offset_bits);
    else
        printf("\"offset_bits\": %u, \"bits\": %u, ", field->offset_bits, field->bits);
    if (field->has_min)
        printf("\"min\": %" G_GUINT64_FORMAT ", ", field->min);
    if (field->has_max)
        printf("\"max\": %" G_GUINT64_FORMAT ", ", field->max);
    if (field->n_values > 0) {
        printf("\"values\": [");
        for (size_t i = 0; i < field->n_values; i++) {
            printf("%s{\"number\": %" G_GUINT64_FORMAT ", ", i ? ", " : "",
                   field->values[i].number);
            json_string("name", field->values[i].name, "}");
        }
        printf("], ");
    }
    json_string("unit", field->unit, ", ");
    json_string("description", field->description, "}");
}

static void json_option(const struct option_desc *desc, const struct option_set *set)
{
    printf("    {");
    json_string("name", desc->name, ", ");
    json_string("title", desc->title, ", ");
    json_string("carrier", options_carrier_names[desc->carrier], ", ");
    printf("\"id\": %u, ", desc->id);
    if (desc->carrier == CARRIER_EXID)
        printf("\"id_bits\": %u, \"kinds\": [%s%s%s], ", desc->id_bits,
               desc->kinds_253 ? "253" : "", desc->kinds_253 && desc->kinds_254 ? ", " : "",
               desc->kinds_254 ? "254" : "");
    printf("\"length_min\": %u, \"length_max\": %u, \"segments\": [", desc->length_min,
           desc->length_max);
    const char *comma = "";
    for (int i = 0; i < SEGMENT_CLASSES; i++) {
        if (!(desc->segments & SEGMENT_BIT(i)))
            continue;
        printf("%s\"%s\"", comma, segment_class_name((enum segment_class)i));
        comma = ", ";
    }
    printf("], ");
    json_string("direction", options_sender_names[desc->sender], ", ");
    json_string("answer", options_answer_names[desc->answer], ", ");
    printf("\"profiles\": [");
    for (char **profile = desc->profiles; *profile != NULL; profile++)
        printf("%s\"%s\"", profile != desc->profiles ? ", " : "", *profile);
    printf("], \"active\": %s, ", option_set_is_active(set, desc) ? "true" : "false");
    json_string("reference", desc->reference, ", ");
    printf("\"builtin\": %s, ", desc->builtin ? "true" : "false");
    json_string("file", desc->file, ",\n     \"fields\": [");
    for (size_t i = 0; i < desc->n_fields; i++) {
        printf("%s", i ? ",\n                " : "");
        json_field(&desc->fields[i], desc);
    }
    printf("]}");
}

static void print_json(const struct option_set *set)
{
    g_autoptr(GPtrArray) descs = sorted(set);
    printf("{\n  \"schema\": 1,\n  \"options\": [\n");
    for (guint i = 0; i < descs->len; i++) {
        json_option(descs->pdata[i], set);
        printf("%s\n", i + 1 < descs->len ? "," : "");
    }
    printf("  ]\n}\n");
}

enum {
    COLUMN_NAME,
    COLUMN_ID,
    COLUMN_LENGTH,
    COLUMN_WHERE,
    COLUMN_WHO,
    COLUMN_FROM,
    COLUMN_TITLE,
    COLUMNS
};

int options_list(struct option_set *set, const struct options_arguments *arguments)
{
    if (arguments->count > 0)
        return command_usage("options", "list takes no names; see show");
    if (arguments->json) {
        print_json(set);
        return EXIT_DONE;
    }
    static const char *const heads[COLUMNS] = {"NAME", "ID",   "LENGTH", "WHERE",
                                               "WHO",  "FROM", "TITLE"};
    g_autoptr(GPtrArray) descs = sorted(set);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    size_t width[COLUMNS];
    for (int c = 0; c < COLUMNS; c++)
        width[c] = strlen(heads[c]);
    for (guint i = 0; i < descs->len; i++) {
        const struct option_desc *desc = descs->pdata[i];
        char **row = g_new0(char *, COLUMNS + 1);
        row[COLUMN_NAME] = g_strdup(desc->name);
        row[COLUMN_ID] = options_id_text(desc);
        row[COLUMN_LENGTH] = options_length_text(desc);
        row[COLUMN_WHERE] = options_segments_text(desc);
        row[COLUMN_WHO] = g_strdup(options_sender_names[desc->sender]);
        g_autofree char *profiles = g_strjoinv(" or ", desc->profiles);
        row[COLUMN_FROM] = g_strdup(desc->builtin ? "built-in" : "file");
        row[COLUMN_TITLE] = option_set_is_active(set, desc)
                                ? g_strdup(desc->title)
                                : g_strdup_printf("%s (with --profile %s)", desc->title, profiles);
        for (int c = 0; c < COLUMNS; c++)
            width[c] = MAX(width[c], strlen(row[c]));
        g_ptr_array_add(rows, row);
    }
    for (guint i = 0; i <= rows->len; i++) {
        const char *const *row = i ? (const char *const *)rows->pdata[i - 1] : heads;
        for (int c = 0; c < COLUMNS - 1; c++)
            printf("%-*s  ", (int)width[c], row[c]);
        printf("%s\n", row[COLUMN_TITLE]);
    }
    return EXIT_DONE;
}
