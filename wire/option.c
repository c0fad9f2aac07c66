/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option.c - one description: its fields and their values by name, what an option is called, and
 * how a description ends.
 */
#include "wire/option.h"

#include <string.h>

#include "wire/option_internal.h"

const struct option_field *option_field_find(const struct option_desc *desc, const char *name)
{
    for (size_t i = 0; i < desc->n_fields; i++)
        if (strcmp(desc->fields[i].name, name) == 0)
            return &desc->fields[i];
    return NULL;
}

const char *option_field_value_name(const struct option_field *field, uint64_t number)
{
    for (size_t i = 0; i < field->n_values; i++)
        if (field->values[i].number == number)
            return field->values[i].name;
    return NULL;
}

bool option_field_value_by_name(const struct option_field *field, const char *name,
                                uint64_t *number)
{
    for (size_t i = 0; i < field->n_values; i++) {
        if (strcmp(field->values[i].name, name) == 0) {
            *number = field->values[i].number;
            return true;
        }
    }
    return false;
}

const char *option_label(const struct option_desc *desc, const uint8_t *option, size_t length,
                         char out[OPTION_LABEL_MAX])
{
    uint8_t kind = length > 0 ? option[0] : 0;
    if (desc != NULL)
        g_strlcpy(out, desc->name, OPTION_LABEL_MAX);
    else if ((kind == TCP_KIND_EXP1 || kind == TCP_KIND_EXP2) && length >= 4)
        g_snprintf(out, OPTION_LABEL_MAX, "exid-0x%02X%02X", option[2], option[3]);
    else if (kind == TCP_KIND_MPTCP && length >= 3)
        g_snprintf(out, OPTION_LABEL_MAX, "mptcp-%u", (unsigned)option[2] >> 4);
    else
        g_snprintf(out, OPTION_LABEL_MAX, "kind-%u", kind);
    return out;
}

static void field_clear(struct option_field *field)
{
    g_free(field->name);
    g_free(field->description);
    g_free(field->unit);
    for (size_t i = 0; i < field->n_values; i++)
        g_free(field->values[i].name);
    g_free(field->values);
    g_free(field->factors);
}

void option_desc_free(struct option_desc *desc)
{
    if (desc == NULL)
        return;
    for (size_t i = 0; i < desc->n_fields; i++)
        field_clear(&desc->fields[i]);
    g_free(desc->fields);
    g_free(desc->name);
    g_free(desc->title);
    g_free(desc->reference);
    g_strfreev(desc->profiles);
    g_free(desc->file);
    g_free(desc);
}
